import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.errors import BundleCorrupt
from core.model.encoding import SequenceInput
from core.model.manifest import Sample
from core.model.post_processing.calibration import Temperature, logit
from core.model.predictor import KEPT_TAGS, MAX_SUGGESTIONS, Model, _largest
from core.model.text.names import NameWeights
from core.model.vocabulary import Vocabulary
from tests.models import KNOWN_LOGIT, LABELS, LENGTH, TFLITE, word_bundle

KNOWN = 1 / (1 + np.exp(-KNOWN_LOGIT))


def ranked(model: Model, *rows: list[float]) -> list[list[tuple[str, float, bool]]]:
    return [
        [(tag.tag, tag.probability, tag.suggested) for tag in row]
        for row in model.rank(np.array(rows))
    ]


def wide_model(thresholds: float = 0.5) -> Model:
    """A model whose labels are made to be twelve; its network is never asked."""
    model = Model(word_bundle())
    labels = tuple(f"tag{number:02}" for number in range(12))
    model.manifest = model.manifest.model_copy(update={"labels": labels})
    model._thresholds = np.full(12, thresholds)
    return model


def test_probabilities_are_the_networks_for_a_whole_batch() -> None:
    model = Model(word_bundle())
    questions = [model.words("C++ and ANOVA", ""), model.words("", "<p>t-test</p>"), ([], [])]
    expected = np.full((3, len(LABELS)), 1 - KNOWN)
    expected[0, [0, 2]] = expected[1, 4] = KNOWN
    np.testing.assert_allclose(model.probabilities(questions), expected, atol=1e-6)


def test_a_tag_whose_name_stands_in_the_text_is_raised_before_calibration() -> None:
    names = NameWeights(
        rarity=(0.0,) * 5 + (1.0,),
        scale=(0.5, 0.0),
        shift=(-1.0, 0.0),
        title=(0.0, 2.0),
        text=(1.0, 3.0),
    )
    model = Model(word_bundle(names=names, calibration=Temperature(scale=2.0, shift=0.5)))
    questions = [model.words("Time of an ANOVA", "in series"), model.words("Time-series", "")]
    known, others = 0.5 * KNOWN_LOGIT - 1, -0.5 * KNOWN_LOGIT - 1
    expected = np.full((2, len(LABELS)), others)
    expected[0, 0] = known + 1
    expected[1, 5] = known + 1 + 3 + 2
    found = logit(model.probabilities(questions))
    np.testing.assert_allclose(found, 2 * expected + 0.5, atol=1e-3)


@given(arrays(np.float64, (3, 60), elements=st.sampled_from([0.0, 0.1, 0.2, 0.5, 0.9, 1.0])))
def test_the_largest_of_many_are_as_sorting_all_gives_them(rows: npt.NDArray[np.float64]) -> None:
    rows[0] += np.linspace(0, 0.01, 60)  # none of them equal
    expected = np.argsort(-rows, axis=1, kind="stable")[:, :KEPT_TAGS]
    assert _largest(rows, KEPT_TAGS).tolist() == expected.tolist()


def test_no_questions_give_no_rows() -> None:
    assert Model(word_bundle()).probabilities([]).shape == (0, len(LABELS))


@pytest.mark.parametrize("text", ["", "unknown words only", "bayesian " * 1_000_000])
def test_extreme_texts_get_probabilities(text: str) -> None:
    model = Model(word_bundle())
    found = model.probabilities([model.words(text, f"<p>{text}</p>")])
    assert found.shape == (1, len(LABELS))
    assert np.isfinite(found).all()


def test_tags_are_ranked_by_probability_and_ties_by_the_order_of_labels() -> None:
    model = Model(word_bundle())
    (row,) = ranked(model, [0.1, 0.9, 0.5, 0.4, 0.5, 0.2])
    assert row == [
        ("bayesian", 0.9, True),
        ("c++", 0.5, True),
        ("t-test", 0.5, True),
        ("regression", 0.4, False),
        ("time-series", 0.2, False),
        ("anova", 0.1, False),
    ]


def test_ten_tags_are_kept_and_five_suggested_at_most() -> None:
    (row,) = ranked(wide_model(), [0.99 - number / 100 for number in range(12)])
    assert len(row) == KEPT_TAGS
    assert [suggested for _, _, suggested in row] == [True] * MAX_SUGGESTIONS + [False] * 5


def test_a_question_may_get_no_suggestion() -> None:
    (row,) = ranked(wide_model(0.9), [0.5] * 12)
    assert not any(suggested for _, _, suggested in row)


def test_a_tag_below_its_threshold_takes_no_place_from_those_behind_it() -> None:
    model = wide_model()
    model._thresholds[0] = 1.0
    (row,) = ranked(model, [0.99 - number / 100 for number in range(12)])
    assert [suggested for _, _, suggested in row] == [False] + [True] * 5 + [False] * 4


