"""Items of the StackExchange API, as people save them: they are HTML-escaped where ours are plain.

An item is known by what no other source has: an owner that is an object, `is_answered`, or the
answer around it. Titles, tags and names are unescaped once, as the poller does it.
"""

from collections.abc import Mapping, Sequence
from html import unescape

WRAPPERS = ("questions", "data", "results", "rows", "records", "posts")  # of other programs
_ANSWER = "items"  # of an answer's wrapper, https://api.stackexchange.com/docs/wrapper


def error_of_answer(value: Mapping[str, object]) -> str | None:
    """What the API answered in place of questions (https://api.stackexchange.com/docs/error-handling)."""
    if "error_id" not in value or "error_message" not in value:
        return None
    return f"an error of the API in place of questions: {str(value['error_message'])[:80]}"


def questions_around(value: object) -> Sequence[object] | None:
    """The questions that an object holds as a list under a usual name; None where it does not."""
    if not isinstance(value, dict) or "question_id" in value:
        return None
    lists = (value.get(name) for name in WRAPPERS)
    return next((one for one in lists if isinstance(one, list) and _are_objects(one)), None)


def _are_objects(values: Sequence[object]) -> bool:
    return bool(values) and all(isinstance(one, dict) for one in values)


def items_of_answer(value: object) -> Sequence[object] | None:
    """The items of an answer of the API; None where it is none."""
    if not isinstance(value, dict) or "question_id" in value:
        return None
    items = value.get(_ANSWER)
    return items if isinstance(items, list) else None


def as_plain(values: Mapping[str, object], *, known: bool = False) -> Mapping[str, object]:
    """A question's values without the API's escaping; those of other sources stay as they are.

    When it moved to another site stands beside them as `migration_date`.

    Args:
        values: by the API's names of the fields.
        known: whether they are known to come from the API.
    """
    moved = values.get("migrated_to")
    if isinstance(moved, dict):  # https://api.stackexchange.com/docs/types/migration-info
        values = {**values, "migration_date": moved.get("on_date")}
    owner = values.get("owner")
    if not (known or isinstance(owner, dict) or "is_answered" in values):
        return values
    plain = {name: _unescaped(values[name]) for name in ("title", "tags") if name in values}
    if isinstance(owner, dict):
        plain["owner"] = _unescaped(owner.get("display_name"))
    return {**values, **plain}


def _unescaped(value: object) -> object:
    if isinstance(value, list):
        return [_unescaped(part) for part in value]
    return unescape(value) if isinstance(value, str) else value
