"""What the API tells of questions."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Read from the attributes of what the program works with."""

    model_config = ConfigDict(from_attributes=True)


class TagOfPrediction(Model):
    """A tag, its probability from 0 to 1, and whether it is suggested."""

    tag: str
    probability: float
    suggested: bool


class QuestionRow(Model):
    """A question with its newest prediction, as an export tells it too. Times are UTC."""

    site: str
    question_id: int
    title: str
    link: str | None
    author: str | None
    licence: str | None
    created_at: datetime | None
    author_tags: list[str]
    site_state: str
    states: list[str]
    model_version: int | None
    predicted_at: datetime | None
    tags: list[TagOfPrediction]


class QuestionPage(Model):
    """Questions, the newest first, and where the next page begins.

    Attributes:
        cursor: for the next request, with the same filter; null at the end. A page that holds less
            than was asked for, also none, may have one: the search took its time and goes on there.
    """

    questions: list[QuestionRow]
    cursor: str | None


class Prediction(Model):
    """What a version predicted; `is_current` where it read the text as it stands now."""

    version: int
    live: bool
    predicted_at: datetime
    is_current: bool
    tags: list[TagOfPrediction]


class WholeQuestion(Model):
    """A question with its text as its site holds it, and every version's prediction."""

    question: QuestionRow
    body: str
    error: str | None
    attempts: int
    predictions: list[Prediction]
