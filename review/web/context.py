"""What handlers are given: settings, database, clock, templates, and who is asking.

@router.get("/tags")
def tags(request: Request, context: ContextDep, reviewer: ReviewerDep) -> HTMLResponse:
    with reading(context.engine) as connection:
        return render(context, request, "tags.html", tags=list_tags(connection))
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import Engine

from core.clock import Clock, SystemClock
from core.settings import Settings
from core.untrusted import printable
from core.wording import counted
from review.metrics.broker import BrokerWatch
from review.render.formulas import render_title
from review.suggest.models import SharedModels
from review.web.access import NotSignedIn, SignedIn
from review.web.login_limit import LoginLimit
from review.web.memo import Memo
from review.web.static_files import StaticFiles

NAVIGATION: Final = (
    ("/review", "Review"),
    ("/browse", "Browse"),
    ("/tags", "Tags"),
    ("/models", "Models"),
    ("/service", "Service"),
    ("/webhooks", "Webhooks"),
    ("/history", "History"),
)


@dataclass(frozen=True)
class Context:
    """What the application works with.

    Attributes:
        settings: as the service runs with them.
        engine: of the database.
        clock: tells the time; a test sets it by hand.
        static: the files under /static, and their addresses.
        templates: of `review/templates`; they escape all that they are given.
        login_limit: counts logins that failed.
        memo: what takes long to find out, for some seconds.
        broker: asks the queues and the workers.
        models: the live ones, loaded when the first text is to be tagged.
    """

    settings: Settings
    engine: Engine
    clock: Clock = field(default_factory=SystemClock)
    static: StaticFiles = field(default_factory=StaticFiles)
    templates: Environment = field(init=False)
    login_limit: LoginLimit = field(default_factory=LoginLimit)
    memo: Memo = field(default_factory=Memo)
    broker: BrokerWatch = field(init=False)
    models: SharedModels = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "templates", _make_templates(self.static))
        object.__setattr__(self, "broker", BrokerWatch(self.settings, self.clock))
        object.__setattr__(self, "models", SharedModels(self.engine, self.settings))


def _make_templates(static: StaticFiles) -> Environment:
    environment = Environment(
        loader=PackageLoader("review"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(static=static.address, navigation=NAVIGATION)
    environment.filters.update(
        percent=lambda share, digits=0: f"{share:.{digits}%}",
        counted=counted,
        thousands=lambda number: f"{number:,}",
        minute=lambda moment: f"{moment:%Y-%m-%d %H:%M}",
        day=lambda moment: f"{moment:%Y-%m-%d}",
        heading=render_title,
    )
    return environment


def _shown(value: object) -> object:
    """A value as a page shows it; a stranger's name turns no direction of what stands behind it."""
    return printable(value) if type(value) is str else value  # Markup is a kind of str, and ours


def get_context(request: Request) -> Context:
    """The application's context."""
    context: Context = request.app.state.context
    return context


def signed_in(request: Request) -> str:
    """The name of the reviewer who asks, as the guard has found it.

    Raises:
        NotSignedIn: nobody, which an open path such as /login allows.
    """
    who: SignedIn | None = request.state.signed_in
    if who is None:
        raise NotSignedIn
    return who.reviewer


ContextDep = Annotated[Context, Depends(get_context)]
ReviewerDep = Annotated[str, Depends(signed_in)]


def render(
    context: Context, request: Request, template: str, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page from its template, which extends base.html.

    Args:
        context: the application's.
        request: what it answers; tells who is signed in and which page of the navigation this is.
        template: its name in `review/templates`.
        status: of the answer.
        values: what the template shows.
    """
    who: SignedIn | None = getattr(request.state, "signed_in", None)
    page = context.templates.get_template(template).render(
        path=request.url.path,
        reviewer=who.reviewer if who else None,
        csrf_token=who.csrf_token if who else "",
        **values,
    )
    return HTMLResponse(page, status)
