"""The model bundle: one zip that holds all that a worker needs to tag.

    manifest.json     what the model is, how its input is made, its labels and thresholds
    vocabulary.json   the words and pairs of words that it knows, in the order of their ids
    model.keras       the network as the trainer made it, for people and further training
    model.tflite      the same network, for workers

The zip's comment is the SHA-256, in hexadecimal, of all bytes before it: so a byte that changed
anywhere is seen before anything is parsed. That finds damage, not malice. A bundle may come from a
stranger: its members are named and bounded before they are read, it is parsed by a strict schema,
and nothing in it is ever unpickled or run but the LiteRT network.
"""

import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import BundleCorrupt, BundleForeign, BundleIncompatible, BundleRefused
from core.model.calibration import NO_CALIBRATION, Calibration
from core.model.encoding import Input, Vocabulary
from core.model.tokenizer import TextSettings

FORMAT_VERSION: Final = 2

# The largest sizes, in bytes, unpacked. A network of the default architecture has 61 MB with 11,000
# words, 31,500 pairs and 100 labels (and its vocabulary 0.7 MB), and at its own limits, 40,000 of
# both and 200 labels to which terms speak, about 155 MB.
_MEMBERS: Final = {
    "manifest.json": 16 << 20,
    "vocabulary.json": 16 << 20,
    "model.keras": 180 << 20,
    "model.tflite": 180 << 20,
}
MAX_BUNDLE: Final = sum(_MEMBERS.values())  # bytes of the zip
_MAX_RATIO: Final = 200  # unpacked to packed; text reaches 10, a zip bomb 1,000
_SEAL: Final = 64  # characters of the comment
_UNREADABLE: Final = (  # what zipfile raises for what it cannot read
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # one date for all members: equal models, equal bytes


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
        calibration: from the network's probabilities to those that are told.
        metrics: by name, on the questions that were held out.
        data_fingerprint: of the questions and labels that it was trained on.
        learned_through: the newest question that it learned from, by its number.
        sample: checked when the bundle is loaded.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    format_version: int
    site: str = Field(pattern=r"^[A-Za-z0-9.-]+$", max_length=100)
    architecture: str = Field(max_length=100)
    created_at: datetime
    hyperparameters: dict[str, Any]
    labels: tuple[str, ...] = Field(min_length=1)
    thresholds: tuple[float, ...]
    text: TextSettings
    inputs: tuple[Input, ...] = Field(min_length=1)
    calibration: Calibration = NO_CALIBRATION
    metrics: dict[str, float | int | str]
    data_fingerprint: str
    learned_through: int | None = Field(default=None, ge=0, lt=1 << 63)
    library_versions: dict[str, str]
    sample: tuple[Sample, ...] = ()

    @model_validator(mode="after")
    def _check_lengths(self) -> "Manifest":
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("a label stands twice")
        if not all(label.strip() and label.isprintable() for label in self.labels):
            raise ValueError("a label is empty or holds control characters")
        if not all(str(text).isprintable() for text in (self.architecture, *self._metrics())):
            raise ValueError("architecture or metrics hold control characters")
        if len({spec.name for spec in self.inputs}) != len(self.inputs):
            raise ValueError("an input's name stands twice")
        if len(self.thresholds) != len(self.labels):
            raise ValueError(f"{len(self.thresholds)} thresholds for {len(self.labels)} labels")
        if any(len(sample.probabilities) != len(self.labels) for sample in self.sample):
            raise ValueError("a sample has not one probability for each label")
        return self

    def _metrics(self) -> Iterator[float | int | str]:
        for name, value in self.metrics.items():
            yield from (name, value)


class _VocabularyFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    words: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]
    idf: tuple[float, ...]

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> "_VocabularyFile":
        return cls(words=vocabulary.words, pairs=vocabulary.pairs, idf=vocabulary.rarity)

    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.words, self.pairs, self.idf)

    @model_validator(mode="after")
    def _check(self) -> "_VocabularyFile":
        if self.idf and len(self.idf) != len(self.words) + len(self.pairs):
            raise ValueError("not one idf for each word and pair")
        if any(not 1 <= word <= len(self.words) for pair in self.pairs for word in pair):
            raise ValueError("a pair of words that are not in it")
        return self


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle's members; the two networks as bytes, `keras` empty where it was left packed."""

    manifest: Manifest
    vocabulary: Vocabulary
    keras: bytes
    tflite: bytes


