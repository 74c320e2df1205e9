"""The poller that the settings describe."""

import random

import pytest
import requests
from sqlalchemy import Engine

from core.feeds import FEEDS
from poller.build import make_api, make_poller
from poller.quota import QUOTA_WITH_KEY, QUOTA_WITHOUT_KEY
from tests.conftest import ManualClock
from tests.poller.simulation import made_up_settings


@pytest.mark.parametrize(
    ("settings", "quota"), [({}, QUOTA_WITH_KEY), ({"api_key": None}, QUOTA_WITHOUT_KEY)]
)
def test_a_key_raises_the_quota_until_an_answer_tells_it(
    sqlite_engine: Engine, clock: ManualClock, settings: dict[str, object], quota: int
) -> None:
    api = make_api(
        made_up_settings(**settings),
        sqlite_engine,
        session=requests.Session(),
        clock=clock,
        chance=random.Random(1),
    )
    assert api.rate_limit.quota().maximum == quota


def test_a_poller_has_all_feeds_by_their_names_in_the_order_of_their_turns(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    poller = make_poller(
        made_up_settings(),
        sqlite_engine,
        session=requests.Session(),
        clock=clock,
        chance=random.Random(1),
    )
    assert tuple(poller.feeds) == FEEDS
    assert {name: feed.name for name, feed in poller.feeds.items()} == {
        name: name for name in FEEDS
    }
