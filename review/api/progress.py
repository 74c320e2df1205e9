"""The endpoint that says what reviews come to."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.engine import Connection

from core.database.engine import reading
from core.database.tables import ModelVersion
from review.api.fields import EmptyIsNone, Site
from review.decisions.filters import QueueFilter
from review.decisions.queue import MOST_LEFT
from review.decisions.site_tags import require_site
from review.decisions.walk import Asking, count_left
from review.measures.agreement import Anchoring, measure_anchoring, pair_agreements
from review.measures.progress import count_verdicts_since_training, describe_last_training
from review.web.context import Context, ContextDep, ReviewerDep

router = APIRouter(prefix="/api/v1/review", tags=["review"])

FRESH_SECONDS = 30


class TrainingChange(BaseModel):
    """What the last training that made a version learned from verdicts of since the one before."""

    started_at: datetime
    version: int | None
    questions: int
    corrected_questions: int
    added_tags: int
    removed_tags: int


class Taken(BaseModel):
    """How many of the suggested tags were taken."""

    taken: int
    suggested: int
    share: float


class AnchoringRow(BaseModel):
    """How much more of what is suggested is taken where it was seen first, with a 95% interval."""

    sighted: Taken
    blind: Taken
    difference: float
    low: float
    high: float


class KappaRow(BaseModel):
    """How two reviewers agree on a tag, or on all where it is null."""

    reviewers: tuple[str, str]
    tag: str | None
    questions: int
    agreement: float
    kappa: float | None


class Measures(BaseModel):
    """What is measured of all reviews of a site, anew after some seconds."""

    since_last_training: int
    last_training_changed: TrainingChange | None
    anchoring: AnchoringRow
    kappa: list[KappaRow]


class Progress(Measures):
    """What reviews of a site come to; where `left` is null, there are more than are counted."""

    site: str
    left: int | None


@router.get("/progress")
def read_progress(
    context: ContextDep,
    reviewer: ReviewerDep,
    site: Annotated[Site | None, EmptyIsNone, Query()] = None,
) -> Progress:
    """What verdicts came to at a site, by default the first that has a model."""
    with reading(context.engine) as connection:
        chosen = site or _first_site(connection) or context.settings.sites[0]
        if site is not None:
            require_site(connection, site)
        asking = Asking(reviewer, "newest", QueueFilter(site=chosen), (), context.clock.now())
        left = count_left(connection, asking, chosen, most=MOST_LEFT + 1)
    found = context.memo.get(("measures", chosen), FRESH_SECONDS, lambda: _measure(context, chosen))
    return Progress(site=chosen, left=left if left <= MOST_LEFT else None, **found.model_dump())


def _measure(context: Context, site: str) -> Measures:
    with reading(context.engine) as connection:
        changed = describe_last_training(connection, site)
        return Measures(
            since_last_training=count_verdicts_since_training(connection, site),
            last_training_changed=TrainingChange(**asdict(changed)) if changed else None,
            anchoring=_show_anchoring(measure_anchoring(connection, site)),
            kappa=[KappaRow(**asdict(one)) for one in pair_agreements(connection, site)],
        )


def _first_site(connection: Connection) -> str | None:
    return connection.scalar(select(ModelVersion.site).order_by(ModelVersion.site).limit(1))


def _show_anchoring(found: Anchoring) -> AnchoringRow:
    shares = {
        name: Taken(taken=share.hits, suggested=share.total, share=share.value)
        for name, share in (("sighted", found.sighted), ("blind", found.blind))
    }
    between = found.difference
    return AnchoringRow(**shares, difference=between.value, low=between.low, high=between.high)
