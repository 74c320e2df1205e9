"""Opens the settings' database for a command."""

from sqlalchemy import Engine

from core.database.engine import make_engine
from core.database.existing import open_existing
from core.database.migrate import upgrade
from core.settings import Settings


def open_database(settings: Settings) -> Engine:
    """Return an engine for the settings' database, its tables brought up to date, or made.

    Raises:
        DatabaseUnreachable: it gives no answer.
        SchemaOutdated: it belongs to a newer version of the program.
    """
    engine = make_engine(settings.database)
    upgrade(engine)
    return engine


def open_existing_database(settings: Settings) -> Engine:
    """Return an engine as open_database() does, of a database that is there.

    For all commands but those that bring something in: in a wrong folder they make nothing.

    Raises:
        DatabaseMissing: there is none; says where it was looked for.
        DatabaseUnreachable: it gives no answer.
        SchemaOutdated: it belongs to a newer version of the program.
    """
    engine = open_existing(settings.database)
    upgrade(engine)
    return engine
