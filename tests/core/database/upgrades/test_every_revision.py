"""A database of every revision is taken up by the command of today that opens it."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

import tagger
from core.database.engine import make_engine, reading
from core.database.migrate import current_revision, migrate_to, migrator, revisions
from core.database.tables import Table
from tests.core.database.upgrades.filled_tables import counts, fill_empty_tables


@pytest.fixture(scope="module")
def of_every_revision(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file of each revision, with a row in each table that there was then."""
    folder = tmp_path_factory.mktemp("revisions")
    return dict(_made(folder))


def _made(folder: Path) -> Iterator[tuple[str, Path]]:
    empty = folder / "empty.sqlite3"
    for revision in revisions():
        file = folder / f"{revision}.sqlite3"
        _change(empty, revision)
        shutil.copyfile(empty, file)
        _change(file, revision, fill=True)
        yield revision, file


def _change(file: Path, revision: str, *, fill: bool = False) -> None:
    engine = make_engine(f"sqlite:///{file}")
    with migrator(engine) as connection:
        migrate_to(connection, revision)
        if fill:
            fill_empty_tables(connection)
    engine.dispose()  # which leaves the whole database in its one file


def answer(*arguments: str) -> Any:
    done = CliRunner().invoke(tagger.make_app(["review", "trainer"]), arguments)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.slow(1)
@pytest.mark.parametrize("revision", revisions())
def test_it_is_brought_up_to_date_and_read_by_the_first_command(
    of_every_revision: dict[str, Path], revision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"sqlite:///{of_every_revision[revision]}"
    monkeypatch.setenv("TAGGER_DATABASE_URL", address)
    engine = make_engine(address)
    with reading(engine) as connection:
        before = counts(connection)
    assert before["questions"] == 1
    (version,) = answer("models", "list", "--json")
    assert (version["site"], version["live"]) == ("stats", True)
    (result,) = answer("results", "--format", "json")
    assert result["site"] == "stats"
    with reading(engine) as connection:
        assert current_revision(connection) == revisions()[-1]
        after = counts(connection)
        lost = {name for name, rows in before.items() if after.get(name, rows) < rows}
        assert lost == set()
        for mapper in Table.registry.mappers:  # as the code reads them
            connection.execute(select(*mapper.columns)).all()
    engine.dispose()
