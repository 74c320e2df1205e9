"""The API: whether it answers, takes the key, and has requests left."""

from collections.abc import Iterator
from typing import Final

from core.database.api_tables import PauseReason
from core.errors import (
    ApiKeyRefused,
    ApiPaused,
    ApiRefused,
    ApiRepeated,
    ApiThrottled,
    ApiUnreachable,
)
from core.settings import DEFAULTS
from ops.doctor.context import CheckContext, NotChecked
from ops.doctor.finding import Finding

SUBJECT = "API"

_SCARCE: Final = 0.05  # of a day's requests, the share that no plan gives away

_OTHER_URL = f"Check the network, and TAGGER_API_URL, which is {DEFAULTS.api_url} by default"

_KEY = "Correct TAGGER_API_KEY, or unset it for 300 requests a day"
_WAIT = "Wait: the poller goes on by itself"


def check_api(context: CheckContext) -> Iterator[Finding]:
    """Ask it once, within its rate limit."""
    try:
        probe = context.api()
    except ApiPaused as error:
        yield _paused(context, error)
    except ApiKeyRefused as error:
        yield Finding(SUBJECT, "error", str(error), _KEY)
    except ApiThrottled as error:
        yield Finding(SUBJECT, "warning", str(error), _WAIT)
    except (ApiUnreachable, ApiRefused) as error:
        yield Finding(SUBJECT, "error", str(error), _OTHER_URL)
    else:
        if probe is None:
            yield _told_before(context)
        else:
            yield _quota(context, probe.client, probe.quota_remaining, probe.quota_max)


def _told_before(context: CheckContext) -> Finding:
    """What the API last told of today's quota, where it is not to be asked."""
    try:
        quotas = context.state().quotas
    except NotChecked:
        quotas = []
    today = context.clock.now().date()
    for quota in quotas:
        is_of_today = quota.told_at is not None and quota.told_at.date() == today
        if is_of_today and (quota.remaining or 0) <= 0:
            seen = f"not asked; today's quota of {quota.client} is used up"
            return Finding(SUBJECT, "warning", seen, _more_quota(context))
    return Finding(SUBJECT, "ok", "not asked")


def _paused(context: CheckContext, error: ApiPaused) -> Finding:
    """What keeps the API from being asked now: its quota, its last answer, or a rule of ours."""
    seen = f"not asked: {error}"
    if isinstance(error, ApiRepeated):
        seen += f"; look again after {error.until:%H:%M:%S} UTC"
    match error.reason:
        case PauseReason.QUOTA:
            return Finding(SUBJECT, "warning", seen, _more_quota(context))
        case PauseReason.OWN_RULE | PauseReason.BACKOFF:  # of every day
            return Finding(SUBJECT, "ok", seen)
        case PauseReason.THROTTLED:
            return Finding(SUBJECT, "warning", seen, _WAIT)
        case PauseReason.KEY_REFUSED:
            return Finding(SUBJECT, "error", seen, _KEY)
        case _:
            return Finding(SUBJECT, "error", seen, _OTHER_URL)


def _quota(
    context: CheckContext, client: str, remaining: int | None, maximum: int | None
) -> Finding:
    if remaining is None or maximum is None:
        return Finding(SUBJECT, "ok", f"{client} answers")
    seen = f"{client} answers; {remaining:,} of {maximum:,} requests are left today"
    if remaining > _SCARCE * maximum:
        return Finding(SUBJECT, "ok", seen)
    return Finding(SUBJECT, "warning", seen, _more_quota(context))


def _more_quota(context: CheckContext) -> str:
    renewed = "Wait until midnight UTC"
    if context.settings.api_key is None:
        return f"{renewed}, or set TAGGER_API_KEY: 10,000 requests a day instead of 300"
    return f"{renewed}, or poll less often: TAGGER_POLL_SECONDS, TAGGER_SITES"


def check_feeds(context: CheckContext) -> Iterator[Finding]:
    """Look for feeds that fail again and again."""
    for feed in context.state().feeds:
        if feed.keeps_failing:
            seen = f"{feed.site}, feed {feed.feed}: {feed.failures} tries failed: {feed.last_error}"
            fix = "Put right what it names, then try: tagger poll --once"
            yield Finding("feeds", "warning", seen, fix)
