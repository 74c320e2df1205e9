"""Shards: so many questions of the input, and what a model predicts of them, as Parquet.

Row n of a shard of predictions is of the question in row n of the shard of questions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.model.predictor import RankedTag
from core.questions.store import FetchedQuestion

_TIME = pa.timestamp("us", tz="UTC")

QUESTIONS = pa.schema(
    [
        ("site", pa.string()),
        ("question_id", pa.int64()),
        ("title", pa.string()),
        ("body", pa.string()),
        ("author_tags", pa.list_(pa.string())),
        ("link", pa.string()),
        ("owner", pa.string()),
        ("licence", pa.string()),
        ("score", pa.int64()),
        ("answer_count", pa.int64()),
        ("created_at", _TIME),
        ("last_activity_at", _TIME),
        ("state", pa.string()),
        ("state_at", _TIME),
    ]
)

# The tags as a worker stores them: the ten most probable, the most probable first.
PREDICTIONS = pa.schema(
    [
        ("site", pa.string()),
        ("question_id", pa.int64()),
        ("content_hash", pa.string()),
        ("predicted_at", _TIME),
        (
            "tags",
            pa.list_(
                pa.struct(
                    [("tag", pa.string()), ("probability", pa.float64()), ("suggested", pa.bool_())]
                )
            ),
        ),
        ("error", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class PredictedQuestion:
    """A row of a shard of predictions.

    Attributes:
        site: the site's name in the API.
        question_id: the site's number.
        content_hash: of the text that was read, as of `FetchedQuestion.content_hash()`.
        predicted_at: UTC.
        tags: the most probable first; none where there is an error.
        error: why the text could not be tagged.
    """

    site: str
    question_id: int
    content_hash: str
    predicted_at: datetime
    tags: list[RankedTag]
    error: str | None


def pack_questions(questions: Sequence[FetchedQuestion]) -> bytes:
    """A shard of questions, as the bytes of a Parquet file."""
    rows = [{name: getattr(question, name) for name in QUESTIONS.names} for question in questions]
    return _pack(rows, QUESTIONS)


def unpack_questions(shard: bytes, *, since: datetime | None = None) -> list[FetchedQuestion]:
    """The questions of a shard, or only those that were created since a time."""
    chosen = None if since is None else [("created_at", ">=", since)]
    rows = pq.read_table(pa.BufferReader(shard), filters=chosen).to_pylist()
    return [FetchedQuestion(**row | {"author_tags": tuple(row["author_tags"])}) for row in rows]


def pack_predictions(predictions: Sequence[PredictedQuestion]) -> bytes:
    """A shard of predictions, as the bytes of a Parquet file."""
    rows = [
        {name: getattr(one, name) for name in PREDICTIONS.names}
        | {"tags": [tag._asdict() for tag in one.tags]}
        for one in predictions
    ]
    return _pack(rows, PREDICTIONS)


def unpack_predictions(shard: bytes) -> list[PredictedQuestion]:
    """The predictions of a shard."""
    rows = pq.read_table(pa.BufferReader(shard)).to_pylist()
    return [
        PredictedQuestion(**row | {"tags": [RankedTag(**tag) for tag in row["tags"]]})
        for row in rows
    ]


def _pack(rows: list[dict[str, Any]], schema: pa.Schema) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), sink, compression="zstd")
    return bytes(sink.getvalue())
