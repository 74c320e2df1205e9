"""What a fitting keeps on disk, apart from Keras."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.model.sentences.reading import SentenceInput
from tests.trainer.made_up import made_up_dataset
from trainer.data.dataset import Dataset
from trainer.systems.branched.encoded_dataset import prepare
from trainer.systems.branched.hyperparameters import FitHyperparameters, Hyperparameters
from trainer.systems.branched.parts import checkpoints
from trainer.systems.branched.parts.checkpoints import (
    Checkpoints,
    forget_checkpoints,
    make_key,
    open_checkpoints,
)

DEFAULTS = Hyperparameters()
KEY, OTHER = "a" * 64, "b" * 64


def key(
    dataset: Dataset,
    hyperparameters: Hyperparameters = DEFAULTS,
    seed: int = 0,
    epochs: int | None = None,
) -> str:
    return make_key(
        dataset, prepare(dataset, hyperparameters), hyperparameters, seed=seed, most_epochs=epochs
    )


def test_a_key_is_of_all_that_decides_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = made_up_dataset(120)
    assert key(dataset) == key(made_up_dataset(120))
    mixed = replace(dataset, targets=dataset.targets[::-1].copy())
    train, validation = dataset.split.train, dataset.split.validation
    swapped = replace(
        dataset,
        split=replace(
            dataset.split,
            train=np.append(train[1:], validation[0]),
            validation=np.append(validation[1:], train[0]),
        ),
    )
    edited = replace(dataset, corpus=replace(dataset.corpus, fingerprint="another"))
    keys = {
        key(dataset),
        key(made_up_dataset(121)),
        key(mixed),
        key(swapped),
        key(edited),
        key(dataset, Hyperparameters(fit=FitHyperparameters(conv_rate=1e-3))),
        key(dataset, seed=1),
        key(dataset, epochs=1),
    }
    monkeypatch.setattr(checkpoints, "METHOD", 0)
    assert len(keys | {key(dataset)}) == 9


def test_what_learns_of_an_encoder_has_no_key_of_what_reads_it() -> None:
    dataset = made_up_dataset(120)
    encoded = prepare(dataset, DEFAULTS)
    taught = replace(encoded, vectors=np.ones((len(encoded), 3), np.float16))
    sentence = SentenceInput(name="sentence", length=3, encoder="0" * 64, called="one")
    reading = replace(taught, inputs=(*encoded.inputs, sentence))
    keys = {
        make_key(dataset, one, DEFAULTS, seed=0, most_epochs=None)
        for one in (encoded, taught, reading)
    }
    assert len(keys) == 3


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    kept = open_checkpoints(tmp_path, KEY)
    kept.save("reader 1 of 4", {"one": np.arange(3, dtype=np.uint32), "told": np.array("text")})
    found = open_checkpoints(tmp_path, KEY).load("reader 1 of 4")
    assert found is not None
    assert found["one"].tolist() == [0, 1, 2]
    assert found["one"].dtype == np.uint32
    assert str(found["told"]) == "text"
    assert kept.count(["reader 1 of 4", "terms"]) == 1


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    kept = open_checkpoints(tmp_path, KEY)
    assert kept.folder is not None
    np.savez(kept.folder / "terms.npz", table=np.array([print], dtype=object))
    assert kept.load("terms") is None


@pytest.mark.parametrize("cut", [0, 1, 30, 200, -40, -1])
def test_a_file_that_is_cut_short_is_not_there(tmp_path: Path, cut: int) -> None:
    kept = open_checkpoints(tmp_path, KEY)
    assert kept.folder is not None
    kept.save("terms", {"table": np.arange(100.0), "bias": np.zeros(3)})
    path = kept.folder / "terms.npz"
    path.write_bytes(path.read_bytes()[:cut])
    assert kept.load("terms") is None


def test_a_file_of_one_array_or_of_a_changed_one_is_not_there(tmp_path: Path) -> None:
    kept = open_checkpoints(tmp_path, KEY)
    assert kept.folder is not None
    kept.save("terms", {"table": np.arange(100.0)})
    path = kept.folder / "terms.npz"
    whole = bytearray(path.read_bytes())
    whole[400] ^= 1
    path.write_bytes(whole)
    assert kept.load("terms") is None
    with path.open("wb") as file:
        np.save(file, np.arange(3))
    assert kept.load("terms") is None


def test_other_fittings_are_removed_and_strangers_files_left(tmp_path: Path) -> None:
    open_checkpoints(tmp_path, OTHER).save("terms", {"table": np.zeros(1)})
    (tmp_path / "notes.txt").write_text("a person's")
    open_checkpoints(tmp_path, KEY)
    assert {path.name for path in tmp_path.iterdir()} == {KEY, "notes.txt"}
    forget_checkpoints(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    forget_checkpoints(tmp_path / "none")


def test_a_folder_that_cannot_be_written_keeps_nothing_and_says_so(tmp_path: Path) -> None:
    notes: list[str] = []
    in_the_way = tmp_path / "training"
    in_the_way.write_text("a file where the folder should be")
    kept = open_checkpoints(in_the_way, KEY, note=notes.append)
    kept.save("terms", {"table": np.zeros(1)})
    assert kept.load("terms") is None
    assert len(notes) == 1
    assert "the next one starts from scratch" in notes[0]


def test_a_full_disk_ends_the_keeping_not_the_fitting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[str] = []
    kept = open_checkpoints(tmp_path, KEY, note=notes.append)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    kept.save("terms", {"table": np.zeros(1)})
    kept.save("convolutions", {"table": np.zeros(1)})
    assert len(notes) == 1
    assert "No space left on device" in notes[0]
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_nothing_is_kept() -> None:
    kept = Checkpoints(None)
    kept.save("terms", {"table": np.zeros(1)})
    kept.remove("terms")
    kept.clear()
    assert kept.load("terms") is None
