"""The main job on real questions: learn from the oldest 80%, tag the newest 20% as they come in."""

import gzip
import json
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, func, select

from core.clock import SystemClock
from core.database.engine import make_engine
from core.database.migrate import upgrade
from core.database.tables import Prediction, Question
from core.database.views import PredictedTag
from core.model import registry
from core.model.bundle import Bundle
from core.model.encoding import encode
from core.model.fetching import load_bundle
from core.model.predictor import KEPT_TAGS
from core.model.text.names import TagNames
from core.model.tokenizer import question_words
from demo.standin import Limits, Release
from demo.standin.serve import load
from demo.standin.server import StandInServer
from tests.processes import environment, run_tagger, service, wait_until
from tests.rows import publish_live

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(1800)]

SITE = "cooking"
EPOCHS = 3  # how well it tags is the matter of test_article.py


@pytest.fixture(scope="module")
def parts(
    real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, dict[int, tuple[str, str]]]:
    """Files of the oldest 80% and of the newest 20%; of the latter the title and body by id."""
    with gzip.open(real_data / f"{SITE}.jsonl.gz", "rt", encoding="utf-8") as lines:
        questions = sorted(map(json.loads, lines), key=lambda q: int(q["question_id"]))
    cut = round(len(questions) * 0.8)
    folder = tmp_path_factory.mktemp("parts")
    old, new = folder / "old.jsonl", folder / "new.jsonl"
    for path, part in ((old, questions[:cut]), (new, questions[cut:])):
        path.write_text("".join(json.dumps(q) + "\n" for q in part), encoding="utf-8")
    return old, new, {q["question_id"]: (q["title"], q["body"]) for q in questions[cut:]}


@pytest.fixture(scope="module")
def trained(
    parts: tuple[Path, Path, dict[int, tuple[str, str]]], tmp_path_factory: pytest.TempPathFactory
) -> Bundle:
    """The Conv1D, trained by the commands that a user would type."""
    folder, unpacked = tmp_path_factory.mktemp("training"), tmp_path_factory.mktemp("unpacked")
    env = environment(database_url=f"sqlite:///{folder / 'tagger.sqlite3'}", data_dir=folder)
    imported = run_tagger("import", str(parts[0]), "--site", SITE, env=env)
    assert imported.returncode == 0, imported.stderr
    training = run_tagger(
        *(
            "train",
            "--site",
            SITE,
            "--architecture",
            "conv1d",
            "--epochs",
            str(EPOCHS),
            "--promote",
        ),
        env=env,
        timeout=1800,
    )
    assert training.returncode == 0, training.stderr
    engine = make_engine(env["TAGGER_DATABASE_URL"])
    with engine.connect() as connection:
        bundle = load_bundle(connection, registry.get_live(connection, SITE), unpacked)
    engine.dispose()
    return bundle


def test_every_new_question_is_tagged_once_as_the_network_says(
    database_url: str,
    redis_url: str,
    trained: Bundle,
    parts: tuple[Path, Path, dict[int, tuple[str, str]]],
    tmp_path: Path,
) -> None:
    _, new_file, texts = parts
    engine = make_engine(database_url)
    upgrade(engine)
    version = publish_live(engine, trained, now=SystemClock().now())
    standin = load(
        [new_file],
        start=time.time(),
        release=Release(history_share=0.0, per_minute=6000, delay=5),
        limits=Limits(quota_without_key=1_000_000),
    )
    with ExitStack() as stack:
        server = stack.enter_context(StandInServer(standin))
        env = environment(
            database_url=database_url,
            broker_url=redis_url,
            data_dir=tmp_path,
            api_url=f"{server.url}/2.3",
            sites=SITE,
            poll_seconds=5,
            lease_seconds=20,
            history_questions=0,
        )
        for name in ("one", "two"):
            run = service("worker", "--concurrency", "1", env=env, log=tmp_path / name)
            stack.enter_context(run)
        stack.enter_context(service("scheduler", env=env, log=tmp_path / "scheduler"))
        stack.enter_context(service("poll", env=env, log=tmp_path / "poller"))
        wait_until(lambda: count_tagged(engine) == len(texts), seconds=420, what="all tagged")
    assert standin.observer.violations == []
    assert_rows_say_what_the_network_says(engine, trained, texts, version.id)
    assert all("tagged" in (tmp_path / name).read_text() for name in ("one", "two"))
    engine.dispose()


def count_tagged(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(Prediction)).scalar_one()


def assert_rows_say_what_the_network_says(
    engine: Engine, bundle: Bundle, texts: dict[int, tuple[str, str]], version_id: int
) -> None:
    """Compare the rows with Keras' own network, run directly on the file's texts."""
    with engine.connect() as connection:
        tagged = select(Question.question_id, Prediction.model_version_id).join(
            Prediction, Prediction.question_pk == Question.id
        )
        rows = connection.execute(tagged).all()
        assert sorted(row.question_id for row in rows) == sorted(texts)
        assert {row.model_version_id for row in rows} == {version_id}
        stored = select(Question.question_id, PredictedTag.tag, PredictedTag.probability).join(
            PredictedTag, PredictedTag.question_pk == Question.id
        )
        found: dict[int, dict[str, float]] = {}
        for number, tag, probability in connection.execute(stored):
            found.setdefault(number, {})[tag] = probability
    numbers = sorted(texts)
    expected = keras_probabilities(bundle, [texts[number] for number in numbers])
    column = {label: index for index, label in enumerate(bundle.manifest.labels)}
    for number, row in zip(numbers, expected, strict=True):
        tags = found[number]
        assert len(tags) == KEPT_TAGS
        said = np.array(list(tags.values()))
        assert np.abs(said - row[[column[tag] for tag in tags]]).max() < 1e-5
        assert said.min() >= np.sort(row)[-KEPT_TAGS] - 1e-5  # they are the ten most probable


def keras_probabilities(bundle: Bundle, texts: list[tuple[str, str]]) -> np.ndarray:
    import keras

    network = keras.saving.load_model(bundle.keras, compile=False, safe_mode=True)
    words = [question_words(title, body, bundle.manifest.text) for title, body in texts]
    arrays = encode(words, bundle.vocabulary, bundle.manifest.inputs)
    raw = network.predict(arrays, batch_size=256, verbose=0)
    manifest = bundle.manifest
    named = None
    if manifest.names is not None:
        names = TagNames([question_words(label, "", manifest.text)[0] for label in manifest.labels])
        named = names.find(words)
    return manifest.post_processing.apply(np.asarray(raw), named)
