"""How far reviewers agree with each other, and how far suggestions sway them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased

from core.database.keys import in_chunks
from core.database.review_tables import Review, Verdict
from core.database.tables import Question
from core.database.views import PredictedTag
from core.questions.suggested import is_suggested
from review.decisions.states import OwnVerdict, State
from review.measures.independent import independent_states
from review.measures.statistics import Difference, Share, cohen_kappa, difference

NEWEST: Final = 2_000  # reviews, or pairs of them, that are looked at
MOST_ROWS: Final = 100  # of pair and tag, those with the most questions


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """How two reviewers agree on one tag, or on all together.

    Attributes:
        reviewers: the two.
        tag: which; None for all tags that either gave or was asked about.
        questions: that both have saved and where one of them at least says something of the tag;
            of all tags together, such questions and tags.
        agreement: share of those on which they say the same.
        kappa: Cohen's; None where it is not defined.
    """

    reviewers: tuple[str, str]
    tag: str | None
    questions: int
    agreement: float
    kappa: float | None


@dataclass(frozen=True, slots=True)
class Anchoring:
    """How much more of what is suggested is taken where the suggestions were seen first.

    Attributes:
        sighted: suggested tags that were accepted, of those that were seen.
        blind: suggested tags that stand in the first choice, of those that were hidden.
        difference: of the two shares. Tags of one question go together, so the true interval is
            somewhat wider.
    """

    sighted: Share
    blind: Share
    difference: Difference


def pair_agreements(connection: Connection, site: str) -> list[PairAgreement]:
    """The agreement of each two reviewers of a site, by tag and on all together.

    A reviewer who saved a question without a tag says that it does not belong there. What counts
    is what each said before the others' verdicts could be seen, whatever was saved later. Who
    settles a tag knows that others disagree, so a pair with a verdict that settled at once is left
    out on that tag.
    """
    pairs = _read_pairs(connection, site)
    reviewed: defaultdict[str, set[int]] = defaultdict(set)
    for row in pairs:
        for reviewer in (row.first, row.second):
            reviewed[reviewer].add(row.question_pk)
    ratings = _rate(pairs, independent_states(connection, reviewed))
    found = [
        PairAgreement(
            names, tag, len(said), sum(a == b for a, b in said) / len(said), cohen_kappa(said)
        )
        for (names, tag), said in ratings.items()
    ]
    return sorted(found, key=lambda one: (-one.questions, one.reviewers, one.tag or ""))[:MOST_ROWS]


def _rate(
    pairs: Sequence[Any], states: Mapping[tuple[int, str], State]
) -> Mapping[tuple[tuple[str, str], str | None], list[tuple[bool, bool]]]:
    """What both say, by pair of reviewers and tag, and by pair alone."""
    ratings: defaultdict[tuple[tuple[str, str], str | None], list[tuple[bool, bool]]]
    ratings = defaultdict(list)
    for pk, *names in pairs:
        first, second = (states[pk, name].verdicts for name in names)
        for tag in first.keys() | second.keys():
            given = [said[tag] for said in (first, second) if tag in said]
            if any(own.settles for own in given):
                continue
            said = (_is_for(first.get(tag)), _is_for(second.get(tag)))
            for key in (tag, None):
                ratings[(names[0], names[1]), key].append(said)
    return ratings


def _is_for(own: OwnVerdict | None) -> bool:
    return own is not None and own.verdict != "rejected"


def _read_pairs(connection: Connection, site: str) -> Sequence[Any]:
    one, other = aliased(Review), aliased(Review)
    pairs = (
        select(one.question_pk, one.reviewer.label("first"), other.reviewer.label("second"))
        .join(other, other.question_pk == one.question_pk)
        .join(Question, Question.id == one.question_pk)
        .where(
            Question.site == site,
            one.reviewer < other.reviewer,
            one.outcome == "saved",
            other.outcome == "saved",
        )
        .order_by(one.question_pk.desc())
        .limit(NEWEST)
    )
    return connection.execute(pairs).all()


def _read_chosen(
    connection: Connection, pks: Iterable[int]
) -> dict[int, defaultdict[str, dict[str, bool]]]:
    """By question and reviewer, whether each tag belongs there, as far as something is said."""
    found: dict[int, defaultdict[str, dict[str, bool]]] = {pk: defaultdict(dict) for pk in pks}
    for chunk in in_chunks(sorted(found)):
        said = select(Verdict.question_pk, Verdict.reviewer, Verdict.tag, Verdict.verdict)
        chosen = said.where(Verdict.question_pk.in_(chunk))
        for pk, reviewer, tag, verdict in connection.execute(chosen):
            found[pk][reviewer][tag] = verdict != "rejected"
    return found


def measure_anchoring(connection: Connection, site: str) -> Anchoring:
    """Compare reviews that saw the suggestions at once with first choices made without them."""
    sighted = connection.execute(_reviews(site, blind=False)).all()
    blind = connection.execute(_reviews(site, blind=True)).all()
    suggested = _read_suggested(connection, [*sighted, *blind])
    chosen = _read_chosen(connection, {row.question_pk for row in sighted})
    taken = Share(0, 0)
    for row in sighted:
        own = chosen[row.question_pk][row.reviewer]
        taken = _count(taken, suggested, row, {tag for tag, is_chosen in own.items() if is_chosen})
    hidden = Share(0, 0)
    for row in blind:
        hidden = _count(hidden, suggested, row, set(row.first_choice))
    return Anchoring(taken, hidden, difference(taken, hidden))


def _reviews(site: str, *, blind: bool) -> Select[*tuple[Any, ...]]:
    statement = (
        select(Review.question_pk, Review.reviewer, Review.model_version_id, Review.first_choice)
        .join(Question, Question.id == Review.question_pk)
        .where(
            Question.site == site,
            Review.outcome == "saved",
            Review.blind.is_(blind),
            Review.model_version_id.is_not(None),
        )
        .order_by(Review.at.desc())
        .limit(NEWEST)
    )
    return statement.where(Review.first_choice.is_not(None)) if blind else statement


def _read_suggested(
    connection: Connection, reviews: Sequence[Any]
) -> dict[tuple[int, int], set[str]]:
    """The suggested tags by question and version, without those that are blocked now."""
    keys = sorted({row.question_pk for row in reviews})
    found: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    for chunk in in_chunks(keys):
        rows = select(PredictedTag.question_pk, PredictedTag.model_version_id, PredictedTag.tag)
        joined = rows.join(Question, Question.id == PredictedTag.question_pk)
        chosen = (PredictedTag.question_pk.in_(chunk), is_suggested())
        for pk, version, tag in connection.execute(joined.where(*chosen)):
            found[pk, version].add(tag)
    return found


def _count(
    share: Share, suggested: dict[tuple[int, int], set[str]], row: Any, taken: set[str]
) -> Share:
    of_review = suggested.get((row.question_pk, row.model_version_id), set())
    return Share(share.hits + len(of_review & taken), share.total + len(of_review))
