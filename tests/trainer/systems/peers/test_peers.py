"""Other projects' classifiers, for real where they are installed: that they learn, and equally."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.trainer.made_up import made_up_dataset
from trainer.data.corpus import LabelledQuestion, WordIds, read_corpus
from trainer.data.dataset import Dataset
from trainer.progress import ProgressReporter
from trainer.systems.base import learned_rows
from trainer.systems.peers import PEERS, how_to_install, installed_peers
from trainer.systems.peers.annif import Annif
from trainer.systems.peers.fast_text import FastText
from trainer.systems.peers.omikuji import OmikujiBonsai
from trainer.systems.peers.peer import PeerSystem, PeerTagger

SYSTEMS = {
    FastText.name: FastText(epochs=50),
    OmikujiBonsai.name: OmikujiBonsai(),
    Annif.name: Annif(),
}


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return made_up_dataset(300)


PARAMETERS = [
    pytest.param(peer.name, marks=pytest.mark.slow(30) if peer.name == Annif.name else ())
    for peer in PEERS
]  # Annif's program starts many times


@pytest.fixture(scope="module", params=PARAMETERS)
def system(request: pytest.FixtureRequest) -> PeerSystem:
    found = SYSTEMS[request.param]
    if not found.is_installed():
        pytest.skip(f"{found.name} is not installed: {found.installation}")
    return found


@pytest.fixture(scope="module")
def tagger(system: PeerSystem, dataset: Dataset) -> PeerTagger:
    return system.fit(dataset, seed=0, reporter=ProgressReporter())


def test_it_learns_which_words_tell_which_tag(tagger: PeerTagger, dataset: Dataset) -> None:
    rows = dataset.split.test
    found = tagger.probabilities(dataset.corpus, rows)
    assert found.shape == (len(rows), len(dataset.labels))
    assert ((found >= 0) & (found <= 1)).all()
    first = dataset.targets[rows, found.argmax(axis=1)]
    assert first.mean() > 0.9  # 1.0, and a quarter by chance


def test_equal_seeds_give_equal_probabilities(
    system: PeerSystem, tagger: PeerTagger, dataset: Dataset
) -> None:
    again = system.fit_rows(dataset, learned_rows(dataset), seed=0)
    one, other = (
        each.probabilities(dataset.corpus, dataset.split.test) for each in (tagger, again)
    )
    tolerance = 0 if isinstance(system, FastText) else 0.05  # Omikuji takes no seed
    assert np.abs(one - other).max() <= tolerance


def test_its_size_is_that_of_its_weights_and_words(tagger: PeerTagger) -> None:
    assert 5_000 < tagger.size() < 100_000_000


def test_a_question_of_unknown_words_or_none_is_answered(
    tagger: PeerTagger, dataset: Dataset
) -> None:
    questions = [LabelledQuestion(n, text, "", (), "") for n, text in enumerate(("", "nothing"))]
    corpus = read_corpus("fruit", questions, dataset.corpus.text)
    found = tagger.probabilities(corpus, np.array([0, 1]))
    assert np.isfinite(found).all()


def test_a_question_without_words_and_a_tag_of_no_question_do_not_stop_a_fit(
    system: PeerSystem, dataset: Dataset
) -> None:
    targets, rows = dataset.targets.copy(), dataset.split.train
    targets[:, 1] = 0
    titles, bodies = dataset.corpus.titles, dataset.corpus.bodies
    silent = rows[0]
    corpus = replace(
        dataset.corpus, titles=_without(titles, silent), bodies=_without(bodies, silent)
    )
    changed = replace(dataset, corpus=corpus, targets=targets)
    found = system.fit_rows(changed, rows, seed=0).probabilities(corpus, rows[:5])
    assert (found[:, 1] < 0.5).all()


def _without(texts: WordIds, row: int) -> WordIds:
    """Texts of which one is empty."""
    words = [np.array([], np.int32) if each == row else texts[each] for each in range(len(texts))]
    return WordIds(np.concatenate(words), np.cumsum([0, *map(len, words)]))


def test_one_that_is_not_here_is_told_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.systems.peers.peer.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", "")
    assert not installed_peers()
    assert how_to_install("fasttext") == 'pip install ".[trainer,peers]"'
    assert (how_to_install("annif") or "").startswith('pip install "annif[omikuji]" into')
    assert how_to_install("nonsense") is None


def test_one_that_is_here_needs_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("trainer.systems.peers.peer.find_spec", lambda _: "there")
    (tmp_path / "annif").touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [*installed_peers()] == [peer.name for peer in PEERS]
    assert how_to_install("fasttext") is None
