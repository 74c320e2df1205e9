"""How the service is doing, for programs."""

from typing import Annotated

from fastapi import APIRouter, Query

from core.agreement.live import DayAgreement
from review.api.fields import Site
from review.api.health import BROKER_WAIT, look_at_broker
from review.api.service_models import AgreementOfDay, FeedState, Run, ServiceState, SiteState
from review.metrics.broker import newest_signs
from review.service.overview import Overview, overview_of
from review.web.context import ContextDep, ReviewerDep

router = APIRouter(prefix="/api/v1", tags=["service"])


@router.get("/service")
def show_service(
    context: ContextDep, _: ReviewerDep, site: Annotated[Site, Query()]
) -> ServiceState:
    """A site's state, some seconds old at most: what the service page shows."""
    overview = overview_of(context, site)
    broker = look_at_broker(context, wait=BROKER_WAIT)
    return ServiceState(
        at=overview.at,
        site=_site(overview, site),
        queues=dict(broker.queues),
        broker_error=broker.error,
        workers=newest_signs(overview.signs, broker.last_signs),
        predictions_by_day=overview.days,
        agreement=[_day(day) for day in overview.agreement],
        drifts=[one.description for one in overview.drifts],
        feeds=[FeedState.model_validate(feed) for feed in overview.feeds],
        runs=[Run.model_validate(run) for run in overview.runs],
    )


def _site(overview: Overview, name: str) -> SiteState | None:
    state = overview.of_site(name)
    if state is None:
        return None
    oldest = state.oldest_pending
    return SiteState(
        site=name,
        questions=state.questions,
        tagged=state.tagged,
        pending=state.pending,
        oldest_pending_age=(overview.at - oldest).total_seconds() if oldest else None,
        parked=state.parked,
        live_version=state.live.version if state.live else None,
    )


def _day(day: DayAgreement) -> AgreementOfDay:
    agreement = day.agreement
    return AgreementOfDay(
        version=day.version,
        day=day.day,
        questions=agreement.questions,
        precision_at_1=agreement.precision_at_1,
        recall_at_5=agreement.recall_at_5,
        without_suggestion=agreement.share_without_suggestion,
    )
