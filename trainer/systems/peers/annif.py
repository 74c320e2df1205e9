"""Annif, a tagger of libraries: an ensemble of what it brings, run by its own program.

Suominen, Inkinen and Lehtinen, 2022, "Annif and Finto AI: Developing and Implementing Automated
Subject Indexing". It pins versions of packages that the trainer cannot take, so `annif` stands in
an environment of its own, and is found on the path.
"""

import csv
import json
import os
import shutil
import subprocess
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from core.errors import TrainingError
from core.model.tokenizer import TextSettings
from trainer.data.corpus import Corpus
from trainer.data.dataset import Dataset
from trainer.data.splits import Rows
from trainer.systems.peers.peer import PeerSystem, PeerTagger, texts

_URI: Final = "http://tags/"  # and a label's place
_PROJECTS: Final = """\
[DEFAULT]
language=en
vocab=tags
analyzer=snowball(english)
limit={labels}

[bonsai]
name=Bonsai
backend=omikuji
cluster_balanced=False
cluster_k=100
max_depth=3
ngram=2
min_df=2

[similarity]
name=Similarity of TF-IDF
backend=tfidf

[ensemble]
name=Both
backend=ensemble
sources=bonsai:{bonsai},similarity:{similarity}
"""


class Workspace:
    """A folder in which Annif works; it is deleted when nobody holds the workspace any more."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="annif-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def run(self, *arguments: str | Path) -> None:
        """Run a command of Annif's.

        Raises:
            TrainingError: it failed; tells its last line.
        """
        left_out = {"PYTHONPATH", "PYTHONHOME"}  # they say where this program's packages are
        program = shutil.which("annif") or "annif"
        done = subprocess.run(  # noqa: S603 (the arguments are ours)
            [program, *map(str, arguments)],
            cwd=self.folder,
            env={name: value for name, value in os.environ.items() if name not in left_out}
            | {"ANNIF_DATADIR": "data", "ANNIF_PROJECTS": "projects.cfg"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            told = (done.stderr.strip() or done.stdout.strip()).splitlines()
            raise TrainingError(
                f"annif {arguments[0]} ended with {done.returncode}: {told[-1] if told else ''}"
            )

    def size(self) -> int:
        """Return the bytes of what was learned."""
        files = (self.folder / "data/projects").rglob("*")
        learned = (file for file in files if file.is_file() and "-train" not in file.name)
        return sum(file.stat().st_size for file in learned)


@dataclass(frozen=True, kw_only=True)
class AnnifTagger(PeerTagger):
    """Annif's projects that were trained.

    Attributes:
        workspace: where they are.
        labels: how many there are.
    """

    workspace: Workspace
    labels: int

    def probabilities(self, corpus: Corpus, rows: Rows) -> npt.NDArray[np.float64]:
        """Return the labels' scores for rows of a corpus, 0 to 1: shape (rows, labels)."""
        found = np.zeros((len(rows), self.labels))
        asked, told = (self.workspace.folder / name for name in ("asked.csv", "told.jsonl"))
        _write(asked, corpus, rows)
        arguments = ("--limit", str(self.labels), "--no-include-doc", "--force", "--output", told)
        self.workspace.run("index", *arguments, "ensemble", asked)
        with told.open(encoding="utf-8") as lines:
            for row, line in enumerate(lines):
                for result in json.loads(line)["results"]:
                    found[row, int(result["uri"].removeprefix(_URI))] = result["score"]
        return found

    def size(self) -> int:
        """Return the bytes of Annif's models."""
        return self.workspace.size()


@dataclass(frozen=True, kw_only=True)
class Annif(PeerSystem):
    """Annif's Omikuji Bonsai on words and pairs, and how like a tag's questions one is by TF-IDF.

    Attributes:
        weights: of the two in the ensemble.
    """

    name: ClassVar[str] = "annif"
    package: ClassVar[str] = "annif"
    installation: ClassVar[str] = (
        'pip install "annif[omikuji]" into an environment of its own, whose bin is on the PATH'
    )
    # Annif splits and stems words itself.
    text: ClassVar[TextSettings] = TextSettings(hyphens="split", inline="join", unspaced="pairs")
    weights: tuple[int, int] = (3, 1)

    def is_installed(self) -> bool:
        """Whether there is a program of that name."""
        return shutil.which("annif") is not None

    def fit_rows(self, dataset: Dataset, rows: Rows, *, seed: int) -> AnnifTagger:  # noqa: ARG002
        """Learn from rows of a dataset, in a folder; the seed goes unheard."""
        workspace, labels = Workspace(), len(dataset.labels)
        bonsai, similarity = self.weights
        projects = _PROJECTS.format(labels=labels, bonsai=bonsai, similarity=similarity)
        (workspace.folder / "projects.cfg").write_text(projects, encoding="utf-8")
        _write_vocabulary(workspace.folder / "tags.tsv", dataset.labels)
        workspace.run("load-vocab", "--language", "en", "tags", "tags.tsv")
        _write(workspace.folder / "train.csv", dataset.corpus, rows, dataset.targets)
        for project in ("bonsai", "similarity"):
            workspace.run("train", "--jobs", "1", project, "train.csv")
        return AnnifTagger(workspace=workspace, labels=labels)


def _write_vocabulary(file: Path, labels: tuple[str, ...]) -> None:
    """Write a label a line, as words."""
    lines = (f"<{_URI}{place}>\t{label.replace('-', ' ')}" for place, label in enumerate(labels))
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write(
    file: Path, corpus: Corpus, rows: Rows, targets: npt.NDArray[np.uint8] | None = None
) -> None:
    """Write a question a row: its text and, where it is to be learned, its labels."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "subject_uris"])
        for row, text in zip(rows, texts(corpus, rows), strict=True):
            places = () if targets is None else np.flatnonzero(targets[row]).tolist()
            writer.writerow([text, " ".join(f"<{_URI}{place}>" for place in places)])
