"""A site's tags for programs: figures and relations."""

from typing import Annotated

from fastapi import APIRouter, Query

from review.api.browse_models import Model
from review.api.fields import Site
from review.tags.overview import tags_of
from review.web.context import ContextDep, ReviewerDep

router = APIRouter(prefix="/api/v1/tags", tags=["tags"])


class TagFigures(Model):
    """A tag: uses by authors, suggestions and what authors and reviewers say of them.

    `precision` and `acceptance` are null where nothing was suggested or judged.
    """

    tag: str
    uses: int
    suggested: int
    confirmed: int
    precision: float | None
    accepted: int
    rejected: int
    added: int
    acceptance: float | None
    threshold: float | None
    blocked: bool


class ImpliedParent(Model):
    """That a tag nearly always comes with another; `bound`: the lower one of Wilson's interval."""

    tag: str
    parent: str
    questions: int
    together: int
    parent_questions: int
    confidence: float
    bound: float


class PossibleSynonym(Model):
    """Two tags of nearly the same name that keep the same company but stand apart."""

    tag: str
    other: str
    questions: int
    other_questions: int
    together: int
    cosine: float


class TagRelations(Model):
    """What the authors' tags of so many questions tell, the surest first."""

    questions: int
    implications: list[ImpliedParent]
    synonyms: list[PossibleSynonym]


SiteQuery = Annotated[Site, Query()]


@router.get("")
def list_tags(
    context: ContextDep,
    _: ReviewerDep,
    site: SiteQuery,
    after: Annotated[
        str, Query(max_length=100, description="The last tag of the page before.")
    ] = "",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 500,
) -> list[TagFigures]:
    """A site's tags by name, counted ten minutes ago at most."""
    tags = tags_of(context, site).tags
    names = sorted(name for name in tags if name > after)[:limit]
    return [TagFigures.model_validate(tags[name]) for name in names]


@router.get("/relations")
def show_relations(context: ContextDep, _: ReviewerDep, site: SiteQuery) -> TagRelations:
    """Which tags imply others, and which may be the same, with the evidence."""
    return TagRelations.model_validate(tags_of(context, site).relations)
