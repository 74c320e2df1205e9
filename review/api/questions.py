"""Questions for programs: pages by cursors, one with all its predictions, exports."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.responses import StreamingResponse

from core.database.engine import reading
from core.database.known_tags import spell_tag
from review.api.browse_models import Prediction, QuestionPage, QuestionRow, WholeQuestion
from review.api.fields import EmptyIsNone, Number, Share, Site, TypedTag, Words
from review.browse.cursors import place_of
from review.browse.export import FORMATS, Format
from review.browse.filters import BrowseFilter, State
from review.browse.find import PAGE, find_all, find_page
from review.browse.question import find_question
from review.web.context import ContextDep, ReviewerDep

router = APIRouter(prefix="/api/v1", tags=["questions"])

_FIRST, _LAST = date(1970, 1, 1), date(2200, 1, 1)


def narrowed_by_query(
    tag: Annotated[
        TypedTag | None, EmptyIsNone, Query(description="The author's, or suggested.")
    ] = None,
    state: Annotated[State | None, EmptyIsNone, Query()] = None,
    since: Annotated[
        date | None, EmptyIsNone, Query(description="First day of asking, UTC.")
    ] = None,
    until: Annotated[
        date | None, EmptyIsNone, Query(description="Last day of asking, UTC.")
    ] = None,
    min_probability: Annotated[
        Share | None, EmptyIsNone, Query(description="Of the tag, or of any.")
    ] = None,
    q: Annotated[Words | None, EmptyIsNone, Query(description="Words of the title.")] = None,
) -> BrowseFilter:
    """What a request's query says of a filter, of whatever site."""
    return BrowseFilter(
        site="",
        tag=tag,
        state=state,
        since=_midnight(since, "since"),
        until=_midnight(until, "until", days=1),
        min_probability=min_probability,
        q=q,
    )


def _midnight(day: date | None, name: str, *, days: int = 0) -> datetime | None:
    if day is None:
        return None
    if not _FIRST <= day <= _LAST:
        raise HTTPException(422, f"{name}: it must lie between 1970 and 2200")
    return datetime.combine(day, time(), UTC) + timedelta(days=days)


NarrowedDep = Annotated[BrowseFilter, Depends(narrowed_by_query)]


def chosen_by_query(
    context: ContextDep,
    narrowed: NarrowedDep,
    site: Annotated[Site, Query(description="The site, by the API's name.")],
) -> BrowseFilter:
    """The filter that a request's query says, with its tag as the site writes it."""
    tag = narrowed.tag
    if tag is not None:
        with reading(context.engine) as connection:
            tag = spell_tag(connection, tag, sites=[site])
    return replace(narrowed, site=site, tag=tag)


FilterDep = Annotated[BrowseFilter, Depends(chosen_by_query)]
Cursor = Annotated[str | None, Query(max_length=200, description="Of the page before.")]


@router.get("/questions")
def list_questions(
    context: ContextDep,
    _: ReviewerDep,
    chosen: FilterDep,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = PAGE,
) -> QuestionPage:
    """A site's questions, the newest first."""
    place = place_of(cursor, by_date=chosen.by_date)
    with reading(context.engine) as connection:
        page = find_page(connection, chosen, place, size=limit)
    questions = [QuestionRow.model_validate(one.to_json()) for one in page.questions]
    return QuestionPage(questions=questions, cursor=page.next.to_cursor() if page.next else None)


@router.get(
    "/questions/export",
    response_class=StreamingResponse,
    responses={200: {"content": {kind.media_type: {} for kind in FORMATS.values()}}},
)
def export_questions(
    context: ContextDep,
    _: ReviewerDep,
    chosen: FilterDep,
    kind: Annotated[Format, Query(alias="format")] = "csv",
) -> StreamingResponse:
    """All questions of a filter as a file, with link, author and licence, and verdicts."""
    way = FORMATS[kind]
    name = f"{chosen.site}-{context.clock.now():%Y-%m-%d}.{way.suffix}"
    return StreamingResponse(
        way.write(find_all(context.engine, chosen)),
        media_type=way.media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.get("/questions/{site}/{question_id}")
def show_question(
    context: ContextDep, _: ReviewerDep, site: Site, question_id: Number
) -> WholeQuestion:
    """One question with its text and what every version predicted."""
    with reading(context.engine) as connection:
        found = find_question(connection, site, question_id)
    return WholeQuestion(
        question=QuestionRow.model_validate(found.question.to_json()),
        body=found.body,
        error=found.error,
        attempts=found.attempts,
        predictions=[Prediction.model_validate(one) for one in found.predictions],
    )
