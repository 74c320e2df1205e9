"""Results as a table for people, as CSV for spreadsheets, as JSON lines for programs."""

import json
from collections.abc import Iterable, Iterator
from typing import TextIO

from rich.console import Group
from rich.table import Table

from core.console import plain
from core.untrusted import CsvWriter, escape_controls
from review.results import Result

CSV_COLUMNS = (
    "site",
    "question_id",
    "link",
    "title",
    "author_tags",
    "tag",
    "probability",
    "suggested",
    "model_version",
    "predicted_at",
)


def as_table(results: Iterable[Result]) -> Group:
    """A terminal table: one row a question, suggested tags that the author chose too in bold."""
    table = Table("question", "suggested tags", "author's tags", show_lines=False)
    count = 0
    for result in results:
        count += 1
        table.add_row(plain(result.title), _suggested(result), plain(" ".join(result.author_tags)))
    if not count:
        return Group("No results.")
    return Group(table, "Bold: the author chose the tag too.")


def _suggested(result: Result) -> str:
    if not result.suggested:
        return "[dim]none[/dim]"
    return " ".join(
        f"[bold]{plain(tag.tag)}[/bold]" if tag.tag in result.author_tags else plain(tag.tag)
        for tag in result.suggested
    )


def write_csv(results: Iterable[Result], file: TextIO) -> None:
    """Write one row a predicted tag."""
    writer = CsvWriter(file)
    writer.write(*CSV_COLUMNS)
    for result in results:
        for tag in result.tags:
            writer.write(
                result.site,
                result.question_id,
                result.link or "",
                result.title,
                " ".join(result.author_tags),
                tag.tag,
                round(tag.probability, 6),
                int(tag.suggested),
                result.model_version,
                result.predicted_at.isoformat(),
            )


def as_json_lines(results: Iterable[Result]) -> Iterator[str]:
    """Yield one JSON object a question."""
    for result in results:
        told = json.dumps(
            {
                "site": result.site,
                "question_id": result.question_id,
                "link": result.link,
                "title": result.title,
                "author_tags": result.author_tags,
                "model_version": result.model_version,
                "predicted_at": result.predicted_at.isoformat(),
                "tags": [
                    {"tag": t.tag, "probability": t.probability, "suggested": t.suggested}
                    for t in result.tags
                ],
            },
            ensure_ascii=False,
        )
        yield escape_controls(told)
