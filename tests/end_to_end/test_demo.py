"""The README's first commands, run: it shows what they tell."""

import re
from pathlib import Path

import pytest

from tests.processes import environment, run_tagger

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT, ANSWER = re.findall(
    r"^```text\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL
)
SIZE = ("--questions", "1500", "--architecture", "simple")  # a quarter of the time

pytestmark = [pytest.mark.training, pytest.mark.slow(60), pytest.mark.timeout(1200)]


def without_numbers(text: str) -> str:
    """What is the same for each size, network and machine."""
    return re.sub(r"\d[\d,.]*\d|\d", "N", text)


def test_the_demo_tells_what_the_readme_shows_and_its_lines_answer(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    told = run_tagger(
        "demo", "--folder", str(folder), "--no-keep", *SIZE, env=environment(), timeout=900
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert without_numbers(ACCOUNT) in without_numbers(told.stdout)

    settings = environment(data_dir=folder, sites="demo")
    for arguments in (["results", "--tag", "regression"], ["results", "--disagrees"]):
        shown = run_tagger(*arguments, env=settings)
        assert shown.returncode == 0, shown.stderr
        assert "https://demo.example/questions/" in shown.stdout

    answered = run_tagger("suggest", "How many clusters should k-means get?", env=settings)
    assert answered.returncode == 0, answered.stderr
    assert columns(answered.stdout) == columns(ANSWER)
    assert re.search(r"│ (k-means|clustering) +│ +0\.\d{3} │ yes ", answered.stdout)


def columns(table: str) -> list[str]:
    """The names of a table's columns."""
    (head,) = (line for line in table.splitlines() if line.startswith("┃"))
    return head.replace("┃", " ").split()
