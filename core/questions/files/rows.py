"""What a row of a question file must hold, whatever the file's format."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from core.database.known_sites import CheckSite
from core.errors import UnknownSite
from core.questions.files.values import is_nothing, to_tags, to_whole
from core.questions.store import FetchedQuestion, State, clean_text
from core.questions.time_order import is_made_up
from core.refused_values import explain, told
from core.site_names import site_host, site_name
from core.times import to_time
from core.untrusted import LONGEST_TAG, is_readable, printable

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_TITLE = 1000  # characters; the sites allow 150, and allowed a few more once
MAX_BODY = 500_000  # characters of HTML; the sites allow 30,000 of Markdown
MAX_TAGS = 20  # the sites allow 5
MAX_TAG = LONGEST_TAG
MAX_LINK = 2000  # characters; the sites' have the title's first 80
MAX_NAME = 200  # characters of an owner's name or a licence's; the sites allow 40
YEARS = range(1990, 2100)

_LARGEST_ID = 2**63 - 1  # what a BIGINT holds
_MADE_UP = "a made-up post, which each data dump since 2025 holds; it is left out"


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that cannot be used.

    Attributes:
        file: its path, as it was given.
        line: the physical line of the (unpacked) file on which the row begins, from 1.
        reason: what is wrong with it.
    """

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


Row = FetchedQuestion | BrokenRow


@dataclass(frozen=True, slots=True)
class Source:
    """The file that is read.

    Attributes:
        file: its path, as messages name it.
        site: the site that its questions are of; None where each row names its own.
        check_site: whether there is the site that a row names; raises UnknownSite.
        default_site: of rows that name none where `site` is None.
    """

    file: str
    site: str | None
    check_site: CheckSite | None = field(default=None, compare=False)
    default_site: str | None = None
    _refused: dict[str, str | None] = field(default_factory=dict, compare=False)
    _lost: set[str] = field(default_factory=set, compare=False)

    def lose(self, line: int, name: str, reason: str) -> None:
        """Log once for each field that rows come without it where it cannot be read."""
        if name not in self._lost:
            self._lost.add(name)
            log.warning("%s:%d: %s; such rows are taken without it", self.file, line, reason)

    def site_of(self, named: str | None) -> str | None:
        """The site of a row that names one or none; logs once that the default is taken."""
        site = self.site or named
        if site is None and self.default_site is not None:
            site = self.default_site
            if "site" not in self._lost:
                self._lost.add("site")
                log.info(
                    "%s does not name its site: %s is taken, the only one set", self.file, site
                )
        return site

    def refusal(self, site: str) -> str | None:
        """Why a site that a row names is none; None where it is one. Each is looked up once."""
        if site not in self._refused and self.check_site is not None:
            try:
                self.check_site(site)
            except UnknownSite as error:
                self._refused[site] = str(error)
            else:
                self._refused[site] = None
        return self._refused.get(site)

    def broken(self, line: int, reason: str) -> BrokenRow:
        """A broken row of this file."""
        return BrokenRow(self.file, line, reason)


def question_link(site: str, question_id: int) -> str:
    """The page of a question, for files that do not give it."""
    return f"https://{site_host(site)}/questions/{question_id}"


def make_row(values: Mapping[str, object], *, source: Source, line: int) -> Row:
    """Check a row's values and make a question of them.

    What a question can do without is left out where it cannot be read, which is logged once for
    each field of the file.

    Args:
        values: by the names of the fields of `_QuestionFields`; None and absence are the same, but
            of `closed_date`: where it is named, a question without it is open.
        source: the file; its site wins, and a row that names another one is broken.
        line: where the row begins.
    """
    given = {name: _clean(value) for name, value in values.items() if value is not None}
    try:
        fields = _QuestionFields.model_validate(given, context=(source, line))
    except ValidationError as error:
        return source.broken(line, told(error))
    site = source.site_of(fields.site)
    if site is None:
        return source.broken(line, "site: missing, and none was given for all rows")
    if fields.site not in (None, site):
        return source.broken(line, f"site: it is {fields.site}, not {site}")
    refusal = source.refusal(site) if source.site is None else None
    if refusal is not None:
        return source.broken(line, f"site: {refusal}")
    if is_made_up(fields.question_id):
        return source.broken(line, f"question_id: {fields.question_id} is {_MADE_UP}")
    named = "closed_date" in values and is_nothing(values["closed_date"])
    return fields.to_question(site, is_open=named)


def _clean(value: object) -> object:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {name: _clean(item) for name, item in value.items()}
    return value


def _words(text: str) -> str:
    return _not_empty(text.strip())


def _not_blank(text: str) -> str:
    _words(text)
    return text


