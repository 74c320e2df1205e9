from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import Engine, insert

from core.agreement.drift import Drop, find_drop, find_new_drifts, holdout_agreement, live_drifts
from core.agreement.live import DayAgreement
from core.agreement.scores import Agreement
from core.database.tables import LiveAgreement
from core.model import registry
from core.model.registry import Version
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import publish_live

FIRST_DAY = date(2026, 1, 1)
NOTHING = Agreement()
METRICS = {
    "agreement_questions": 1300,
    "agreement_precision_at_1": 0.75,
    "agreement_recall_at_5": 0.85,
}


def agreement(questions: int, precision: float, recall: float | None = None) -> Agreement:
    recall = precision if recall is None else recall
    return Agreement(questions, round(questions * precision), questions * recall)


def days(*agreements: Agreement) -> list[DayAgreement]:
    return [
        DayAgreement("stats", 1, 1, FIRST_DAY + timedelta(days=number), of_day)
        for number, of_day in enumerate(agreements)
    ]


HOLDOUT = agreement(1300, 0.75)


def test_questions_of_another_site_show_right_after_a_promotion() -> None:
    drop = find_drop(days(agreement(100, 0.2)), HOLDOUT)
    assert drop == Drop(FIRST_DAY, agreement(100, 0.2), HOLDOUT, holdout=True)
    assert (
        "precision@1 (all tags) 0.20 and recall@5 (all tags) 0.20 on 100 questions since 2026-01-01"
        in str(drop)
    )
    assert "they were 0.75 and 0.75 on 1,300 held-out questions" in str(drop)


def test_a_later_drop_is_told_from_the_versions_own_days_and_dated() -> None:
    good, bad = [agreement(30, 0.7)] * 30, [agreement(30, 0.2)] * 3
    drop = find_drop(days(*good, *bad), NOTHING)
    assert drop is not None
    assert (drop.since, drop.holdout) == (date(2026, 1, 31), False)
    assert (drop.recent.questions, drop.before.questions) == (90, 900)


def test_a_drop_of_recall_alone_is_told() -> None:
    good, bad = [agreement(30, 0.7, 0.85)] * 30, [agreement(30, 0.7, 0.4)] * 5
    assert find_drop(days(*good), NOTHING) is None
    assert find_drop(days(*good, *bad), NOTHING) is not None


def test_a_small_drop_takes_many_questions_and_a_tiny_one_is_nobodys_concern() -> None:
    good = [agreement(100, 0.75)] * 30
    assert find_drop(days(*good, *[agreement(100, 0.65)] * 5), NOTHING) is None
    assert find_drop(days(*good, *[agreement(100, 0.65)] * 30), NOTHING) is not None
    assert find_drop(days(*[*good] * 9, *[agreement(100, 0.71)] * 270), NOTHING) is None


def test_few_questions_and_a_rise_tell_nothing() -> None:
    assert find_drop([], HOLDOUT) is None
    assert find_drop(days(agreement(49, 0.0)), HOLDOUT) is None
    assert find_drop(days(agreement(500, 0.2)), agreement(199, 0.75)) is None
    assert find_drop(days(agreement(500, 0.95)), HOLDOUT) is None


def test_a_day_tells_less_than_as_many_questions_of_many_days() -> None:
    """The questions of one day resemble each other."""
    assert find_drop(days(*[agreement(30, 0.75)] * 30, agreement(240, 0.6)), NOTHING) is None
    spread = [agreement(30, 0.5)] * 8
    assert find_drop(days(*[agreement(30, 0.75)] * 30, *spread), NOTHING) is not None


