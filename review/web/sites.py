"""Which sites there are, and which one a page shows."""

from contextlib import suppress

from fastapi import Request
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.engine import Connection
from starlette.concurrency import run_in_threadpool

from core.database.engine import reading
from core.database.known_sites import find_site, stored_sites
from core.database.tables import ModelVersion
from core.settings import Settings
from review.api.fields import Site
from review.web.context import Context, get_context
from review.web.guard import OPEN

KEPT_SECONDS = 30

_NAME: TypeAdapter[str] = TypeAdapter(Site)


def list_sites(connection: Connection, settings: Settings) -> list[str]:
    """The sites of the settings, and those of which something is stored, by name.

    The review's queue has no row without a question, and no index of all its rows.
    """
    models = connection.scalars(select(ModelVersion.site).distinct())
    return sorted({*settings.sites, *models, *stored_sites(connection)})


def sites_of(context: Context) -> list[str]:
    """The sites, as they were some seconds ago."""

    def read() -> list[str]:
        with reading(context.engine) as connection:
            return list_sites(connection, context.settings)

    return context.memo.get("sites", KEPT_SECONDS, read)


def chosen_site(context: Context, request: Request) -> str:
    """The site that an address names, or else the first one of the settings.

    Raises:
        UnknownSite: there is none of that name.
    """
    named = request.query_params.get("site", "").strip()
    return known_site(context, named) if named else context.settings.sites[0]


def known_site(context: Context, named: str) -> str:
    """The API's name of a site, however it is named.

    Raises:
        UnknownSite: there is none; says which may have been meant.
    """
    return find_site(context.engine, named, own=context.settings.sites)


async def check_named_site(request: Request) -> None:
    """Let no request pass that names a site, in its path or its query, which does not exist.

    What is open to strangers tells them of none. What no site can be called is left to the route,
    which says of which form it must be.

    Raises:
        UnknownSite: it does; says which may have been meant.
    """
    if request.scope["path"] in OPEN:
        return
    named = request.path_params.get("site") or request.query_params.get("site")
    with suppress(ValidationError):
        if named and _NAME.validate_python(named):
            await run_in_threadpool(known_site, get_context(request), named)
