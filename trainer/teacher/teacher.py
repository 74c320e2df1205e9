"""The teacher of a training: it sees questions while they are read, and encodes what is new."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from core.model.sentences.encoder import Encoder, preload
from core.model.sentences.files import find_encoder
from core.model.sentences.reading import TokenIds, Vectors
from trainer.data.corpus import Corpus, LabelledQuestion
from trainer.data.splits import Rows
from trainer.progress import ProgressReporter, TimeEstimate
from trainer.systems.networks.signals import signals_win
from trainer.teacher.store import VectorStore

PAGE_TEXTS: Final = 64  # encoded and kept at a time


class Teacher:
    """A sentence encoder, the questions that it has seen, and their vectors.

    with open_teacher("/models/all-MiniLM-L6-v2", folder, reporter) as teacher:
        corpus = read_corpus("cooking", teacher.watch(questions), text)
        teacher.vectors(corpus, rows, reporter)
    """

    def __init__(self, encoder: Encoder, store: VectorStore) -> None:
        """Teach by an encoder, whose vectors are kept in a store."""
        self._encoder, self._store = encoder, store
        self._texts: dict[int, str] = {}  # hashes by the questions' keys
        self._tokens: dict[str, TokenIds] = {}  # of texts whose vector is not there

    @property
    def digest(self) -> str:
        """SHA-256 of the encoder."""
        return self._encoder.digest

    @property
    def called(self) -> str:
        """The encoder's name, for people."""
        return self._encoder.called

    def watch(self, questions: Iterable[LabelledQuestion]) -> Iterator[LabelledQuestion]:
        """Pass questions on; of those whose vector is not there, the tokens are kept.

        HTML would be several times as large.
        """
        for question in questions:
            text = question.content_hash
            if self._texts.get(question.row) != text:
                self._texts[question.row] = text
                if text not in self._tokens and not self._store.holds(text):
                    self._tokens[text] = self._encoder.tokens(question.title, question.body)
            yield question

    def vectors(self, corpus: Corpus, rows: Rows, reporter: ProgressReporter) -> Vectors:
        """Return the sentence vectors of rows of a corpus that was read under watch.

        What is encoded is kept page by page, so a training that is killed loses seconds.

        Raises:
            KeyboardInterrupt: Ctrl-C; what is encoded by then is kept.
        """
        texts = [self._texts[int(key)] for key in corpus.rows[rows]]
        wanted = set(texts)
        self._encode({text: ids for text, ids in self._tokens.items() if text in wanted}, reporter)
        self._encoder.release()  # fitting may need the memory
        return self._store.load(texts)

    def _encode(self, new: dict[str, TokenIds], reporter: ProgressReporter) -> None:
        if not new:
            return
        reporter.stage(f"encoding {len(new):,} new questions")
        estimate = TimeEstimate(sum(map(len, new.values())))
        texts = list(new)
        for start in range(0, len(texts), PAGE_TEXTS):
            page = texts[start : start + PAGE_TEXTS]
            self._store.add(page, self._encoder.encode([new[text] for text in page]))
            for text in page:
                del self._tokens[text]
            estimate.advance(sum(len(new[text]) for text in page))
            reporter.time_left(estimate.left())
            reporter.batch(estimate.done, estimate.of)


@contextmanager
def open_teacher(
    named: str | None, folder: Path, reporter: ProgressReporter
) -> Iterator[Teacher | None]:
    """Load the teacher of the setting.

    Args:
        named: a folder, or an installed package; None for no teacher.
        folder: for the vectors of all teachers, a file each.
        reporter: is told where vectors are lost, or cannot be kept.

    Raises:
        TeacherUnusable: it is no sentence encoder that can be used here.
    """
    if named is None:
        yield None
        return
    reporter.stage("loading the teacher")
    with signals_win():
        preload()
    encoder = Encoder(find_encoder(named))
    path = folder / f"{encoder.digest[:16]}.sqlite3"
    with VectorStore(path, encoder.size, reporter.note) as store:
        yield Teacher(encoder, store)
