"""Omikuji's Bonsai on TF-IDF: what Annif, a tagger of libraries, does best by alone.

Khandagale, Xiao and Babbar, 2019, "Bonsai: Diverse and Shallow Trees for Extreme Multi-label
Classification". Shallow trees of labels, a linear classifier at each branch; Annif sets them so.
Omikuji takes no seed: two fits differ a little, by the order in which it visits the questions.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from core.model.tokenizer import TextSettings
from trainer.data.corpus import Corpus
from trainer.data.dataset import Dataset
from trainer.data.splits import Rows
from trainer.systems.networks.keras_setup import quiet_streams
from trainer.systems.peers.peer import PeerSystem, PeerTagger
from trainer.systems.tfidf import TEXT, Fields, TfidfFeatures


@dataclass(frozen=True, kw_only=True)
class OmikujiTagger(PeerTagger):
    """A forest over the labels.

    Attributes:
        features: what the columns are.
        model: Omikuji's own.
        labels: how many there are.
    """

    features: TfidfFeatures
    model: Any
    labels: int

    def probabilities(self, corpus: Corpus, rows: Rows) -> npt.NDArray[np.float64]:
        """Return the labels' scores for rows of a corpus, 0 to 1: shape (rows, labels)."""
        found = np.zeros((len(rows), self.labels))
        matrix = self.features.matrix(corpus, rows)
        for row in range(len(rows)):
            own = matrix[row]
            pairs = list(zip(own.indices.tolist(), own.data.tolist(), strict=True))
            for label, score in self.model.predict(pairs, top_k=self.labels):
                found[row, label] = score
        return found

    def size(self) -> int:
        """Return the bytes of the forest as Omikuji saves it, and of the terms."""
        with tempfile.TemporaryDirectory() as folder:
            saved = Path(folder) / "model"
            self.model.save(str(saved))
            trees = sum(file.stat().st_size for file in saved.iterdir())
        return trees + self.features.size()


@dataclass(frozen=True, kw_only=True)
class OmikujiBonsai(PeerSystem):
    """Bonsai with Annif's parameters for it.

    Attributes:
        fields: of a question; Annif reads a document's text as one.
        clusters: into which a node's labels are parted, by k-means.
        depth: of a tree at most.
    """

    name: ClassVar[str] = "omikuji-bonsai"
    package: ClassVar[str] = "omikuji"
    text: ClassVar[TextSettings] = TEXT
    fields: Fields = "text"
    clusters: int = 100
    depth: int = 3

    def fit_rows(self, dataset: Dataset, rows: Rows, *, seed: int) -> OmikujiTagger:  # noqa: ARG002
        """Learn from rows of a dataset, through a file of theirs; the seed goes unheard."""
        import omikuji  # noqa: PLC0415 (an extra)

        features, matrix = TfidfFeatures.fit(dataset.corpus, rows, self.fields)
        parameters = omikuji.Model.default_hyper_param()
        parameters.cluster_balanced = False
        parameters.cluster_k = self.clusters
        parameters.max_depth = self.depth
        with tempfile.TemporaryDirectory() as folder, quiet_streams():  # it tells its progress
            file = Path(folder) / "train.txt"
            _write(file, matrix, dataset.targets[rows])
            model = omikuji.Model.train_on_data(str(file), parameters, 1)
        return OmikujiTagger(features=features, model=model, labels=len(dataset.labels))


def _write(file: Path, matrix: Any, targets: npt.NDArray[np.uint8]) -> None:
    """Write a question a line, as the Extreme Classification Repository does.

    One without a column is left out: Omikuji reads no such line.
    """
    told = np.flatnonzero(np.diff(matrix.indptr))
    with file.open("w", encoding="utf-8") as lines:
        lines.write(f"{len(told)} {matrix.shape[1]} {targets.shape[1]}\n")
        for row in told:
            labels = ",".join(map(str, np.flatnonzero(targets[row])))
            columns = zip(matrix[row].indices, matrix[row].data, strict=True)
            values = " ".join(f"{column}:{value:.6g}" for column, value in columns)
            lines.write(f"{labels} {values}\n")
