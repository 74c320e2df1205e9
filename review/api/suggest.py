"""Tags for texts, and the words that speak for a question's suggestions."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from core.database.engine import reading
from core.errors import ModelError
from core.questions.store import clean_text
from core.questions.suggested import read_blocked_tags
from core.questions.tags.synonyms import read_replaced
from review.api.browse_models import Model, TagOfPrediction
from review.api.fields import Number, Site, Tag
from review.browse.question import find_question
from review.suggest import texts
from review.suggest.reasons import find_reasons
from review.suggest.texts import suggest_tags
from review.web.context import ContextDep, ReviewerDep
from review.web.sites import known_site

router = APIRouter(prefix="/api/v1", tags=["suggest"])

MOST_TEXTS = 1_000
MOST_EXPLAINED = 10  # tags of a question


class TextToTag(BaseModel):
    """A title as plain text, a body as HTML; either may be empty."""

    title: Annotated[str, Field(max_length=1_000)] = ""
    body: Annotated[str, Field(max_length=100_000)] = ""


class SuggestRequest(BaseModel):
    """Texts to tag by a site's live model, and tags that are not wanted."""

    site: Site
    texts: Annotated[list[TextToTag], Field(min_length=1, max_length=MOST_TEXTS)]
    exclude: Annotated[list[Tag], Field(max_length=1_000)] = []


class SuggestAnswer(BaseModel):
    """For each text its ten most probable tags, the most probable first."""

    site: str
    model_version: int
    results: list[list[TagOfPrediction]]


class WordReason(Model):
    """A word, and how much of the tag's probability is lost without it."""

    word: str
    loss: float


class ReasonsAnswer(BaseModel):
    """By tag the words that speak for it; a tag without any that matters has none.

    Attributes:
        model_version: null where no live model can say anything.
    """

    model_version: int | None
    reasons: dict[str, list[WordReason]]


@router.post("/suggest", responses={409: {"description": "The site has no live model."}})
def suggest(context: ContextDep, _: ReviewerDep, sent: SuggestRequest) -> SuggestAnswer:
    """Tags for texts, at once; nothing is stored. Blocked tags are never among them."""
    site = known_site(context, sent.site)
    with reading(context.engine) as connection:
        blocked = read_blocked_tags(connection, site)
        synonyms = read_replaced(connection, site)
    found = suggest_tags(
        context.models,
        site,
        [texts.Text(clean_text(one.title), clean_text(one.body)) for one in sent.texts],
        excluded=blocked.union(sent.exclude),
        synonyms=synonyms,
    )
    return SuggestAnswer(
        site=site,
        model_version=found.version,
        results=[[TagOfPrediction.model_validate(tag) for tag in tags] for tags in found.tags],
    )


@router.get("/review/questions/{site}/{question_id}/reasons")
def explain(context: ContextDep, _: ReviewerDep, site: Site, question_id: Number) -> ReasonsAnswer:
    """The words that speak for a question's suggested tags, to the model that is live now.

    A word's loss is what the tag's probability loses when the word is left out; it tells what the
    model reacts to, not why a tag would be right.
    """
    with reading(context.engine) as connection:
        found = find_question(connection, site, question_id)
        synonyms = read_replaced(connection, site)
    tags = [tag.tag for tag in found.question.tags if tag.suggested][:MOST_EXPLAINED]
    try:
        with context.models.use(site) as loaded:
            model, question = loaded.model, found.question
            reasons = find_reasons(model, question.title, found.body, tags, synonyms)
            version = loaded.version.version
    except ModelError:  # a help beside the question, which is shown without it
        return ReasonsAnswer(model_version=None, reasons={})
    told = {tag: [WordReason.model_validate(one) for one in of] for tag, of in reasons.items()}
    return ReasonsAnswer(model_version=version, reasons=told)
