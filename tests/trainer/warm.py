"""Imports what a training needs, so that processes forked afterwards need not: it takes seconds.

Nothing of TensorFlow runs here: its threads, which no fork carries over, start with its first use.
"""

import multiprocessing
import os
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import matplotlib.backends.backend_svg  # noqa: F401
import sklearn.linear_model  # noqa: F401

import trainer.cli
import trainer.report.page
import trainer.train  # noqa: F401
from tagger import make_app
from trainer.systems.networks.keras_setup import import_keras

import_keras()


def fork_tagger(arguments: list[str], environment: dict[str, str], log: Path) -> ForkServerProcess:
    """Run a command in a process that is forked where this module is imported already.

    Args:
        arguments: of `tagger`.
        environment: in place of this process's.
        log: a file for what the command says.
    """
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload([__name__])
    process = forks.Process(target=_run, args=(arguments, environment, log))
    process.start()
    return process


def _run(arguments: list[str], environment: dict[str, str], log: Path) -> None:
    lines = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(lines, stream)
    os.environ.clear()
    os.environ.update(environment)
    make_app(["trainer"])(arguments)
