"""What the review's endpoints take and answer."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from core.questions.store import State
from core.questions.verdicts import Decided
from review.api.browse_models import Model, TagOfPrediction
from review.api.fields import EmptyIsNone, Moment, Name, Share, Site, Tag, Text, TypedTag, Words
from review.decisions.actions import Action, Kind
from review.decisions.filters import Order, QueueFilter
from review.render.formulas import render_title

SiteAndNumber = Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,100}:[0-9]{1,18}$")]


class Filter(BaseModel):
    """Which questions; what is left out does not matter."""

    site: Annotated[Site | None, EmptyIsNone] = None
    suggested: Annotated[TypedTag | None, EmptyIsNone] = None
    author: Annotated[TypedTag | None, EmptyIsNone] = None
    tag: Annotated[TypedTag | None, EmptyIsNone] = None
    state: Annotated[State | None, EmptyIsNone] = None
    min_probability: Annotated[Share | None, EmptyIsNone] = None
    q: Annotated[Words | None, EmptyIsNone] = None
    since: Annotated[Moment | None, EmptyIsNone] = None

    def chosen(self) -> QueueFilter:
        """As the queue takes it."""
        return QueueFilter(**{name: getattr(self, name) for name in Filter.model_fields})


class OrderedFilter(Filter):
    """A filter and an order."""

    order: Annotated[Order | None, EmptyIsNone] = None


class NextQuery(OrderedFilter):
    """Which question comes next.

    Of a saved filter that is named, what the request itself says has the last word.
    """

    saved_filter: Annotated[Name | None, EmptyIsNone] = None
    skip_ids: Annotated[
        list[SiteAndNumber],
        Field(
            max_length=100,
            description="Questions that are not wanted now, as site:number.",
            examples=[["stats:17"]],
        ),
    ] = []

    def skipped(self) -> tuple[tuple[str, int], ...]:
        """Site and number of each question that is not wanted now."""
        parts = (one.split(":") for one in self.skip_ids)
        return tuple((site, int(number)) for site, number in parts)


class SavedFilter(OrderedFilter):
    """A filter with the name that its reviewer gave it."""

    name: str


class Request(BaseModel):
    """A change; sent again with the same id, it does nothing."""

    request_id: UUID


class DecisionRequest(Request):
    """A decision on a question, in place of all that the reviewer said of it before."""

    verdicts: Annotated[dict[Tag, Decided], Field(max_length=100)]
    seen_version: Annotated[int | None, Field(ge=0, lt=1 << 31)] = None
    blind: bool = False
    first_choice: Annotated[list[Tag] | None, Field(max_length=100)] = None
    settles: bool = False


class Saved(BaseModel):
    """That a change is saved."""

    action_id: int
    saved_at: datetime


class SavedDecision(Saved):
    """That a decision is saved, and what the reviewer had said of the question until then."""

    replaced: dict[str, Decided]


class ActionRow(Model):
    """An action of a reviewer; `title_html`: its question's title, null where it was on many."""

    id: int
    kind: Kind
    site: str
    at: datetime
    summary: dict[str, Any]
    title_html: str | None = None
    undone_at: datetime | None

    @classmethod
    def of(cls, action: Action) -> "ActionRow":
        """The row of an action."""
        row = cls.model_validate(action)
        if title := action.summary.get("title"):
            row.title_html = str(render_title(title, in_link=True))
        return row


class Undone(BaseModel):
    """What undoing brought back; no question where the action was on many."""

    action: ActionRow
    site: str
    question_id: int | None
    restored: dict[Literal["verdicts"], dict[str, Decided]]


class HistoryPage(BaseModel):
    """Actions, the newest first."""

    actions: list[ActionRow]
    cursor: int | None


class Own(BaseModel):
    """What the reviewer has said of the question."""

    verdicts: dict[str, Decided]
    saved: bool
    skipped: bool


class Other(BaseModel):
    """What another reviewer has said."""

    reviewer: str
    verdicts: dict[str, Decided]


class NoteRow(Model):
    """A note on a question."""

    reviewer: str
    at: datetime
    text: str


class QueueState(BaseModel):
    """In which queue a question came, and how many are left where that is counted.

    It is one of those; what the request did not want is none of them.
    """

    order: Order
    left: int | None


class Question(BaseModel):
    """A question to decide on.

    `others` is null until the reviewer's own decision is saved; `conflicting_tags` names what
    reviewers disagree on without saying who says what. `title_html` and `body_html`
    are sanitised.
    """

    site: str
    question_id: int
    title: str
    title_html: str
    link: str | None
    edit_link: str | None
    licence: str | None
    owner: str | None
    created_at: datetime | None
    state: str
    author_tags: list[str]
    model_version: int | None
    suggestions: list[TagOfPrediction]
    body_html: str
    own: Own
    others: list[Other] | None
    notes: list[NoteRow]
    conflict: bool
    conflicting_tags: list[str]
    reviews: int
    wanted_reviews: int
    queue: QueueState | None


class NoteRequest(BaseModel):
    """A note."""

    text: Text


class WantedReviews(Model):
    """How many reviews a question wants; `is_new`: it wanted less before."""

    wanted_reviews: int
    is_new: bool


class TagRequest(BaseModel):
    """A tag."""

    tag: Tag


class TagUse(Model):
    """A tag and how many questions have it from their authors."""

    tag: str
    uses: int


class BulkQuery(BaseModel):
    """A verdict on a tag for all questions of a filter, which names a site."""

    filter: Filter
    tag: TypedTag
    verdict: Decided


class BulkRequest(BulkQuery, Request):
    """The same as a change."""


class BulkQuestion(BaseModel):
    """A question of a preview."""

    question_id: int
    title: str
    title_html: str
    link: str | None
    author_tags: list[str]
    suggestions: list[TagOfPrediction]


class BulkPreview(BaseModel):
    """How many questions a bulk verdict decides on, and the first of them.

    `tag` is as the site writes it. Where there are too many for one action, `count` is the bound
    and one more.
    """

    tag: str
    count: int
    too_many: bool
    questions: list[BulkQuestion]


class BulkSaved(BaseModel):
    """That a bulk verdict is saved."""

    action_id: int
    count: int
