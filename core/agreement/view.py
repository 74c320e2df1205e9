"""The live agreement and its drift as a person reads them on the terminal."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import groupby
from operator import attrgetter

from rich.table import Table

from core.agreement.live import DayAgreement, total_agreement
from core.agreement.scores import Agreement
from core.console import plain
from core.wording import counted

NEWEST = timedelta(days=7)
SHOWN_DAYS = 14

_NUMBERS = ("questions", "P@1", "R@5", "no tag")


def live_versions_table(days: Iterable[DayAgreement]) -> Table:
    """Two rows a site: its live version's newest days, and all since it is live.

    Args:
        days: of the live versions, in the order of their sites, the newest last.
    """
    table = _table("site", "version", "predictions")
    for site, group in groupby(days, attrgetter("site")):
        of_site = list(group)
        after = of_site[-1].day - NEWEST
        newest = [day for day in of_site if day.day > after]
        name = (plain(site), str(of_site[-1].version))
        through = f"{NEWEST.days} days to {of_site[-1].day:%m-%d}"
        table.add_row(*name, through, *_numbers(total_agreement(newest)))
        table.add_row("", "", "since live", *_numbers(total_agreement(of_site)))
    return table


def days_table(days: Sequence[DayAgreement]) -> Table:
    """A version's newest days, the newest last, and the sum over all of them."""
    table = _table("tagged on (UTC)")
    for day in days[-SHOWN_DAYS:]:
        table.add_row(f"{day.day:%Y-%m-%d}", *_numbers(day.agreement))
    table.add_row(f"sum of {counted(len(days), 'day')}", *_numbers(total_agreement(days)))
    return table


def _table(*names: str) -> Table:
    table = Table(
        title="Live agreement with authors, on all of their tags",
        title_justify="left",
        box=None,
        header_style="bold",
    )
    for name in names:
        table.add_column(name, overflow="fold")
    for name in _NUMBERS:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _numbers(agreement: Agreement) -> tuple[str, ...]:
    return (
        f"{agreement.questions:,}",
        f"{agreement.precision_at_1:.3f}",
        f"{agreement.recall_at_5:.3f}",
        f"{agreement.share_without_suggestion:.0%}",
    )
