import errno
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import TrainingError
from core.model.manifest import FORMAT_VERSION
from core.model.predictor import Model
from core.model.tokenizer import TextSettings
from tests.conftest import ManualClock
from tests.trainer.made_up import labelled, made_up_dataset, made_up_questions
from trainer.data.corpus import read_corpus
from trainer.data.dataset import Dataset, DatasetOptions, make_dataset
from trainer.evaluation.post_processing import add_post_processing
from trainer.progress import ProgressReporter
from trainer.runs import export
from trainer.systems.networks.network import Network
from trainer.systems.simple import SimpleNetwork

# Keras' own conversions of tensors, under NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def described(dataset: Dataset) -> export.Description:
    return export.Description(
        created_at=ManualClock().now(),
        thresholds=np.full(len(dataset.labels), 0.5),
        metrics={},
        hyperparameters={},
    )


@pytest.mark.slow
def test_an_export_that_differs_from_the_network_is_not_published(tmp_path: Path) -> None:
    dataset, system = made_up_dataset(300), SimpleNetwork(epochs=1)
    right, wrong = (system.fit(dataset, seed=seed, reporter=ProgressReporter()) for seed in (1, 2))
    bundle = export.make_bundle(right, system, dataset, described(dataset), tmp_path)
    with pytest.raises(TrainingError, match="not the trained one"):
        export.check(bundle, wrong, dataset, dataset.split.validation)


@pytest.mark.slow
def test_the_keras_file_loads_without_code_of_the_project(tmp_path: Path) -> None:
    from trainer.systems.networks.keras_setup import import_keras

    keras = import_keras()
    dataset, system = made_up_dataset(300), SimpleNetwork(epochs=1, class_weights=True)
    network: Network = system.fit(dataset, seed=1, reporter=ProgressReporter())
    file, _ = export.export(network.keras, tmp_path)
    loaded = keras.saving.load_model(file, safe_mode=True)
    inputs = network.encode(dataset.corpus, dataset.split.test)
    np.testing.assert_allclose(
        loaded.predict(inputs, verbose=0),
        network.probabilities(dataset.corpus, dataset.split.test),
        atol=1e-6,
    )


@pytest.mark.slow
def test_names_and_rivals_are_published_with_the_network(tmp_path: Path) -> None:
    """Of a network that has learned little, from questions that name their tags."""
    questions = (
        labelled(replace(one, body=f"{one.body} {' '.join(one.author_tags)}"))
        for one in made_up_questions(1300)
    )
    corpus = read_corpus("fruit", questions, TextSettings())
    dataset = make_dataset(corpus, DatasetOptions(top_tags=6, min_questions=10))
    system = SimpleNetwork(epochs=1)
    plain = system.fit(dataset, seed=1, reporter=ProgressReporter())
    named = add_post_processing(plain, dataset)
    assert named.names is not None
    bundle = export.make_bundle(named, system, dataset, described(dataset), tmp_path)
    assert bundle.manifest.names == named.names.weights
    assert bundle.manifest.rivals == named.rivals
    assert (bundle.manifest.format_version == FORMAT_VERSION) == (named.rivals is not None)
    served, words = Model(bundle), (["word1"], ["word2", "figs"])
    figs = dataset.labels.index("figs")
    told = served.probabilities([words, (words[0], ["word2"])])[:, figs]
    assert told[0] > told[1] + 0.2
    assert served.rank(served.probabilities([words]))[0][0].tag == "figs"


@pytest.mark.parametrize(("resumes", "told"), [(True, "goes on from here"), (False, "with more.")])
def test_a_full_disk_is_told_with_what_is_kept_of_the_training(
    tmp_path: Path, resumes: bool, told: str
) -> None:
    refused = pytest.raises(TrainingError, match="no room for the model")
    with refused as raised, export.room_in(tmp_path, resumes=resumes):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert told in str(raised.value)
    assert ("goes on from here" in str(raised.value)) == resumes
