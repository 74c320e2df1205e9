"""Since when a question's tags are relied on: authors edit them in the first days."""

from datetime import UTC, datetime, timedelta


def settled_before(now: datetime, settle: timedelta) -> datetime:
    """Return until when questions have settled, in whole days where they take a day or more.

    So what is read stays the same all day, and a training that was ended can go on with it.
    """
    moment = now - settle
    if settle < timedelta(days=1):
        return moment
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
