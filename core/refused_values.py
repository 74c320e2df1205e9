"""What is wrong with a value that a strict schema refused, in the project's own words.

Pydantic's words speak of inputs, strings and parsing, to those who wrote the schema. These are for
whoever wrote the value: in a file, in a bundle or on the command line.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from core.untrusted import one_line

_LONGEST: Final = 50  # characters of a value that is shown
_LONGEST_PLACE: Final = 100  # characters: a stranger names the keys of what he made

_NUMBER: Final = "should be a number"
_OBJECT: Final = "should be an object"
_TIME: Final = "should be a time such as 2010-07-19T19:14:44Z"
_WHOLE: Final = "should be a whole number"

# By pydantic's names of errors; {ge} and the like are the schema's.
_REASONS: Final = {
    "bool_parsing": "should be true or false",
    "bool_type": "should be true or false",
    "datetime_from_date_parsing": _TIME,
    "datetime_parsing": _TIME,
    "datetime_type": _TIME,
    "dict_type": _OBJECT,
    "extra_forbidden": "should not be there",
    "finite_number": "should be a finite number",
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "greater_than": "should be above {gt}",
    "greater_than_equal": "should be {ge} or more",
    "int_from_float": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": "should be a whole number that is not as large",
    "int_type": _WHOLE,
    "json_invalid": "should be JSON: {error}",
    "less_than": "should be below {lt}",
    "less_than_equal": "should be {le} or less",
    "list_type": "should be a list",
    "literal_error": "should be {expected}",
    "missing": "missing",
    "model_type": _OBJECT,
    "string_pattern_mismatch": "should match {pattern}",
    "string_too_long": "should have {max_length} characters at most",
    "string_too_short": "should have {min_length} characters or more",
    "string_type": "should be a text",
    "timezone_aware": "should say its time zone",
    "too_long": "should hold {max_length} at most",
    "too_short": "should hold {min_length} or more",
    "tuple_type": "should be a list",
    "union_tag_invalid": "should be of the kind {expected_tags}",
    "union_tag_not_found": "should say of which kind it is",
}


def told(error: ValidationError) -> str:
    """The first value that was refused, and why: `inputs.0.length: should be 1 or more`."""
    place, wrong = explain(error)
    return f"{place}: {wrong}" if place else wrong


def explain(error: ValidationError) -> tuple[str, str]:
    """The place of the first value that was refused, as `inputs.0.name`, and what is wrong."""
    first = error.errors(include_url=False)[0]
    place = one_line(".".join(map(str, first["loc"])))
    return place[:_LONGEST_PLACE], reason(first)


def reason(refused: Mapping[str, Any]) -> str:
    """What is wrong by one of pydantic's errors, with the value where it is short and not told."""
    kind, context, value = refused["type"], refused.get("ctx", {}), refused.get("input")
    shown = repr(value) if isinstance(value, int | float | str) else ""
    if kind in _REASONS:
        wrong = _REASONS[kind].format_map({name: _shown(of) for name, of in context.items()})
        is_told = kind == "json_invalid"
    else:
        wrong = refused["msg"].removeprefix("Value error, ").rstrip(".")
        is_told = shown in wrong
    return wrong if is_told or not 0 < len(shown) <= _LONGEST else f"{wrong}, but is {shown}"


def _shown(bound: object) -> str:
    """A schema's bound as whoever wrote it meant it: of numbers with a point it is one of those."""
    if isinstance(bound, float) and bound.is_integer():
        bound = int(bound)
    return f"{bound:,}" if isinstance(bound, int | float) else str(bound)
