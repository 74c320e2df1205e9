"""The service before a browser: questions of one site, and a reviewer for each test."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import delete, select

from core.database.engine import make_engine
from core.database.migrate import upgrade
from core.database.review_tables import ReviewAction, ReviewClaim
from review.decisions.undo import undo
from tests.conftest import ManualClock
from tests.review.browsing import DESKTOP, Service, Watched, chromium, open_page
from tests.review.sample import fill

LOST = (
    "ERR_CONNECTION",
    "ERR_INTERNET_DISCONNECTED",
    "ERR_EMPTY_RESPONSE",
    "ERR_FAILED",
    "status of 401",
    "status of 403",
    "status of 409",
)
PATIENCE_MS = 15_000  # on a machine that does more besides
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("review")
    engine = make_engine(f"sqlite:///{folder / 'tagger.sqlite3'}")
    upgrade(engine)
    fill(engine, now=ManualClock().now(), questions=300)
    engine.dispose()
    with Service(folder) as service:
        yield service


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def give_back_questions(service: Service) -> None:
    """Undo what earlier tests decided, and end what stands on their reviewers' screens."""
    standing = (
        select(ReviewAction.reviewer, ReviewAction.id)
        .where(ReviewAction.undone_at.is_(None))
        .order_by(ReviewAction.id.desc())
    )
    with service.engine.begin() as connection:
        for reviewer, action in connection.execute(standing).all():
            undo(connection, reviewer, action, now=ManualClock().now())
        connection.execute(delete(ReviewClaim))


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=DESKTOP)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def reviewer(request: pytest.FixtureRequest) -> str:
    """A reviewer of the test's own, so that what one decides is not another's history."""
    return str(request.node.name)[5:40].replace("[", " ").replace("]", "")


@pytest.fixture
def watched(context: BrowserContext, service: Service, reviewer: str) -> Iterator[Watched]:
    give_back_questions(service)
    watched = open_page(context, service, service.link_of(reviewer), expects=LOST)
    yield watched
    assert watched.problems == []


@pytest.fixture
def page(watched: Watched) -> Page:
    return watched.page
