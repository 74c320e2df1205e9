"""The article's two networks: their parts, and what they reach on real questions."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.questions.store import FetchedQuestion
from tests.trainer.made_up import labelled, made_up_dataset
from tests.trainer.systems.layers import layers
from trainer.data.corpus import LabelledQuestion, read_corpus
from trainer.data.dataset import DatasetOptions, make_dataset
from trainer.progress import ProgressReporter
from trainer.scoring.metrics import Scores, all_metrics
from trainer.scoring.thresholds import choose_thresholds
from trainer.systems import ARCHITECTURES
from trainer.systems.article import INPUTS, WORDS
from trainer.systems.networks.keras_setup import import_keras

# Keras' own conversions of tensors, under NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

DENSE = 6  # tags of the made-up site


@pytest.mark.slow
def test_the_convolutional_network_is_the_articles() -> None:
    import_keras()
    assert layers("conv1d") == [
        ("Embedding", 5000 * 20),
        ("Dropout", 0),
        ("Conv1D", 3 * 20 * 300 + 300),
        ("GlobalMaxPooling1D", 0),
        ("Dense", 300 * DENSE + DENSE),
    ]


@pytest.mark.slow
def test_the_last_180_words_are_read_of_a_vocabulary_of_4999() -> None:
    """As Keras' Tokenizer(num_words=5000) and pad_sequences(maxlen=180) do by default."""
    dataset = made_up_dataset(100)
    network = ARCHITECTURES["simple"](epochs=1).fit(dataset, seed=0, reporter=ProgressReporter())
    (spec,) = INPUTS
    assert network.inputs == INPUTS
    assert (spec.length, spec.keep, spec.pad, spec.source) == (180, "last", "front", "text")
    assert len(network.vocabulary) <= WORDS - 1


@pytest.mark.slow
def test_keras_gets_no_arrays_whose_batches_it_would_have_tuned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keras, shown = import_keras(), []
    fit, predict = keras.Model.fit, keras.Model.predict

    def watched_fit(model: Any, x: Any, *, validation_data: Any, **options: Any) -> Any:
        shown.extend([x, validation_data])
        return fit(model, x, validation_data=validation_data, **options)

    def watched_predict(model: Any, x: Any, **options: Any) -> Any:
        shown.append(x)
        return predict(model, x, **options)

    monkeypatch.setattr(keras.Model, "fit", watched_fit)
    monkeypatch.setattr(keras.Model, "predict", watched_predict)
    dataset = made_up_dataset(100)
    network = ARCHITECTURES["simple"](epochs=1).fit(dataset, seed=0, reporter=ProgressReporter())
    network.probabilities(dataset.corpus, dataset.split.test)
    assert [data.options().autotune.enabled for data in shown] == [False] * 3


def cooking(folder: Path) -> Iterator[LabelledQuestion]:
    with gzip.open(folder / "cooking.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            yield labelled(
                FetchedQuestion(
                    site="cooking",
                    question_id=row["question_id"],
                    title=row["title"],
                    body=row["body"],
                    author_tags=tuple(row["tags"]),
                )
            )


@pytest.mark.real
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("name", "accuracy"), [("simple", 0.337), ("conv1d", 0.351)])
def test_the_articles_networks_reach_what_was_measured_for_them(
    real_data: Path, name: str, accuracy: float
) -> None:
    system = ARCHITECTURES[name]()
    dataset = make_dataset(
        read_corpus("cooking", cooking(real_data), system.text), DatasetOptions(top_tags=100)
    )
    network = system.fit(dataset, seed=0, reporter=ProgressReporter())
    parts = dataset.split
    thresholds = choose_thresholds(
        dataset.targets[parts.validation], network.probabilities(dataset.corpus, parts.validation)
    )
    probabilities = network.probabilities(dataset.corpus, parts.test)
    found = all_metrics(Scores(dataset.targets[parts.test], probabilities, thresholds))
    assert len(parts.test) == 2647
    assert found["categorical_accuracy"] > accuracy - 0.02
    assert found["precision_at_1"] > 0.49 - 0.02
