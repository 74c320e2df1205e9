"""How many questions each site has, and how many of them are tagged and pending."""

from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, text

from core.database.review_tables import QueuedQuestion
from core.service import counts
from core.service.counts import Counts, count_by_site, count_open
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import publish_live, question, store_questions

SMALL, COUNT = 50, 600


@pytest.fixture
def filled(engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Of 600 questions of one site every third is tagged and every second pending; 30 others."""
    for name, value in {"LARGE": 300, "SMALL": SMALL, "SAMPLE": 300, "FEW": 20}.items():
        monkeypatch.setattr(counts, name, value)
    version = publish_live(engine, word_bundle(), now=clock.now())
    some = [question(number) for number in range(COUNT)]
    pks = store_questions(engine, *some[::2], now=clock.now()).requested
    store_questions(engine, *some[1::2], now=clock.now(), request_tagging=False)
    others = [question(number, site="cooking") for number in range(30)]
    pks_of_others = store_questions(engine, *others, now=clock.now()).requested
    entered = {"site": "stats", "model_version_id": version.id, "predicted_at": clock.now()}
    with engine.begin() as connection:
        keys = connection.execute(
            text("SELECT id FROM questions WHERE site = 'stats' ORDER BY id")
        ).scalars()
        rows = [entered | {"question_pk": pk} for pk in [*keys][::3]]
        rows += [entered | {"site": "cooking", "question_pk": pk} for pk in pks_of_others[:7]]
        connection.execute(insert(QueuedQuestion), rows)
    assert len(pks) == COUNT // 2
    return engine


def test_large_numbers_are_reckoned_and_small_ones_counted(filled: Engine) -> None:
    with filled.connect() as connection:
        found = count_by_site(connection, ["stats", "cooking", "none"])
    assert found["cooking"] == Counts(30, 7, 30)
    assert found["none"] == Counts()
    stats = found["stats"]
    assert stats.estimates == {"questions", "tagged", "pending"}
    assert stats.questions == pytest.approx(COUNT, rel=0.05)
    assert stats.tagged == pytest.approx(COUNT / 3, rel=0.1)
    assert stats.pending == pytest.approx(COUNT / 2, rel=0.1)


def test_a_site_of_which_few_keys_are_met_is_counted(
    filled: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "SMALL", 20)
    monkeypatch.setattr(counts, "FEW", 100)
    with filled.connect() as connection:
        found = count_by_site(connection, ["cooking"])["cooking"]
    assert (found.questions, found.pending) == (30, 30)
    assert found.estimates == {"tagged"}
    assert found.tagged == pytest.approx(7, abs=4)


def test_gaps_between_keys_make_no_table_large(
    filled: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "LARGE", COUNT + 29)
    with filled.begin() as connection:
        assert count_by_site(connection, ["stats"])["stats"].estimates
        connection.execute(text("DELETE FROM questions WHERE id = 2"))
        assert count_by_site(connection, ["stats"])["stats"] == Counts(599, 200, 299)


def test_of_a_long_review_queue_a_sample_tells_what_is_open(
    filled: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200 questions of one site are in it, every fourth reviewed; and 7 of another."""
    with filled.begin() as connection:
        connection.execute(
            text(
                "UPDATE review_queue SET reviews = 1 WHERE site = 'stats' AND question_pk IN "
                "(SELECT question_pk FROM review_queue WHERE site = 'stats' "
                "ORDER BY question_pk LIMIT 50)"
            )
        )
        found = count_open(connection, ["stats", "cooking", "none"])
        monkeypatch.setattr(counts, "LARGE", 10_000)
        exact = count_open(connection, ["stats", "cooking", "none"])
    assert exact == {"stats": 150, "cooking": 7, "none": 0}
    assert (found["cooking"], found["none"]) == (7, 0)
    assert found["stats"] == pytest.approx(150, rel=0.15)


def test_no_statement_reads_more_rows_than_the_bounds(
    filled: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it asks does not grow with the table."""
    monkeypatch.setattr(counts, "SAMPLE", 10)  # a small share, as of a large table
    monkeypatch.setattr(counts, "FEW", 1)
    sent: list[tuple[str, Any]] = []
    event.listen(filled, "before_cursor_execute", lambda *told: sent.append((told[2], told[3])))
    with filled.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
        sent.clear()
        count_by_site(connection, ["stats", "cooking"])
        count_open(connection, ["stats", "cooking"])
        asked = [one for one in sent if not one[0].startswith("BEGIN")]
        explain = "EXPLAIN QUERY PLAN" if filled.dialect.name == "sqlite" else "EXPLAIN"
        if filled.dialect.name != "sqlite":  # which reads so few rows as a whole otherwise
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plans = [
            "\n".join(map(str, connection.exec_driver_sql(f"{explain} {statement}", given)))
            for statement, given in asked
        ]
    assert len(asked) <= 2 + 3 + 2 * 2 + 1 + (1 + 1 + 2)
    bounded = [p for (s, _), p in zip(asked, plans, strict=True) if "LIMIT" not in s]
    assert not [plan for plan in bounded if "SCAN " in plan or "Seq Scan" in plan], bounded
