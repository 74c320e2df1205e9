"""Models that follow each other: which one goes live, and what a run leaves."""

import html
import random
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select, update

from core.database.tables import BundlePart, ModelVersion, Question, TrainingRun
from core.model.registry import Version, find_live, list_promotions, list_versions
from tests.conftest import ManualClock
from tests.rows import store_questions, unpack_version
from tests.trainer.counting import CountingNetwork, HastyNetwork
from tests.trainer.made_up import made_up_questions
from trainer.options import TrainingOptions
from trainer.progress import ProgressReporter
from trainer.report.store import load_report
from trainer.runs.promotion import RunResult
from trainer.systems import ARCHITECTURES
from trainer.train import train_site

# Keras' own conversions of tensors, under NumPy 2.
pytestmark = [
    pytest.mark.usefixtures("eager", "undrawn"),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.slow(15),
]

SITE = "fruit"
# The baseline tags these questions without error; a network that gets one or two wrong may pass.
OPTIONS = TrainingOptions(architecture="counting", min_questions=50, confidence=0.99)
QUESTIONS = 500
HOLDOUT = QUESTIONS // 10

HASTY = TrainingOptions(architecture="hasty", min_questions=50)


@pytest.fixture(autouse=True)
def counted_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    for system in (CountingNetwork, HastyNetwork):
        monkeypatch.setitem(ARCHITECTURES, system.name, system)


def store_made_up(engine: Engine, count: int = QUESTIONS) -> None:
    store_questions(
        engine, *made_up_questions(count), now=ManualClock().now(), request_tagging=False
    )


def train(engine: Engine, options: TrainingOptions = OPTIONS) -> RunResult:
    return train_site(engine, SITE, options, clock=ManualClock(), reporter=ProgressReporter())


def shuffle_labels(engine: Engine) -> None:
    """Give each question that is learned from the tags of another."""
    rows = select(Question.id, Question.author_tags).where(
        Question.question_id <= QUESTIONS - HOLDOUT
    )
    with engine.begin() as connection:
        found = connection.execute(rows).all()
        tags = [row.author_tags for row in found]
        random.Random(1).shuffle(tags)
        for row, other in zip(found, tags, strict=True):
            connection.execute(
                update(Question).where(Question.id == row.id).values(author_tags=other)
            )


def restore_labels(engine: Engine) -> None:
    store_made_up(engine)


def live(engine: Engine) -> Version | None:
    with engine.connect() as connection:
        return find_live(connection, SITE)


def runs(engine: Engine) -> list[TrainingRun]:
    from sqlalchemy.orm import Session

    with Session(engine) as session:
        found = session.scalars(select(TrainingRun).order_by(TrainingRun.id)).all()
        session.expunge_all()
        return list(found)


def test_the_better_model_goes_live_and_one_of_shuffled_labels_does_not(
    sqlite_engine: Engine,
) -> None:
    engine = sqlite_engine
    store_made_up(engine)
    shuffle_labels(engine)
    worse = train(engine, replace(HASTY, promote=True))
    restore_labels(engine)
    better = train(engine)
    assert worse.version is not None
    assert better.version is not None
    assert (better.outcome, better.version.live) == ("promoted", True)
    assert "ahead of the live version" in better.reason
    shuffle_labels(engine)
    again = train(engine)
    assert again.outcome == "published"
    assert live(engine) == better.version
    assert [run.outcome for run in runs(engine)] == ["promoted", "promoted", "published"]
    with engine.connect() as connection:
        promotions = list_promotions(connection, SITE)
        report = load_report(connection, SITE)[1]
    assert [(p.version, p.reason) for p in promotions] == [(1, "hand"), (2, "gate")]
    assert again.reason in html.unescape(report)


def test_a_first_model_below_the_baseline_is_kept_and_an_option_promotes_it(
    sqlite_engine: Engine,
) -> None:
    store_made_up(sqlite_engine)
    kept = train(sqlite_engine, HASTY)
    assert kept.outcome == "published"
    assert "below the linear baseline" in kept.reason
    assert live(sqlite_engine) is None
    promoted = train(sqlite_engine, replace(HASTY, promote=True))
    assert promoted.outcome == "promoted"
    assert promoted.reason.startswith("--promote; below the linear baseline")


def test_a_better_model_waits_where_a_person_wants_it_to(sqlite_engine: Engine) -> None:
    store_made_up(sqlite_engine)
    ended = train(sqlite_engine, replace(OPTIONS, promote=False))
    assert ended.outcome == "published"
    assert ended.reason.startswith("--no-promote; the site had no live version")


def test_a_run_is_skipped_where_nothing_or_too_little_is_new(sqlite_engine: Engine) -> None:
    store_made_up(sqlite_engine)
    scheduled = replace(HASTY, promote=True, new_questions=20)
    assert train(sqlite_engine, scheduled).outcome == "promoted"
    unchanged = train(sqlite_engine, scheduled)
    assert (unchanged.outcome, unchanged.version) == ("skipped", None)
    assert "nothing has changed" in unchanged.reason
    store_made_up(sqlite_engine, QUESTIONS + 15)
    few = train(sqlite_engine, scheduled)
    assert few.outcome == "skipped"
    assert "15 new questions since" in few.reason
    store_made_up(sqlite_engine, QUESTIONS + 30)
    assert train(sqlite_engine, scheduled).version is not None
    decisions = [(run.outcome, run.decision) for run in runs(sqlite_engine)]
    assert decisions[1] == ("skipped", unchanged.reason)


def test_a_live_version_that_does_not_verify_is_replaced_though_nothing_is_new(
    sqlite_engine: Engine,
) -> None:
    store_made_up(sqlite_engine)
    train(sqlite_engine, replace(HASTY, promote=True))
    with sqlite_engine.begin() as connection:
        seen = QUESTIONS - HOLDOUT + 15  # some of the held-out ones, which is of no account now
        connection.execute(update(ModelVersion).values(learned_row=seen))
        connection.execute(update(BundlePart).values(data=b"?"))
    replaced = train(sqlite_engine, replace(OPTIONS, new_questions=20))
    assert replaced.outcome == "promoted"
    assert replaced.version is not None
    assert replaced.version.metrics["agreement_questions"] == HOLDOUT
    assert replaced.reason.startswith("the live version's bundle is refused")


def test_a_run_that_is_stopped_while_its_report_is_drawn_has_ended_well(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> str:
        raise SystemExit(143)

    store_made_up(sqlite_engine)
    monkeypatch.setattr("trainer.runs.record.draw_report", stopped)
    with pytest.raises(SystemExit):
        train(sqlite_engine, replace(HASTY, promote=True))
    (run,) = runs(sqlite_engine)
    found = live(sqlite_engine)
    assert found is not None
    assert (run.outcome, run.model_version_id, run.error) == ("promoted", found.id, None)


def test_old_bundles_are_let_go_and_the_live_one_stays(sqlite_engine: Engine) -> None:
    store_made_up(sqlite_engine)
    hasty = replace(HASTY, keep_versions=2)
    first = train(sqlite_engine, replace(hasty, promote=True))
    for _ in range(3):
        train(sqlite_engine, replace(hasty, promote=False))
    with sqlite_engine.connect() as connection:
        versions = list_versions(connection, SITE)
        assert [version.pruned_at is None for version in versions] == [True, False, True, True]
        assert first.version is not None
        unpack_version(connection, first.version)
