"""The article's simple network: the strongest sign of each kind, wherever it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from trainer.systems.article import ArticleNetwork
from trainer.systems.base import System


@dataclass(frozen=True, kw_only=True)
class SimpleNetwork(ArticleNetwork):
    """Embedding, dropout, global max pooling, dense."""

    name: ClassVar[str] = "simple"
    learning_rate: ClassVar[float] = 0.015

    def layers(self, keras: Any) -> list[Any]:
        """Return the layers between the embedding and the output."""
        return [keras.layers.Dropout(0.15), keras.layers.GlobalMaxPooling1D()]


COMPARED: Final[Mapping[str, System]] = {
    "simple-class-weights": SimpleNetwork(class_weights=True),
}
