from datetime import timedelta

import pytest
from sqlalchemy import Engine, insert, update

from core.database.engine import reading
from core.database.review_tables import BlockedTag
from core.database.tables import Question
from core.questions.tags.synonyms import store_synonyms
from review.tags import figures
from review.tags.figures import TagRow, read_relations, read_tags
from tests.conftest import ManualClock
from tests.review.decisions.asking import act
from tests.review.rows import predict_rows


@pytest.fixture
def rows(engine: Engine, clock: ManualClock) -> dict[str, TagRow]:
    """Of three questions, two of which have r; anova is suggested for all, r for the first."""
    predicted = {1: {"anova": 0.9, "r": 0.8}, 2: {"anova": 0.7, "r": 0.1}, 3: {"anova": 0.6}}
    authors = {1: ("r", "anova"), 2: ("r",), 3: ("spss",)}
    predict_rows(engine, predicted, now=clock.now(), authors=authors)
    predict_rows(engine, {1: {"anova": 0.9}}, now=clock.now(), site="cooking")
    act(engine, clock, 1, verdicts={"anova": "accepted"})
    act(engine, clock, 2, verdicts={"anova": "rejected", "glm": "added"})
    act(engine, clock, 3, reviewer="bob", verdicts={"anova": "accepted"})
    with engine.begin() as connection:
        blocked = {"site": "stats", "tag": "homework", "reviewer": "ann", "at": clock.now()}
        connection.execute(insert(BlockedTag).values(blocked))
        return read_tags(connection, "stats", {"anova": 0.4, "gam": 0.3})


def test_suggestions_are_compared_with_authors(rows: dict[str, TagRow]) -> None:
    anova, r = rows["anova"], rows["r"]
    assert (anova.uses, anova.suggested, anova.confirmed) == (1, 3, 1)
    assert anova.precision == pytest.approx(1 / 3)
    assert (r.uses, r.suggested, r.precision) == (2, 1, 1.0)
    assert rows["spss"].precision is None


def test_verdicts_are_counted(rows: dict[str, TagRow]) -> None:
    anova = rows["anova"]
    assert (anova.accepted, anova.rejected, anova.added) == (2, 1, 0)
    assert anova.acceptance == pytest.approx(2 / 3)
    assert 0 < anova.acceptance_bound < 2 / 3
    assert (rows["glm"].added, rows["glm"].acceptance) == (1, None)


def test_tags_of_the_model_and_blocked_ones_are_there_too(rows: dict[str, TagRow]) -> None:
    assert set(rows) == {"anova", "r", "spss", "glm", "gam", "homework"}
    assert (rows["gam"].threshold, rows["gam"].uses) == (0.3, 0)
    assert rows["homework"].blocked


def test_relations_are_learned_from_a_sites_questions(engine: Engine, clock: ManualClock) -> None:
    authors = {n: ("ggplot2", "r") if n < 30 else ("r",) for n in range(60)}
    predict_rows(engine, {n: {} for n in authors}, now=clock.now(), authors=authors)
    with reading(engine) as connection:
        (one,) = read_relations(connection, "stats").implications
        assert not read_relations(connection, "cooking").implications
    assert (one.tag, one.parent, one.questions) == ("ggplot2", "r", 30)


def test_a_renamed_tag_counts_as_the_one_that_it_stands_for(
    engine: Engine, clock: ManualClock
) -> None:
    predicted = {1: {"glm": 0.9}, 2: {"glm": 0.9, "logit": 0.8}, 3: {"logit": 0.7}}
    authors = {1: ("logit", "r"), 2: ("logit", "glm"), 3: ("glm",)}
    predict_rows(engine, predicted, now=clock.now(), authors=authors)
    act(engine, clock, 1, verdicts={"logit": "accepted"})
    act(engine, clock, 2, verdicts={"glm": "accepted"})
    with engine.begin() as connection:
        store_synonyms(connection, "stats", {"logit": "glm"}, now=clock.now())
        rows = read_tags(connection, "stats", {})
    glm = rows["glm"]
    assert (glm.uses, glm.suggested, glm.confirmed, glm.accepted) == (3, 3, 3, 2)
    assert (rows["logit"].uses, rows["logit"].suggested, rows["logit"].accepted) == (0, 0, 0)
    assert (rows["r"].uses, rows["logit"].blocked) == (1, True)


def test_relations_are_learned_from_living_tags_of_what_was_asked_last(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "NEWEST_QUESTIONS", 40)
    authors = {n: ("gg", "r") if n < 30 else ("r",) for n in range(60)}
    predict_rows(engine, {n: {} for n in authors}, now=clock.now(), authors=authors)
    with engine.begin() as connection:
        old = Question.question_id >= 40  # moved here: higher numbers, and their old dates
        moved = update(Question).values(created_at=clock.now() - timedelta(days=400))
        connection.execute(update(Question).values(created_at=clock.now()))
        connection.execute(moved.where(old))
        store_synonyms(connection, "stats", {"gg": "ggplot2"}, now=clock.now())
        learned = read_relations(connection, "stats")
    assert learned.questions == 40
    assert [one.tag for one in learned.implications] == ["ggplot2"]
    assert [one.questions for one in learned.implications] == [30]  # by their numbers it were ten


def test_relations_are_learned_from_as_many_questions_with_those_that_have_no_date(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "NEWEST_QUESTIONS", 25)
    authors = {n: ("gg", "r") if n < 20 else ("r",) for n in range(40)}
    predict_rows(engine, {n: {} for n in authors}, now=clock.now(), authors=authors)
    with engine.begin() as connection:
        connection.execute(update(Question).values(created_at=clock.now()))
        undated = Question.question_id >= 20
        connection.execute(update(Question).values(created_at=None).where(undated))
        learned = read_relations(connection, "stats")
    assert learned.questions == 25  # all that have a date, and five more
    assert [one.questions for one in learned.implications] == [20]