def _not_empty(value: T) -> T:
    if not value:
        raise ValueError("empty")
    return value


def _tag(tag: str) -> str:
    tag = _words(tag)
    if re.search(r"[\s<>|,]", tag):
        raise ValueError("a tag has no spaces, commas, bars or angle brackets")
    return tag


def _readable(tags: list[str]) -> list[str]:
    return [tag for tag in tags if is_readable(tag)]


def _web_address(link: str) -> str:
    if not link.startswith(("https://", "http://")):  # it becomes a link on the review page
        raise ValueError("not an address that begins with https:// or http://")
    return link


def _display_name(owner: object) -> object:
    """A name, or the API's own object for an owner, which holds it."""
    return owner.get("display_name") if isinstance(owner, dict) else owner


def _sane_time(time: datetime) -> datetime:
    if time.year not in YEARS:
        raise ValueError(f"a time of the years {YEARS.start} to {YEARS.stop - 1} is expected")
    return time.astimezone(UTC)


def _or_nothing(value: object, check: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    """What a question can do without, or None where it cannot be read."""
    if is_nothing(value):
        return None
    try:
        return check(value)
    except ValidationError as error:
        source, line = cast("tuple[Source, int]", info.context)
        name, (_, reason) = str(info.field_name), explain(error)
        source.lose(line, name, f"{name}: {reason}")
        return None


def _or_empty(value: object) -> object:
    return [] if is_nothing(value) else to_tags(value)


_Whole = Annotated[int, BeforeValidator(to_whole)]
_Count = Annotated[_Whole, Field(ge=-(2**31), lt=2**31)]
_Time = Annotated[datetime, BeforeValidator(to_time), AfterValidator(_sane_time)]
_Tag = Annotated[str, Field(max_length=MAX_TAG), AfterValidator(_tag)]
_Tags = Annotated[
    list[_Tag],
    Field(max_length=MAX_TAGS),
    AfterValidator(_readable),
    AfterValidator(_not_empty),
]
_Link = Annotated[str, Field(max_length=MAX_LINK), AfterValidator(_web_address)]
_Name = Annotated[str, Field(max_length=MAX_NAME), AfterValidator(printable)]
_Optional = WrapValidator(_or_nothing)


class _QuestionFields(BaseModel):
    site: Annotated[str, AfterValidator(site_name)] | None = None
    question_id: Annotated[_Whole, Field(ge=1, le=_LARGEST_ID)]
    title: Annotated[str, Field(max_length=MAX_TITLE), AfterValidator(_words)]  # plain text
    body: Annotated[str, Field(max_length=MAX_BODY), AfterValidator(_not_blank)]  # HTML
    tags: Annotated[_Tags, BeforeValidator(_or_empty)]
    link: Annotated[_Link | None, _Optional] = None
    owner: Annotated[Annotated[_Name, BeforeValidator(_display_name)] | None, _Optional] = None
    content_license: Annotated[_Name | None, _Optional] = None
    score: Annotated[_Count | None, _Optional] = None
    answer_count: Annotated[Annotated[_Count, Field(ge=0)] | None, _Optional] = None
    creation_date: Annotated[_Time | None, _Optional] = None
    last_activity_date: Annotated[_Time | None, _Optional] = None
    closed_date: Annotated[_Time | None, _Optional] = None
    deletion_date: Annotated[_Time | None, _Optional] = None
    migration_date: Annotated[_Time | None, _Optional] = None

    def fate(self, *, is_open: bool) -> tuple[State | None, datetime | None]:
        """What has become of it, and when; of an open one as of when, which is its last activity.

        Args:
            is_open: whether the row says that it is not closed; most formats do not say so.
        """
        fates: tuple[tuple[State, datetime | None], ...] = (
            ("deleted", self.deletion_date),
            ("migrated", self.migration_date),
            ("closed", self.closed_date),
        )
        if is_open:
            fates += (("open", self.last_activity_date or self.creation_date),)
        return next(((state, date) for state, date in fates if date is not None), (None, None))

    def to_question(self, site: str, *, is_open: bool) -> FetchedQuestion:
        state, state_at = self.fate(is_open=is_open)
        return FetchedQuestion(
            site=site,
            question_id=self.question_id,
            title=self.title,
            body=self.body,
            author_tags=tuple(dict.fromkeys(self.tags)),
            link=self.link or question_link(site, self.question_id),
            owner=self.owner or None,
            licence=self.content_license or None,
            score=self.score,
            answer_count=self.answer_count,
            created_at=self.creation_date,
            last_activity_at=self.last_activity_date,
            state=state,
            state_at=state_at,
        )
