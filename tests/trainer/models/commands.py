"""`tagger`, as one types it, and what the registry holds afterwards."""

from pathlib import Path

from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from core.database.engine import reading
from core.errors import ModelMissing
from core.model import registry
from tagger import make_app


def tagger(*arguments: str | Path, given: bytes | None = None) -> Result:
    return CliRunner().invoke(make_app(), [str(argument) for argument in arguments], input=given)


def live(engine: Engine, site: str = "stats") -> int | None:
    with reading(engine) as connection:
        try:
            return registry.get_live(connection, site).version
        except ModelMissing:
            return None


def count(engine: Engine) -> int:
    with reading(engine) as connection:
        return len(registry.list_versions(connection))
