"""Which sites there are, and which one a page shows."""

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.engine import Connection

from core.database.engine import reading
from core.database.tables import ModelVersion, Question
from core.settings import Settings
from review.web.context import Context

KEPT_SECONDS = 30


def list_sites(connection: Connection, settings: Settings) -> list[str]:
    """The sites of the settings, and those of which something is stored, by name.

    Each is found by one look into an index: counting them all would read as many rows as there are.
    The review's queue has no row without a question, and no index of all its rows.
    """
    found = set(settings.sites) | set(connection.scalars(select(ModelVersion.site).distinct()))
    sites = select(Question.site).order_by(Question.site).limit(1)
    site = connection.scalar(sites)
    while site is not None:
        found.add(site)
        site = connection.scalar(sites.where(Question.site > site))
    return sorted(found)


def sites_of(context: Context) -> list[str]:
    """The sites, as they were some seconds ago."""

    def read() -> list[str]:
        with reading(context.engine) as connection:
            return list_sites(connection, context.settings)

    return context.memo.get("sites", KEPT_SECONDS, read)


def chosen_site(context: Context, request: Request) -> str:
    """The site that an address names, or else the first one of the settings."""
    named = request.query_params.get("site", "")
    return named if named in sites_of(context) else context.settings.sites[0]
