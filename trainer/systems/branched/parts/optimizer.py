"""AdamW that changes of a table of words only the rows that a batch holds."""

from typing import Any

import keras
import tensorflow as tf

TABLE = "/embeddings"  # the end of the path of a table's weights, as Keras names them


class TableAdamW(keras.optimizers.AdamW):  # type: ignore[misc]
    """AdamW, but for tables, of which a batch of questions holds few rows.

    Keras makes a table's gradient dense, so that each step goes over all words of the site several
    times. Here a row is changed by the steps alone that hold it, by its gradient over the root of
    its mean square. It has no momentum, which would still move a rare word when nobody reads it;
    what it moves in the end is the same. Tables are not decayed.
    """

    def __init__(self, rate: Any, decay: float) -> None:
        """See the class.

        Args:
            rate: the learning rate, or its schedule.
            decay: of the weights that are no tables.
        """
        super().__init__(rate, weight_decay=decay)
        self.exclude_from_weight_decay(var_names=[TABLE])

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Change a variable by its gradient; a table has that of some rows alone."""
        if not isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        rows, place = tf.unique(gradient.indices)
        change = tf.math.unsorted_segment_sum(gradient.values, place, tf.size(rows))
        squares = self._velocities[self._get_variable_index(variable)].value
        kept = self.beta_2 * tf.gather(squares, rows) + (1 - self.beta_2) * tf.square(change)
        squares.scatter_update(tf.IndexedSlices(kept, rows))
        seen = 1 - tf.pow(self.beta_2, tf.cast(self.iterations + 1, tf.float32))
        step = learning_rate * change / (tf.sqrt(kept / seen) + self.epsilon)
        variable.scatter_sub(tf.IndexedSlices(step, rows))
