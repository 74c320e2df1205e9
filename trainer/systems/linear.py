"""One-vs-rest linear classifiers on TF-IDF: logistic regression and support vector machines."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from core.model.post_processing.calibration import sigmoid
from core.model.tokenizer import TextSettings
from trainer.data.corpus import Corpus
from trainer.data.dataset import Dataset
from trainer.data.splits import Rows
from trainer.progress import ProgressReporter
from trainer.scoring.calibration import fit_platt
from trainer.systems.base import System, Tagger, learned_rows
from trainer.systems.tfidf import TEXT, Fields, TfidfFeatures

# Decision on a label that all questions to learn from have; on one that none has, less than zero.
_CERTAIN: Final = 10.0


@dataclass(frozen=True, slots=True)
class LinearTagger(Tagger):
    """A hyperplane for each label.

    Attributes:
        features: what the columns are.
        weights: shape (columns, labels).
        biases: shape (labels,).
        calibration: scale and shift from decisions to the probabilities' logits.
        validation_probabilities: see Tagger.
    """

    features: TfidfFeatures
    weights: npt.NDArray[np.float32]
    biases: npt.NDArray[np.float32]
    calibration: tuple[float, float] = (1.0, 0.0)
    validation_probabilities: npt.NDArray[np.float64] | None = None

    def decisions(self, corpus: Corpus, rows: Rows) -> npt.NDArray[np.float64]:
        """Return on which side of the hyperplanes rows lie, and how far: shape (rows, labels)."""
        matrix = self.features.matrix(corpus, rows)
        return np.asarray(matrix @ self.weights + self.biases, np.float64)

    def probabilities(self, corpus: Corpus, rows: Rows) -> npt.NDArray[np.float64]:
        """Return calibrated probabilities: shape (rows, labels)."""
        scale, shift = self.calibration
        return sigmoid(scale * self.decisions(corpus, rows) + shift)

    def size(self) -> int:
        """Return the bytes of the weights and of the terms."""
        return self.weights.nbytes + self.biases.nbytes + self.features.size()


@dataclass(frozen=True, kw_only=True)
class LinearSystem(System):
    """A linear classifier for each label, on TF-IDF.

    Attributes:
        fields: of a question.
        most: how many columns a field has at most; its most frequent terms.
        C: how little the weights are held back.
    """

    text: ClassVar[TextSettings] = TEXT
    fields: Fields = "title+text"
    most: int | None = None
    C: float

    @abstractmethod
    def classifier(self, seed: int) -> Any:
        """Return scikit-learn's classifier for one label, not fitted."""

    def calibrate(self, raw: LinearTagger, dataset: Dataset) -> tuple[float, float]:  # noqa: ARG002
        """Return scale and shift of a tagger's decisions; here they are logits already."""
        return 1.0, 0.0

    def fit(self, dataset: Dataset, *, seed: int, reporter: ProgressReporter) -> LinearTagger:
        """Learn a dataset: calibrate on the validation part, then learn from that too."""
        labels = len(dataset.labels)
        first = self._fit_rows(
            dataset, dataset.split.train, seed, lambda done: reporter.batch(done, 2 * labels)
        )
        first = replace(first, calibration=self.calibrate(first, dataset))
        calibration, validation_probabilities = first.calibration, first.predict_validation(dataset)
        del first  # its weights may be hundreds of megabytes
        whole = self._fit_rows(
            dataset,
            learned_rows(dataset),
            seed,
            lambda done: reporter.batch(labels + done, 2 * labels),
        )
        return replace(
            whole, calibration=calibration, validation_probabilities=validation_probabilities
        )

    def _fit_rows(
        self, dataset: Dataset, rows: Rows, seed: int, on_label: Callable[[int], None]
    ) -> LinearTagger:
        features, matrix = TfidfFeatures.fit(dataset.corpus, rows, self.fields, most=self.most)
        labels = len(dataset.labels)
        weights = np.zeros((matrix.shape[1], labels), np.float32)
        biases = np.where(dataset.targets[rows].all(axis=0), _CERTAIN, -_CERTAIN).astype(np.float32)
        # One after another: liblinear has one random generator in a process, which threads would
        # share, and no two fits with a seed would be equal.
        for label, column in enumerate(dataset.targets[rows].T):
            if 0 < column.sum() < len(column):
                fitted = self.classifier(seed).fit(matrix, column)
                weights[:, label], biases[label] = fitted.coef_[0], fitted.intercept_[0]
            on_label(label + 1)
        return LinearTagger(features, weights, biases)


@dataclass(frozen=True, kw_only=True)
class LogisticRegression(LinearSystem):
    """Logistic regression; its probabilities are its own."""

    name: ClassVar[str] = "logistic-regression"
    C: float = 10.0

    def classifier(self, seed: int) -> Any:
        """Return scikit-learn's classifier for one label, not fitted."""
        from sklearn import linear_model  # noqa: PLC0415

        return linear_model.LogisticRegression(
            C=self.C,
            solver="liblinear",
            dual=True,  # 16 times as fast where there are more columns than rows
            tol=1e-2,  # the metrics are those of 1e-4 to four digits
            random_state=seed,
        )


@dataclass(frozen=True, kw_only=True)
class LinearSVM(LinearSystem):
    """A linear support vector machine, its margins made probabilities on the validation part."""

    name: ClassVar[str] = "linear-svm"
    C: float = 0.5

    def classifier(self, seed: int) -> Any:
        """Return scikit-learn's classifier for one label, not fitted."""
        from sklearn.svm import LinearSVC  # noqa: PLC0415

        return LinearSVC(C=self.C, random_state=seed)

    def calibrate(self, raw: LinearTagger, dataset: Dataset) -> tuple[float, float]:
        """Return scale and shift that make probabilities of margins, by the validation part."""
        rows = dataset.split.validation
        return fit_platt(dataset.targets[rows], raw.decisions(dataset.corpus, rows))


COMPARED: Final[Mapping[str, System]] = {
    "logistic-regression": LogisticRegression(),
    "logistic-regression-one-field": LogisticRegression(fields="text"),
    "linear-svm": LinearSVM(),
    "linear-svm-one-field": LinearSVM(fields="text"),
}
