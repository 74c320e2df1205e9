import pytest
from sqlalchemy import Engine, insert

from core.database.engine import reading
from core.database.review_tables import BlockedTag
from review.tags.figures import TagRow, read_relations, read_tags
from tests.conftest import ManualClock
from tests.review.decisions.test_save import decide
from tests.review.rows import predict_rows


@pytest.fixture
def rows(engine: Engine, clock: ManualClock) -> dict[str, TagRow]:
    """Of three questions, two of which have r; anova is suggested for all, r for the first."""
    predicted = {1: {"anova": 0.9, "r": 0.8}, 2: {"anova": 0.7, "r": 0.1}, 3: {"anova": 0.6}}
    authors = {1: ("r", "anova"), 2: ("r",), 3: ("spss",)}
    predict_rows(engine, predicted, now=clock.now(), authors=authors)
    predict_rows(engine, {1: {"anova": 0.9}}, now=clock.now(), site="cooking")
    decide(engine, clock, "ann", {"anova": "accepted"}, number=1)
    decide(engine, clock, "ann", {"anova": "rejected", "glm": "added"}, number=2)
    decide(engine, clock, "bob", {"anova": "accepted"}, number=3)
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
