"""Which of the stored questions a training reads, and with which tags."""

from datetime import datetime, timedelta

from sqlalchemy import Engine, insert, select

from core.database.review_tables import Verdict
from core.database.tables import PredictedTag, Prediction, Question
from core.model.tokenizer import TextSettings
from core.questions.selection import Selection
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import publish_live, question, store_questions
from trainer.data.corpus import read_corpus
from trainer.data.stored import stored_questions, survey


def ids(engine: Engine, selection: Selection, since: int | None = None) -> list[int]:
    with engine.connect() as connection:
        found = stored_questions(connection, selection, since=since)
        return [stored.question_id for stored in found]


def test_questions_whose_authors_may_still_edit_their_tags_are_left_out(
    engine: Engine, clock: ManualClock
) -> None:
    now = clock.now()
    old = question(1, created_at=now - timedelta(days=4))
    young = question(2, created_at=now - timedelta(days=2))
    store_questions(engine, old, young, question(3), now=now)
    settled = Selection("stats", settled_before=now - timedelta(days=3))
    assert ids(engine, settled) == [1, 3]  # the third has no date: it comes from a file
    assert ids(engine, Selection("stats")) == [1, 2, 3]


def test_of_too_many_questions_the_newest_are_read(engine: Engine, clock: ManualClock) -> None:
    store_questions(engine, *map(question, range(1, 21)), now=clock.now())
    assert ids(engine, Selection("stats", newest=5)) == [16, 17, 18, 19, 20]
    assert ids(engine, Selection("stats", newest=5), since=19) == [19, 20]
    assert ids(engine, Selection("stats", newest=50)) == list(range(1, 21))


def test_a_survey_knows_the_fingerprint_without_the_texts(
    engine: Engine, clock: ManualClock
) -> None:
    store_questions(engine, *map(question, range(1, 8)), now=clock.now())
    selection = Selection("stats", newest=5)
    with engine.connect() as connection:
        found = survey(connection, selection, newer_than=6)
        corpus = read_corpus("stats", stored_questions(connection, selection), TextSettings())
    assert (found.questions, found.tagged, found.newer, found.newest_question_id) == (5, 5, 1, 7)
    assert found.fingerprint == corpus.fingerprint


def test_an_empty_site_is_surveyed_too(engine: Engine) -> None:
    with engine.connect() as connection:
        found = survey(connection, Selection("stats", newest=5))
    assert (found.questions, found.newest_question_id) == (0, None)


def add_verdicts(engine: Engine, number: int, now: datetime, **verdicts: str) -> None:
    with engine.begin() as connection:
        pk = connection.execute(
            select(Question.id).where(Question.question_id == number)
        ).scalar_one()
        rows = [
            {"question_pk": pk, "tag": tag, "verdict": verdict, "reviewer": "ann", "at": now}
            for tag, verdict in verdicts.items()
        ]
        connection.execute(insert(Verdict), rows)


def test_a_sites_questions_come_in_the_order_of_their_ids(
    engine: Engine, clock: ManualClock
) -> None:
    known = [question(number) for number in (30, 4, 200)]
    store_questions(engine, *known, question(1, site="other"), now=clock.now())
    with engine.connect() as connection:
        found = list(stored_questions(connection, Selection("stats")))
    assert [q.question_id for q in found] == [4, 30, 200]
    assert found[0].content_hash == known[1].content_hash()


def test_people_correct_the_authors_tags(engine: Engine, clock: ManualClock) -> None:
    tagged = [question(number, author_tags=("anova", "r")) for number in (1, 2)]
    store_questions(engine, *tagged, now=clock.now())
    add_verdicts(
        engine, 1, clock.now(), r="rejected", anova="accepted", glm="added", mle="accepted"
    )
    with engine.connect() as connection:
        tags = [q.tags for q in stored_questions(connection, Selection("stats"))]
    assert tags == [("anova", "glm", "mle"), ("anova", "r")]


def test_predictions_are_never_learned_from(engine: Engine, clock: ManualClock) -> None:
    version = publish_live(engine, word_bundle(), now=clock.now())
    store_questions(engine, question(1, author_tags=("r",)), now=clock.now())
    with engine.begin() as connection:
        pk = connection.execute(select(Question.id)).scalar_one()
        key = {"question_pk": pk, "model_version_id": version.id}
        connection.execute(
            insert(Prediction).values(**key, predicted_at=clock.now(), content_hash="")
        )
        connection.execute(
            insert(PredictedTag).values(**key, tag="anova", probability=1.0, suggested=True)
        )
        assert [q.tags for q in stored_questions(connection, Selection("stats"))] == [("r",)]
