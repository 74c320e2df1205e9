from datetime import date, timedelta

from rich.console import Console

from core.agreement.live import DayAgreement
from core.agreement.scores import Agreement
from core.agreement.view import days_table, live_versions_table

LAST_DAY = date(2026, 1, 20)


def shown(table: object) -> list[str]:
    console = Console(width=80, no_color=True)
    with console.capture() as capture:
        console.print(table)
    return capture.get().splitlines()


def day(before: int, questions: int, hits: int, site: str = "stats") -> DayAgreement:
    """The agreement of the day so many days before the last."""
    agreement = Agreement(questions, hits, questions * 0.9, questions // 10)
    return DayAgreement(site, 1, 3, LAST_DAY - timedelta(days=before), agreement)


def test_a_live_version_is_shown_by_its_newest_week_and_in_all() -> None:
    lines = shown(
        live_versions_table([day(7, 1000, 800), day(6, 100, 70), day(0, 100, 60), day(0, 10, 1)])
    )
    assert lines[2].split() == (
        ["stats", "3", "7", "days", "to", "01-20", "210", "0.624", "0.900", "10%"]
    )
    assert lines[3].split() == ["since", "live", "1,210", "0.769", "0.900", "10%"]


def test_a_long_name_of_a_site_fits_80_columns() -> None:
    table = live_versions_table([day(0, 123_456, 100_000, site="softwareengineering")])
    first, second = shown(table)[2:4]
    assert "softwareengineering" in first
    assert all("123,456  0.810  0.900" in line for line in (first, second))


def test_a_version_is_shown_by_its_newest_days_and_their_sum() -> None:
    lines = shown(days_table([day(before, 10, 5) for before in range(29, -1, -1)]))
    assert lines[2].split() == ["2026-01-07", "10", "0.500", "0.900", "10%"]
    assert lines[-2].split()[0] == "2026-01-20"
    assert lines[-1].split() == ["sum", "of", "30", "days", "300", "0.500", "0.900", "10%"]
