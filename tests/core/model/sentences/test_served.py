"""A model that reads a sentence encoder, where the encoder is and where it is not."""

import logging
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from core.errors import EncoderMissing
from core.model.bundle_files import try_bundle
from core.model.live_models import RETRY_SECONDS
from core.model.predictor import Model
from core.model.sentences.encoders import Encoders
from core.model.sentences.files import find_encoder
from core.model.sentences.reading import ReadQuestion
from review.suggest.reasons import find_reasons
from tagger import make_app
from tests.conftest import ManualClock
from tests.models import (
    LABELS,
    pack_bytes,
    sentence_bundle,
    word_bundle,
    write_telling_encoder,
)
from tests.rows import live_models, predictions, publish_live, question, store_questions
from worker.tagging import tag_batch

MISSING = "The model reads the sentence encoder tiny ("


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    return write_telling_encoder(tmp_path / "tiny")


@pytest.fixture
def digest(encoder: Path) -> str:
    return find_encoder(str(encoder)).digest


def test_the_sentence_says_what_no_word_does(encoder: Path, digest: str) -> None:
    model = Model(sentence_bundle(digest), encoders=Encoders(str(encoder)))
    texts = ["about-bayesian ", "regression", "nothing"]  # a full stop stands behind a title
    questions = [model.words(text, "") for text in texts]
    ranked = model.rank(model.probabilities(questions))
    suggested = [[one.tag for one in tags if one.suggested] for tags in ranked]
    assert suggested == [["bayesian"], ["regression"], []]
    alone = np.concatenate([model.probabilities([one]) for one in questions])
    np.testing.assert_allclose(alone, model.probabilities(questions), atol=1e-6)


def test_vectors_that_somebody_has_are_taken(digest: str) -> None:
    model = Model(sentence_bundle(digest), encoders=None)
    vectors = np.eye(1, 16, k=LABELS.index("c++"), dtype=np.float32)
    (ranked,) = model.rank(model.run(model.encode([([], [])], vectors)))
    assert ranked[0].tag == "c++"
    assert model.probabilities([]).shape == (0, len(LABELS))


def test_reasons_leave_words_out_and_the_sentence_stays(encoder: Path, digest: str) -> None:
    model = Model(sentence_bundle(digest), encoders=Encoders(str(encoder)))
    assert isinstance(model.words("anova", ""), ReadQuestion)
    told = find_reasons(model, "anova about-bayesian ", "", ["anova", "bayesian"])
    assert [reason.word for reason in told["anova"]] == ["anova"]
    assert told["bayesian"] == []


def test_a_worker_without_it_goes_on_with_the_last_good_version_and_says_so_once(
    engine: Engine, clock: ManualClock, digest: str, caplog: pytest.LogCaptureFixture
) -> None:
    good = publish_live(engine, word_bundle(), now=clock.now())
    publish_live(engine, sentence_bundle(digest), now=clock.now())
    models = live_models(engine)
    with caplog.at_level(logging.ERROR):
        for number in (1, 2):
            stored = store_questions(engine, question(number), now=clock.now())
            assert tag_batch(engine, models, "stats", stored.requested, clock).tagged == 1
    (said,) = caplog.messages
    assert said.startswith(f"stats: version 2 is refused, version 1 goes on: {MISSING}")
    assert predictions(engine) == [(1, good.id), (2, good.id)]


@pytest.mark.parametrize("before", [True, False], ids=["another one tags", "nothing tags"])
def test_an_encoder_that_comes_is_found_without_a_restart(
    sqlite_engine: Engine,
    clock: ManualClock,
    encoder: Path,
    digest: str,
    before: bool,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if before:
        publish_live(sqlite_engine, word_bundle(), now=clock.now())
    live = publish_live(sqlite_engine, sentence_bundle(digest), now=clock.now())
    models, away = live_models(sqlite_engine, encoder), encoder.rename(encoder.parent / "away")
    start = time.monotonic()

    def tag(number: int, *, seconds: float) -> None:
        monkeypatch.setattr("core.model.live_models.time.monotonic", lambda: start + seconds)
        stored = store_questions(sqlite_engine, question(number), now=clock.now())
        with nullcontext() if before or encoder.exists() else pytest.raises(EncoderMissing):
            tag_batch(sqlite_engine, models, "stats", stored.requested, clock)

    with caplog.at_level(logging.INFO):
        tag(1, seconds=0)
        tag(2, seconds=RETRY_SECONDS + 1)  # as before, and says so no more
    assert sum(" is refused" in line for line in caplog.messages) == before
    assert sum(" is loaded" in line for line in caplog.messages) == before
    away.rename(encoder)
    tag(3, seconds=2 * RETRY_SECONDS + 2)
    assert predictions(sqlite_engine)[-1] == (3, live.id)


def test_a_worker_that_has_it_tags_by_it(
    engine: Engine, clock: ManualClock, encoder: Path, digest: str
) -> None:
    live = publish_live(engine, sentence_bundle(digest), now=clock.now())
    stored = store_questions(engine, question(1), now=clock.now())
    models = live_models(engine, encoder)
    assert tag_batch(engine, models, "stats", stored.requested, clock).tagged == 1
    assert predictions(engine) == [(1, live.id)]


def test_a_strangers_bundle_is_tried_without_an_encoder(tmp_path: Path, digest: str) -> None:
    packed = tmp_path / "bundle.zip"
    packed.write_bytes(pack_bytes(sentence_bundle(digest)))
    try_bundle(packed)


@pytest.mark.parametrize(
    "command",
    [
        ("suggest", "about-anova", "--site", "stats"),
        ("models", "promote", "--site", "stats", "1"),
        ("models", "tags", "--site", "stats"),
    ],
)
def test_commands_without_it_end_in_one_line(
    sqlite_engine: Engine,
    clock: ManualClock,
    digest: str,
    command: tuple[str, ...],
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TAGGER_DATABASE_URL", sqlite_url)
    publish_live(sqlite_engine, sentence_bundle(digest), now=clock.now())
    ended = CliRunner().invoke(make_app(), command)
    assert ended.exit_code == 1, ended.output
    assert MISSING in ended.stderr
    assert "Traceback" not in ended.output


def test_suggest_with_it_answers(
    sqlite_engine: Engine,
    clock: ManualClock,
    encoder: Path,
    digest: str,
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TAGGER_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("TAGGER_TEACHER", str(encoder))
    publish_live(sqlite_engine, sentence_bundle(digest), now=clock.now())
    told = CliRunner().invoke(make_app(), ["suggest", "about-anova ", "--site", "stats", "--json"])
    assert told.exit_code == 0, told.output
    assert '"anova"' in told.stdout.split("probability")[0]


def test_a_model_that_reads_one_is_refused_by_default(digest: str) -> None:
    with pytest.raises(EncoderMissing):
        Model(sentence_bundle(digest))
