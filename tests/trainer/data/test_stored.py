"""Which of the stored questions a training reads, and with which tags."""

from datetime import datetime, timedelta

from sqlalchemy import Engine, insert, select

from core.database.review_tables import Verdict
from core.database.tables import Question
from core.model.tokenizer import TextSettings
from core.questions.selection import Selection
from core.questions.tags.synonyms import store_synonyms
from core.questions.time_order import Seen
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import insert_prediction, publish_live, question, row, store_questions
from trainer.data.corpus import read_corpus
from trainer.data.stored import stored_questions, survey


def ids(engine: Engine, selection: Selection, since: int | None = None) -> list[int]:
    with engine.connect() as connection:
        place = None if since is None else (None, row(engine, since).id)
        found = stored_questions(connection, selection, since=place)
        return [stored.question_id for stored in found]


def test_questions_whose_authors_may_still_edit_their_tags_are_left_out(
    engine: Engine, clock: ManualClock
) -> None:
    now = clock.now()
    old = question(1, created_at=now - timedelta(days=4))
    young = question(2, created_at=now - timedelta(days=2))
    store_questions(engine, old, young, question(3), now=now)
    settled = Selection("stats", settled_before=now - timedelta(days=3))
    assert ids(engine, settled) == [3, 1]  # the third has no date: it comes from a file
    assert ids(engine, Selection("stats")) == [3, 1, 2]


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
        found = survey(connection, selection, seen=Seen(row=row(engine, 6).id))
        corpus = read_corpus("stats", stored_questions(connection, selection), TextSettings())
    assert (found.questions, found.tagged, found.new) == (5, 5, 1)
    assert found.last_row == row(engine, 7).id
    assert found.fingerprint == corpus.fingerprint


def test_an_empty_site_is_surveyed_too(engine: Engine) -> None:
    with engine.connect() as connection:
        found = survey(connection, Selection("stats", newest=5), seen=Seen())
    assert (found.questions, found.last_row) == (0, None)


def add_verdicts(engine: Engine, number: int, now: datetime, **verdicts: str) -> None:
    with engine.begin() as connection:
        pk = connection.execute(
            select(Question.id).where(Question.question_id == number)
        ).scalar_one()
        rows = [
            {"question_pk": pk, "tag": tag, "verdict": verdict, "reviewer": "ann", "at": now}
            | {"site": "stats"}
            for tag, verdict in verdicts.items()
        ]
        connection.execute(insert(Verdict), rows)


def test_a_sites_questions_come_in_the_order_of_time(engine: Engine, clock: ManualClock) -> None:
    now = clock.now()
    ago = {30: 3, 4: 1, 200: None, 7: 2, 3: None, 8: 2}  # days
    for number, days in ago.items():  # one by one, so that rows are in this order
        created = None if days is None else now - timedelta(days=days)
        store_questions(engine, question(number, created_at=created), now=now)
    store_questions(engine, question(1, site="other"), now=now)
    assert ids(engine, Selection("stats")) == [200, 3, 30, 7, 8, 4]
    newest = [ids(engine, Selection("stats", newest=count)) for count in (2, 3, 4, 5, 6)]
    assert newest == [[8, 4], [7, 8, 4], [30, 7, 8, 4], [3, 30, 7, 8, 4], [200, 3, 30, 7, 8, 4]]


def test_a_dumps_made_up_question_is_never_learned_from(engine: Engine, clock: ManualClock) -> None:
    now = clock.now()
    known = [question(number, created_at=now) for number in (1, 1_000_000_001, 2)]
    store_questions(engine, *known, now=now)
    assert ids(engine, Selection("stats")) == ids(engine, Selection("stats", newest=2)) == [1, 2]


def test_new_is_what_an_earlier_run_could_not_read(engine: Engine, clock: ManualClock) -> None:
    now = clock.now()
    before = now - timedelta(days=30)
    old, settled_since = (question(n, created_at=before + timedelta(days=n)) for n in (1, 9))
    store_questions(engine, old, settled_since, question(10**12), now=now)
    seen = Seen(before + timedelta(days=7), row(engine, 10**12).id)
    older = question(3, created_at=before)
    store_questions(engine, older, question(4), old, now=now)  # old is there already
    with engine.connect() as connection:
        assert survey(connection, Selection("stats"), seen=seen).new == 3  # 9, 3 and 4


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
        tags = {"anova": 1.0}
        insert_prediction(connection, pk, version.id, tags, suggested=tags, now=clock.now())
        assert [q.tags for q in stored_questions(connection, Selection("stats"))] == [("r",)]


def test_renamed_tags_are_learned_as_what_they_are_called_now(
    engine: Engine, clock: ManualClock
) -> None:
    tagged = question(1, author_tags=("lm", "regression", "r"))
    store_questions(engine, tagged, now=clock.now())
    with engine.begin() as connection:
        before = survey(connection, Selection("stats"), seen=Seen())
        store_synonyms(connection, "stats", {"lm": "regression"}, now=clock.now())
        (read,) = stored_questions(connection, Selection("stats"))
        after = survey(connection, Selection("stats"), seen=Seen())
    assert read.tags == ("regression", "r")
    assert after.fingerprint != before.fingerprint  # so that a training is not skipped
