"""Files and folders that the documents name are there."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]

# A file by its ending, or a folder by the stroke at its end; `review/pages/` or, where the folder
# is plain from the sentence, `pages/` alone.
NAMED = re.compile(r"`((?:[\w.-]+/)*(?:[\w-]+\.(?:py|toml|yml|yaml)|[\w-]+/))`")


@cache
def existing() -> list[str]:
    """All paths of the sources, each with a stroke before it, folders with one at the end too."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    folders = {f"/{parent}/" for path in listed for parent in Path(path).parents}
    return [*(f"/{path}" for path in listed), *folders]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_it_names_is_there(document: Path) -> None:
    named = set(NAMED.findall(document.read_text())) - {"data/"}  # which commands make
    missing = {one for one in named if not any(path.endswith(f"/{one}") for path in existing())}
    assert missing == set()
