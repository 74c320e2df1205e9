"""Tags for a batch of texts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from core.model.predictor import Model, RankedTag
from review.suggest.models import SharedModels

AT_ONCE: Final = 100  # texts between which other requests have their turn


@dataclass(frozen=True, slots=True)
class Text:
    """A title as plain text and a body as HTML, as a question has them."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Suggested:
    """What the model says of some texts.

    Attributes:
        version: of the model; of the last part of a batch, where another one went live in between.
        tags: of each text, ten at most, the most probable first.
    """

    version: int
    tags: list[list[RankedTag]]


def suggest_tags(
    models: SharedModels, site: str, texts: Sequence[Text], *, excluded: Collection[str] = ()
) -> Suggested:
    """Return tags for texts.

    Args:
        models: of this process.
        site: whose live model.
        texts: at least one.
        excluded: tags that are not wanted; others move up in their place.

    Raises:
        ModelError: there is no model that could.
    """
    version, tags = 0, []
    for start in range(0, len(texts), AT_ONCE):
        with models.use(site) as loaded:
            version = loaded.version.version
            tags += _tag(loaded.model, texts[start : start + AT_ONCE], excluded)
    return Suggested(version, tags)


def _tag(model: Model, texts: Sequence[Text], excluded: Collection[str]) -> list[list[RankedTag]]:
    probabilities = model.probabilities([model.words(text.title, text.body) for text in texts])
    return model.rank(probabilities, excluded=excluded)
