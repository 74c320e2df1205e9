import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, update

from core.agreement.live import DayAgreement, Scored, daily_agreement, score_settled
from core.agreement.scores import Agreement
from core.database.engine import make_engine
from core.database.migrate import upgrade
from core.database.tables import LiveAgreement, ModelVersion
from core.model.registry import Version
from core.questions.store import FetchedQuestion
from core.questions.tags.synonyms import store_synonyms
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import insert_prediction, live_models, publish_live, question, store_questions
from worker.tagging import tag_batch

SETTLE = timedelta(days=3)
FIRST_DAY = date(2026, 1, 1)  # of the clock


@pytest.fixture
def version(engine: Engine, clock: ManualClock) -> Version:
    return publish_live(engine, word_bundle(), now=clock.now())


def tag(engine: Engine, clock: ManualClock, *questions: FetchedQuestion) -> None:
    stored = store_questions(engine, *questions, now=clock.now())
    tag_batch(engine, live_models(engine), "stats", stored.requested, clock)


def score(engine: Engine, clock: ManualClock, limit: int = 500) -> Scored:
    with engine.begin() as connection:
        return score_settled(connection, now=clock.now(), settle=SETTLE, limit=limit)


def days(engine: Engine) -> list[DayAgreement]:
    with engine.connect() as connection:
        return daily_agreement(connection)


def pass_days(clock: ManualClock, count: float) -> None:
    clock.sleep(timedelta(days=count).total_seconds())


def test_settled_predictions_are_counted_by_the_day_of_the_prediction(
    engine: Engine, clock: ManualClock, version: Version
) -> None:
    tag(
        engine,
        clock,
        question(1, "Regression", author_tags=("regression", "unheard-of"), created_at=clock.now()),
        question(2, "Anova", author_tags=("bayesian",), created_at=clock.now()),
    )
    pass_days(clock, 1)
    tag(engine, clock, question(3, "Unknown", author_tags=("c++",), created_at=clock.now()))
    pass_days(clock, 2.5)
    assert score(engine, clock) == Scored(2)
    assert score(engine, clock) == Scored()  # the third has not settled
    pass_days(clock, 1)
    assert score(engine, clock) == Scored(1)
    next_day = FIRST_DAY + timedelta(days=1)
    # Of six equally improbable tags the five first by the alphabet count as the most probable.
    assert days(engine) == [
        DayAgreement("stats", version.id, 1, FIRST_DAY, Agreement(2, 1, 1.5, 0)),
        DayAgreement("stats", version.id, 1, next_day, Agreement(1, 0, 1.0, 1)),
    ]


@pytest.mark.usefixtures("version")
def test_a_question_settles_by_its_age_on_its_site(engine: Engine, clock: ManualClock) -> None:
    old = clock.now() - timedelta(days=30)
    tag(engine, clock, question(1, created_at=old), question(2, created_at=clock.now()))
    assert score(engine, clock) == Scored(1)
    tag(engine, clock, question(3))  # it has no date: it comes from a file
    assert score(engine, clock) == Scored(1)


@pytest.mark.usefixtures("version")
def test_the_authors_tags_count_as_they_stand_when_the_question_has_settled(
    engine: Engine, clock: ManualClock
) -> None:
    tag(engine, clock, question(1, "Regression", author_tags=("anova",)))
    store_questions(engine, question(1, "Regression"), now=clock.now())  # its tags are edited
    pass_days(clock, 4)
    score(engine, clock)
    assert days(engine)[0].agreement.first_hits == 1


