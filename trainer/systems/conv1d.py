"""The article's convolutional network: the strongest sign of each kind among three-word windows."""

from dataclasses import dataclass
from typing import Any, ClassVar

from trainer.systems.article import ArticleNetwork


@dataclass(frozen=True, kw_only=True)
class Conv1DNetwork(ArticleNetwork):
    """Embedding, dropout, 300 filters of width 3, global max pooling, dense."""

    name: ClassVar[str] = "conv1d"
    learning_rate: ClassVar[float] = 0.001  # Adam's own

    def layers(self, keras: Any) -> list[Any]:
        """Return the layers between the embedding and the output."""
        return [
            keras.layers.Dropout(0.1),
            keras.layers.Conv1D(300, 3, padding="valid", activation="relu", strides=1),
            keras.layers.GlobalMaxPooling1D(),
        ]
