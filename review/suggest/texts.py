"""Tags for a batch of texts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from core.model.predictor import RankedTag
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
    models: SharedModels,
    site: str,
    texts: Sequence[Text],
    *,
    excluded: Collection[str] = (),
    synonyms: Mapping[str, str] = MappingProxyType({}),
) -> Suggested:
    """Return tags for texts.

    Args:
        models: of this process.
        site: whose live model.
        texts: at least one.
        excluded: tags that are not wanted; others move up in their place.
        synonyms: by tags that are dead at the site, the living ones that are told instead.

    Raises:
        ModelError: there is no model that could.
    """
    version, tags = 0, []
    for start in range(0, len(texts), AT_ONCE):
        with models.use(site) as loaded:
            version = loaded.version.version
            model, some = loaded.model, texts[start : start + AT_ONCE]
            found = model.probabilities([model.words(text.title, text.body) for text in some])
            tags += model.rank(found, excluded=excluded, synonyms=synonyms)
    return Suggested(version, tags)
