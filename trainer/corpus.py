"""The questions that a site's models learn from: streamed in, kept as arrays of word ids."""

import hashlib
import json
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import select
from sqlalchemy.engine import Connection

from core.tables import Question, Verdict
from core.text import TextSettings, question_words

READ_ROWS = 500  # that the database hands over at a time


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A question and the tags that people gave it.

    Attributes:
        question_id: the site's number for it; ascends with time.
        title: plain text.
        body: HTML.
        tags: its author's, corrected by verdicts. Never a model's own.
        content_hash: of title and body.
    """

    question_id: int
    title: str
    body: str
    tags: tuple[str, ...]
    content_hash: str


@dataclass(frozen=True, slots=True)
class WordIds:
    """Texts as ids of their words, end to end: four bytes a word.

    Attributes:
        ids: shape (words of all texts,).
        offsets: shape (texts + 1,); text i is ids[offsets[i]:offsets[i + 1]].
    """

    ids: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> npt.NDArray[np.int32]:
        return self.ids[self.offsets[row] : self.offsets[row + 1]]

    def counts(self, rows: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
        """How often each of `size` words stands in those rows: shape (size,)."""
        if len(rows) == 0:
            return np.zeros(size, np.int64)
        return np.bincount(np.concatenate([self[row] for row in rows]), minlength=size)


@dataclass(frozen=True, slots=True)
class Corpus:
    """A site's questions in the order of their ids, which is that of time.

    Attributes:
        site: whose they are.
        text: how their words were made.
        lexicon: every word that occurs; a word's id is its place here.
        titles: the titles' words.
        bodies: the bodies' words.
        tags: of each question.
        fingerprint: SHA-256 of texts and tags; equal data, equal fingerprint.
    """

    site: str
    text: TextSettings
    lexicon: tuple[str, ...]
    titles: WordIds
    bodies: WordIds
    tags: tuple[tuple[str, ...], ...]
    fingerprint: str

    def __len__(self) -> int:
        return len(self.tags)


def read_corpus(
    site: str,
    questions: Iterable[LabelledQuestion],
    text: TextSettings,
    *,
    on_question: Callable[[], None] = lambda: None,
) -> Corpus:
    """Read questions, which must come in the order of their ids, into memory.

    Args:
        site: whose they are.
        questions: each is let go once its words are counted in.
        text: how a model reads them.
        on_question: called after each.
    """
    lexicon: dict[str, int] = {}
    titles, bodies = _Texts(lexicon), _Texts(lexicon)
    tags: list[tuple[str, ...]] = []
    digest = hashlib.sha256()
    for question in questions:
        title, body = question_words(question.title, question.body, text)
        titles.add(title)
        bodies.add(body)
        tags.append(question.tags)
        line = [question.question_id, question.content_hash, sorted(question.tags)]
        digest.update(json.dumps(line).encode())
        on_question()
    return Corpus(
        site,
        text,
        tuple(lexicon),
        titles.finish(),
        bodies.finish(),
        tuple(tags),
        digest.hexdigest(),
    )


class _Texts:
    """Grows into WordIds."""

    def __init__(self, lexicon: dict[str, int]) -> None:
        self._lexicon = lexicon
        self._ids = array("i")
        self._offsets = array("q", [0])

    def add(self, words: list[str]) -> None:
        lexicon = self._lexicon
        self._ids.extend(lexicon.setdefault(word, len(lexicon)) for word in words)
        self._offsets.append(len(self._ids))

    def finish(self) -> WordIds:
        return WordIds(np.array(self._ids, np.int32), np.array(self._offsets, np.int64))


def stored_questions(connection: Connection, site: str) -> Iterator[LabelledQuestion]:
    """Stream a site's questions from the database, in the order of their ids."""
    verdicts = _read_verdicts(connection, site)
    rows = connection.execution_options(yield_per=READ_ROWS).execute(
        select(
            Question.id,
            Question.question_id,
            Question.title,
            Question.body,
            Question.author_tags,
            Question.content_hash,
        )
        .where(Question.site == site)
        .order_by(Question.question_id)
    )
    for pk, question_id, title, body, author_tags, content_hash in rows:
        tags = correct_tags(author_tags, verdicts.get(pk, {}))
        yield LabelledQuestion(question_id, title, body, tags, content_hash)


def _read_verdicts(connection: Connection, site: str) -> dict[int, dict[str, str]]:
    rows = connection.execute(
        select(Verdict.question_pk, Verdict.tag, Verdict.verdict)
        .join(Question, Question.id == Verdict.question_pk)
        .where(Question.site == site)
    )
    verdicts: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for pk, tag, verdict in rows:
        verdicts[pk][tag] = verdict
    return verdicts


def correct_tags(author_tags: Iterable[str], verdicts: Mapping[str, str]) -> tuple[str, ...]:
    """Correct an author's tags by people's verdicts: rejected ones go, the others come in.

    Args:
        author_tags: as the author set them.
        verdicts: accepted, rejected or added, by tag.
    """
    tags = dict.fromkeys([*author_tags, *sorted(verdicts)])
    return tuple(tag for tag in tags if verdicts.get(tag) != "rejected")
