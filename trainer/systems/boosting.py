"""LightGBM, one-vs-rest: trees for each label on the most frequent terms' TF-IDF."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from core.model.tokenizer import TextSettings
from trainer.data.corpus import Corpus
from trainer.data.dataset import Dataset
from trainer.data.splits import Rows
from trainer.progress import ProgressReporter
from trainer.systems.base import System, Tagger, learned_rows
from trainer.systems.tfidf import TEXT, Fields, TfidfFeatures


@dataclass(frozen=True, slots=True)
class BoostedTagger(Tagger):
    """Trees for each label.

    Attributes:
        features: what the columns are.
        boosters: LightGBM's, one a label; a number where no tree could be grown.
        validation_probabilities: see Tagger.
    """

    features: TfidfFeatures
    boosters: tuple[Any, ...]
    validation_probabilities: npt.NDArray[np.float64] | None = None

    def probabilities(self, corpus: Corpus, rows: Rows) -> npt.NDArray[np.float64]:
        """Return the labels' probabilities for rows of a corpus: shape (rows, labels)."""
        matrix = self.features.matrix(corpus, rows)
        columns = [
            np.full(len(rows), booster)
            if isinstance(booster, float)
            else booster.predict(matrix, num_threads=1)
            for booster in self.boosters
        ]
        return np.column_stack(columns)

    def size(self) -> int:
        """Return the bytes of the trees in LightGBM's text format and of the terms."""
        trees = sum(
            len(booster.model_to_string())
            for booster in self.boosters
            if not isinstance(booster, float)
        )
        return trees + self.features.size()


@dataclass(frozen=True, kw_only=True)
class LightGBM(System):
    """Gradient-boosted trees.

    Attributes:
        fields: of a question.
        columns: of each field at most; trees ask about few words, and time grows with columns.
        trees: of each label.
    """

    name: ClassVar[str] = "lightgbm"
    text: ClassVar[TextSettings] = TEXT
    fields: Fields = "title+text"
    columns: int = 1000
    trees: int = 40

    def fit(self, dataset: Dataset, *, seed: int, reporter: ProgressReporter) -> BoostedTagger:
        """Learn a dataset, first without the validation part and then with it."""
        labels = len(dataset.labels)
        first = self._fit_rows(
            dataset, dataset.split.train, seed, lambda done: reporter.batch(done, 2 * labels)
        )
        whole = self._fit_rows(
            dataset,
            learned_rows(dataset),
            seed,
            lambda done: reporter.batch(labels + done, 2 * labels),
        )
        return replace(whole, validation_probabilities=first.predict_validation(dataset))

    def _fit_rows(
        self, dataset: Dataset, rows: Rows, seed: int, on_label: Callable[[int], None]
    ) -> BoostedTagger:
        """Fit all labels; the histograms of the columns are made once."""
        import lightgbm  # noqa: PLC0415

        features, matrix = TfidfFeatures.fit(dataset.corpus, rows, self.fields, most=self.columns)
        parameters = self._parameters(seed)
        data = lightgbm.Dataset(
            matrix, np.zeros(len(rows)), params=parameters, free_raw_data=False
        ).construct()
        boosters: list[Any] = []
        for label, column in enumerate(dataset.targets[rows].T):
            if 0 < column.sum() < len(column):
                data.set_label(column)
                boosters.append(lightgbm.train(parameters, data, num_boost_round=self.trees))
            else:
                boosters.append(float(column.mean()))
            on_label(label + 1)
        return BoostedTagger(features, tuple(boosters))

    def _parameters(self, seed: int) -> dict[str, Any]:
        return {
            "objective": "binary",
            "learning_rate": 0.15,
            "num_leaves": 8,
            "min_data_in_leaf": 5,  # LightGBM's own 20 would never split off a rare tag
            "min_sum_hessian_in_leaf": 0.5,  # or a leaf of sure questions grows without bound
            "lambda_l2": 1.0,
            "feature_fraction": 0.5,
            "seed": seed,
            "num_threads": 1,  # more wait for each other: 13 times as slow on a busy machine
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
        }


COMPARED: Final[Mapping[str, System]] = {
    "lightgbm": LightGBM(),
    "lightgbm-one-field": LightGBM(fields="text"),
}
