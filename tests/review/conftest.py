"""The web page in plain calls: no server, no browser."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, create_engine

from core.clock import SystemClock
from core.settings import Settings
from review.web.access import set_token
from review.web.app import make_app
from review.web.context import Context
from review.web.owner import OWNER
from tests.conftest import ManualClock

TOKEN = "the-owner-s-own-token"
ADDRESS = "http://127.0.0.1:8080"


@pytest.fixture
def context(sqlite_engine: Engine, clock: ManualClock, tmp_path: Path) -> Context:
    """What the page works with, on SQLite; its owner may log in by TOKEN."""
    with sqlite_engine.begin() as connection:
        set_token(connection, OWNER, TOKEN, now=clock.now())
    return Context(Settings(data_dir=tmp_path), sqlite_engine, clock)


@pytest.fixture
def app(context: Context) -> FastAPI:
    """The application for the test's context; its routes are made once, which takes a while."""
    settings = context.settings
    made = _make_app(tuple(settings.review_names), settings.review_host, settings.review_images)
    made.state.context = context
    return made


@cache
def _make_app(names: tuple[str, ...], host: str, images: bool) -> FastAPI:
    """An application without a context, for what it takes of the settings when it is made."""
    settings = Settings(review_names=names, review_host=host, review_images=images)
    return make_app(Context(settings, create_engine("sqlite://"), SystemClock()))


def browser(app: FastAPI) -> TestClient:
    """A browser that nobody has logged in."""
    return TestClient(app, base_url=ADDRESS, follow_redirects=False)


@pytest.fixture
def stranger(app: FastAPI) -> Iterator[TestClient]:
    """A browser that nobody has logged in; it follows no redirect."""
    with browser(app) as client:
        yield client


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """The owner's browser, which hands in the page's CSRF token with all that it sends."""
    with browser(app) as client:
        log_in(client, TOKEN)
        yield client


def log_in(client: TestClient, token: str) -> None:
    """Log a browser in by a link, and let it send the session's CSRF token."""
    assert client.get("/login", params={"token": token}).status_code == 303
    client.headers["X-CSRF-Token"] = csrf_token(client)


def csrf_token(client: TestClient) -> str:
    """The token that the pages of this browser's session carry."""
    page = str(client.get("/no-such-page").text)
    return page.split('name="csrf-token" content="')[1].split('"', maxsplit=1)[0]
