"""How questions come to Keras: batch by batch through tf.data, read when their turn has come."""

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from trainer.data.splits import Rows

PREFETCHED = 2  # batches, made while the network learns from the last
SORTED = 8  # batches whose rows are sorted by length together, where there are as many windows


@dataclass(frozen=True, slots=True)
class Batches:
    """Questions that are shown to a network.

    Attributes:
        arrays: inputs, or inputs and what is to be said of them, nested as Keras takes them. Each
            has a row for each question; it is not copied, and must live as long as this.
        rows: the questions that are shown.
        size: rows of a batch.
        seed: of their order.
        change: made of a batch's number and the batch.
        lengths: of each question, by which those of a shuffled batch are alike; None for any.
    """

    arrays: Any
    rows: Rows
    size: int
    seed: int = 0
    change: Callable[..., Any] | None = None
    lengths: npt.NDArray[np.int64] | None = None

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return -(-len(self.rows) // self.size)

    def shuffled(self, first: int = 0) -> Any:
        """Endless batches, in another order each epoch; the first so many are passed over."""
        rows = tf.data.Dataset.from_tensor_slices(self.rows)
        rows = rows.shuffle(len(self.rows), seed=self.seed, reshuffle_each_iteration=True)
        batches = rows.batch(self.size) if self.lengths is None else self._alike(rows)
        data = batches.repeat().skip(first).map(self._reader())
        if self.change is not None:
            data = data.enumerate(start=first).map(self.change)
        return _untuned(data.prefetch(PREFETCHED))

    def in_order(self) -> Any:
        """Each row once, unchanged."""
        rows = tf.data.Dataset.from_tensor_slices(self.rows).batch(self.size)
        return _untuned(rows.map(self._reader()).prefetch(PREFETCHED))

    def _alike(self, rows: Any) -> Any:
        """Batches of rows that are about as long, in any order.

        Rows are sorted within windows that are drawn anew each epoch, so that each epoch has other
        batches: with few batches a window is one of them. The last, short one is of any lengths.
        """
        lengths, window = tf.constant(self.lengths), min(SORTED, max(1, self.steps // SORTED))

        def sort(some: Any) -> Any:
            whole = tf.size(some) // self.size * self.size
            order = tf.argsort(tf.gather(lengths, some[:whole]))
            return tf.concat([tf.gather(some, order), some[whole:]], axis=0)

        batches = rows.batch(self.size * window).map(sort).unbatch().batch(self.size)
        return batches.shuffle(self.steps, seed=self.seed, reshuffle_each_iteration=True)

    def _reader(self) -> Callable[[Any], Any]:
        """From the numbers of rows to their batch."""
        arrays = tf.nest.flatten(self.arrays)
        # TensorFlow keeps `read` as long as the process lives; the arrays must not stay with it.
        references: list[Callable[[], Any]] = [weakref.ref(array) for array in arrays]
        kinds = [tf.as_dtype(array.dtype) for array in arrays]

        def read(rows: npt.NDArray[np.int64]) -> list[npt.NDArray[Any]]:
            return [reference()[rows] for reference in references]

        def batch(rows: Any) -> Any:
            parts = tf.numpy_function(read, [rows], kinds)
            for part, array in zip(parts, arrays, strict=True):
                part.set_shape((None, *array.shape[1:]))
            return tf.nest.pack_sequence_as(self.arrays, parts)

        return batch


def one_order(rows: int) -> Rows:
    """So many rows in the order that TensorFlow's seed decides, as Keras would show arrays of them.

    It is the same one in each epoch where kernels are deterministic, and until the seed is set anew
    the next one is another.
    """
    order: Rows = tf.random.shuffle(np.arange(rows), seed=0).numpy()
    return order


def _untuned(data: Any) -> Any:
    """The same batches, whose numbers of threads and of batches ahead nobody tunes.

    There are none to tune, and the thread that does so sleeps the longer, the longer the fitting
    takes. Who lets go of the batches at its end may wait until it wakes: 10 s after 8 s of
    fitting, 50 s after 90, about every third time (TensorFlow 2.21).
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return data.with_options(options)
