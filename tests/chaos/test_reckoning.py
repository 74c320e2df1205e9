"""That a run would see what it is run for: losses of every kind, and what comes late."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, delete, insert, select, text, update

from core.database.tables import Prediction, Question, TaggingRequest
from tests.chaos.api import FIRST, make_api, shown, tag_of
from tests.chaos.ledger import AUDITED, STORED, Account, Ledger
from tests.chaos.report import BOUND_SECONDS, Recovery, Report

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def tag(engine: Engine, *numbers: int, as_tag: str | None = None) -> None:
    """Do to questions what a worker does."""
    with engine.begin() as connection:
        for number in numbers:
            pk = connection.scalars(select(Question.id).filter_by(question_id=number)).one()
            connection.execute(delete(Prediction).filter_by(question_pk=pk))
            connection.execute(
                insert(Prediction).values(
                    question_pk=pk,
                    model_version_id=1,
                    predicted_at=NOW,
                    content_hash="0",
                    tags=[as_tag or tag_of(number)],
                    probabilities=[0.9],
                    suggested_count=1,
                )
            )
            connection.execute(delete(TaggingRequest).filter_by(question_pk=pk))


@pytest.fixture
def ledger(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """Books of six questions, all of them tagged as they should be."""
    monkeypatch.setattr("tests.chaos.ledger.STORED", 6)
    ledger = Ledger(engine)
    ledger.open()
    tag(engine, *range(1, 7))
    yield ledger
    if engine.dialect.name == "postgresql":  # whose database other tests take after this one
        with engine.begin() as connection:
            functions = ", ".join(f"chaos_{table}" for table in AUDITED)
            connection.execute(text(f"DROP FUNCTION {functions} CASCADE"))
            connection.execute(text("DROP TABLE chaos_audit"))


def test_every_kind_of_loss_is_counted(ledger: Ledger) -> None:
    assert STORED > 6
    assert ledger.account(range(1, 7)) == Account(questions=6)
    ledger.request_all()
    tag(ledger.engine, *range(1, 7))
    assert ledger.account(range(1, 7)) == Account(questions=6)
    tag(ledger.engine, 1)  # which nobody has asked for
    ledger.request_all()
    tag(ledger.engine, 2, 3, 4)
    tag(ledger.engine, 3, as_tag="no-such-tag")
    with ledger.engine.begin() as connection:
        pks = select(Question.id).where(Question.question_id == 5)
        parked = update(TaggingRequest).where(TaggingRequest.question_pk.in_(pks))
        connection.execute(parked.values(parked_at=NOW))
    assert ledger.account([*range(1, 7), 99]) == Account(
        questions=6, lost=1, untagged=2, duplicated=2, parked=1, wrong=1
    )


def test_what_a_restore_inserts_counts_as_nobodys_doing(ledger: Ledger) -> None:
    tag(ledger.engine, 1)  # for the second time
    with ledger.overwritten():
        tag(ledger.engine, *range(1, 7))
    assert ledger.account(range(1, 7)) == Account(questions=6, duplicated=1)


def test_the_suite_knows_what_the_api_shows_without_asking_it() -> None:
    began = NOW.timestamp()
    seen = shown(make_api(began=began, seed=1, most=50), began + 60)
    assert seen == shown(make_api(began=began, seed=1, most=50), began + 60)
    assert {FIRST, FIRST + 25} <= seen
    assert FIRST + 40 not in seen


def report(*recoveries: Recovery, **wrong: int) -> Report:
    account = Account(questions=10, **wrong)
    return Report("a run", recoveries=list(recoveries), account=account)


def test_a_run_passes_where_nothing_is_lost_and_all_is_back_in_time() -> None:
    late = BOUND_SECONDS + 1
    assert report(Recovery("a fault", BOUND_SECONDS)).passes
    assert not report(Recovery("a fault", late)).passes
    assert report(Recovery("two pollers", late, grace=2)).passes
    assert not report(Recovery("a fault", None)).passes
    for kind in ("lost", "untagged", "duplicated", "parked", "wrong"):
        assert not report(**{kind: 1}).passes
    for wrong in ({"unexpected": [("poller", 1)]}, {"rules_broken": 1}):
        assert not Report("a run", account=Account(questions=10), **wrong).passes
    assert not Report("broken off").passes


def test_the_table_shows_median_and_worst_of_each_fault() -> None:
    run = report(*(Recovery("a fault", seconds) for seconds in (1.0, 2.0, 45.0)))
    run.unexpected = [("poller", 1)]
    lines = list(run.lines())
    (row,) = [line for line in lines if line.startswith("a fault")]
    assert row.split() == ["a", "fault", "3", "2.0", "45.0", "LATE"]
    assert "  poller ended with 1" in lines
