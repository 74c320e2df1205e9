"""The tree that the errors' module begins with is the one that its classes make."""

import inspect
import re

from core import errors


def test_the_tree_names_every_error_below_its_parent() -> None:
    told: dict[str, str] = {}
    above: list[str] = []
    for line in inspect.cleandoc(errors.__doc__ or "").splitlines():
        found = re.match(r"(?P<branches>[│├└─ ]*)(?P<name>[A-Z]\w+)(?: {2}|$)", line)
        if found:
            above[len(found["branches"]) // 4 :] = [found["name"]]
            told[found["name"]] = above[-2] if len(above) > 1 else "Exception"
    classes = inspect.getmembers(errors, inspect.isclass)
    made = {name: one.mro()[1].__name__ for name, one in classes if issubclass(one, Exception)}
    assert told == made
