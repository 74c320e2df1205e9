"""Which systems there are."""

from pathlib import Path

import pytest

from core.errors import TrainingError
from trainer.compare.catalogue import catalogue, choose
from trainer.systems import ARCHITECTURES


def test_every_architecture_and_every_system_of_the_article_is_there() -> None:
    found = catalogue()
    alone = {name for name, kind in ARCHITECTURES.items() if not kind.needs_teacher}
    assert found.keys() >= alone
    assert found.keys() >= {
        "conv1d-class-weights",
        "simple-class-weights",
        "weighted-mean",
        "conv1d-two-inputs",
        "conv1d-site-vectors",
        "conv1d-oversampled",
        "conv1d-undersampled",
        "conv1d-balanced-subsets",
        "logistic-regression",
        "linear-svm",
        "lightgbm",
    }
    assert "conv1d-pretrained" in catalogue(vectors=Path("vectors.txt"))


def test_a_mean_brings_its_parts_and_comes_behind_them() -> None:
    assert sorted(choose(catalogue(), ["weighted-mean"])) == ["conv1d", "simple", "weighted-mean"]
    assert list(choose(catalogue(), ["weighted-mean"]))[-1] == "weighted-mean"


def test_a_system_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(TrainingError, match=r"no system nonsense\. There are: .*conv1d"):
        choose(catalogue(), ["nonsense", "conv1d"])


def test_a_peer_that_is_not_installed_is_refused_with_what_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("trainer.systems.peers.peer.find_spec", lambda _: None)
    found = catalogue()
    assert "fasttext" not in found
    with pytest.raises(TrainingError, match=r"^fasttext is not installed here\. .*trainer,peers"):
        choose(found, ["conv1d", "fasttext"])
