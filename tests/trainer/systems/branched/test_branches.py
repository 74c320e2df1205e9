"""The parts that are fitted one after another."""

from trainer.systems.branched.branches import part_names


def test_every_part_is_fitted_twice_under_names_of_its_own_the_convolutions_last() -> None:
    once, again = part_names(3)[:5], part_names(3)[5:]
    assert once == ["terms", "reader 1 of 3", "reader 2 of 3", "reader 3 of 3", "convolutions"]
    assert again == [f"{name} again" for name in once]
