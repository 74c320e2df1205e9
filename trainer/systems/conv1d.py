"""The article's convolutional network: the strongest sign of each kind among three-word windows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from core.model.encoding import SequenceInput
from trainer.systems.article import LENGTH, ArticleNetwork
from trainer.systems.base import System

TITLE_LENGTH: Final = 30  # words; hardly a title has more


@dataclass(frozen=True, kw_only=True)
class Conv1DNetwork(ArticleNetwork):
    """Embedding, dropout, 300 filters of width 3, global max pooling, dense."""

    name: ClassVar[str] = "conv1d"

    def layers(self, keras: Any) -> list[Any]:
        """Return the layers between the embedding and the output."""
        return [
            keras.layers.Dropout(0.1),
            keras.layers.Conv1D(300, 3, padding="valid", activation="relu", strides=1),
            keras.layers.GlobalMaxPooling1D(),
        ]


@dataclass(frozen=True, kw_only=True)
class TwoInputConv1D(Conv1DNetwork):
    """Title and body each through convolutions of their own, as the article suggests trying."""

    name: ClassVar[str] = "conv1d-two-inputs"
    inputs: ClassVar[tuple[SequenceInput, ...]] = (
        SequenceInput(name="title", source="title", length=TITLE_LENGTH),
        SequenceInput(name="body", source="body", length=LENGTH, keep="last", pad="front"),
    )


COMPARED: Final[Mapping[str, System]] = {
    "conv1d-class-weights": Conv1DNetwork(class_weights=True),
    "conv1d-two-inputs": TwoInputConv1D(),
}
