"""Saving a decision on a question, and skipping one for good."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.engine import Connection

from core.database.review_tables import ReviewChange, Verdict
from core.database.tables import ModelVersion, Question
from core.errors import UnknownModelVersion, UnknownQuestion
from core.questions.lock_order import lock_in_order
from core.questions.verdicts import Decided
from review.decisions.actions import Kind, NewAction, find_repeated, record
from review.decisions.claims import release_claim
from review.decisions.states import OwnReview, OwnVerdict, State, read_states, replace_states

SHOWN_TITLE = 200  # characters of a title that the history keeps


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose request it is, on which question, and when.

    Attributes:
        reviewer: who decides.
        request_id: the sender's; the same id a second time does nothing.
        site: the question's.
        question_id: the site's number for it.
        now: UTC.
    """

    reviewer: str
    request_id: str
    site: str
    question_id: int
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a reviewer decides on a question; it replaces all that the same one said before.

    Attributes:
        verdicts: by tag.
        seen_version: number of the model version whose suggestions were seen.
        blind: whether they were hidden until a first choice.
        first_choice: that choice.
        settles: whether it decides what reviewers disagree on.
    """

    verdicts: Mapping[str, Decided]
    seen_version: int | None = None
    blind: bool = False
    first_choice: tuple[str, ...] | None = None
    settles: bool = False


@dataclass(frozen=True, slots=True)
class Saved:
    """That a decision stands.

    Attributes:
        action_id: its action's key.
        saved_at: when it was saved.
        replaced: the reviewer's own verdicts that stood until then, by tag.
    """

    action_id: int
    saved_at: datetime
    replaced: dict[str, Decided] = field(hash=False)


def save(connection: Connection, asked: Asked, decision: Decision) -> Saved:
    """Save a decision in place of the reviewer's earlier one; commits nothing.

    Of a decision that settles, the verdicts do so on tags that reviewers disagree on. A tag that
    the reviewer has settled before stays settled, by the new verdict; so there is one settling
    verdict a tag at most.

        with engine.begin() as connection:
            saved = save(connection, asked, Decision(verdicts={"anova": "accepted"}))

    Raises:
        UnknownQuestion: the site has no such question here.
        UnknownModelVersion: the site has no such version.
        ReviewConflict: the request's id belongs to another decision.
    """
    pk, title = find_question(connection, asked.site, asked.question_id)
    version = _version_key(connection, asked.site, decision.seen_version)
    summary = {
        "question_id": asked.question_id,
        "title": title,
        "verdicts": dict(sorted(decision.verdicts.items())),
    }
    kind: Kind = "settle" if decision.settles else "save"
    new = NewAction(asked.reviewer, asked.request_id, kind, asked.site, summary)

    def decide(before: State) -> State:
        settled = _settled_by(connection, pk, asked.reviewer, decision, before)
        verdicts = {
            tag: OwnVerdict(verdict, tag in settled, asked.now)
            for tag, verdict in decision.verdicts.items()
        }
        first = decision.first_choice
        review = OwnReview("saved", asked.now, version, decision.blind, first)
        return State(verdicts, review)

    return _act(connection, asked, new, pk, decide)


def skip(connection: Connection, asked: Asked) -> Saved:
    """Let the question never come to this reviewer again; commits nothing.

    What the reviewer has saved of it before stays.

    Raises:
        UnknownQuestion: the site has no such question here.
        ReviewConflict: the request's id belongs to another decision.
    """
    pk, title = find_question(connection, asked.site, asked.question_id)
    summary = {"question_id": asked.question_id, "title": title}
    new = NewAction(asked.reviewer, asked.request_id, "skip", asked.site, summary)

    def decide(before: State) -> State:
        skipped = OwnReview("skipped", asked.now)
        return replace(before, review=before.review or skipped)

    return _act(connection, asked, new, pk, decide)


def _act(
    connection: Connection,
    asked: Asked,
    new: NewAction,
    pk: int,
    decide: Callable[[State], State],
) -> Saved:
    """Do it once: what the same request did before is told again."""
    lock_in_order(connection, Question.id == pk)
    done = find_repeated(connection, new)
    if done is not None:
        return Saved(done.id, done.at, _decided(_before(connection, done.id, pk)))
    before = read_states(connection, asked.reviewer, [pk])
    key = record(connection, new, before, now=asked.now)
    if key is None:  # in another transaction, on another question: its id was used twice
        return _act(connection, asked, new, pk, decide)
    replace_states(connection, asked.reviewer, {pk: decide(before[pk])})
    release_claim(connection, pk, asked.reviewer)
    return Saved(key, asked.now, _decided(before[pk]))


def _before(connection: Connection, action_id: int, pk: int) -> State:
    """What an action on a question has replaced."""
    change = select(ReviewChange.before).where(
        ReviewChange.action_id == action_id, ReviewChange.question_pk == pk
    )
    before = connection.execute(change).scalar()
    return State() if before is None else State.from_json(before)  # none of twins that became one


def _decided(state: State) -> dict[str, Decided]:
    return {tag: own.verdict for tag, own in state.verdicts.items()}


def _settled_by(
    connection: Connection, pk: int, reviewer: str, decision: Decision, before: State
) -> set[str]:
    """The tags that a reviewer's decision settles."""
    kept = {tag for tag, own in before.verdicts.items() if own.settles}
    if not decision.settles:
        return kept
    others = connection.execute(
        select(Verdict.tag, Verdict.verdict, Verdict.settles).where(
            Verdict.question_pk == pk, Verdict.reviewer != reviewer
        )
    ).all()
    settled = {tag for tag, _, settles in others if settles}
    directions = {(tag, verdict == "rejected") for tag, verdict, _ in others}
    directions |= {(tag, said == "rejected") for tag, said in decision.verdicts.items()}
    disputed = {tag for tag, against in directions if (tag, not against) in directions}
    return kept | (disputed - settled)


def find_question(connection: Connection, site: str, question_id: int) -> tuple[int, str]:
    """Return the key of a question and its title, as the history shows it.

    Raises:
        UnknownQuestion: the site has no such question here.
    """
    chosen = (Question.site == site, Question.question_id == question_id)
    row = connection.execute(select(Question.id, Question.title).where(*chosen)).one_or_none()
    if row is None:
        raise UnknownQuestion(f"The site {site} has no question {question_id} here.")
    return row.id, row.title[:SHOWN_TITLE]


def _version_key(connection: Connection, site: str, version: int | None) -> int | None:
    if version is None:
        return None
    chosen = (ModelVersion.site == site, ModelVersion.version == version)
    key = connection.execute(select(ModelVersion.id).where(*chosen)).scalar()
    if key is None:
        raise UnknownModelVersion(f"The site {site} has no model version {version}.")
    return key
