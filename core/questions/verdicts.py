"""What several reviewers' verdicts on a question come to: the trainer's rule, and the view's.

Of each tag: a verdict that settles a conflict decides. Else the majority does, those who accepted
or added it against those who rejected it. Where as many say the one as the other, the tag is
disputed: nobody's say counts, so the author's choice stands until somebody settles it. The view
`tag_suggestions` says the same in SQL (migration 0006).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, select
from sqlalchemy.engine import Connection

from core.database.keys import one_of
from core.database.review_tables import Verdict

Decided = Literal["accepted", "rejected", "added"]
Joint = Literal["accepted", "rejected", "added", "disputed"]


@dataclass(frozen=True, slots=True)
class Said:
    """What one reviewer says of one tag.

    Attributes:
        verdict: accepted, rejected or added.
        settles: whether it decides a conflict.
    """

    verdict: Decided
    settles: bool = False


def joint_verdict(said: Iterable[Said]) -> Joint:
    """What the verdicts on one tag come to; there is at least one.

    joint_verdict([Said("accepted"), Said("rejected")])  # "disputed"
    """
    verdicts = list(said)
    for one in verdicts:
        if one.settles:
            return one.verdict
    in_favour = sorted(one.verdict for one in verdicts if one.verdict != "rejected")
    against = len(verdicts) - len(in_favour)
    if len(in_favour) == against:
        return "disputed"
    return in_favour[0] if len(in_favour) > against else "rejected"


def read_joint_verdicts(connection: Connection, site: str) -> dict[int, dict[str, Joint]]:
    """What people have said of a site's questions: joint verdicts by question's key and tag."""
    return _read_joint(connection, Verdict.site == site)


def read_joint_verdicts_on(
    connection: Connection, pks: Iterable[int]
) -> dict[int, dict[str, Joint]]:
    """What people have said of the questions with these keys, by key and tag."""
    return _read_joint(connection, one_of(connection, Verdict.question_pk, pks))


def _read_joint(connection: Connection, chosen: ColumnElement[bool]) -> dict[int, dict[str, Joint]]:
    rows = select(Verdict.question_pk, Verdict.tag, Verdict.verdict, Verdict.settles).where(chosen)
    said: defaultdict[int, defaultdict[str, list[Said]]] = defaultdict(lambda: defaultdict(list))
    for pk, tag, verdict, settles in connection.execute(rows):
        said[pk][tag].append(Said(verdict, settles))
    return {
        pk: {tag: joint_verdict(verdicts) for tag, verdicts in sorted(tags.items())}
        for pk, tags in said.items()
    }


def correct_tags(author_tags: Iterable[str], verdicts: Mapping[str, Joint]) -> tuple[str, ...]:
    """Correct an author's tags by people's verdicts: rejected ones go, the others come in.

    Args:
        author_tags: as the author set them.
        verdicts: joint ones, by tag; a disputed tag stays as the author has it.
    """
    authors = list(author_tags)
    said = sorted(tag for tag, verdict in verdicts.items() if verdict in ("accepted", "added"))
    tags = dict.fromkeys([*authors, *said])
    return tuple(tag for tag in tags if verdicts.get(tag) != "rejected")
