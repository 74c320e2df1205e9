from datetime import timedelta

from sqlalchemy import Engine, insert

from core.database.api_tables import ApiClient, ApiPause, ApiSite, FeedRow, SkippedItem
from core.service.feeds import feed_status, quota_status, skipped_counts
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
