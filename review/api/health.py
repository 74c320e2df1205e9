"""Whether the service runs, for whoever watches over it."""

from typing import Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from core.database.engine import reading
from core.database.migrate import current_revision, revisions
from core.errors import DatabaseUnreachable
from review.metrics.broker import BrokerState
from review.metrics.exposition import CONTENT_TYPE, as_text, of_broker, read_all
from review.web.context import Context, ContextDep
from review.web.memo import NotYet

router = APIRouter(tags=["health"])

FIGURES_SECONDS: Final = 10  # several who scrape cost no more than one
BROKER_SECONDS: Final = 15
BROKER_WAIT: Final = 3.0  # for the first answer; workers have a second of it


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """That the process answers. Needs no login, and no thread, which all may be waiting."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"description": "Not ready."}})
def readyz(context: ContextDep) -> JSONResponse:
    """That the database answers and its tables are up to date. Needs no login, tells no reason."""
    if _is_ready(context):
        return JSONResponse({"status": "ready"})
    return JSONResponse({"status": "not ready"}, 503)


def _is_ready(context: Context) -> bool:
    try:
        with reading(context.engine) as connection:
            return current_revision(connection) == revisions()[-1]
    except DatabaseUnreachable:
        return False


@router.get("/metrics", response_class=Response)
def metrics(context: ContextDep) -> Response:
    """All figures for Prometheus, some seconds old at most.

    Needs the token of TAGGER_METRICS_TOKEN, or a reviewer's.
    """
    figures = context.memo.get(
        "figures",
        FIGURES_SECONDS,
        lambda: read_all(context.engine, context.settings, context.clock),
    )
    broker = look_at_broker(context, wait=BROKER_WAIT)
    return Response(as_text([*figures, *of_broker(broker)]), media_type=CONTENT_TYPE)


def look_at_broker(context: Context, *, wait: float) -> BrokerState:
    """What the broker told some seconds ago; a page does not wait for one that is away."""
    try:
        return context.memo.get("broker", BROKER_SECONDS, context.broker.look, wait=wait)
    except NotYet:
        return BrokerState("The broker has not answered yet.", is_new=True)
