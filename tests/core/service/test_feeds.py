from datetime import timedelta

from sqlalchemy import Engine, insert

from core.database.api_tables import ApiClient, ApiPause, ApiSite, FeedRow, SkippedItem
from core.service.feeds import feed_status, polled_feeds, quota_status, skipped_counts
from core.settings import Settings
from tests.conftest import ManualClock


def test_feeds_tell_their_marks_errors_and_the_pause_that_holds(
    engine: Engine, clock: ManualClock
) -> None:
    now = clock.now()
    soon, later = now + timedelta(seconds=30), now + timedelta(hours=1)
    with engine.begin() as connection:
        rows = [("stats", "history"), ("stats", "live"), ("cooking", "live")]
        for site, feed in rows:
            connection.execute(insert(FeedRow).values(site=site, feed=feed, mark=now, failures=2))
        pauses = [
            ("stats", "questions/unanswered", soon, "backoff"),
            ("stats", "questions", now, "over"),
            ("cooking", "questions/unanswered", later, "backoff"),
            ("", "", soon + timedelta(seconds=1), "throttle violation"),
        ]
        for site, method, until, reason in pauses:
            values = {"client": "api", "site": site, "method": method}
            connection.execute(insert(ApiPause).values(**values, until=until, reason=reason))
        found = feed_status(connection, polled="unanswered", now=now)
        only = feed_status(connection, sites=("cooking",), polled="unanswered", now=later)
    assert [(one.site, one.feed, one.pause_reason) for one in found] == [
        ("cooking", "live", "backoff"),
        ("stats", "live", "throttle violation"),
        ("stats", "history", "throttle violation"),
    ]
    assert (found[0].mark, found[0].failures, found[0].paused_until) == (now, 2, later)
    assert [(one.site, one.paused_until) for one in only] == [("cooking", None)]


def test_a_pause_holds_for_its_own_client_alone(engine: Engine, clock: ManualClock) -> None:
    now = clock.now()
    until = now + timedelta(minutes=5)
    real, demo = "api.stackexchange.com without key", "demo-site:8765 without key"
    with engine.begin() as connection:
        for site, client in (("stats", real), ("demo", demo)):
            connection.execute(insert(FeedRow).values(site=site, feed="live", failures=0))
            connection.execute(insert(ApiSite).values(site=site, client=client))
        pause = {"client": real, "site": "", "method": "", "until": until}
        connection.execute(insert(ApiPause).values(**pause, reason="no readable answer"))
        found = feed_status(connection, polled="unanswered", now=now)
    assert [(one.site, one.client, one.paused_until) for one in found] == [
        ("demo", demo, None),
        ("stats", real, until),
    ]


def test_of_sites_that_nobody_polls_any_more_no_feed_is_missed(
    engine: Engine, clock: ManualClock
) -> None:
    """Sites may be taken out of TAGGER_SITES; a demo has a poller with settings of its own."""
    now = clock.now()
    asked = {"stats": timedelta(days=40), "retired": timedelta(days=40), "demo": timedelta(0)}
    with engine.begin() as connection:
        for site, since in asked.items():
            for feed, failures in (("live", 0), ("changed", 3)):
                last = now - since - timedelta(days=9) * failures  # one feed's alone is old
                values = {"site": site, "feed": feed, "failures": failures, "last_success": last}
                connection.execute(insert(FeedRow).values(values))

    def polled(settings: Settings, hours: float = 0) -> list[str]:
        with engine.connect() as connection:
            found = polled_feeds(connection, settings, now=now + timedelta(hours=hours))
        return sorted(feed.site for feed in found)

    assert polled(Settings(sites=("stats",))) == ["demo", "demo", "stats", "stats"]
    assert polled(Settings(sites=("stats",)), hours=2) == ["stats", "stats"]
    assert set(polled(Settings(), hours=2)) == {"demo", "retired", "stats"}


def test_a_feed_that_fails_is_polled_as_long_as_it_is_tried(
    engine: Engine, clock: ManualClock
) -> None:
    now = clock.now()
    failed = {"failures": 9, "last_error_at": now, "retry_at": now + timedelta(hours=4)}
    with engine.begin() as connection:
        connection.execute(insert(FeedRow).values(failed | {"site": "demo", "feed": "live"}))
        for hours, count in ((1, 1), (5, 1), (7, 0)):
            later = now + timedelta(hours=hours)
            assert len(polled_feeds(connection, Settings(sites=("stats",)), now=later)) == count


def test_quota_and_skipped_items_are_told(engine: Engine, clock: ManualClock) -> None:
    now = clock.now()
    with engine.begin() as connection:
        connection.execute(
            insert(ApiClient).values(
                client="api without key",
                quota_max=300,
                quota_remaining=12,
                quota_at=now,
                requested_at=now,
            )
        )
        seen = {
            "first_seen": now,
            "last_seen": now,
            "times": 1,
            "feed": "live",
            "reason": "no body",
        }
        connection.execute(insert(SkippedItem).values(site="stats", item="7", **seen))
        (quota,) = quota_status(connection)
        assert skipped_counts(connection) == {"stats": 1}
    assert (quota.client, quota.maximum, quota.remaining) == ("api without key", 300, 12)
