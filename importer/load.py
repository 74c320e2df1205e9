"""Questions from the rows of a file into the database, batch by batch."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from sqlalchemy import Engine

from core.clock import Clock
from core.database.engine import despite_deadlocks
from core.errors import ImportFailed
from core.questions.files import BrokenRow, Row, SeenIds
from core.questions.lifecycle import Priority
from core.questions.store import FetchedQuestion, Stored, store

BATCH_QUESTIONS = 500  # of one transaction
BATCH_CHARACTERS = 8_000_000  # of all that waits for one: ten times that of honest questions
_SPARE_CHARACTERS = 1000  # as many as a question counts for beside its own: it is some objects

OnRequested = Callable[[str, Sequence[int]], None]

_COUNTED = ("new", "changed", "unchanged", "broken", "repeated")


@dataclass(slots=True)
class Tally:
    """What became of a file's rows.

    Attributes:
        new, changed, unchanged: questions, as `core.questions.store.store()` counts them.
        broken: rows that could not be used.
        repeated: questions with an id that an earlier row had too; each replaced that row's.
        failure: why the file could not be read to its end.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    broken: int = 0
    repeated: int = 0
    failure: str | None = None

    @property
    def imported(self) -> int:
        """How many rows stand in the database now."""
        return self.new + self.changed + self.unchanged

    @property
    def read(self) -> int:
        """How many rows were read."""
        return self.imported + self.broken

    def __add__(self, other: Self) -> Self:
        """The counts of both."""
        counts = {name: getattr(self, name) + getattr(other, name) for name in _COUNTED}
        return type(self)(**counts)


def import_rows(
    engine: Engine,
    rows: Iterable[Row],
    *,
    clock: Clock,
    request_tagging: bool = False,
    on_broken: Callable[[BrokenRow], None] = lambda _row: None,
    on_requested: OnRequested = lambda _site, _pks: None,
) -> Tally:
    """Store questions, BATCH_QUESTIONS in one transaction.

        rows = read_questions(Path("Posts.xml"), site="stats")
        tally = import_rows(engine, rows, clock=SystemClock())

    Args:
        engine: of the database, its tables up to date.
        rows: of one file.
        clock: dates the questions' fetching.
        request_tagging: whether they are to be tagged.
        on_broken: called with each row that cannot be used.
        on_requested: called after each transaction with a site and the keys that it requested.

    Raises:
        DatabaseUnreachable: what was stored before stays; importing again goes on.
    """
    loader = _Loader(engine, clock, request_tagging=request_tagging, on_requested=on_requested)
    try:
        for row in rows:
            if isinstance(row, BrokenRow):
                loader.tally.broken += 1
                on_broken(row)
            else:
                loader.add(row)
    except ImportFailed as error:
        loader.tally.failure = str(error)
    loader.write_all()
    return loader.tally


class _Loader:
    """Questions on their way into the database, by site."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        *,
        request_tagging: bool,
        on_requested: OnRequested,
    ) -> None:
        self.tally = Tally()
        self._engine, self._clock = engine, clock
        self._request_tagging, self._on_requested = request_tagging, on_requested
        self._seen = SeenIds()
        self._batches: dict[str, dict[int, FetchedQuestion]] = {}
        self._characters = 0

    def add(self, question: FetchedQuestion) -> None:
        site, question_id = question.site, question.question_id
        if not self._seen.add(site, question_id):
            self.tally.repeated += 1
            if question_id in self._batches.get(site, {}):
                self._write(site)  # in one batch with it, the two would count as one
        batch = self._batches.setdefault(site, {})
        batch[question_id] = question
        self._characters += _length(question)
        if self._characters >= BATCH_CHARACTERS:
            self.write_all()
        elif len(batch) == BATCH_QUESTIONS:
            self._write(site)

    def write_all(self) -> None:
        for site in list(self._batches):
            self._write(site)

    def _write(self, site: str) -> None:
        questions = self._batches.pop(site).values()
        self._characters -= sum(map(_length, questions))
        pending = [q for q in questions if q.state in (None, "open")]
        over = [q for q in questions if q.state not in (None, "open")]  # nobody tags these any more
        self._store(site, pending, request_tagging=self._request_tagging)
        self._store(site, over, request_tagging=False)

    def _store(
        self, site: str, questions: Collection[FetchedQuestion], *, request_tagging: bool
    ) -> None:
        if not questions:
            return

        def write() -> Stored:
            with self._engine.begin() as connection:
                return store(
                    connection,
                    questions,
                    now=self._clock.now(),
                    request_tagging=request_tagging,
                    priority=Priority.BACKFILL,
                )

        # A poller that fetches the site's history may be about to store the same questions.
        stored = despite_deadlocks(write)
        self.tally.new += stored.new
        self.tally.changed += stored.changed
        self.tally.unchanged += stored.unchanged
        if stored.requested:
            self._on_requested(site, stored.requested)


def _length(question: FetchedQuestion) -> int:
    texts = (question.title, question.body, question.link, question.owner, question.licence)
    return _SPARE_CHARACTERS + sum(len(text) for text in texts if text is not None)
