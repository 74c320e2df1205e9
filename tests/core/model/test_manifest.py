"""What a bundle's manifest must hold, and what is said of one that does not fit."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from core.errors import BundleCorrupt, BundleIncompatible, BundleRefused
from core.model.bundle import Bundle
from core.model.manifest import FORMAT_VERSION, dump_manifest, parse_manifest, written_format
from core.model.post_processing.rivals import Rivals
from tests.models import sentence_bundle, word_bundle

MANIFEST = word_bundle().manifest
RIVALS = Rivals(scale=1.0, weight=0.1, shift=0.0)


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    fields = json.loads(MANIFEST.model_dump_json())
    change(fields)
    return json.dumps(fields).encode()


def test_a_manifest_comes_back_as_it_was_written() -> None:
    assert parse_manifest(MANIFEST.model_dump_json().encode()) == MANIFEST


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda m: m.pop("labels"), "labels"),
        (lambda m: m.update(labels=[]), "labels"),
        (lambda m: m["labels"].__setitem__(1, m["labels"][0]), "a label stands twice"),
        (lambda m: m["labels"].__setitem__(1, "\t"), "a label is empty"),
        (lambda m: m.update(thresholds=[0.5]), "thresholds"),
        (lambda m: m.update(surprise=1), "surprise: should not be there"),
        (lambda m: m["inputs"][0].update(length=10**9), "length: should be 100,000 or less"),
        (lambda m: m.update(inputs=m["inputs"] * 2), "input's name stands twice"),
        (lambda m: m.update(text={"code": "run"}), "text"),
        (lambda m: m.update(site="../stats"), "site"),
        (lambda m: m.update(site=""), "site"),
        (lambda m: m.update(architecture="\x1b[2J"), "control characters"),
        (lambda m: m["metrics"].update({"\0": 1}), "control characters"),
        (lambda m: m["metrics"].update(split="a\nb"), "control characters"),
        (lambda m: m["metrics"].update(precision_at_1=10**400), "not within 1e15"),
        (lambda m: m["metrics"].update(questions=-(10**16)), "not within 1e15"),
        (lambda m: m["labels"].__setitem__(1, "x" * 101), "labels.1: .*100 characters at most"),
        (lambda m: m.update(learned_through=1 << 63), "learned_through"),
        (
            lambda m: m.update(sample=[{"title": "t", "body": "b", "probabilities": [0.5]}]),
            "one probability for each label",
        ),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused_with_the_place(
    change: Callable[[dict[str, Any]], object], where: str
) -> None:
    with pytest.raises(BundleCorrupt, match=rf"manifest\.json: .*{where}"):
        parse_manifest(changed(change))


@pytest.mark.parametrize("version", [2, 3, 4])
def test_a_sentence_vector_stands_in_no_earlier_format(version: int) -> None:
    """A program of before would not refuse it as one of a newer format."""
    manifest = json.loads(sentence_bundle().manifest.model_dump_json())
    assert parse_manifest(json.dumps(manifest).encode()).sentence is not None
    told = rf"manifest\.json: .*format {version} has no sentence vectors"
    with pytest.raises(BundleCorrupt, match=told):
        parse_manifest(json.dumps(manifest | {"format_version": version}).encode())


def test_programs_of_before_find_nothing_in_a_manifest_that_they_do_not_know() -> None:
    assert "rivals" not in json.loads(dump_manifest(MANIFEST))
    with_rivals = MANIFEST.model_copy(update={"rivals": RIVALS})
    for manifest in (MANIFEST, with_rivals):
        assert parse_manifest(dump_manifest(manifest)) == manifest


@pytest.mark.parametrize("version", [2, 4, 5])
def test_rivals_stand_in_no_earlier_format(version: int) -> None:
    rivals = RIVALS.model_dump()
    assert parse_manifest(changed(lambda m: m.update(rivals=rivals))).rivals is not None
    told = rf"manifest\.json: .*format {version} has no rivals"
    with pytest.raises(BundleCorrupt, match=told):
        parse_manifest(changed(lambda m: m.update(rivals=rivals, format_version=version)))


@pytest.mark.parametrize(
    ("made", "rivals", "version"),
    [(word_bundle, None, 4), (sentence_bundle, None, 5), (word_bundle, RIVALS, 6)],
)
def test_a_bundle_has_the_earliest_format_that_holds_it(
    made: Callable[[], Bundle], rivals: Rivals | None, version: int
) -> None:
    assert written_format(made().manifest.inputs, rivals) == version


def test_a_refusal_is_one_short_line_whatever_a_stranger_named() -> None:
    manifest = json.loads(word_bundle().manifest.model_dump_json())
    for change in ({"\n" * 9 + "x" * 5_000: 1}, {"format_version": "\x1b[2J" + "9" * 5_000}):
        with pytest.raises(BundleRefused) as refused:
            parse_manifest(json.dumps(manifest | change).encode())
        assert len(str(refused.value)) < 250
        assert str(refused.value).isprintable()


def test_a_newer_format_is_incompatible_whatever_else_it_holds() -> None:
    data = changed(lambda m: m.update(format_version=FORMAT_VERSION + 1, new_field=1))
    with pytest.raises(BundleIncompatible, match=r"version \d; .*reads 2 to \d. Install"):
        parse_manifest(data)


def test_names_have_one_rarity_for_each_label() -> None:
    pairs = dict.fromkeys(("scale", "shift", "title", "text"), (1.0, 0.0))
    wrong = changed(lambda m: m.update(names={"rarity": [0.5], **pairs}))
    with pytest.raises(BundleCorrupt, match=r"manifest\.json: .*1 rarities for 6 labels"):
        parse_manifest(wrong)
    right = changed(lambda m: m.update(names={"rarity": [0.5] * 6, **pairs}))
    assert parse_manifest(right).names is not None


def test_a_bundle_of_before_tells_by_a_number_what_it_has_learned() -> None:
    manifest = parse_manifest(changed(lambda m: m.update(format_version=2, learned_through=7)))
    assert (manifest.learned_until, manifest.learned_through) == (None, 7)


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b"\xff", b"null", b"{}", b"[" * 100_000])
def test_json_that_is_no_manifest_is_refused(data: bytes) -> None:
    with pytest.raises(BundleCorrupt, match=r"cannot be read|brackets in each other"):
        parse_manifest(data)


def test_a_manifest_of_which_too_much_would_become_is_not_parsed() -> None:
    filled = changed(lambda m: m.update(hyperparameters={"a": "here"}))
    with pytest.raises(BundleCorrupt, match=r"manifest\.json holds more than 1,000,000 values"):
        parse_manifest(filled.replace(b'"here"', b"[" + b"[]," * 700_000 + b"1]"))


def test_a_manifest_names_no_more_inputs_than_a_network_has() -> None:
    spec = json.loads(MANIFEST.model_dump_json())["inputs"][0]
    many = [spec | {"name": f"n{number}"} for number in range(33)]
    with pytest.raises(BundleCorrupt, match="inputs"):
        parse_manifest(changed(lambda m: m.update(inputs=many)))
