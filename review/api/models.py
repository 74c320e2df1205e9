"""A site's models for programs: list, promote, roll back."""

from typing import Annotated

from fastapi import APIRouter, Query

from core.database.engine import reading
from core.model import going_live
from core.model.going_live import promote_tried, roll_back_tried
from review.api.fields import Site, Version
from review.api.service_models import GoLive, Models, RollBack, VersionState, WentLive
from review.service.models import VersionRow, list_rows, retag_counts
from review.web.context import Context, ContextDep, ReviewerDep

router = APIRouter(prefix="/api/v1/models", tags=["models"])


@router.get("")
def list_models(context: ContextDep, _: ReviewerDep, site: Annotated[Site, Query()]) -> Models:
    """A site's versions, and how many questions going live would tag again."""
    with reading(context.engine) as connection:
        rows = list_rows(connection, site)
    retags = retag_counts(context, site)
    return Models(
        versions=[_told(row) for row in rows],
        retag=dict(retags.counts),
        retag_estimates=sorted(retags.estimates),
        retag_bounds=sorted(retags.bounds),
    )


def _told(row: VersionRow) -> VersionState:
    version, agreement = row.version, row.agreement
    return VersionState(
        version=version.version,
        live=version.live,
        created_at=version.created_at,
        architecture=version.architecture,
        size=version.size,
        pruned=version.pruned_at is not None,
        metrics=version.metrics,
        agreement_questions=agreement.questions,
        agreement_precision_at_1=agreement.precision_at_1,
        agreement_recall_at_5=agreement.recall_at_5,
        drift=row.drift,
        is_previous=row.is_previous,
    )


@router.post("/{site}/{version}/promote")
def promote(
    context: ContextDep, _: ReviewerDep, site: Site, version: Version, sent: GoLive
) -> WentLive:
    """Try a version and make it live; workers take it up at their next batch."""
    went = promote_tried(
        context.engine, context.settings, context.clock, site, version, which=sent.retag
    )
    return _went(context, went)


@router.post("/{site}/rollback")
def roll_back(context: ContextDep, _: ReviewerDep, site: Site, sent: RollBack) -> WentLive:
    """Try the version that was live before, and make it live again.

    Sent again, it goes back to the one before that; naming the version (`to`) keeps it from that.
    """
    went = roll_back_tried(
        context.engine, context.settings, context.clock, site, which=sent.retag, to=sent.to
    )
    return _went(context, went)


def _went(context: Context, went: going_live.WentLive) -> WentLive:
    context.memo.forget()
    before = went.before.version if went.before else None
    return WentLive(version=went.version.version, before=before, asked_again=went.asked_again)