def looks(generator: np.random.Generator, a_day: float) -> Iterator[list[DayAgreement]]:
    """A month of hourly looks at a version that keeps its level, with days that differ."""
    done: list[Agreement] = []
    alike = 1 / 0.02 - 1  # twice the correlation that the test reckons with
    for weekday in np.arange(30) % 7:
        level = generator.beta(0.75 * alike, 0.25 * alike)
        count = generator.poisson(a_day * (0.7 if weekday > 4 else 1.1) * generator.gamma(10, 0.1))
        hits = generator.random(count) < level
        found = generator.binomial(3, min(1, level + 0.1), count) / 3  # of three tags each
        for through in np.unique(np.linspace(1, count, 24, dtype=int)) if count else ():
            today = Agreement(int(through), int(hits[:through].sum()), float(found[:through].sum()))
            yield days(*done, today)
        done.append(Agreement(count, int(hits.sum()), float(found.sum())))


@pytest.mark.slow
@pytest.mark.parametrize("a_day", [5, 40, 300])
def test_a_quiet_month_of_hourly_looks_reports_nothing(a_day: int) -> None:
    for seed in range(5):
        generator = np.random.default_rng([a_day, seed])
        holdout = agreement(1300, generator.normal(0.75, 0.015), generator.normal(0.85, 0.01))
        assert all(find_drop(seen, holdout) is None for seen in looks(generator, a_day))


def test_held_out_figures_that_a_version_lacks_are_no_reference() -> None:
    assert holdout_agreement({}) == NOTHING
    assert holdout_agreement({"agreement_questions": 9}) == NOTHING
    assert holdout_agreement(METRICS) == Agreement(1300, 975, 1105.0)


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        *[("questions", number) for number in (-300, 1e300, float("inf"), "many", None)],
        *[("precision_at_1", number) for number in (5.0, -0.1, float("nan"), "0.75", [0.75])],
        ("recall_at_5", 1.01),
    ],
)
def test_held_out_figures_that_cannot_be_are_no_reference(name: str, figure: object) -> None:
    assert holdout_agreement(METRICS | {f"agreement_{name}": figure}) == NOTHING


def drifting_version(engine: Engine, clock: ManualClock) -> Version:
    """A live version whose first day is far below its held-out figures."""
    version = publish_live(engine, word_bundle(metrics=METRICS), now=clock.now())
    keep_day(engine, version, FIRST_DAY, questions=100, hits=20)
    return version


def keep_day(engine: Engine, version: Version, day: date, *, questions: int, hits: int) -> None:
    of_day = {"model_version_id": version.id, "day": day, "site": version.site}
    counts = {"questions": questions, "first_hits": hits, "recall_at_5_sum": hits}
    row = insert(LiveAgreement).values(**of_day, **counts, without_suggestion=0)
    with engine.begin() as connection:
        connection.execute(row)


def test_figures_of_one_site_that_cannot_be_keep_no_other_from_being_looked_at(
    engine: Engine, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    drifting_version(engine, clock)
    odd = publish_live(engine, word_bundle("cooking"), now=clock.now())
    keep_day(engine, odd, FIRST_DAY, questions=300, hits=900)
    keep_day(engine, odd, FIRST_DAY + timedelta(days=1), questions=100, hits=20)
    with engine.begin() as connection:
        (found,) = find_new_drifts(connection, now=clock.now())
    assert found.site == "stats"
    (said,) = caplog.messages
    assert said.startswith("cooking: no look at the drift of version 1: ")


def test_drift_is_found_once_and_told_while_its_version_is_live(
    engine: Engine, clock: ManualClock
) -> None:
    drifting_version(engine, clock)
    with engine.begin() as connection:
        (found,) = find_new_drifts(connection, now=clock.now())
        assert (found.site, found.version, found.found_at) == ("stats", 1, clock.now())
        assert find_new_drifts(connection, now=clock.now()) == []
        assert live_drifts(connection) == [found]
    publish_live(engine, word_bundle(), now=clock.now())
    with engine.begin() as connection:
        assert live_drifts(connection) == []
        registry.promote(connection, "stats", 1, now=clock.now(), reason="rollback")
        assert live_drifts(connection) == [found]


def test_a_version_that_is_not_live_is_not_looked_at(engine: Engine, clock: ManualClock) -> None:
    drifting_version(engine, clock)
    publish_live(engine, word_bundle(), now=clock.now())
    with engine.begin() as connection:
        assert find_new_drifts(connection, now=clock.now()) == []
