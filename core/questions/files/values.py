"""Numbers, tags and names of fields as programs write them: one rule for every format."""

import math
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache

# What programs write where they have nothing, besides null (R, pandas, Excel, MySQL, BigQuery).
_NOTHING = frozenset({"", "na", "n/a", "nan", "nat", "null", "none", "<na>", "\\n", "#n/a"})

_EXACT = 2**53  # a float beyond it may have been another number
_MOST_DIGITS = 30

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:([,' \u00a0\u2009\u202f])\d{3})(?:\1\d{3})*(?:\.0*)?")
_THOUSANDS_BY_POINTS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3}){2,}")
_COMMA_FOR_POINT = re.compile(r"[+-]?\d+,0*")

_FIELDS = (
    *("site", "question_id", "title", "body", "tags", "link", "owner", "content_license"),
    *("score", "answer_count", "creation_date", "last_activity_date"),
    *("closed_date", "deletion_date", "migration_date"),
)
_OWNER_ID, _POST_TYPE = "owneruserid", "posttypeid"
_NOT_SPELLED = str.maketrans("", "", "_- .")
_BY_SPELLING = {name.translate(_NOT_SPELLED): name for name in _FIELDS} | {
    "id": "question_id",
    "postid": "question_id",
    "ownerdisplayname": "owner",
    "url": "link",
}
_QUESTION = "1"  # of PostTypeId; 2 is an answer, the others are wikis and the like

_BETWEEN_TAGS = re.compile(r"[<>|,;\s]+")


def is_nothing(value: object) -> bool:
    """Whether it stands for a value that is missing."""
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (isinstance(value, str) and value.strip().lower() in _NOTHING)


def to_whole(value: object) -> int:
    """A whole number from `80`, `80.0`, `"80"`, `" +80"`, `"8e1"`, `"80,0"` or `"1,234"`.

    Raises:
        ValueError: it is none, or a float that is too large to be exact.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("should be a whole number")  # noqa: TRY004 (pydantic takes ValueError)
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        if not value.is_integer():
            raise ValueError("should be a whole number")
        if abs(value) > _EXACT:
            raise ValueError("too large for a number with a point to be exact")
        return int(value)
    return _whole_of_text(value.strip())


def _whole_of_text(text: str) -> int:
    if _THOUSANDS.fullmatch(text):
        text = re.sub(r"[^\d.+-]", "", text)
    elif _THOUSANDS_BY_POINTS.fullmatch(text):
        text = text.replace(".", "")
    elif _COMMA_FOR_POINT.fullmatch(text):
        text = text.replace(",", ".")
    try:
        number = Decimal(text.replace("_", " "))  # which Python alone allows
    except InvalidOperation:
        raise ValueError("should be a whole number") from None
    if not number.is_finite() or number.adjusted() > _MOST_DIGITS or number != int(number):
        raise ValueError("should be a whole number")
    return int(number)


def to_tags(value: object) -> object:
    """A list of tags from a text: `<a><b>`, `|a|b|`, `a b`, `a, b`, `{a,b}`, `['a', 'b']`.

    Of a list of objects, each with a `name`, those. Anything else comes back as it is.
    """
    if isinstance(value, list):
        return [tag.get("name", tag) if isinstance(tag, dict) else tag for tag in value]
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text[:1] + text[-1:] in ("[]", "{}"):  # {a,b} is how Postgres prints an array
        parts = _BETWEEN_TAGS.split(text[1:-1])
        return [tag for part in parts if (tag := part.strip("'\""))]
    return [tag for tag in _BETWEEN_TAGS.split(text) if tag]


def by_field(values: Mapping[str, object]) -> dict[str, object] | None:
    """A question's values by the API's names of the fields, or None where it is an answer.

    Names may be spelled as the dumps have them (`CreationDate`), as BigQuery (`creation_date`),
    or in any case; a question's number may be called `id`. The API's own spelling wins.
    """
    spelled = {spelling(name): value for name, value in values.items()}
    kind = spelled.get(_POST_TYPE)
    if not is_nothing(kind) and str(kind).removesuffix(".0") != _QUESTION:
        return None
    found = {
        field: value
        for name, value in spelled.items()
        if (field := _BY_SPELLING.get(name)) is not None
        and (name == field.translate(_NOT_SPELLED) or field.translate(_NOT_SPELLED) not in spelled)
    }
    if is_nothing(found.get("owner")) and not is_nothing(spelled.get(_OWNER_ID)):
        found["owner"] = _user(spelled[_OWNER_ID])
    return found


@lru_cache(maxsize=1024)
def spelling(name: str) -> str:
    """What is left of a field's name without what programs spell differently."""
    return name.strip().lower().translate(_NOT_SPELLED)


def _user(number: object) -> str | None:
    try:
        return f"user{to_whole(number)}"
    except ValueError:
        return None
