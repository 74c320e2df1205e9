"""The endpoints that a reviewer works with: the next question, decisions, undoing, the history."""

from typing import Annotated, cast

from fastapi import APIRouter, Path, Query, Response
from sqlalchemy.engine import Connection

from core.database.engine import reading
from core.questions.verdicts import Decided
from core.untrusted import printable
from review.api.browse_models import TagOfPrediction
from review.api.fields import Number, Site
from review.api.review_models import (
    ActionRow,
    DecisionRequest,
    HistoryPage,
    NextQuery,
    NoteRequest,
    NoteRow,
    Other,
    Own,
    Question,
    QueueState,
    Request,
    Saved,
    SavedDecision,
    Undone,
    WantedReviews,
)
from review.decisions import undo as undoing
from review.decisions.filters import Order, QueueFilter, spell_tags
from review.decisions.history import list_history
from review.decisions.notes import add_note, ask_second_opinion, take_back_second_opinion
from review.decisions.question_view import QuestionView, edit_link, view_question
from review.decisions.queue import next_question
from review.decisions.save import Asked, Decision, find_question, save, skip
from review.decisions.saved_filters import get_filter
from review.decisions.site_tags import require_site
from review.decisions.walk import Asking
from review.render.formulas import render_title
from review.render.question_html import render_body
from review.web.context import Context, ContextDep, ReviewerDep

router = APIRouter(prefix="/api/v1/review", tags=["review"])

SiteDep = Annotated[Site, Path()]
NumberDep = Annotated[Number, Path()]


@router.get("/next", responses={204: {"description": "Nothing is left."}}, response_model=Question)
def read_next(
    context: ContextDep, reviewer: ReviewerDep, query: Annotated[NextQuery, Query()]
) -> Question | Response:
    """The next question of a queue, which stands on no other reviewer's screen for ten minutes."""
    with reading(context.engine) as connection:
        order, chosen = _resolve(connection, reviewer, query)
    asking = Asking(reviewer, order, chosen, query.skipped(), context.clock.now())
    found = next_question(context.engine, asking)
    if found is None:
        return Response(status_code=204)
    with reading(context.engine) as connection:
        view = view_question(connection, found.pk, reviewer)
    return _show(context, view, QueueState(order=order, left=found.left))


def _resolve(connection: Connection, reviewer: str, query: NextQuery) -> tuple[Order, QueueFilter]:
    """The order and the filter of a request: its own, over those of a saved filter."""
    order, chosen = query.order, query.chosen()
    if query.saved_filter is not None:
        saved = get_filter(connection, reviewer, query.saved_filter)
        order = order or saved.order
        chosen = QueueFilter.from_json({**saved.chosen.to_json(), **chosen.to_json()})
    if chosen.site is not None:
        require_site(connection, chosen.site)
    return order or "newest", spell_tags(connection, chosen)


@router.get("/questions/{site}/{question_id}")
def read_question(
    context: ContextDep, reviewer: ReviewerDep, site: SiteDep, question_id: NumberDep
) -> Question:
    """A question, whether it is in a queue or not."""
    with reading(context.engine) as connection:
        pk, _ = find_question(connection, site, question_id)
        view = view_question(connection, pk, reviewer)
    return _show(context, view, None)


def _show(context: Context, view: QuestionView, queue: QueueState | None) -> Question:
    question, own = view.question, view.own
    title = printable(question.title)
    images = bool(context.settings.review_images)
    body = render_body(question.body, images=images, base=question.link)
    outcome = own.review.outcome if own.review else None
    return Question(
        site=question.site,
        question_id=question.question_id,
        title=title,
        title_html=str(render_title(title)),
        link=question.link,
        edit_link=edit_link(question.link, question.question_id),
        licence=question.licence and printable(question.licence),
        owner=question.owner and printable(question.owner),
        created_at=question.created_at,
        state=question.state,
        author_tags=question.author_tags,
        model_version=view.model_version,
        suggestions=[TagOfPrediction.model_validate(one) for one in view.suggestions],
        body_html=str(body),
        own=Own(
            verdicts={tag: said.verdict for tag, said in own.verdicts.items()},
            saved=outcome == "saved",
            skipped=outcome == "skipped",
        ),
        others=_show_others(view),
        notes=[NoteRow.model_validate(note) for note in view.notes],
        conflict=bool(view.conflicting_tags),
        conflicting_tags=view.conflicting_tags,
        reviews=view.reviews,
        wanted_reviews=view.wanted_reviews,
        queue=queue,
    )


