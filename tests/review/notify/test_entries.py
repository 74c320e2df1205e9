from sqlalchemy import Engine, update

from core.database.engine import reading
from core.database.review_tables import QueuedQuestion
from core.database.tables import Question
from review.browse.filters import BrowseFilter
from review.notify.entries import Kind, find_entries
from tests.conftest import ManualClock
from tests.review.decisions.asking import act
from tests.review.rows import predict_rows


def numbers(engine: Engine, kind: Kind, **chosen: object) -> list[int]:
    with reading(engine) as connection:
        wanted = BrowseFilter(site="stats", **chosen)  # type: ignore[arg-type]
        return [one.question.question_id for one in find_entries(connection, kind, wanted)]


def test_new_suggestions_come_the_newest_first_and_reviewed_ones_not(
    engine: Engine, clock: ManualClock
) -> None:
    for number, tags in enumerate(({"anova": 0.9}, {"r": 0.7}, {"r": 0.2}, {"anova": 0.8}), 1):
        predict_rows(engine, {number: tags}, now=clock.now())
        clock.sleep(60)
    assert numbers(engine, "suggested", state="suggested") == [4, 2, 1]
    assert numbers(engine, "suggested", tag="anova") == [4, 1]
    assert numbers(engine, "suggested", tag="anova", min_probability=0.85) == [1]
    act(engine, clock, 4, verdicts={"anova": "accepted"})
    assert numbers(engine, "suggested", tag="anova") == [1]


def test_disputed_tags_come_the_most_disputed_first(engine: Engine, clock: ManualClock) -> None:
    pks = predict_rows(engine, {n: {"anova": 0.9} for n in (1, 2, 3)}, now=clock.now())
    assert numbers(engine, "disputed") == []
    with engine.begin() as connection:
        for number, quality in ((1, 0.5), (2, 0.1)):
            row = update(QueuedQuestion).where(QueuedQuestion.question_pk == pks[number])
            connection.execute(row.values(label_quality=quality, uncertainty=0.0))
    assert numbers(engine, "disputed") == [2, 1]


def test_a_question_that_its_site_deleted_is_told_of_no_more(
    engine: Engine, clock: ManualClock
) -> None:
    pks = predict_rows(engine, {n: {"anova": 0.9} for n in (1, 2)}, now=clock.now())
    with engine.begin() as connection:
        connection.execute(update(QueuedQuestion).values(label_quality=0.5, uncertainty=0.0))
        gone = update(Question).where(Question.id == pks[1])
        connection.execute(gone.values(state="deleted"))
    assert numbers(engine, "suggested") == [2]
    assert numbers(engine, "disputed") == [2]
