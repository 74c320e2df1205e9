import pytest
from sqlalchemy import Engine

from core.database.engine import reading
from review.decisions.question_view import edit_link, view_question
from review.decisions.save import Asked, Decision, save, skip
from tests.conftest import ManualClock
from tests.review.rows import predict_rows


def test_others_are_hidden_until_the_own_decision_is_saved(
    engine: Engine, clock: ManualClock
) -> None:
    pk = predict_rows(engine, {1: {"anova": 0.9}}, now=clock.now())[1]

    def others(reviewer: str) -> dict[str, dict[str, str]] | None:
        with reading(engine) as connection:
            return view_question(connection, pk, reviewer).others

    with engine.begin() as connection:
        decision = Decision(verdicts={"anova": "accepted"})
        save(connection, Asked("ann", "1", "stats", 1, clock.now()), decision)
    assert others("ann") == {}
    assert others("bob") is None
    with engine.begin() as connection:
        skip(connection, Asked("bob", "1", "stats", 1, clock.now()))
    assert others("bob") is None
    with engine.begin() as connection:
        decision = Decision(verdicts={"anova": "rejected"})
        save(connection, Asked("bob", "2", "stats", 1, clock.now()), decision)
    assert others("bob") == {"ann": {"anova": "accepted"}}
    with reading(engine) as connection:
        view = view_question(connection, pk, "eve")
    assert (view.conflicting_tags, view.others, view.reviews) == (["anova"], None, 2)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (
            "https://stats.stackexchange.com/questions/5/why",
            "https://stats.stackexchange.com/posts/5/edit",
        ),
        ("javascript:alert(1)", None),
        ("https://[", None),
        ("//x", None),
        (None, None),
    ],
)
def test_the_edit_page_is_on_the_questions_own_site(link: str | None, expected: str | None) -> None:
    assert edit_link(link, 5) == expected
