"""TensorFlow, imported once and late: it takes seconds and half a gigabyte."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Final

from core.errors import TrainerNotInstalled
from trainer.systems.networks.signals import signals_win

log = logging.getLogger(__name__)

_PACKAGES: Final = ("keras", "sklearn", "tensorflow")  # of the extra `trainer`


def check_installed() -> None:
    """Look for the trainer's packages, which takes no time, before anything is begun.

    Raises:
        TrainerNotInstalled: some of them are not here.
    """
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise _not_installed(", ".join(missing))


def _not_installed(missing: str) -> TrainerNotInstalled:
    return TrainerNotInstalled(
        f"Training needs packages that are not installed here ({missing}). Install them in the "
        'checkout with: pip install ".[trainer]". With docker-compose they are in the trainer\'s '
        "image: docker-compose run --rm trainer train --site SITE"
    )


def import_keras() -> Any:
    """Import Keras on TensorFlow, quietly, and return its module.

    Raises:
        TrainerNotInstalled: the packages of the extra `trainer` are not here.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read by TensorFlow when it is imported
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    try:
        with quiet_streams(), signals_win():
            import keras  # noqa: PLC0415
            import sklearn  # noqa: F401, PLC0415
            import tensorflow  # noqa: F401, ICN001, PLC0415
    except ImportError as error:
        raise _not_installed(str(error.name)) from error
    for chatty in ("tensorflow", "absl"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    return keras


def make_deterministic(keras: Any, seed: int) -> None:
    """Seed every generator and let TensorFlow use deterministic kernels only."""
    import tensorflow as tf  # noqa: PLC0415

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


@contextmanager
def quiet_streams() -> Iterator[None]:
    """Drop what TensorFlow's C++ writes past Python's streams, unless debugging."""
    if log.isEnabledFor(logging.DEBUG):
        yield
        return
    streams = 1, 2
    kept = [os.dup(stream) for stream in streams]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for stream in streams:
            os.dup2(nowhere, stream)
        yield
    finally:
        os.close(nowhere)
        for stream, original in zip(streams, kept, strict=True):
            os.dup2(original, stream)
            os.close(original)