def test_a_living_tag_is_told_in_the_place_of_its_dead_names() -> None:
    """Also one that the model knows by a dead name alone; a living one has its own threshold."""
    model, synonyms = Model(word_bundle()), {"t-test": "anova", "c++": "cpp"}
    model._thresholds[LABELS.index("anova")] = 0.7
    said = np.array([[0.1, 0.2, 0.6, 0.3, 0.8, 0.4], [0.5, 0.2, 0.1, 0.3, 0.6, 0.4]])
    first, second = model.rank(said, synonyms=synonyms)
    assert first[:3] == [("anova", 0.8, True), ("cpp", 0.6, True), ("time-series", 0.4, False)]
    assert second[0] == ("anova", 0.6, False)
    assert sorted(tag.tag for tag in first) == [
        "anova", "bayesian", "cpp", "regression", "time-series"
    ]  # fmt: skip


@pytest.mark.slow
@given(arrays(np.float64, (3, 12), elements=st.floats(0, 1)))
def test_any_probabilities_can_be_ranked(probabilities: np.ndarray) -> None:
    for row, tags in zip(probabilities, wide_model().rank(probabilities), strict=True):
        assert [tag.probability for tag in tags] == sorted(row, reverse=True)[:KEPT_TAGS]
        assert sum(tag.suggested for tag in tags) == min((row >= 0.5).sum(), MAX_SUGGESTIONS)
        assert all(type(tag.suggested) is bool for tag in tags)


def test_a_model_reproduces_its_sample() -> None:
    right = tuple([KNOWN] + [1 - KNOWN] * (len(LABELS) - 1))
    sample = Sample(title="anova", body="", probabilities=right)
    Model(word_bundle(sample=(sample,)))


def test_a_network_that_is_not_the_one_that_was_published_is_refused() -> None:
    sample = Sample(title="anova", body="", probabilities=(0.5,) * len(LABELS))
    with pytest.raises(BundleCorrupt, match="own sample"):
        Model(word_bundle(sample=(sample,)))


@pytest.mark.parametrize("network", [b"", b"no network", bytes(1000)])
def test_a_file_that_is_no_network_is_refused(network: bytes, tmp_path: Path) -> None:
    file = tmp_path / "model.tflite"
    file.write_bytes(network)
    with pytest.raises(BundleCorrupt, match="LiteRT"):
        Model(replace(word_bundle(), tflite=file))


def test_a_network_of_logits_is_refused(tmp_path: Path) -> None:
    network = bytearray(TFLITE.read_bytes())
    network[network.rindex(14)] = 19  # its last layer, of the sigmoid, becomes the identity above 0
    (tmp_path / "logits.tflite").write_bytes(network)
    bundle = replace(word_bundle(), tflite=tmp_path / "logits.tflite")
    with pytest.raises(BundleCorrupt, match="no probabilities"):
        Model(replace(bundle, manifest=bundle.manifest.model_copy(update={"sample": ()})))


def test_a_network_with_other_inputs_is_refused() -> None:
    other = SequenceInput(name="title", source="title", length=LENGTH)
    with pytest.raises(BundleCorrupt, match=r"inputs are \['text'\].*\['title'\]"):
        Model(word_bundle(inputs=(other,)))


def test_a_network_with_other_labels_is_refused() -> None:
    bundle = word_bundle(labels=LABELS[:3], thresholds=(0.5,) * 3)
    with pytest.raises(BundleCorrupt, match="6 probabilities for 3 labels"):
        Model(bundle)


def test_words_that_the_network_has_no_place_for_are_an_error_of_the_bundle() -> None:
    bundle = word_bundle()
    sample = Sample(title="extra", body="", probabilities=(0.5,) * len(LABELS))
    manifest = bundle.manifest.model_copy(update={"sample": (sample,)})
    too_many = Vocabulary([*LABELS, "extra"])
    with pytest.raises(BundleCorrupt):
        Model(replace(bundle, manifest=manifest, vocabulary=too_many))


def test_a_vocabulary_beyond_the_network_is_refused_before_a_question_meets_it() -> None:
    with pytest.raises(BundleCorrupt, match="does not run"):
        Model(replace(word_bundle(), vocabulary=Vocabulary([*LABELS, "extra"])))


@pytest.mark.slow
def test_a_model_needs_no_tables_of_the_review() -> None:
    """A backfill's processes, for one, have no database: they would be loaded for nothing."""
    script = (
        "import sys, core.model.predictor\n"
        "print('core.database.review_tables' in sys.modules, 'core.model.bundle' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False True\n"
