"""What a new site lacks: agreement with authors, which needs questions whose tags have settled.

The questions that the training held out are years old, so their tags are settled, and the model has
not learned from them. Tagged beside the new ones, they tell at once how well it agrees.
"""

from datetime import timedelta

from sqlalchemy import Engine, func, select

from core.agreement.drift import find_new_drifts, live_drifts
from core.agreement.live import daily_agreement, score_settled, total_agreement
from core.agreement.scores import Agreement
from core.clock import Clock
from core.database.engine import reading
from core.database.tables import Question
from core.model.registry import get_live
from core.questions.requests import request_tagging
from core.questions.settled import is_settled, settled_before
from core.settings import DEFAULTS

SETTLE = timedelta(days=DEFAULTS.settle_days)


def request_held_out(engine: Engine, site: str, clock: Clock) -> int:
    """Request tagging of the questions that the live model's training held out; return how many.

    On a slow machine new ones have come meanwhile: they are requested already, and not counted.
    """
    with engine.begin() as connection:
        until = get_live(connection, site).learned_until
        if until is None:
            return 0
        since = until + timedelta(seconds=1)
        request_tagging(connection, site=site, now=clock.now(), since=since)
        settled = is_settled(settled_before(clock.now(), SETTLE))
        chosen = (Question.site == site, Question.created_at >= since, settled)
        return connection.scalar(select(func.count()).where(*chosen)) or 0


def count_agreement(engine: Engine, site: str, clock: Clock) -> Agreement:
    """Count what has settled, as the scheduler does every five minutes, and look for drift."""
    scored = True
    while scored:
        with engine.begin() as connection:
            scored = bool(score_settled(connection, now=clock.now(), settle=SETTLE))
    with engine.begin() as connection:
        find_new_drifts(connection, now=clock.now())
        days = daily_agreement(connection, model_version_id=get_live(connection, site).id)
    return total_agreement(days)


def tell_agreement(engine: Engine, site: str, agreement: Agreement) -> str:
    """A sentence on the agreement of a site's live model, and on drift."""
    with reading(engine) as connection:
        drifts = [one.description for one in live_drifts(connection) if one.site == site]
    drift = f"Drift: {drifts[0]}" if drifts else "No drift."
    return (
        f"On {agreement.questions:,} questions whose tags have settled, held out from the "
        f"training: precision@1 {agreement.precision_at_1:.2f}, recall@5 "
        f"{agreement.recall_at_5:.2f} (all tags). {drift}"
    )
