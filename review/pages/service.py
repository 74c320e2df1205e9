"""How the service is doing, and the reports of training runs."""

from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from core.agreement.live import DayAgreement
from core.database.engine import reading
from core.service.signs import SILENT_AFTER
from review.api.fields import Number
from review.api.health import look_at_broker
from review.metrics.broker import newest_signs
from review.render.charts import Series, column_chart, line_chart, meter
from review.service.overview import overview_of
from review.service.runs import read_report
from review.web.context import ContextDep, ReviewerDep, render
from review.web.headers import content_security_policy
from review.web.sites import chosen_site, sites_of

router = APIRouter()

BROKER_WAIT: Final = 0.05  # seconds that the page waits for the broker's first answer

# A report is the trainer's own page, with its style and script inside. It is shown without this
# page's origin: it sees no cookie, and can send nothing anywhere.
REPORT_POLICY: Final = (
    "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'none'"
)


@router.get("/service")
def service(request: Request, context: ContextDep, _: ReviewerDep) -> HTMLResponse:
    """The state of a site and of what tags it."""
    site = chosen_site(context, request)
    overview = overview_of(context, site)
    state = overview.of_site(site)
    broker = look_at_broker(context, wait=BROKER_WAIT)
    return render(
        context,
        request,
        "service.html",
        site=site,
        sites=sites_of(context),
        overview=overview,
        state=state,
        broker=broker,
        signs=newest_signs(overview.signs, broker.last_signs),
        silent_after=SILENT_AFTER,
        now=context.clock.now(),
        throughput=column_chart("Questions tagged a day", Series("tagged", overview.days)),
        precision=_chart("precision@1 (all tags)", overview.agreement, "precision_at_1"),
        recall=_chart("recall@5 (all tags)", overview.agreement, "recall_at_5"),
        meter=meter,
        ago=_ago,
    )


def _chart(measure: str, days: list[DayAgreement], name: str) -> Markup:
    versions = sorted({day.version for day in days})
    series = [
        Series(
            f"version {version}",
            {d.day: getattr(d.agreement, name) for d in days if d.version == version},
        )
        for version in versions
    ]
    return line_chart(f"Live agreement: {measure}", series, share=True)


def _ago(moment: datetime | None, now: datetime) -> str:
    """How long ago a moment was, in its two largest units at most."""
    if moment is None:
        return "never"
    minutes = max(0, int((now - moment).total_seconds() // 60))
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h" if days < 7 else f"{days} d"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


@router.get("/service/runs/{run}")
def show_run(request: Request, context: ContextDep, _: ReviewerDep, run: Number) -> HTMLResponse:
    """The report of a training run, in a frame that is shut off from this page."""
    with reading(context.engine) as connection:
        read_report(connection, run)
    page = render(context, request, "run.html", run=run)
    own = content_security_policy(images=False)
    page.headers["Content-Security-Policy"] = f"{own}; frame-src 'self'"
    return page


@router.get("/service/runs/{run}/report")
def show_report(context: ContextDep, _: ReviewerDep, run: Number) -> HTMLResponse:
    """The report alone, as its frame or a window of its own shows it."""
    with reading(context.engine) as connection:
        report = read_report(connection, run)
    return HTMLResponse(report, headers={"Content-Security-Policy": REPORT_POLICY})
