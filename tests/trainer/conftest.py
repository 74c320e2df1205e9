"""Fixtures of the tests that train."""

from collections.abc import Iterator

import pytest

from trainer.report.plots import Panel
from trainer.systems.networks.keras_setup import import_keras


@pytest.fixture(scope="module")
def eager() -> Iterator[None]:
    """Run TensorFlow's functions step by step, as they are written.

    Tracing the graphs of a network takes seconds, fitting it to 300 questions a fraction of one.
    Tests that go through the command line, and those on real questions, run the graphs.
    """
    import_keras()
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the pictures of reports, which take as long as the training of a small network."""
    for module in ("plots", "run_plots"):
        monkeypatch.setattr(
            f"trainer.report.{module}.panel", lambda shows, *_, **__: Panel(shows, "<svg/>")
        )
