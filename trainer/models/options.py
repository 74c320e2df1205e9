"""Options and arguments that commands on models share, and the version that they name."""

from typing import Annotated

import typer
from sqlalchemy.engine import Connection

from core.console import complete_versions, json_option, one_site_option
from core.model.registry import Version, get_live, get_version
from core.settings import Retag

Site = Annotated[str, one_site_option("The site, by the API's name.")]
Number = Annotated[int, typer.Argument(autocompletion=complete_versions, help="Model version.")]
AsJson = Annotated[bool, json_option()]
RetagOption = Annotated[
    Retag | None,
    typer.Option(
        "--retag",
        help="Which tagged questions it tags again; pending: open and not reviewed.",
        show_default="the setting",
    ),
]
VersionOrLive = Annotated[
    int | None,
    typer.Argument(
        autocompletion=complete_versions, help="Model version.", show_default="the live one"
    ),
]


def find_version(connection: Connection, site: str, version: int | None) -> Version:
    """Return a site's version of that number, or its live one."""
    if version is None:
        return get_live(connection, site)
    return get_version(connection, site, version)
