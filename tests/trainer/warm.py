"""Imports what a training needs, so that processes forked afterwards need not: it takes seconds.

Nothing of TensorFlow runs here: its threads, which no fork carries over, start with its first use.
"""

import os

import matplotlib.backends.backend_svg  # noqa: F401
import sklearn.linear_model  # noqa: F401

import trainer.report.page
import trainer.train  # noqa: F401
from tagger import app
from trainer.systems.networks.keras_setup import import_keras

import_keras()


def run_tagger(arguments: list[str], environment: dict[str, str]) -> None:
    """Run a command, as the first thing of a process of its own; end with its status."""
    os.environ.clear()
    os.environ.update(environment)
    app(arguments)
