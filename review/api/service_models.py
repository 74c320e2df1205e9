"""What the API tells of the service and its models."""

from datetime import date, datetime

from core.settings import Retag
from review.api.browse_models import Model
from review.api.fields import Version


class SiteState(Model):
    """How far a site's tagging has come; ages in seconds, null where nothing waits."""

    site: str
    questions: int
    tagged: int
    pending: int
    oldest_pending_age: float | None
    parked: int
    live_version: int | None


class FeedState(Model):
    """How far a feed has come, as it last went. Times are UTC."""

    feed: str
    mark: datetime | None
    fetched: int
    complete: bool
    last_success: datetime | None
    last_error: str | None
    failures: int
    paused_until: datetime | None


class AgreementOfDay(Model):
    """How a version's predictions of one day agree with their authors' tags."""

    version: int
    day: date
    questions: int
    precision_at_1: float
    recall_at_5: float
    without_suggestion: float


class Run(Model):
    """A training run; `has_report`: its HTML is at /service/runs/{id}/report."""

    id: int
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    version: int | None
    questions: int | None
    error: str | None
    decision: str | None
    has_report: bool


class ServiceState(Model):
    """How a site and what tags it are doing."""

    at: datetime
    site: SiteState | None
    queues: dict[str, int]
    broker_error: str | None
    workers: dict[str, datetime]
    predictions_by_day: dict[date, int]
    agreement: list[AgreementOfDay]
    drifts: list[str]
    feeds: list[FeedState]
    runs: list[Run]


class VersionState(Model):
    """A version of a site's model; metrics are those on held-out questions."""

    version: int
    live: bool
    created_at: datetime
    architecture: str
    size: int
    pruned: bool
    metrics: dict[str, float | int | str | bool | None]
    agreement_questions: int
    agreement_precision_at_1: float
    agreement_recall_at_5: float
    drift: str | None
    is_previous: bool


class Models(Model):
    """A site's versions, the newest first, and what going live would tag again, by choice.

    Where a site has many tagged questions, a sample tells about how many for the choices of
    `retag_estimates`, and that they are at most so many for those of `retag_bounds`.
    """

    versions: list[VersionState]
    retag: dict[Retag, int]
    retag_estimates: list[Retag]
    retag_bounds: list[Retag]


class GoLive(Model):
    """Which tagged questions are tagged again; the setting where it is null."""

    retag: Retag | None = None


class RollBack(GoLive):
    """The same, and to which version; to the one that was live before where it is null."""

    to: Version | None = None


class WentLive(Model):
    """The version that is live now, the one that was, and how many questions are tagged again."""

    version: int
    before: int | None
    asked_again: int
