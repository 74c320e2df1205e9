"""A bundle's manifest: what the model is, how its input is made, its labels and thresholds."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import BundleCorrupt, BundleIncompatible
from core.model.encoding import Input
from core.model.post_processing.calibration import NO_CALIBRATION, Calibration
from core.model.post_processing.rivals import Rivals
from core.model.post_processing.steps import PostProcessing
from core.model.sentences.reading import SentenceInput
from core.model.text.names import NameWeights
from core.model.tokenizer import TextSettings
from core.refused_values import told
from core.site_names import name_today
from core.untrusted import LONGEST_TAG, JsonTooLarge, is_readable, load_json, one_line

FORMAT_VERSION: Final = 6
READABLE_VERSIONS: Final = (2, 3, 4, 5, 6)
_BEFORE_SENTENCES: Final = 4
_BEFORE_RIVALS: Final = 5
_LARGEST: Final = 1e15  # of a metric; one of 400 digits is no number that a page can format
MOST_VALUES: Final = 1_000_000  # of its JSON; one of 100,000 labels has 800,000


class Sample(BaseModel):
    """A text and what the network made of it when it was published."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    body: str
    probabilities: tuple[float, ...]


class Manifest(BaseModel):
    """What a model is.

    Attributes:
        labels: the tags, in the order of the network's output.
        thresholds: of each tag, the probability from which it is suggested.
        text: the tokenizer's settings.
        inputs: the network's inputs, in any order.
        names: what tags' own names in the words say, before calibration; None where nothing is
            made of them, as before version 4.
        rivals: what labels take from each other, between the two; None where they take nothing, as
            before version 6.
        calibration: from the network's probabilities to those that are told.
        metrics: by name, on the questions that were held out.
        data_fingerprint: of the questions and labels that it was trained on.
        learned_until: when the newest question was created that it learned from; None where none
            had a date.
        learned_through: the same by the site's number of a question, as version 2 has it.
        sample: checked when the bundle is loaded.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    format_version: int
    site: str = Field(pattern=r"^[A-Za-z0-9.-]+$", max_length=100)
    architecture: str = Field(max_length=100)
    created_at: datetime
    hyperparameters: dict[str, Any]
    labels: tuple[Annotated[str, Field(max_length=LONGEST_TAG)], ...] = Field(min_length=1)
    thresholds: tuple[float, ...]
    text: TextSettings
    inputs: tuple[Input, ...] = Field(min_length=1, max_length=32)
    names: NameWeights | None = None
    rivals: Rivals | None = None
    calibration: Calibration = NO_CALIBRATION
    metrics: dict[str, float | int | str]
    data_fingerprint: str
    learned_until: AwareDatetime | None = None
    learned_through: int | None = Field(default=None, ge=0, lt=1 << 63)
    library_versions: dict[str, str]
    sample: tuple[Sample, ...] = ()

    @model_validator(mode="after")
    def _check_lengths(self) -> "Manifest":
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("a label stands twice")
        if not all(map(is_readable, self.labels)):
            raise ValueError("a label is empty or holds a space or control characters")
        if len({spec.name for spec in self.inputs}) != len(self.inputs):
            raise ValueError("an input's name stands twice")
        if sum(isinstance(spec, SentenceInput) for spec in self.inputs) > 1:
            raise ValueError("two inputs are sentence vectors")
        if self.sentence is not None and self.format_version <= _BEFORE_SENTENCES:
            raise ValueError(f"format {self.format_version} has no sentence vectors")
        if self.rivals is not None and self.format_version <= _BEFORE_RIVALS:
            raise ValueError(f"format {self.format_version} has no rivals")
        if len(self.thresholds) != len(self.labels):
            raise ValueError(f"{len(self.thresholds)} thresholds for {len(self.labels)} labels")
        if self.names is not None and len(self.names.rarity) != len(self.labels):
            raise ValueError(f"{len(self.names.rarity)} rarities for {len(self.labels)} labels")
        if any(len(sample.probabilities) != len(self.labels) for sample in self.sample):
            raise ValueError("a sample has not one probability for each label")
        return self

    @model_validator(mode="after")
    def _check_metrics(self) -> "Manifest":
        if not all(str(text).isprintable() for text in (self.architecture, *self._metrics())):
            raise ValueError("architecture or metrics hold control characters")
        if any(abs(value) > _LARGEST for value in self._metrics() if not isinstance(value, str)):
            raise ValueError("a metric is not within 1e15 of zero")
        return self

    @property
    def sentence(self) -> SentenceInput | None:
        """The input that is a sentence vector; None where the network reads none."""
        return next((spec for spec in self.inputs if isinstance(spec, SentenceInput)), None)

    @property
    def post_processing(self) -> PostProcessing:
        """What becomes of the network's probabilities before they are told."""
        return PostProcessing(self.names, self.rivals, self.calibration)

    def _metrics(self) -> Iterator[float | int | str]:
        for name, value in self.metrics.items():
            yield from (name, value)


def written_format(inputs: Iterable[Input], rivals: Rivals | None) -> int:
    """Return the format of a bundle with such inputs and rivals: the earliest.

    So that programs of before can read it, where they can.
    """
    if rivals is not None:
        return FORMAT_VERSION
    reads_sentences = any(isinstance(spec, SentenceInput) for spec in inputs)
    return _BEFORE_RIVALS if reads_sentences else _BEFORE_SENTENCES


def dump_manifest(manifest: Manifest) -> bytes:
    """Write a bundle's manifest.json, without what programs of its format do not know."""
    unknown = {"rivals"} if manifest.rivals is None else set()
    return manifest.model_dump_json(indent=1, exclude=unknown).encode()


def parse_manifest(data: bytes) -> Manifest:
    """Read a bundle's manifest.json; its site has the API's name, whatever it was called.

    Raises:
        BundleCorrupt: it is not as it should be.
        BundleIncompatible: its format version is not this program's.
    """
    try:
        version = load_json(data, values=MOST_VALUES)["format_version"]
    except JsonTooLarge as error:
        raise BundleCorrupt(f"The model bundle's manifest.json holds {error}.") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleCorrupt("The model bundle's manifest.json cannot be read.") from error
    if version not in READABLE_VERSIONS:
        raise BundleIncompatible(
            f"The model bundle's format is version {one_line(str(version))[:20]}; this program "
            f"reads {min(READABLE_VERSIONS)} to {FORMAT_VERSION}.",
            "Install the version of the program that made it, or train a new model.",
        )
    try:
        manifest = Manifest.model_validate_json(data)
    except ValidationError as error:
        raise BundleCorrupt(f"The model bundle's manifest.json: {told(error)}.") from None
    return manifest.model_copy(update={"site": name_today(manifest.site)})
