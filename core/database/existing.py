"""Opens a database that is there: who only reads makes none, in whatever folder it is called."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, make_url

from core.addresses import shown_address
from core.database.engine import make_engine, reading
from core.database.migrate import current_revision
from core.errors import DatabaseMissing


def open_existing(address: str) -> Engine:
    """Return an engine for a database that holds the program's tables, of whatever revision.

        engine = open_existing("sqlite:///data/tagger.sqlite3")

    Raises:
        DatabaseMissing: there is none; says where it was looked for, and where else one is.
        DatabaseUnreachable: it gives no answer.
    """
    file = _file_of(address)
    if file is not None and is_missing(file):
        raise DatabaseMissing(f"There is no database at {file}.", _elsewhere(file))
    if file is not None and _size(file) == 0:  # to open it would write its first page
        raise DatabaseMissing(f"The database {file} is empty.", _elsewhere(file))
    engine = make_engine(address)
    try:
        with reading(engine) as connection:
            if current_revision(connection) is not None:
                return engine
    except BaseException:
        engine.dispose()
        raise
    engine.dispose()
    shown = str(file) if file is not None else shown_address(engine.url)
    raise DatabaseMissing(f"The database {shown} is empty.", _elsewhere(file))


def _file_of(address: str) -> Path | None:
    """The file of a database, where it is one of SQLite's in a file."""
    url = make_url(address)
    name = url.database or ""
    if url.get_backend_name() != "sqlite" or not name or name.startswith((":memory:", "file:")):
        return None
    return Path(name).absolute()


def is_missing(file: Path) -> bool:
    """Whether it is not there, as far as its folder may be read."""
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:  # SQLite says what is wrong
        return False
    return False


def _size(file: Path) -> int | None:
    try:
        return file.stat().st_size
    except OSError:  # SQLite says what is wrong
        return None


def _elsewhere(file: Path | None) -> str:
    """Where a database lies near by, or how to name the place of one."""
    found = None if file is None else next(_near(file), None)
    if found is not None:
        return f"There is one in {found.parent}: set TAGGER_DATA_DIR to that folder."
    return "Set TAGGER_DATA_DIR or TAGGER_DATABASE_URL to where the service has its own."


def _near(file: Path) -> Iterator[Path]:
    """Databases in the folders that people stand in, or forget to name."""
    here = Path.cwd()
    folders = (file.parent / "demo", here, here / "data", here / "data/demo", here.parent / "data")
    for candidate in (folder / file.name for folder in folders):
        if candidate != file and not is_missing(candidate) and candidate.stat().st_size:
            yield candidate