def digest(data: bytes | memoryview) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def pack(bundle: Bundle) -> bytes:
    """Return the bundle's zip; equal bundles give equal bytes.

    Raises:
        BundleRefused: a member is larger than unpack() takes.
    """
    members = {
        "manifest.json": bundle.manifest.model_dump_json(indent=1).encode(),
        "vocabulary.json": _VocabularyFile.of(bundle.vocabulary).model_dump_json().encode(),
        "model.keras": bundle.keras,
        "model.tflite": bundle.tflite,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        archive.comment = bytes(_SEAL)  # its place and length
        for name, data in members.items():
            if len(data) > _MEMBERS[name]:
                raise BundleRefused(
                    f"The model's {name} has {len(data):,} bytes, and a bundle takes "
                    f"{_MEMBERS[name]:,}: learn fewer tags or words."
                )
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = ZIP_DEFLATED
            archive.writestr(info, data)
    sealed = memoryview(buffer.getvalue())[:-_SEAL]
    return bytes(sealed) + digest(sealed).encode()


def unpack(data: bytes, *, site: str | None = None, keras: bool = True) -> Bundle:
    """Read a bundle's zip.

    Args:
        data: the zip.
        site: whose model it is to be; None takes any.
        keras: whether model.keras is read too, which tagging does without.

    Raises:
        BundleCorrupt: it has changed since it was packed, it is no zip, a member is missing,
            unexpected, too large or not as it should.
        BundleIncompatible: its format version is not this program's.
        BundleForeign: it belongs to another site.
    """
    _check_seal(data)
    members = _read_members(data, [name for name in _MEMBERS if keras or name != "model.keras"])
    manifest = _parse_manifest(members["manifest.json"])
    if site is not None and manifest.site != site:
        raise BundleForeign(f"The model bundle belongs to the site {manifest.site}, not to {site}.")
    return Bundle(
        manifest,
        _parse_vocabulary(members["vocabulary.json"]),
        members.get("model.keras", b""),
        members["model.tflite"],
    )


def _check_seal(data: bytes) -> None:
    if digest(memoryview(data)[:-_SEAL]).encode() != data[-_SEAL:]:
        raise BundleCorrupt(
            "The model bundle is damaged, or none: it does not end with the SHA-256 of its bytes."
        )


def _read_members(data: bytes, names: list[str]) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = {info.filename: info for info in archive.infolist()}
            _check_members(infos, len(archive.infolist()))
            return {name: _read_member(archive, infos[name]) for name in names}
    except _UNREADABLE as error:
        raise BundleCorrupt(f"The model bundle is not a readable zip: {error}.") from error


def _check_members(infos: dict[str, zipfile.ZipInfo], count: int) -> None:
    if missing := _MEMBERS.keys() - infos.keys():
        raise BundleCorrupt(f"The model bundle has no {', '.join(sorted(missing))}.")
    if infos.keys() - _MEMBERS.keys() or count != len(_MEMBERS):
        raise BundleCorrupt("The model bundle holds files that do not belong in one.")
    if any(info.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for info in infos.values()):
        raise BundleCorrupt("The model bundle is packed by a method that no bundle uses.")
    for name, info in infos.items():
        if info.file_size > min(_MEMBERS[name], _MAX_RATIO * (info.compress_size + 1024)):
            raise BundleCorrupt(
                f"The model bundle's {name} would unpack to {info.file_size:,} bytes; "
                "no model is like that."
            )


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as member:  # stops at the size that was checked; verifies the CRC
        return member.read(info.file_size)


def _parse_manifest(data: bytes) -> Manifest:
    try:
        raw = json.loads(data)
        version = raw["format_version"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleCorrupt("The model bundle's manifest.json cannot be read.") from error
    if version != FORMAT_VERSION:
        raise BundleIncompatible(
            f"The model bundle's format is version {version!r}; this program reads "
            f"{FORMAT_VERSION}. Install the version of the program that made it, or train anew."
        )
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BundleCorrupt(f"The model bundle's manifest.json: {where}: {first['msg']}.") from None


def _parse_vocabulary(data: bytes) -> Vocabulary:
    try:
        return _VocabularyFile.model_validate_json(data).vocabulary()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BundleCorrupt(f"The model bundle's vocabulary.json: {first['msg']}.") from None
