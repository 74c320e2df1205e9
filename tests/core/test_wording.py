import pytest

from core.wording import near, near_matches


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
