import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from review.web.access import disable, set_token
from tests.conftest import ManualClock
from tests.review.rows import predict_rows


@pytest.fixture
def address(client: TestClient, sqlite_engine: Engine, clock: ManualClock) -> str:
    """The feed of new suggestions as the page gives it to the owner."""
    predict_rows(sqlite_engine, {1: {"anova": 0.9}, 2: {"anova": 0.1}}, now=clock.now())
    found = re.search(r'href="(/feeds/suggested\.atom[^"]+)"', client.get("/browse").text)
    assert found is not None
    return found[1].replace("&amp;", "&")


def test_a_reader_needs_the_key_alone(address: str, stranger: TestClient) -> None:
    feed = stranger.get(address)
    assert feed.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert feed.text.count("<entry>") == 1
    assert "key=" not in feed.text
    disputed = stranger.get(address.replace("suggested", "disputed"))
    assert (disputed.status_code, disputed.text.count("<entry>")) == (200, 0)


def test_a_key_opens_nothing_else_and_a_wrong_one_nothing(
    address: str, stranger: TestClient
) -> None:
    key = address.rsplit("key=", 1)[1]
    assert stranger.get(f"/browse?key={key}").status_code == 303
    assert stranger.get(f"/api/v1/questions?site=stats&key={key}").status_code == 401
    assert stranger.get("/feeds/suggested.atom?site=stats").status_code == 303
    wrong = [stranger.get("/feeds/suggested.atom?site=stats&key=x").status_code for _ in range(11)]
    assert wrong == [403] * 10 + [429]


def test_a_key_ends_with_its_token(
    address: str, stranger: TestClient, sqlite_engine: Engine, clock: ManualClock
) -> None:
    with sqlite_engine.begin() as connection:
        set_token(connection, "owner", "another-token-of-the-owner", now=clock.now())
    assert stranger.get(address).status_code == 403
    with sqlite_engine.begin() as connection:
        disable(connection, "owner", now=clock.now())
    assert stranger.get(address).status_code == 403


def test_what_is_no_feed_is_refused(client: TestClient) -> None:
    assert client.get("/feeds/evil.atom?site=stats").status_code == 422
    assert client.get("/feeds/suggested.atom").status_code == 422