def _show_others(view: QuestionView) -> list[Other] | None:
    if view.others is None:
        return None
    return [
        Other(reviewer=name, verdicts=cast("dict[str, Decided]", verdicts))
        for name, verdicts in view.others.items()
    ]


@router.post("/questions/{site}/{question_id}/decision")
def save_decision(
    context: ContextDep,
    reviewer: ReviewerDep,
    site: SiteDep,
    question_id: NumberDep,
    sent: DecisionRequest,
) -> SavedDecision:
    """Save a decision in place of the reviewer's earlier one on the question."""
    first = None if sent.first_choice is None else tuple(sent.first_choice)
    decision = Decision(
        verdicts=sent.verdicts,
        seen_version=sent.seen_version,
        blind=sent.blind,
        first_choice=first,
        settles=sent.settles,
    )
    asked = Asked(reviewer, str(sent.request_id), site, question_id, context.clock.now())
    with context.engine.begin() as connection:
        saved = save(connection, asked, decision)
    return SavedDecision(
        action_id=saved.action_id, saved_at=saved.saved_at, replaced=saved.replaced
    )


@router.post("/questions/{site}/{question_id}/skip")
def skip_question(
    context: ContextDep,
    reviewer: ReviewerDep,
    site: SiteDep,
    question_id: NumberDep,
    sent: Request,
) -> Saved:
    """Let a question never come to this reviewer again."""
    asked = Asked(reviewer, str(sent.request_id), site, question_id, context.clock.now())
    with context.engine.begin() as connection:
        saved = skip(connection, asked)
    return Saved(action_id=saved.action_id, saved_at=saved.saved_at)


@router.post("/undo")
def undo_newest(context: ContextDep, reviewer: ReviewerDep) -> Undone:
    """Undo the reviewer's newest action; sent twice, it undoes two."""
    with context.engine.begin() as connection:
        undone = undoing.undo_newest(connection, reviewer, now=context.clock.now())
    return _show_undone(undone)


@router.post("/actions/{action_id}/undo")
def undo_action(
    context: ContextDep, reviewer: ReviewerDep, action_id: Annotated[Number, Path()]
) -> Undone:
    """Undo one of the reviewer's actions; one that is undone stays so."""
    with context.engine.begin() as connection:
        undone = undoing.undo(connection, reviewer, action_id, now=context.clock.now())
    return _show_undone(undone)


def _show_undone(undone: undoing.Undone) -> Undone:
    return Undone(
        action=ActionRow.of(undone.action),
        site=undone.action.site,
        question_id=undone.question_id,
        restored={"verdicts": cast("dict[str, Decided]", undone.restored)},
    )


@router.get("/history")
def read_history(
    context: ContextDep,
    reviewer: ReviewerDep,
    cursor: Annotated[Number | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> HistoryPage:
    """The reviewer's own actions, the newest first."""
    with reading(context.engine) as connection:
        page = list_history(connection, reviewer, cursor=cursor, limit=limit)
    return HistoryPage(actions=[ActionRow.of(one) for one in page.actions], cursor=page.cursor)


@router.post("/questions/{site}/{question_id}/notes", status_code=204)
def write_note(
    context: ContextDep,
    reviewer: ReviewerDep,
    site: SiteDep,
    question_id: NumberDep,
    sent: NoteRequest,
) -> None:
    """Add a note to a question; the same one twice is one."""
    with context.engine.begin() as connection:
        pk, _ = find_question(connection, site, question_id)
        add_note(connection, pk, reviewer, sent.text, now=context.clock.now())


@router.post("/questions/{site}/{question_id}/second-opinion")
def want_second_opinion(
    context: ContextDep, reviewer: ReviewerDep, site: SiteDep, question_id: NumberDep
) -> WantedReviews:
    """Let another reviewer see the question too."""
    with context.engine.begin() as connection:
        pk, _ = find_question(connection, site, question_id)
        return WantedReviews.model_validate(ask_second_opinion(connection, pk, reviewer))


@router.delete("/questions/{site}/{question_id}/second-opinion", status_code=204)
def want_no_second_opinion(
    context: ContextDep, reviewer: ReviewerDep, site: SiteDep, question_id: NumberDep
) -> None:
    """Take back that another reviewer is to see the question too, unless one has answered."""
    with context.engine.begin() as connection:
        pk, _ = find_question(connection, site, question_id)
        take_back_second_opinion(connection, pk, reviewer)
