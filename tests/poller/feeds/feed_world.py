"""A site of made-up questions for the feeds, behind a stand-in that behaves unless told to."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select

from core.database.api_tables import FeedRow
from core.database.tables import Question
from core.feeds import FeedName
from demo.standin.api import StandIn
from demo.standin.faults import Faults
from demo.standin.site import (
    Change,
    Site,
)
from demo.standin.site import Question as SiteQuestion
from poller.api import Api
from poller.client import ApiAnswer, ApiRequest
from poller.feeds import Step
from poller.service import Poller
from tests.conftest import ManualClock
from tests.poller.simulation import SITE, Simulation, made_up_settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
START = int(NOW.timestamp())
HOUR = 3600


def asked(number: int, at: int, *, seen: int | None = None, **fields: Any) -> SiteQuestion:
    """A question of a moment, in seconds after the start."""
    return SiteQuestion(
        question_id=number,
        title=f"Question {number}",
        body=f"<p>Text {number}</p>",
        tags=("regression",),
        link=f"https://stats.stackexchange.com/questions/{number}",
        creation_date=START + at,
        visible_from=START + (at if seen is None else seen),
        last_activity_date=START + at,
        **fields,
    )


def world(
    engine: Engine,
    questions: Sequence[SiteQuestion],
    *changes: Change,
    faults: Faults | None = None,
    **options: Any,
) -> Simulation:
    site = Site(SITE, questions, changes)
    standin = StandIn([site], start=START, faults=faults)
    return Simulation(engine, ManualClock(NOW), standin, made_up_settings(**options), seed=1)


def read(poller: Poller, name: FeedName) -> list[Step]:
    """One pass of a feed, its pauses sat out."""
    steps: list[Step] = []
    poller.on_step = lambda _site, _name, step: steps.append(step)
    assert poller._pass(SITE, name) is None
    return steps


def numbers(run: Simulation) -> list[int]:
    return sorted(row.question_id for row in run.stored())


def row(engine: Engine, number: int) -> Any:
    with engine.connect() as connection:
        return connection.execute(
            select(
                Question.id,
                Question.title,
                Question.author_tags,
                Question.state,
                Question.state_at,
            ).where(Question.question_id == number)
        ).one()


def mark(engine: Engine, name: FeedName) -> int:
    """The mark in seconds after the start."""
    with engine.connect() as connection:
        found = connection.execute(select(FeedRow.mark).where(FeedRow.feed == name)).scalar_one()
    assert found is not None
    return int(found.timestamp()) - START


def misdate(
    monkeypatch: pytest.MonkeyPatch, dates: Mapping[int, int], field: str = "creation_date"
) -> None:
    """Have questions dated wrong: the API sorts by the date that it knows, whatever it writes."""
    ask = Api.ask

    def misdated(item: Any) -> Any:
        return item | {field: dates.get(item["question_id"], item[field])}

    def answered(api: Api, request: ApiRequest) -> ApiAnswer:
        answer = ask(api, request)
        return replace(answer, items=tuple(misdated(item) for item in answer.items))

    monkeypatch.setattr(Api, "ask", answered)
