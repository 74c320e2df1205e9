from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, text

from core.database.review_tables import Verdict
from core.database.tables import ModelVersion
from core.questions.verdicts import (
    Decided,
    Joint,
    Said,
    correct_tags,
    joint_verdict,
    read_joint_verdicts,
)
from tests.conftest import ManualClock
from tests.rows import insert_prediction, question, row, store_questions

YES, ADDED, NO = Said("accepted"), Said("added"), Said("rejected")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([YES], "accepted"),
        ([ADDED], "added"),
        ([NO], "rejected"),
        ([YES, NO], "disputed"),
        ([YES, ADDED, NO], "accepted"),
        ([YES, NO, NO], "rejected"),
        ([YES, NO, ADDED, NO], "disputed"),
        ([YES, YES, Said("rejected", settles=True)], "rejected"),
        ([NO, NO, Said("added", settles=True)], "added"),
    ],
)
def test_a_settling_verdict_decides_or_else_the_majority(
    said: Sequence[Said], expected: Joint
) -> None:
    assert joint_verdict(said) == expected
    assert joint_verdict(list(reversed(said))) == expected


@pytest.mark.parametrize(
    ("author", "verdicts", "expected"),
    [
        ((), {}, ()),
        (("b", "a", "b"), {}, ("b", "a")),
        (("a",), {"a": "rejected"}, ()),
        ((), {"z": "added", "c": "accepted", "x": "rejected"}, ("c", "z")),
        (("a",), {"a": "disputed", "b": "disputed"}, ("a",)),
    ],
)
def test_verdicts_overrule_authors_but_where_they_are_disputed(
    author: tuple[str, ...], verdicts: dict[str, Joint], expected: tuple[str, ...]
) -> None:
    assert correct_tags(author, verdicts) == expected


verdict: st.SearchStrategy[Decided] = st.sampled_from(["accepted", "rejected", "added"])


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(verdicts=st.lists(verdict, max_size=5), settling=st.booleans())
def test_the_view_says_the_same(
    engine: Engine, clock: ManualClock, verdicts: list[Decided], settling: bool
) -> None:
    """Of one suggested tag, whatever up to five reviewers say of it."""
    now = clock.now()
    with engine.begin() as connection:
        connection.execute(delete(Verdict))
    store_questions(engine, question(1), now=now)
    pk = row(engine, 1).id
    with engine.begin() as connection:
        if connection.execute(text("SELECT count(*) FROM predictions")).scalar() == 0:
            version = {"site": "stats", "version": 1, "created_at": now, "architecture": "simple"}
            connection.execute(
                insert(ModelVersion).values(id=1, **version, metrics={}, sha256="0", live=True)
            )
            insert_prediction(connection, pk, 1, {"anova": 0.5}, suggested={"anova"}, now=now)
        said = [
            {
                "question_pk": pk,
                "reviewer": f"r{number}",
                "site": "stats",
                "tag": "anova",
                "verdict": one,
                "settles": settling and number == 0,
                "at": now + timedelta(seconds=number),
            }
            for number, one in enumerate(verdicts)
        ]
        if said:
            connection.execute(insert(Verdict), said)
        of_view = connection.execute(text("SELECT verdict FROM tag_suggestions")).scalars().all()
        joint = read_joint_verdicts(connection, "stats").get(pk, {}).get("anova")
    assert of_view == [joint]
