"""The API: whether it answers, takes the key, and has requests left."""

from collections.abc import Iterator
from typing import Final

from core.clock import CLOCK_SET_BACK
from core.errors import ApiKeyRefused, ApiPaused, ApiRefused, ApiThrottled, ApiUnreachable
from core.settings import DEFAULTS
from ops.doctor.context import CheckContext
from ops.doctor.finding import Finding

SUBJECT = "API"

_SCARCE: Final = 0.05  # of a day's requests, the share that no plan gives away

_OTHER_URL = f"Check the network, and TAGGER_API_URL, which is {DEFAULTS.api_url} by default"


def check_api(context: CheckContext) -> Iterator[Finding]:
    """Ask it once, within its rate limit."""
    try:
        probe = context.api()
    except ApiPaused as error:
        yield _paused(context, error)
    except ApiKeyRefused as error:
        yield Finding(
            SUBJECT, "error", str(error), "Correct TAGGER_API_KEY, or unset it for 300 a day"
        )
    except ApiThrottled as error:
        yield Finding(SUBJECT, "warning", str(error), "Wait: nothing else asks meanwhile")
    except (ApiUnreachable, ApiRefused) as error:
        yield Finding(SUBJECT, "error", str(error), _OTHER_URL)
    else:
        if probe is None:
            yield Finding(SUBJECT, "ok", "not asked")
        else:
            yield _quota(context, probe.client, probe.quota_remaining, probe.quota_max)


def _paused(context: CheckContext, error: ApiPaused) -> Finding:
    """What keeps the API from being asked: its quota, a pause, or a request of just now."""
    if "quota" in str(error):
        return Finding(SUBJECT, "warning", str(error), _more_quota(context))
    is_short = error.until - context.clock.now() < CLOCK_SET_BACK * 13  # a minute's rules
    fix = "" if is_short else "Wait: the poller goes on by itself"
    return Finding(SUBJECT, "ok" if is_short else "warning", f"not asked: {error}", fix)


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
