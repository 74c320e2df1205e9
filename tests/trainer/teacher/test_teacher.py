"""A teacher sees questions while they are read, and encodes what is new."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.model.sentences.reading import Vectors
from core.model.tokenizer import TextSettings
from tests.core.model.sentences.tiny_encoder import write_encoder
from tests.trainer.made_up import labelled, made_up_questions
from trainer.data.corpus import Corpus, LabelledQuestion, read_corpus
from trainer.progress import ProgressReporter
from trainer.teacher.teacher import PAGE_TEXTS, Teacher, open_teacher

QUESTIONS = [labelled(question) for question in made_up_questions(150)]


class Recorder(ProgressReporter):
    """Keeps what it is told, and presses Ctrl-C after some batches."""

    def __init__(self, stop_after: int = 1000) -> None:
        self.stop_after = stop_after
        self.stages: list[str] = []
        self.work: list[tuple[int, int]] = []

    def stage(self, description: str) -> None:
        self.stages.append(description)

    def batch(self, done: int, of: int) -> None:
        self.work.append((done, of))
        if len(self.work) >= self.stop_after:
            raise KeyboardInterrupt


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_encoder(tmp_path / "encoder", [f"word{number}" for number in range(40)])


@contextmanager
def opened(folder: Path) -> Iterator[Teacher]:
    with open_teacher(str(folder), folder.parent / "vectors", ProgressReporter()) as teacher:
        assert teacher is not None
        yield teacher


def read(teacher: Teacher, questions: list[LabelledQuestion]) -> Corpus:
    return read_corpus("fruit", teacher.watch(questions), TextSettings())


def learn(folder: Path, questions: list[LabelledQuestion], reporter: ProgressReporter) -> Vectors:
    with opened(folder) as teacher:
        corpus = read(teacher, questions)
        return teacher.vectors(corpus, np.arange(len(corpus)), reporter)


def encoded(reporter: Recorder) -> list[str]:
    return [stage for stage in reporter.stages if stage.startswith("encoding")]


def test_a_second_training_encodes_what_is_new_or_edited_alone(folder: Path) -> None:
    first, second = Recorder(), Recorder()
    before = learn(folder, QUESTIONS[:100], first)
    edited = [replace(QUESTIONS[0], title="word1 word2", content_hash="edited"), *QUESTIONS[1:]]
    after = learn(folder, edited, second)
    assert encoded(first) == ["encoding 100 new questions"]
    assert encoded(second) == ["encoding 51 new questions"]
    np.testing.assert_array_equal(after[1:100], before[1:])
    assert (after[0] != before[0]).any()
    assert [done for done, _ in first.work] == sorted(done for done, _ in first.work)
    assert first.work[-1][0] == first.work[-1][1]


def test_a_training_that_is_stopped_keeps_what_was_encoded(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        learn(folder, QUESTIONS, Recorder(stop_after=2))
    reporter = Recorder()
    vectors = learn(folder, QUESTIONS, reporter)
    assert encoded(reporter) == [f"encoding {len(QUESTIONS) - 2 * PAGE_TEXTS} new questions"]
    np.testing.assert_allclose(np.linalg.norm(vectors.astype(np.float32), axis=1), 1, atol=1e-2)


def test_only_the_rows_that_are_asked_for_are_encoded_once(folder: Path) -> None:
    reporter = Recorder()
    with opened(folder) as teacher:
        corpus = read(teacher, QUESTIONS)
        read(teacher, QUESTIONS)
        some = teacher.vectors(corpus, np.array([3, 5]), reporter)
        whole = teacher.vectors(corpus, np.arange(len(corpus)), reporter)
        teacher.vectors(corpus, np.arange(len(corpus)), reporter)
    assert encoded(reporter) == [
        "encoding 2 new questions",
        "encoding 148 new questions",
    ]
    np.testing.assert_array_equal(some, whole[[3, 5]])


def test_each_teacher_has_vectors_of_its_own(folder: Path, tmp_path: Path) -> None:
    other = write_encoder(tmp_path / "other", [f"word{number}" for number in range(30)])
    learn(folder, QUESTIONS[:5], Recorder())
    reporter = Recorder()
    learn(other, QUESTIONS[:5], reporter)
    assert encoded(reporter) == ["encoding 5 new questions"]
    assert len(list((tmp_path / "vectors").glob("*.sqlite3"))) == 2


def test_without_a_name_there_is_no_teacher(tmp_path: Path) -> None:
    with open_teacher(None, tmp_path / "vectors", ProgressReporter()) as teacher:
        assert teacher is None
    assert not (tmp_path / "vectors").exists()
