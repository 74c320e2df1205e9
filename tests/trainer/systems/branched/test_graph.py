"""How the branches become one graph."""

import numpy as np
import pytest

from core.model.packed.members import KERAS, MEMBERS
from core.model.post_processing.calibration import sigmoid
from core.model.vocabulary import Vocabulary
from tests.trainer.made_up import NARROW, made_up_dataset
from trainer.data.labels import MOST_TAGS
from trainer.systems.branched import graph
from trainer.systems.branched.documents import document_vectors
from trainer.systems.branched.embeddings import Tables, make_tables
from trainer.systems.branched.encoded_dataset import make_inputs, prepare
from trainer.systems.branched.graph import Trunk
from trainer.systems.branched.hyperparameters import GraphHyperparameters, Hyperparameters
from trainer.systems.branched.taught.teaching import TeacherInputs
from trainer.systems.networks.keras_setup import import_keras
from trainer.systems.networks.network import encode_rows

# Keras' own conversions of tensors, under NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

keras = import_keras()
HYPERPARAMETERS = GraphHyperparameters(hidden=4)
RNG = np.random.default_rng(1)
FEATURES, DOCUMENT = (RNG.normal(size=(5, size)).astype("float32") for size in (3, 2))


def trunk_of_two_terms() -> Trunk:
    inputs = {
        "features": keras.Input((3,), name="features"),
        "document": keras.Input((2,), name="document"),
        "terms": keras.Input((2,), dtype="int32", name="terms"),
        "terms_weights": keras.Input((2,), name="terms_weights"),
    }
    return Trunk(inputs, inputs["features"], inputs["document"])


def test_a_scaled_head_gives_weighted_logits_of_the_first_tags_and_the_shift() -> None:
    head, labels = (graph.reader(2, tags, HYPERPARAMETERS) for tags in (6, 4))
    shift = np.array([1, 2, 3, 4], "float32")
    scaled = graph.scale_head(head, labels, 0.5, shift)
    expected = 0.5 * head(DOCUMENT).numpy()[:, :4] + shift
    np.testing.assert_allclose(scaled(DOCUMENT).numpy(), expected, atol=1e-5)


def test_the_whole_is_the_sigmoid_of_the_sum_with_each_label_in_its_place() -> None:
    """Terms speak to the first two of three labels."""
    trunk = trunk_of_two_terms()
    conv = graph.conv_head(3, 3, HYPERPARAMETERS)
    reader = graph.reader(2, 3, HYPERPARAMETERS)
    table = np.array([[0, 0], [1, -1], [2, 3]], "float32")
    whole = graph.assemble(trunk, conv, [reader, reader], table, label_columns=[2, 0, 1])
    ids = np.array([[1, 2], [2, 0], [0, 0], [1, 1], [2, 2]], "int32")
    weights = np.array([[1, 0.5], [1, 0], [0, 0], [0.5, 0.5], [1, 1]], "float32")
    terms = np.einsum("qt,qtl->ql", weights, table[ids])
    logits = conv(FEATURES).numpy().astype(float) + 2 * reader(DOCUMENT).numpy()
    logits[:, :2] += terms
    found = whole(
        {"features": FEATURES, "document": DOCUMENT, "terms": ids, "terms_weights": weights}
    )
    np.testing.assert_allclose(found.numpy(), sigmoid(logits)[:, [2, 0, 1]], rtol=1e-4)


def test_readers_see_what_terms_tell_of_a_sentence_as_they_learned_it() -> None:
    table = np.array([[0, 0, 0], [1, -1, 2], [2, 3, 1]], "float16")
    trunk = graph.add_told_sentences(trunk_of_two_terms(), table.astype("float32"))
    ids, weights = np.array([[1, 2], [2, 0]], "int32"), np.array([[1, 0.5], [1, 0]], "float32")
    found = keras.Model(trunk.inputs, trunk.document)(
        {"features": FEATURES[:2], "document": DOCUMENT[:2], "terms": ids, "terms_weights": weights}
    )
    vectors = np.einsum("qt,qtc->qc", weights, table[ids]).astype("float16")
    learned = TeacherInputs(DOCUMENT, vectors)  # type: ignore[arg-type]
    np.testing.assert_allclose(found.numpy(), learned[np.arange(2)], rtol=1e-3)


def test_terms_speak_by_the_sentence_vector_too() -> None:
    inputs = {
        "features": keras.Input((3,), name="features"),
        "document": keras.Input((2,), name="document"),
        "terms": keras.Input((1,), dtype="int32", name="terms"),
        "terms_weights": keras.Input((1,), name="terms_weights"),
        "sentence": keras.Input((2,), name="sentence"),
    }
    trunk = Trunk(inputs, inputs["features"], inputs["document"], inputs["sentence"])
    conv = graph.conv_head(3, 2, HYPERPARAMETERS)
    table = np.array([[0, 0], [1, -1], [2, 0], [0, 3]], "float32")  # two ids, two dimensions
    whole = graph.assemble(trunk, conv, [], table, label_columns=[0, 1])
    asked = {
        "features": FEATURES,
        "document": DOCUMENT,
        "terms": np.array([[1], [1], [0], [0], [0]], "int32"),
        "terms_weights": np.array([[0.5], [0.5], [0], [0], [0]], "float32"),
        "sentence": np.array([[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]], "float32"),
    }
    said = [[0.5, -0.5], [2.5, 2.5], [2, 0], [0, 3], [0, 0]]
    logits = conv(FEATURES).numpy().astype(float) + said
    np.testing.assert_allclose(whole(asked).numpy(), sigmoid(logits), rtol=1e-4)


def test_the_largest_network_that_a_site_can_get_fits_into_a_bundle() -> None:
    chosen = Hyperparameters()
    words, topics = chosen.inputs.most_words, chosen.graph.topic_size

    def table(width: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        return np.broadcast_to(np.float32(0), (words, width))

    tables = Tables(table(topics), table(1), *(table(topics) for _ in range(3)))
    inputs = make_inputs(Vocabulary([]), 1, chosen)
    trunk = graph.build_trunk(inputs, tables, chosen.graph)
    width, depth = trunk.conv_features.shape[-1], trunk.document.shape[-1]
    conv = graph.conv_head(width, MOST_TAGS, chosen.graph)
    readers = [graph.reader(depth, MOST_TAGS, chosen.graph) for _ in range(chosen.graph.readers)]
    terms = np.zeros((words + chosen.inputs.most_pairs, chosen.fit.term_labels), np.float32)
    whole = graph.assemble(trunk, conv, readers, terms, range(MOST_TAGS))
    size = 4 * sum(weight.size for weight in whole.get_weights())
    assert 200_000_000 < size < 0.9 * MEMBERS[KERAS]


def test_readers_learn_from_the_document_vectors_that_the_graph_computes() -> None:
    dataset = made_up_dataset(60)
    encoded = prepare(dataset, NARROW)
    tables = make_tables(dataset.corpus, encoded, NARROW, seed=0)
    trunk = graph.build_trunk(encoded.inputs, tables, NARROW.graph)
    rows = np.arange(8)
    inputs = encode_rows(dataset.corpus, encoded.rows[rows], encoded.vocabulary, encoded.inputs)
    served = keras.Model(trunk.inputs, trunk.document)(inputs).numpy()
    with document_vectors(encoded, tables) as learned:
        np.testing.assert_allclose(learned[rows], served, atol=1e-4)
