"""The questions that a site's models learn from: streamed in, kept as arrays of word ids."""

import hashlib
import json
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from core.model.tokenizer import TextSettings, question_words
from core.questions.time_order import Seen


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A question and the tags that people gave it.

    Attributes:
        question_id: the site's number for it.
        title: plain text.
        body: HTML.
        tags: its author's, corrected by verdicts. Never a model's own.
        content_hash: of title and body.
        link: to it on its site, where that is known.
        row: its key in `questions`, or its place in a file.
        created_at: UTC; None where its source does not say.
    """

    question_id: int
    title: str
    body: str
    tags: tuple[str, ...]
    content_hash: str
    link: str | None = None
    row: int = 0
    created_at: datetime | None = None


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

    def cut(self, start: int, stop: int) -> "WordIds":
        """Return the texts from one row to before another; they share their ids with these."""
        offsets = self.offsets[start : stop + 1]
        return WordIds(self.ids[offsets[0] : offsets[-1]], offsets - offsets[0])

    def counts(self, rows: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.int64]:
        """How often each of `size` words stands in those rows: shape (size,)."""
        if len(rows) == 0:
            return np.zeros(size, np.int64)
        return np.bincount(np.concatenate([self[row] for row in rows]), minlength=size)


@dataclass(frozen=True, slots=True)
class Corpus:
    """A site's questions in the order of time, as core/questions/time_order.py has it.

    Attributes:
        site: whose they are.
        text: how their words were made.
        lexicon: every word that occurs; a word's id is its place here.
        titles: the titles' words.
        bodies: the bodies' words.
        tags: of each question.
        question_ids: the site's numbers for them; shape (questions,).
        rows: their keys in `questions`, or places in a file; the same shape.
        created_at: in seconds since 1970, NaN where that is not known; the same shape.
        fingerprint: SHA-256 of texts and tags; equal data, equal fingerprint.
    """

    site: str
    text: TextSettings
    lexicon: tuple[str, ...]
    titles: WordIds
    bodies: WordIds
    tags: tuple[tuple[str, ...], ...]
    question_ids: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    created_at: npt.NDArray[np.float64]
    fingerprint: str

    def __len__(self) -> int:
        return len(self.tags)

    def cut(self, row: int) -> tuple["Corpus", "Corpus"]:
        """Return the questions before a row and those from it on; nothing is copied.

        Both keep the lexicon and the fingerprint of the whole.
        """
        return self._part(0, row), self._part(row, len(self))

    def _part(self, start: int, stop: int) -> "Corpus":
        return replace(
            self,
            titles=self.titles.cut(start, stop),
            bodies=self.bodies.cut(start, stop),
            tags=self.tags[start:stop],
            question_ids=self.question_ids[start:stop],
            rows=self.rows[start:stop],
            created_at=self.created_at[start:stop],
        )

    def question_at(self, row: int) -> tuple[datetime | None, int]:
        """When a question was created, where that is known, and its key in `questions`."""
        asked = float(self.created_at[row])
        return None if np.isnan(asked) else datetime.fromtimestamp(asked, UTC), int(self.rows[row])

    def is_among(self, seen: Seen, row: int) -> bool:
        """Whether a question is one of those that were seen."""
        created_at, key = self.question_at(row)
        number = int(self.question_ids[row])
        return seen.includes(row=key, created_at=created_at, number=number)

    def seen(self) -> Seen:
        """Which questions have been seen by whoever has read these."""
        dated = self.created_at[~np.isnan(self.created_at)]
        until = datetime.fromtimestamp(dated.max(), UTC) if len(dated) else None
        return Seen(until, int(self.rows.max()))


class Fingerprint:
    """SHA-256 of questions and their tags, as they come."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(self, question_id: int, content_hash: str, tags: Iterable[str]) -> None:
        """Take one question in."""
        self._digest.update(json.dumps([question_id, content_hash, sorted(tags)]).encode())

    def __str__(self) -> str:
        return self._digest.hexdigest()


def read_corpus(
    site: str,
    questions: Iterable[LabelledQuestion],
    text: TextSettings,
    *,
    on_question: Callable[[], None] = lambda: None,
) -> Corpus:
    """Read questions, which must come in the order of time, into memory.

        with reading(engine) as connection:
            corpus = read_corpus(site, stored_questions(connection, Selection(site)), system.text)

    Args:
        site: whose they are.
        questions: read one by one, and none is kept.
        text: how a model reads them.
        on_question: called after each.
    """
    lexicon: dict[str, int] = {}
    titles, bodies = _Texts(lexicon), _Texts(lexicon)
    tags: list[tuple[str, ...]] = []
    question_ids, rows, created_at = array("q"), array("q"), array("d")
    fingerprint = Fingerprint()
    for question in questions:
        title, body = question_words(question.title, question.body, text)
        titles.add(title)
        bodies.add(body)
        tags.append(question.tags)
        question_ids.append(question.question_id)
        rows.append(question.row)
        asked = question.created_at
        created_at.append(np.nan if asked is None else asked.timestamp())
        fingerprint.add(question.question_id, question.content_hash, question.tags)
        on_question()
    return Corpus(
        site,
        text,
        tuple(lexicon),
        titles.finish(),
        bodies.finish(),
        tuple(tags),
        np.array(question_ids, np.int64),
        np.array(rows, np.int64),
        np.array(created_at, np.float64),
        str(fingerprint),
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
