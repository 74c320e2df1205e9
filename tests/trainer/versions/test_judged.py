"""Which questions judge published versions, on both databases."""

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from core.errors import NotEnoughQuestions
from core.model.registry import Version
from core.model.sentences.encoders import NO_ENCODER
from core.questions.tags.synonyms import store_synonyms
from tests.conftest import ManualClock
from tests.models import LABELS
from tests.trainer.versions.published import LEARNED, SITE, UNSEEN, publish_two
from trainer.versions import judged as judged_module
from trainer.versions.judged import TUNED, judge


def test_versions_are_judged_by_what_neither_has_learned_from(
    engine: Engine, two: tuple[Version, Version]
) -> None:
    judged = judge(engine, SITE, two)
    assert [one.question_id for one in judged.questions] == list(
        range(LEARNED + 1, LEARNED + UNSEEN + 1)
    )
    assert sum(judged.seen.values()) == LEARNED + LEARNED // 5
    assert judged.evaluated(0).scores.targets.shape == (UNSEEN, len(LABELS))
    assert judged.tag_counts.max() == 2


def test_a_tag_that_has_died_since_counts_for_the_one_that_it_stands_for(
    sqlite_engine: Engine,
) -> None:
    newer = ("anova", "bayesian", "c++", "regression", "student-t", "time-series")
    two = publish_two(sqlite_engine, labels=newer)
    with sqlite_engine.begin() as connection:
        store_synonyms(connection, "stats", {"t-test": "student-t"}, now=ManualClock().now())
    judged = judge(sqlite_engine, SITE, two)
    older, same = (judged.only(np.arange(UNSEEN) % 3 == 0).evaluated(place) for place in (0, 1))
    assert older.labels == newer
    assert older.scores.hits.tolist() == same.scores.hits.tolist()
    assert older.scores.targets[:, 4].any()


def test_what_chose_thresholds_judges_no_more(sqlite_engine: Engine) -> None:
    two = publish_two(sqlite_engine, hyperparameters={TUNED: 1})
    numbers = {one.question_id % 2 for one in judge(sqlite_engine, SITE, two).questions}
    assert numbers == {1}
    again = judge(sqlite_engine, SITE, two, choosing=True)
    assert len(again.questions) == UNSEEN


def test_of_very_many_questions_the_newest_judge(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = publish_two(sqlite_engine, data_fingerprint="2")
    monkeypatch.setattr(judged_module, "PREDICT_ROWS", 50)
    models = [judged_module._load(sqlite_engine, one, Path.cwd(), NO_ENCODER) for one in two]
    questions, pages, _ = judged_module._tag(
        sqlite_engine, SITE, two, models, choosing=False, most=60
    )
    assert 60 <= len(questions) < 60 + 50
    assert questions[-1].question_id == LEARNED + UNSEEN
    assert [sum(map(len, found)) for found in pages] == [len(questions)] * 2


def test_too_few_questions_are_one_line_that_says_what_to_do(sqlite_engine: Engine) -> None:
    _, second = publish_two(sqlite_engine, learned_until=None, learned_through=1 << 40)
    with pytest.raises(NotEnoughQuestions, match="0 with a tag have come since what version 2"):
        judge(sqlite_engine, SITE, [second])


def test_some_of_the_questions_keep_their_probabilities(
    sqlite_engine: Engine,
) -> None:
    judged = judge(sqlite_engine, SITE, publish_two(sqlite_engine, data_fingerprint="2"))
    rows = np.arange(UNSEEN) % 3 == 0
    some = judged.only(rows)
    assert [one.question_id for one in some.questions] == [
        one.question_id for one in judged.questions[::3]
    ]
    assert (some.versions[1].probabilities == judged.versions[1].probabilities[rows]).all()
