"""Questions as CSV for spreadsheets, JSON lines for programs, Parquet for data frames.

Each is written page by page, so that a million questions take no more memory than a thousand.
"""

import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from core.untrusted import CsvWriter, escape_controls
from review.browse.rows import BrowsedQuestion

Format = Literal["csv", "jsonl", "parquet"]
Pages = Iterable[list[BrowsedQuestion]]

CSV_COLUMNS: Final = (
    "site",
    "question_id",
    "link",
    "title",
    "author",
    "licence",
    "created_at",
    "author_tags",
    "suggested_tags",
    "predicted_tags",
    "model_version",
    "predicted_at",
    "accepted_tags",
    "rejected_tags",
    "disputed_tags",
)


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """How an export is written, and how it is named."""

    write: Callable[[Pages], Iterator[bytes]]
    media_type: str
    suffix: str


def _by_verdict(question: BrowsedQuestion, *wanted: str) -> list[str]:
    return [tag for tag, verdict in question.verdicts.items() if verdict in wanted]


def _verdicts(question: BrowsedQuestion) -> dict[str, list[str]]:
    """The reviewers' tags: those in favour of which they are, those against, and the disputed."""
    return {
        "accepted_tags": _by_verdict(question, "accepted", "added"),
        "rejected_tags": _by_verdict(question, "rejected"),
        "disputed_tags": _by_verdict(question, "disputed"),
    }


def write_csv(pages: Pages) -> Iterator[bytes]:
    """One row a question; tags stand beside each other, predicted ones as tag:probability."""
    text = io.StringIO()
    writer = CsvWriter(text)
    writer.write(*CSV_COLUMNS)
    for page in pages:
        writer.write_all(_cells(question) for question in page)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode()


def _cells(question: BrowsedQuestion) -> list[str | int | None]:
    told = question.to_json() | _verdicts(question)
    told["suggested_tags"] = [one.tag for one in question.suggested]
    told["predicted_tags"] = [f"{one.tag}:{one.probability:.6f}" for one in question.tags]
    return [_cell(told[name]) for name in CSV_COLUMNS]


def _cell(value: Any) -> str | int | None:
    if isinstance(value, int) or value is None:
        return value
    return " ".join(value) if isinstance(value, list) else str(value)


def write_json_lines(pages: Pages) -> Iterator[bytes]:
    """One JSON object a question, a line each."""
    for page in pages:
        told = (question.to_json() | _verdicts(question) for question in page)
        lines = (json.dumps(one, ensure_ascii=False) for one in told)
        yield "".join(f"{escape_controls(line)}\n" for line in lines).encode()


def write_parquet(pages: Pages) -> Iterator[bytes]:
    """A Parquet file, compressed by Zstandard, with a group of rows for each page."""
    import pyarrow as pa  # noqa: PLC0415 (takes a tenth of a second, and 60 MB)
    from pyarrow import parquet  # noqa: PLC0415

    schema = _schema(pa)
    sink = _Sink()
    with parquet.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
        for page in pages:
            rows = [_row(question) for question in page]
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
            yield sink.take()
    yield sink.take()


def _row(question: BrowsedQuestion) -> dict[str, Any]:
    times = {"created_at": question.created_at, "predicted_at": question.predicted_at}
    return question.to_json() | _verdicts(question) | times


def _schema(pa: Any) -> Any:
    moment, texts = pa.timestamp("us", tz="UTC"), pa.list_(pa.string())
    tag = [("tag", pa.string()), ("probability", pa.float64()), ("suggested", pa.bool_())]
    return pa.schema(
        [
            ("site", pa.string()),
            ("question_id", pa.int64()),
            ("link", pa.string()),
            ("title", pa.string()),
            ("author", pa.string()),
            ("licence", pa.string()),
            ("created_at", moment),
            ("author_tags", texts),
            ("site_state", pa.string()),
            ("states", texts),
            ("model_version", pa.int64()),
            ("predicted_at", moment),
            ("tags", pa.list_(pa.struct(tag))),
            ("accepted_tags", texts),
            ("rejected_tags", texts),
            ("disputed_tags", texts),
        ]
    )


class _Sink(io.RawIOBase):
    """What is written, until it is taken away."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._written = 0

    def writable(self) -> bool:
        """Whether it can be written: always."""
        return True

    def write(self, data: Any) -> int:
        """Keep some bytes."""
        self._pending += data
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        """How much was written so far."""
        return self._written

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = bytes(self._pending)
        self._pending.clear()
        return taken


FORMATS: Final[dict[Format, ExportFormat]] = {
    "csv": ExportFormat(write_csv, "text/csv; charset=utf-8", "csv"),
    "jsonl": ExportFormat(write_json_lines, "application/x-ndjson", "jsonl"),
    "parquet": ExportFormat(write_parquet, "application/vnd.apache.parquet", "parquet"),
}
