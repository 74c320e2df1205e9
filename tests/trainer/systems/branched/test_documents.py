import resource
from pathlib import Path

import numpy as np
import pytest

from core.errors import TrainingError
from tests.trainer.made_up import made_up_dataset
from trainer.systems.branched import documents
from trainer.systems.branched.documents import document_vectors
from trainer.systems.branched.embeddings import Tables, make_tables
from trainer.systems.branched.encoded_dataset import EncodedDataset, prepare
from trainer.systems.branched.hyperparameters import Hyperparameters

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
