"""Reviewers' tokens and browsers' sessions."""

from sqlalchemy import Engine, select

from core.database.review_tables import Reviewer, ReviewSession
from review.web.access import (
    SESSION_LASTS,
    SignedIn,
    disable,
    end_session,
    find_session,
    is_reviewer,
    make_token,
    renew_session,
    reviewer_of_token,
    set_token,
    start_session,
)
from tests.conftest import ManualClock


def test_a_token_is_of_its_reviewer_alone(engine: Engine, clock: ManualClock) -> None:
    tokens = {name: make_token() for name in ("maria", "jo")}
    with engine.begin() as connection:
        for name, token in tokens.items():
            assert set_token(connection, name, token, now=clock.now())
            assert reviewer_of_token(connection, token) == name
        assert reviewer_of_token(connection, "maria") is None
        assert reviewer_of_token(connection, "\ud800") is None


def test_neither_tokens_nor_cookies_are_stored(engine: Engine, clock: ManualClock) -> None:
    with engine.begin() as connection:
        set_token(connection, "maria", "her-token", now=clock.now())
        cookie = start_session(connection, "maria", now=clock.now())
        rows = [*connection.execute(select(Reviewer)), *connection.execute(select(ReviewSession))]
    assert "her-token" not in repr(rows)
    assert cookie not in repr(rows)


def test_another_token_ends_the_old_one_and_its_sessions(
    engine: Engine, clock: ManualClock
) -> None:
    with engine.begin() as connection:
        set_token(connection, "maria", "old", now=clock.now())
        cookie = start_session(connection, "maria", now=clock.now())
        assert not set_token(connection, "maria", "old", now=clock.now())
        assert find_session(connection, cookie, now=clock.now())
        assert set_token(connection, "maria", "new", now=clock.now())
        assert find_session(connection, cookie, now=clock.now()) is None
        assert reviewer_of_token(connection, "old") is None


def test_a_disabled_reviewer_comes_back_by_a_new_token(engine: Engine, clock: ManualClock) -> None:
    with engine.begin() as connection:
        set_token(connection, "maria", "old", now=clock.now())
        assert disable(connection, "maria", now=clock.now())
        assert not disable(connection, "maria", now=clock.now())
        assert not is_reviewer(connection, "maria")
        assert reviewer_of_token(connection, "old") is None
        set_token(connection, "maria", "new", now=clock.now())
        assert is_reviewer(connection, "maria")
        assert reviewer_of_token(connection, "new") == "maria"


def test_a_session_ends_by_itself_or_by_signing_out(engine: Engine, clock: ManualClock) -> None:
    with engine.begin() as connection:
        set_token(connection, "maria", "token", now=clock.now())
        cookie = start_session(connection, "maria", now=clock.now())
        assert find_session(connection, cookie, now=clock.now()) == (
            SignedIn("maria", cookie),
            False,
        )
        clock.time += SESSION_LASTS / 2
        found = find_session(connection, cookie, now=clock.now())
        assert found == (SignedIn("maria", cookie), True)
        renew_session(connection, cookie, now=clock.now())
        clock.time += SESSION_LASTS
        assert find_session(connection, cookie, now=clock.now()) is None
        other = start_session(connection, "maria", now=clock.now())
        assert len(connection.execute(select(ReviewSession)).all()) == 1
        end_session(connection, other)
        assert find_session(connection, other, now=clock.now()) is None


def test_the_csrf_token_is_the_session_s_own() -> None:
    one, other = SignedIn("maria", "cookie"), SignedIn("maria", "another")
    assert one.has_csrf_token(one.csrf_token)
    assert not one.has_csrf_token(other.csrf_token)
    assert not one.has_csrf_token("")
    assert SignedIn("a program").has_csrf_token("")
