"""Files and folders that tests of the backfill arrange."""

import json
from collections.abc import Iterable
from pathlib import Path

from backfill.folder import BackfillFolder, Plan, Split, open_folder
from backfill.split import split
from core.model.bundle import PackedBundle, pack
from tests.models import LABELS, word_bundle

SHA256 = "0" * 64


def write_questions(path: Path, numbers: Iterable[int], **changes: object) -> Path:
    """Lines of JSON, each of whose titles names one of the word network's tags."""
    lines = [
        {
            "site": "stats",
            "question_id": number,
            "title": f"About {LABELS[number % len(LABELS)]}, {number}",
            "body": "<p>How?</p>",
            "tags": ["regression"],
            "creation_date": 1_500_000_000 + 86_400 * number,
        }
        | changes
        for number in numbers
    ]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


def write_tables(folder: Path) -> tuple[Path, Path]:
    """Kaggle's two tables of one question."""
    questions, tags = folder / "Questions.csv", folder / "Tags.csv"
    questions.write_text("Id,Title,Body\n2,Two,<p>2</p>\n")
    tags.write_text("Id,Tag\n2,bayesian\n")
    return questions, tags


def write_bundle(path: Path, **changes: object) -> PackedBundle:
    """The word network's bundle as a file."""
    return pack(word_bundle(**changes), path)  # type: ignore[arg-type]


def plan(**changes: object) -> Plan:
    told = {"site": "stats", "files": (), "model_sha256": SHA256, "shard_questions": 2}
    return Plan.model_validate({"program": "1.0"} | told | changes)


def split_files(folder: BackfillFolder, *files: Path, size: int = 2) -> Split:
    return split(folder, files, site="stats", size=size)


def new_folder(path: Path) -> BackfillFolder:
    """A folder that nobody holds any more."""
    with open_folder(path, plan()) as folder:
        return folder
