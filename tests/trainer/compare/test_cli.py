"""`tagger compare`, as one types it."""

import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

import tagger
from demo.site.generator import make_questions
from trainer.compare.repeated import SystemMeans, means_document
from trainer.scoring.intervals import Estimate

# Keras' own conversions of tensors, under NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def write_questions(file: Path) -> None:
    with file.open("w") as lines:
        for question in make_questions(300):
            fields = {
                "site": question.site,
                "question_id": question.question_id,
                "title": question.title,
                "body": question.body,
                "tags": question.tags,
                "link": question.link,
            }
            lines.write(json.dumps(fields) + "\n")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sites of 150 questions are large enough."""
    monkeypatch.setenv("TAGGER_MIN_QUESTIONS", "150")
    monkeypatch.setenv("TAGGER_TOP_TAGS", "10")


@pytest.mark.slow(15)
@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("split", "names", "compared"),
    [
        pytest.param(
            "random",
            "weighted-mean,linear-svm",
            {"simple", "conv1d", "weighted-mean", "linear-svm"},
            marks=pytest.mark.training,
        ),
        ("time", "simple,linear-svm", {"simple", "linear-svm"}),
    ],
)
def test_a_file_is_compared_into_a_table_and_a_report(
    tmp_path: Path,
    split: str,
    names: str,
    compared: set[str],
) -> None:
    file, out = tmp_path / "demo.jsonl", tmp_path / "out"
    write_questions(file)
    command = ["compare", "--file", str(file), "--split", split, "--out", str(out)]
    ended = CliRunner().invoke(tagger.make_app(), [*command, "--systems", names, "--json"])
    assert ended.exit_code == 0, ended.output
    document = json.loads((out / "table.json").read_text())
    assert json.loads(ended.stdout) == {**document, "report": str(out / "report.html")}
    assert (document["site"], document["split"]) == ("demo", split)
    found = {row["system"]: row for row in document["systems"]}
    assert found.keys() == compared
    assert all("error" not in row for row in found.values())
    if "weighted-mean" in found:
        times = [found[name]["train_seconds"] for name in ("simple", "conv1d", "weighted-mean")]
        assert times[0] + times[1] == pytest.approx(times[2], abs=0.01)
    assert (out / "table.csv").read_text().count("\n") == 1 + len(compared)
    assert "Learning curves" in (out / "report.html").read_text()


@pytest.mark.slow(5)
@pytest.mark.usefixtures("small")
def test_several_splits_end_with_means_and_leads_over_the_first_system(tmp_path: Path) -> None:
    file, out = tmp_path / "demo.jsonl", tmp_path / "out"
    write_questions(file)
    command = ["compare", "--file", str(file), "--out", str(out), "--splits", "2"]
    systems = ["--systems", "linear-svm,logistic-regression"]
    ended = CliRunner().invoke(tagger.make_app(), [*command, *systems])
    assert ended.exit_code == 0, ended.output
    assert "Means of 2 random splits. Leads are over linear-svm" in ended.output
    tables = [(out / f"split-{number}" / "table.csv").read_text() for number in (1, 2)]
    assert tables[0] != tables[1]
    assert (out / "splits.csv").read_text().count("\n") == 3


def test_means_as_json_have_all_metrics_and_no_interval_of_one_split() -> None:
    lead = Estimate(0.1, -math.inf, math.inf)
    means = [SystemMeans("first", {"micro_f1": 0.5}, {}), SystemMeans("b", {}, {"micro_f1": lead})]
    first, second = means_document(means)
    assert first == {"system": "first", "means": {"micro_f1": 0.5}, "leads": {}}
    assert second["leads"] == {"micro_f1": {"value": 0.1, "interval": None}}


def test_there_is_one_split_by_time(tmp_path: Path) -> None:
    refused = CliRunner().invoke(
        tagger.make_app(), ["compare", "--split", "time", "--splits", "3", "--out", str(tmp_path)]
    )
    assert refused.exit_code == 2
    assert "leave out --splits" in refused.stderr


def test_without_a_file_the_stored_questions_are_compared(tmp_path: Path) -> None:
    refused = CliRunner().invoke(tagger.make_app(), ["compare"])
    assert refused.exit_code == 1
    assert f"no database at {tmp_path / 'data'}" in refused.stderr
