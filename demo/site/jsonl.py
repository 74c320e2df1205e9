"""Writing made-up questions as `.jsonl` or `.jsonl.gz`."""

import gzip
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from demo.site.generator import MadeUpQuestion


def write_jsonl(questions: Iterable[MadeUpQuestion], path: Path) -> int:
    """Write one JSON object a line, gzipped where `path` ends in `.gz`, and count them.

    `created_at` becomes `creation_date`, in seconds since 1970 as the API has it. Equal
    questions give equal bytes.
    """
    lines = [json.dumps(_row(question), ensure_ascii=False) for question in questions]
    data = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    return len(lines)


def _row(question: MadeUpQuestion) -> dict[str, object]:
    row = asdict(question)
    row["creation_date"] = int(row.pop("created_at").timestamp())
    return row
