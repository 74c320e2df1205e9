"""The endpoints of saved filters, and of one verdict for all questions of a filter."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path
from sqlalchemy.engine import Connection

from core.database.engine import reading
from core.database.known_tags import spell_tag
from core.untrusted import is_readable
from review.api.browse_models import TagOfPrediction
from review.api.fields import Name
from review.api.review_models import (
    BulkPreview,
    BulkQuery,
    BulkQuestion,
    BulkRequest,
    BulkSaved,
    OrderedFilter,
    SavedFilter,
)
from review.decisions.bulk import MOST, BulkVerdict, preview_bulk, save_bulk
from review.decisions.filters import spell_tags
from review.decisions.previews import QuestionPreview, read_previews
from review.decisions.saved_filters import (
    NamedFilter,
    delete_filter,
    list_filters,
    save_filter,
)
from review.decisions.site_tags import require_site
from review.render.formulas import render_title
from review.web.context import ContextDep, ReviewerDep

router = APIRouter(prefix="/api/v1/review", tags=["review"])

NameDep = Annotated[Name, Path()]


@router.get("/filters")
def read_filters(context: ContextDep, reviewer: ReviewerDep) -> list[SavedFilter]:
    """The reviewer's saved filters."""
    with reading(context.engine) as connection:
        found = list_filters(connection, reviewer)
    return [SavedFilter(name=one.name, order=one.order, **one.chosen.to_json()) for one in found]


@router.put("/filters/{name:path}", status_code=204)
def write_filter(
    context: ContextDep, reviewer: ReviewerDep, name: NameDep, sent: OrderedFilter
) -> None:
    """Save a filter, in place of the one of that name."""
    named = NamedFilter(name, sent.chosen(), sent.order)
    with context.engine.begin() as connection:
        save_filter(connection, reviewer, named, now=context.clock.now())


@router.delete("/filters/{name:path}", status_code=204)
def remove_filter(context: ContextDep, reviewer: ReviewerDep, name: NameDep) -> None:
    """Delete a saved filter."""
    with context.engine.begin() as connection:
        delete_filter(connection, reviewer, name)


@router.post("/bulk/preview")
def preview(context: ContextDep, reviewer: ReviewerDep, sent: BulkQuery) -> BulkPreview:
    """What a bulk verdict would decide on."""
    with reading(context.engine) as connection:
        said = _verdict(connection, sent)
        found = preview_bulk(connection, said, reviewer)
        questions = [_show(one) for one in read_previews(connection, found.first)]
    return BulkPreview(
        tag=said.tag, count=found.count, too_many=found.count > MOST, questions=questions
    )


def _verdict(connection: Connection, sent: BulkQuery) -> BulkVerdict:
    """What is said, with tags as the site writes them."""
    chosen = sent.filter.chosen()
    if chosen.site is None:
        raise HTTPException(422, "filter.site: a bulk verdict is on the questions of one site")
    require_site(connection, chosen.site)
    tag = spell_tag(connection, sent.tag, sites=[chosen.site])
    if not is_readable(tag):  # no site has it, and none can be given it
        raise HTTPException(422, "tag: a tag has no spaces")
    return BulkVerdict(chosen.site, spell_tags(connection, chosen), tag, sent.verdict)


def _show(one: QuestionPreview) -> BulkQuestion:
    return BulkQuestion(
        question_id=one.question_id,
        title=one.title,
        title_html=str(render_title(one.title, in_link=True)),
        link=one.link,
        author_tags=one.author_tags,
        suggestions=[TagOfPrediction.model_validate(row) for row in one.suggestions],
    )


@router.post("/bulk")
def write_bulk(context: ContextDep, reviewer: ReviewerDep, sent: BulkRequest) -> BulkSaved:
    """Say one verdict of all questions of a filter, at most a thousand, as one action."""
    with context.engine.begin() as connection:
        saved = save_bulk(
            connection,
            _verdict(connection, sent),
            reviewer=reviewer,
            request_id=str(sent.request_id),
            now=context.clock.now(),
        )
    return BulkSaved(action_id=saved.action_id, count=saved.count)
