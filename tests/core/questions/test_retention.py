from datetime import timedelta

import pytest
from sqlalchemy import Engine, insert, update

from core.database.review_tables import Review, Verdict
from core.database.tables import ModelVersion, Prediction
from core.questions.retention import prune_pages, prune_predictions
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import insert_prediction, predictions, publish_live, question, row, store_questions

ALONE, DECIDED, REVIEWED, UNSCORED, REPLACED = range(1, 6)  # questions, by what stands of each


@pytest.fixture
def pruned(engine: Engine, clock: ManualClock) -> int:
    """A pruned version that has tagged all questions, before another has tagged all but one."""
    old = publish_live(engine, word_bundle(data_fingerprint="old"), now=clock.now()).id
    store_questions(engine, *map(question, range(1, 6)), now=clock.now())
    numbers = {number: row(engine, number).id for number in range(1, 6)}
    with engine.begin() as connection:
        for pk in numbers.values():
            insert_prediction(connection, pk, old, {"anova": 0.9}, now=clock.now())
        connection.execute(
            update(Prediction)
            .where(Prediction.question_pk != numbers[UNSCORED])
            .values(scored_at=clock.now())
        )
        clock.sleep(1)
    new = publish_live(engine, word_bundle(data_fingerprint="new"), now=clock.now()).id
    said = {"reviewer": "ann", "at": clock.now()}
    with engine.begin() as connection:
        connection.execute(
            update(ModelVersion).where(ModelVersion.id == old).values(pruned_at=clock.now())
        )
        for number, pk in numbers.items():
            if number != ALONE:
                insert_prediction(connection, pk, new, {"r": 0.9}, now=clock.now())
        verdict = {"question_pk": numbers[DECIDED], "tag": "r", "verdict": "accepted"}
        connection.execute(insert(Verdict).values(**verdict, **said, site="stats"))
        review = {"question_pk": numbers[REVIEWED], "outcome": "skipped"}
        connection.execute(insert(Review).values(**review, **said))
    return old


def test_what_a_newer_version_has_tagged_and_nobody_needs_is_deleted(
    engine: Engine, clock: ManualClock, pruned: int
) -> None:
    assert prune_pages(engine, before=clock.now(), site="crypto") == 0
    assert prune_pages(engine, before=clock.now() - timedelta(seconds=1)) == 0
    stood = predictions(engine)
    assert prune_pages(engine, before=clock.now(), site="stats") == 1
    assert set(stood) - set(predictions(engine)) == {(REPLACED, pruned)}
    assert prune_pages(engine, before=clock.now() + timedelta(days=1)) == 0


@pytest.mark.usefixtures("pruned")
def test_what_a_version_predicted_stays_while_it_is_not_pruned(
    engine: Engine, clock: ManualClock
) -> None:
    with engine.begin() as connection:
        connection.execute(update(ModelVersion).values(pruned_at=None))
    assert prune_pages(engine, before=clock.now() + timedelta(days=1)) == 0


@pytest.mark.usefixtures("pruned")
def test_pages_follow_each_other_to_the_end(engine: Engine, clock: ManualClock) -> None:
    with engine.begin() as connection:
        connection.execute(update(Prediction).values(scored_at=clock.now()))
    found, after = [], 0
    for _ in range(3):
        with engine.begin() as connection:
            gone, end = prune_predictions(connection, before=clock.now(), after=after, limit=1)
        found.append(gone)
        if end is None:
            break
        after = end
    assert found == [1, 1, 0]
