"""The endpoints of a site's tags: completion while somebody types, and those that are none."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query

from core.database.engine import reading
from core.model import registry
from core.questions.suggested import read_blocked_tags
from review.api.fields import Line, Site, Tag
from review.api.review_models import TagRequest, TagUse
from review.decisions.site_tags import (
    FRESH_SECONDS,
    SiteTag,
    block_tag,
    complete,
    list_tags,
    require_site,
    unblock_tag,
)
from review.tags.manifests import read_manifest
from review.web.context import Context, ContextDep, ReviewerDep
from review.web.memo import NotYet

router = APIRouter(prefix="/api/v1/sites/{site}", tags=["tags"])

LABELS_WAIT: Final = 0.02  # seconds that who types waits for a bundle to be read

SiteDep = Annotated[Site, Path()]


@router.get("/tags")
def complete_tag(
    context: ContextDep,
    _: ReviewerDep,
    site: SiteDep,
    prefix: Annotated[Line, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> list[TagUse]:
    """Tags that begin with what was typed, then those that hold it, the most used first."""
    key = ("site tags", site)
    tags = context.memo.get(key, FRESH_SECONDS, lambda: _read_tags(context, site))
    used = {one.tag for one in tags}
    unused = [SiteTag(label, 0) for label in _labels(context, site) if label not in used]
    found = complete([*tags, *unused], prefix, limit=limit)
    return [TagUse.model_validate(one) for one in found]


def _labels(context: Context, site: str) -> list[str]:
    """What the live version knows, by the alphabet; nothing until its bundle has been read."""

    def read() -> list[str]:
        with reading(context.engine) as connection:
            live = registry.find_live(connection, site)
        manifest = read_manifest(context, live) if live is not None else None
        return sorted(manifest.labels) if manifest is not None else []

    try:
        return context.memo.get(("labels", site), FRESH_SECONDS, read, wait=LABELS_WAIT)
    except NotYet:
        return []


def _read_tags(context: Context, site: str) -> list[SiteTag]:
    with reading(context.engine) as connection:
        return list_tags(connection, site)


@router.get("/blocked-tags")
def list_blocked_tags(context: ContextDep, _: ReviewerDep, site: SiteDep) -> list[str]:
    """The tags that are never suggested at a site."""
    with reading(context.engine) as connection:
        require_site(connection, site)
        return sorted(read_blocked_tags(connection, site))


@router.post("/blocked-tags", status_code=204)
def block(context: ContextDep, reviewer: ReviewerDep, site: SiteDep, sent: TagRequest) -> None:
    """Let a tag never be suggested at a site again."""
    with context.engine.begin() as connection:
        require_site(connection, site)
        block_tag(connection, site, sent.tag, reviewer, now=context.clock.now())


@router.delete("/blocked-tags/{tag:path}", status_code=204)
def unblock(
    context: ContextDep, _: ReviewerDep, site: SiteDep, tag: Annotated[Tag, Path()]
) -> None:
    """Let a tag be suggested again."""
    with context.engine.begin() as connection:
        unblock_tag(connection, site, tag)
