"""Results as CSV for spreadsheets, as JSON and JSON Lines for programs; each as they come."""

import json
from collections.abc import Iterable
from typing import TextIO

from core.untrusted import CsvWriter, escape_controls
from review.results.find import Result

CSV_COLUMNS = (
    "site",
    "question_id",
    "link",
    "title",
    "author_tags",
    "tag",
    "probability",
    "suggested",
    "verdict",
    "model_version",
    "predicted_at",
)


def write_csv(results: Iterable[Result], file: TextIO, *, header: bool = True) -> None:
    """Write one row a predicted tag."""
    writer = CsvWriter(file)
    if header:
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
                tag.verdict or "",
                result.model_version,
                result.predicted_at.isoformat(),
            )


def write_json(results: Iterable[Result], file: TextIO) -> None:
    """Write an array with one object a question."""
    before = "[\n"
    for result in results:
        file.write(before + _as_json(result))
        before = ",\n"
    file.write("\n]\n" if before == ",\n" else "[]\n")


def write_json_lines(results: Iterable[Result], file: TextIO) -> None:
    """Write one JSON object a question, a line each."""
    file.writelines(f"{_as_json(result)}\n" for result in results)


def _as_json(result: Result) -> str:
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
                {
                    "tag": tag.tag,
                    "probability": tag.probability,
                    "suggested": tag.suggested,
                    "verdict": tag.verdict,
                }
                for tag in result.tags
            ],
        },
        ensure_ascii=False,
    )
    return escape_controls(told)
