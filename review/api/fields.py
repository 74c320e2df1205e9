"""Kinds of values that the API takes, each with its bounds."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from core.questions.store import clean_text
from core.site_names import name_today
from core.untrusted import LONGEST_TAG, is_readable

_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _storable(value: str) -> str:
    if clean_text(value) != value:
        raise ValueError("a NUL character or half of a surrogate pair stands in it")
    return value


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("a control character stands in it")
    return value


def _tag(value: str) -> str:
    if not is_readable(value):
        raise ValueError("a tag has no spaces and no control characters")
    return value


def _as_site_name(value: Any) -> Any:
    """The API's name of a site; what is none stays as it is, and is refused by its pattern."""
    return name_today(value) if isinstance(value, str) else value


def _none_if_empty(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _in_utc(value: datetime) -> datetime:
    moment = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    if not _FIRST <= moment <= _LAST:
        raise ValueError("it must lie between 1970 and 2200")
    return moment.astimezone(UTC)


Line = Annotated[str, AfterValidator(_printable)]
# However it is named, by its address or with capitals: the API's name of it.
Site = Annotated[
    str, BeforeValidator(_as_site_name), Field(max_length=100, pattern=r"^[A-Za-z0-9.-]+$")
]
Tag = Annotated[str, Field(min_length=1, max_length=LONGEST_TAG), AfterValidator(_tag)]
# As a person writes it, in capitals, with spaces: find_tag() knows the site's own way.
TypedTag = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_TAG),
    BeforeValidator(_stripped),
    AfterValidator(_printable),
]
Number = Annotated[int, Field(ge=0, lt=1 << 63)]
Version = Annotated[int, Field(ge=0, lt=1 << 31)]  # of a model, as its column holds it
Text = Annotated[str, Field(min_length=1, max_length=10_000), AfterValidator(_storable)]
Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_printable)]
Words = Annotated[str, Field(max_length=200), AfterValidator(_printable)]
Share = Annotated[float, Field(ge=0, le=1)]
Moment = Annotated[datetime, AfterValidator(_in_utc)]

EmptyIsNone = BeforeValidator(_none_if_empty)  # a form sends a field that nobody filled as ""
