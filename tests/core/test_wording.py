import pytest

from core.wording import counted, near, near_matches


def test_the_nearest_of_the_known_names_comes_first() -> None:
    known = {"regression", "progression", "time-series", "depression", "regressions"}
    assert near("regresion", known)[0] == "regression"
    assert "time-series" not in near("regresion", known)
    assert len(near("regresion", known)) == 3
    assert near("zzz", known) == []


@pytest.mark.parametrize(
    ("names", "said"),
    [([], ""), (["stats"], " (near matches: stats)"), (["a", "b"], " (near matches: a, b)")],
)
def test_messages_say_what_is_near_or_nothing(names: list[str], said: str) -> None:
    assert near_matches(names) == said


def test_one_thing_is_told_in_the_singular_and_many_in_thousands() -> None:
    assert [counted(count, "new question") for count in (0, 1, 2, 1200)] == [
        "0 new questions",
        "1 new question",
        "2 new questions",
        "1,200 new questions",
    ]