def test_a_renamed_tag_counts_as_the_one_that_it_stands_for_at_its_site(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    tag(sqlite_engine, clock, question(1, "Regression", author_tags=("lm",)))
    with sqlite_engine.begin() as connection:
        store_synonyms(connection, "stats", {"lm": "regression"}, now=clock.now())
        store_synonyms(connection, "cooking", {"regression": "soup"}, now=clock.now())
    pass_days(clock, 4)
    score(sqlite_engine, clock)
    assert [day.agreement for day in days(sqlite_engine)] == [Agreement(1, 1, 1.0, 0)]


def test_what_would_flatter_or_has_no_tags_is_passed_by(
    engine: Engine, clock: ManualClock, version: Version
) -> None:
    with engine.begin() as connection:
        learned = update(ModelVersion).where(ModelVersion.id == version.id)
        connection.execute(learned.values(learned_until=clock.now()))
    old, new = clock.now() - timedelta(days=9), clock.now() + timedelta(seconds=1)
    questions = (
        question(10**9 + 500, created_at=old),
        question(8, created_at=new),
        question(9, created_at=new, author_tags=()),
    )
    tag(engine, clock, *questions)
    pass_days(clock, 4)
    assert score(engine, clock) == Scored(counted=1, passed_by=2)
    assert score(engine, clock) == Scored()
    assert [day.agreement.questions for day in days(engine)] == [1]


@pytest.mark.usefixtures("version")
def test_a_text_edited_after_it_was_scored_is_not_counted_again(
    engine: Engine, clock: ManualClock
) -> None:
    tag(engine, clock, question(1, "Regression"))
    pass_days(clock, 4)
    score(engine, clock)
    tag(engine, clock, question(1, "Anova"))
    pass_days(clock, 4)
    assert score(engine, clock) == Scored()
    assert [day.agreement for day in days(engine)] == [Agreement(1, 1, 1.0, 0)]


@pytest.mark.usefixtures("version")
def test_a_text_edited_before_it_settles_counts_once_as_it_was_tagged_last(
    engine: Engine, clock: ManualClock
) -> None:
    tag(engine, clock, question(1, "Regression"))
    pass_days(clock, 1)
    tag(engine, clock, question(1, "Anova"))
    pass_days(clock, 4)
    assert score(engine, clock) == Scored(1)
    assert [(day.day, day.agreement.first_hits) for day in days(engine)] == [(date(2026, 1, 2), 0)]


@pytest.mark.usefixtures("version")
def test_a_transaction_that_is_rolled_back_counts_nothing_and_leaves_everything_to_be_scored(
    engine: Engine, clock: ManualClock
) -> None:
    tag(engine, clock, question(1))
    pass_days(clock, 4)
    with engine.connect() as connection:
        assert score_settled(connection, now=clock.now(), settle=SETTLE)
        connection.rollback()
    assert days(engine) == []
    assert score(engine, clock) == Scored(1)


def test_two_scorers_at_once_count_each_prediction_once(
    engine: Engine, clock: ManualClock, version: Version
) -> None:
    predict_many(engine, 400, version, now=clock.now())
    pass_days(clock, 4)
    counted: list[int] = []

    def work() -> None:
        while page := score(engine, clock, limit=7):
            counted.append(page.counted)

    scorers = [threading.Thread(target=work) for _ in range(2)]
    for scorer in scorers:
        scorer.start()
    for scorer in scorers:
        scorer.join()
    assert sum(counted) == 400
    assert [day.agreement for day in days(engine)] == [Agreement(400, 400, 400.0, 0)]


def test_a_page_that_another_scorer_holds_is_not_waited_for(
    postgres_url: str, clock: ManualClock
) -> None:
    engine = make_engine(postgres_url)
    upgrade(engine)
    version = publish_live(engine, word_bundle(), now=clock.now())
    predict_many(engine, 5, version, now=clock.now())
    pass_days(clock, 4)
    with engine.begin() as holder:
        held = score_settled(holder, now=clock.now(), settle=SETTLE, limit=5)
        assert (held, score(engine, clock)) == (Scored(5), Scored())
    engine.dispose()


def predict_many(engine: Engine, count: int, version: Version, *, now: datetime) -> None:
    """Store questions, each with its author's tag predicted."""
    stored = store_questions(engine, *map(question, range(count)), now=now)
    tags = {"regression": 0.9}
    with engine.begin() as connection:
        for pk in stored.requested:
            insert_prediction(connection, pk, version.id, tags, suggested=tags, now=now)


def test_a_day_is_that_of_utc_whatever_the_clock_of_the_predictor(
    engine: Engine, version: Version
) -> None:
    late = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
    predict_many(engine, 1, version, now=late)
    with engine.begin() as connection:
        score_settled(connection, now=late + timedelta(days=4), settle=SETTLE)
        assert connection.execute(select(LiveAgreement.day)).scalars().all() == [date(2026, 3, 1)]
