"""Document vectors in a file, and batches that are read from it."""

import gc
import resource
import weakref
from pathlib import Path

import numpy as np
import pytest

from core.errors import TrainingError
from tests.trainer.made_up import made_up_dataset
from trainer.systems.branched import documents
from trainer.systems.branched.documents import document_vectors
from trainer.systems.branched.encoded_dataset import EncodedDataset, prepare
from trainer.systems.branched.hyperparameters import Hyperparameters
from trainer.systems.branched.tables import Tables, make_tables

DEFAULTS = Hyperparameters()


@pytest.fixture(scope="module")
def made() -> tuple[EncodedDataset, Tables]:
    dataset = made_up_dataset(150)
    encoded = prepare(dataset, DEFAULTS)
    return encoded, make_tables(dataset.corpus, encoded, DEFAULTS, seed=0)


def test_pages_are_what_all_at_once_would_be(
    made: tuple[EncodedDataset, Tables], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = np.array([117, 3, 3, 64])
    with document_vectors(*made, tmp_path) as vectors:
        whole = vectors[rows]
    monkeypatch.setattr(documents, "PAGE_ROWS", 7)
    with document_vectors(*made, tmp_path) as vectors:
        np.testing.assert_array_equal(vectors[rows], whole)


def test_no_file_stays_not_even_after_an_error(
    made: tuple[EncodedDataset, Tables], tmp_path: Path
) -> None:
    with pytest.raises(ZeroDivisionError), document_vectors(*made, tmp_path):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_no_room_for_them_is_told(made: tuple[EncodedDataset, Tables], tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with (
            pytest.raises(TrainingError, match=r"120 questions, 3\.2 KB each, cannot be written"),
            document_vectors(*made, tmp_path),
        ):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.slow
def test_batches_are_gone_on_with_where_they_were_left_and_let_their_arrays_go() -> None:
    from trainer.systems.branched.batches import Batches

    ids = np.arange(70, dtype=np.int32).reshape(35, 2)
    arrays = ({"title": ids, "body": ids * 2}, np.arange(35, dtype=np.uint8)[:, None])
    batches = Batches(
        arrays, np.arange(5, 35), 8, seed=1, change=lambda number, some: (number, some)
    )
    every = list(batches.shuffled().take(12).as_numpy_iterator())
    for left, later in zip(every[9:], batches.shuffled(9).take(3).as_numpy_iterator(), strict=True):
        assert left[0] == later[0]
        np.testing.assert_array_equal(left[1][0]["title"], later[1][0]["title"])
    inputs, tags = every[3][1]
    np.testing.assert_array_equal(inputs["body"], inputs["title"] * 2)
    np.testing.assert_array_equal(inputs["title"][:, 0], tags[:, 0] * 2)
    seen = np.concatenate([some[1][:, 0] for _, some in every[:4]])
    assert sorted(seen) == list(range(5, 35))
    watched = weakref.ref(ids)
    del ids, arrays, batches
    gc.collect()
    assert watched() is None
