from dataclasses import fields
from datetime import UTC, datetime

from backfill.shards import (
    PredictedQuestion,
    pack_predictions,
    pack_questions,
    unpack_predictions,
    unpack_questions,
)
from core.model.predictor import RankedTag
from tests.rows import question

DAY = datetime(2026, 1, 2, tzinfo=UTC)


def test_a_question_comes_out_of_its_shard_as_it_went_in() -> None:
    full = question(
        7,
        title="Was ist ein Mittelwert?",
        author_tags=("mean", "c++"),
        link="https://stats.stackexchange.com/questions/7",
        owner="Gauß",
        licence="CC BY-SA 4.0",
        score=-3,
        answer_count=2,
        created_at=DAY,
        last_activity_at=DAY,
        state="closed",
        state_at=DAY,
    )
    assert not [field.name for field in fields(full) if getattr(full, field.name) == field.default]
    assert unpack_questions(pack_questions([full, question(8)])) == [full, question(8)]


def test_a_shard_gives_the_questions_since_a_time_alone() -> None:
    old = question(1, created_at=datetime(2025, 12, 31, tzinfo=UTC))
    shard = pack_questions([old, question(2, created_at=DAY), question(3)])
    assert [one.question_id for one in unpack_questions(shard, since=DAY)] == [2]


def test_predictions_come_out_of_their_shard_as_they_went_in() -> None:
    tags = [RankedTag("anova", 0.1 + 0.2, suggested=True), RankedTag("c++", 0.1, suggested=False)]
    tagged = PredictedQuestion("stats", 7, "0" * 64, DAY, tags, None)
    failed = PredictedQuestion("stats", 8, "1" * 64, DAY, [], "ValueError: no words")
    assert unpack_predictions(pack_predictions([tagged, failed])) == [tagged, failed]
