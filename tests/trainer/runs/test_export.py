from pathlib import Path

import numpy as np
import pytest

from core.errors import TrainingError
from tests.conftest import ManualClock
from tests.trainer.made_up import made_up_dataset
from trainer.progress import ProgressReporter
from trainer.runs import export
from trainer.systems.networks.network import Network
from trainer.systems.simple import SimpleNetwork

# Keras' own conversions of tensors, under NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.mark.slow
def test_an_export_that_differs_from_the_network_is_not_published(tmp_path: Path) -> None:
    dataset, system = made_up_dataset(300), SimpleNetwork(epochs=1)
    right, wrong = (system.fit(dataset, seed=seed, reporter=ProgressReporter()) for seed in (1, 2))
    description = export.Description(
        created_at=ManualClock().now(),
        thresholds=np.full(len(dataset.labels), 0.5),
        metrics={},
        hyperparameters={},
    )
    bundle = export.make_bundle(right, system, dataset, description, tmp_path)
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
