"""Files of questions that are larger than any that is at hand."""

import gzip
import json
from pathlib import Path

FIRST_FREE = 10_000_000  # added to the numbers, once more for each time


def multiply(source: Path, target: Path, times: int) -> None:
    """Write the questions so many times, under other numbers."""
    with gzip.open(target, "wt", compresslevel=1) as out:
        for number in range(times):
            with gzip.open(source, "rt") as lines:
                for line in lines:
                    question = json.loads(line)
                    question["question_id"] += number * FIRST_FREE
                    out.write(json.dumps(question) + "\n")
