"""The application: its routers, and what stands around them.

uvicorn runs `make_app(Context(settings, engine))`; a test calls it without a server.
"""

from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from starlette.types import Lifespan

from core import __version__
from review.api import bulk, health, progress, questions, session, site_tags, suggest, tags
from review.api import models as model_versions
from review.api import review as decisions
from review.api import service as service_state
from review.notify import api as webhooks
from review.pages import browse, feeds, login, models, review, service
from review.pages import tags as tag_pages
from review.pages import webhooks as webhook_pages
from review.web.context import Context
from review.web.errors import add_error_handlers
from review.web.guard import guard
from review.web.headers import Surroundings
from review.web.sites import check_named_site

PAGES: Final[tuple[APIRouter, ...]] = (
    login.router,
    review.router,
    browse.router,
    feeds.router,
    models.router,
    service.router,
    tag_pages.router,
    webhook_pages.router,
)
API: Final[tuple[APIRouter, ...]] = (
    health.router,
    session.router,
    decisions.router,
    bulk.router,
    site_tags.router,
    progress.router,
    questions.router,
    model_versions.router,
    service_state.router,
    tags.router,
    suggest.router,
    webhooks.router,
)


def make_app(context: Context, *, lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """Return the application for a context.

    Args:
        context: what it works with.
        lifespan: what runs beside it, from its start to its end.
    """
    app = FastAPI(
        lifespan=lifespan,
        title="Question Tagger",
        version=__version__,
        dependencies=[Depends(guard)],
        docs_url=None,  # the ready-made pages load scripts from other hosts
        redoc_url=None,
        openapi_url=None,  # it would be open; the route below is guarded
    )
    app.state.context = context
    settings = context.settings
    add_error_handlers(app)
    app.add_middleware(
        Surroundings,
        names=(*settings.review_names, settings.review_host),
        images=settings.review_images,
    )
    _add_routes(app)
    return app


def _add_routes(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    def home() -> RedirectResponse:
        return RedirectResponse("/review", 303)

    @app.get("/api/v1/openapi.json", include_in_schema=False)
    def openapi() -> dict[str, Any]:
        return app.openapi()

    checked = [Depends(check_named_site)]
    for router in PAGES:
        app.include_router(router, include_in_schema=False, dependencies=checked)
    for router in API:
        app.include_router(router, dependencies=checked)
    app.router.add_route("/static/{name:path}", _static)  # beside the guard: no secret stands there
    app.router.add_route("/favicon.ico", _favicon)


def _static(request: Request) -> Response:
    context: Context = request.app.state.context
    return context.static.answer(request.path_params["name"], request)


def _favicon(_: Request) -> Response:
    return Response(status_code=204)
