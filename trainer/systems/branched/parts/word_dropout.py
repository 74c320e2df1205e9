"""Words that a batch's questions lose, so that no network rests on one alone."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def trim(ids: Any) -> Any:
    """Ids (rows, places) without the places that no row fills; one place stays."""
    longest = tf.reduce_max(tf.math.count_nonzero(ids, axis=1))
    return ids[:, : tf.maximum(longest, 1)]


def drop_words(rate: float, unknown: int, seed: int) -> Callable[..., Any]:
    """Words become unknown with probability `rate`; a batch's number is its seed.

    Places that no question of the batch fills are cut off: they cost as much as words.
    """

    def drop(number: Any, batch: tuple[dict[str, Any], Any]) -> tuple[dict[str, Any], Any]:
        inputs, tags = batch
        dropped = {}
        for place, (name, padded) in enumerate(sorted(inputs.items())):
            ids = trim(padded)
            noise = tf.random.stateless_uniform(tf.shape(ids), [seed * 2 + place, number])
            dropped[name] = tf.where((noise < rate) & (ids > 0), unknown, ids)
        return dropped, tags

    return drop
