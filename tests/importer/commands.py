"""Runs of `tagger import`, the files that they read, and what they leave."""

import json
from pathlib import Path
from typing import Any

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session
from typer.testing import CliRunner, Result

from core.database.engine import make_engine
from core.database.tables import Question
from importer.cli import add_commands

app = typer.Typer()
add_commands(app)
app.callback()(lambda: None)  # with one command alone, Typer would take no name for it


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["import", *(str(a) for a in arguments)])


def line(question_id: int, **changes: Any) -> str:
    values = {
        "site": "stats",
        "question_id": question_id,
        "title": f"Title {question_id}",
        "body": "<p>Body</p>",
        "tags": ["r", "anova"],
    }
    return json.dumps(values | changes) + "\n"


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(lines))
    return path


def counts(result: Result) -> list[list[int]]:
    """The numbers of the table's rows: read, new, changed, unchanged, broken."""
    rows = [[cell.strip() for cell in row.split("│")[2:-1]] for row in result.stdout.splitlines()]
    return [[int(cell.replace(",", "")) for cell in row] for row in rows if row]


def stored(database_url: str) -> list[Question]:
    engine = make_engine(database_url)
    with Session(engine) as session:
        found = list(session.scalars(select(Question).order_by(Question.question_id)))
    engine.dispose()
    return found
