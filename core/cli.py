"""Commands that belong to no single part: the database and the state of it all."""

import typer

from core.console import command, open_database, out, start


def add_commands(app: typer.Typer) -> None:
    """Add this part's commands."""
    database = typer.Typer(help="The database's tables.", no_args_is_help=True)
    database.command("upgrade")(upgrade_database)
    app.add_typer(database, name="db")


@command
def upgrade_database() -> None:
    """Bring the database's tables up to date; services also do it when they start.

    Example: tagger db upgrade
    """
    settings = start()
    engine = open_database(settings)
    address = engine.url.render_as_string(hide_password=True)
    out.print(f"The tables of {address} are up to date.", soft_wrap=True)
