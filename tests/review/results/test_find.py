"""Each question with its newest prediction, chosen by what somebody asks for."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, select, text

from core.database.review_tables import BlockedTag, Verdict
from core.database.tables import Question
from review.results import by_tags, find
from review.results.cursor import START
from review.results.find import PAGE, Filter, Result, find_results, is_anything_tagged
from tests.conftest import ManualClock
from tests.models import LABELS
from tests.review.rows import predict_rows


def found(engine: Engine, *, limit: int | None = None, **chosen: object) -> list[Result]:
    with engine.connect() as connection:
        return list(find_results(connection, Filter(**chosen), limit=limit))  # type: ignore[arg-type]


def numbers(engine: Engine, *, limit: int | None = None, **chosen: object) -> list[int]:
    return [result.question_id for result in found(engine, limit=limit, **chosen)]


def test_each_question_stands_once_with_its_newest_prediction(tagged: Engine) -> None:
    results = found(tagged)
    assert [(r.question_id, r.model_version) for r in results] == [(3, 1), (2, 2), (1, 2)]
    assert {tag.tag for tag in results[2].suggested} == {"c++", "regression"}
    assert len(results[0].tags) == len(LABELS)


def test_results_are_chosen_by_site_tag_time_and_probability(
    tagged: Engine, clock: ManualClock
) -> None:
    assert numbers(tagged, sites=("cooking",)) == [3]
    assert numbers(tagged, sites=("cooking", "stats")) == [3, 2, 1]
    assert numbers(tagged, tags=("c++",)) == [1]
    assert numbers(tagged, since=clock.now() - timedelta(hours=1)) == [3, 2]
    likely = found(tagged, min_probability=0.9)
    assert [(r.question_id, len(r.tags)) for r in likely] == [(3, 1), (1, 2)]


def test_one_tag_s_results_come_in_the_order_of_its_index(tagged: Engine) -> None:
    """However many questions have the tag, as few are looked at as are asked for."""
    sent: list[tuple[str, Any]] = []
    event.listen(tagged, "before_cursor_execute", lambda *told: sent.append((told[2], told[3])))
    is_sqlite = tagged.dialect.name == "sqlite"
    for chosen in (Filter(tags=("c++",)), Filter(tags=("c++",), min_probability=0.5, after=START)):
        with tagged.begin() as connection:
            sent.clear()
            assert [one.question_id for one in find_results(connection, chosen, limit=5)] == [1]
            asked, given = sent[0]
            for way in () if is_sqlite else ("seqscan", "bitmapscan", "hashjoin", "sort"):
                # As of many rows: so few are read as a whole otherwise, and sorted.
                connection.execute(text(f"SET LOCAL enable_{way} = off"))
            explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
            plan = [str(row) for row in connection.exec_driver_sql(f"{explain} {asked}", given)]
        leading = next(line for line in plan if re.search(r"SEARCH|Index (Only )?Scan", line))
        assert re.search(r"likely_tags USING PRIMARY KEY|pk_likely_tags", leading), plan
        # By the question's number alone, among those of one time.
        sorting = r"USE TEMP B-TREE FOR ORDER BY" if is_sqlite else r" Sort  \(|'Sort  \("
        assert not [line for line in plan if re.search(sorting, line) and "Incremental" not in line]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("is_small", [False, True])
def test_sqlite_begins_with_the_newest_predictions_or_with_a_small_sites_questions(
    tagged: Engine, monkeypatch: pytest.MonkeyPatch, is_small: bool
) -> None:
    monkeypatch.setattr(find, "SMALL_PART", 1 if is_small else 4)
    sent: list[tuple[str, Any]] = []
    event.listen(tagged, "before_cursor_execute", lambda *told: sent.append((told[2], told[3])))
    with tagged.begin() as connection:
        for chosen in (Filter(sites=("stats",)), Filter(sites=("stats",), disagrees=True)):
            sent.clear()
            list(find_results(connection, chosen, limit=5))
            asked, given = sent[1]  # the first counts the site's questions
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", given).all()
            found = [row[-1] for row in plan if " questions" in row[-1]]
            assert found
            assert any("(site=?" in line for line in found) is is_small, plan


def test_of_several_tags_any_or_all_are_suggested(tagged: Engine) -> None:
    for tags, any_of, all_of in (
        (("c++", "anova"), [3, 1], []),
        (("c++", "regression"), [1], [1]),
        (("anova", "bayesian"), [3], []),
    ):
        assert numbers(tagged, tags=tags) == any_of
        assert numbers(tagged, tags=tags, match="all") == all_of
        assert numbers(tagged, tags=tags, match="all", min_probability=0.0) == [3, 2, 1]


@pytest.mark.parametrize("sample", [1, 500])
@pytest.mark.parametrize("often", [0, 1_000])
def test_of_tags_that_meet_often_the_rarest_leads(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, sample: int, often: int
) -> None:
    monkeypatch.setattr(by_tags, "SAMPLE", sample)
    monkeypatch.setattr(by_tags, "OFTEN", often)
    for site, first in (("stats", 1), ("cooking", 11)):
        for number in range(first, first + 4):
            clock.sleep(1)
            predicted = {"anova": 0.9, "r": 0.8} | ({"bayesian": 0.7} if number % 2 else {})
            predict_rows(engine, {number: predicted}, now=clock.now(), site=site)
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *told: sent.append(told[2]))
    for tags, expected in (
        (("anova", "bayesian"), [3, 1]),
        (("bayesian", "r", "anova"), [3, 1]),
        (("r", "anova"), [4, 3, 2, 1]),
        (("r", "regression"), []),
    ):
        found = [
            numbers(engine, sites=("stats",), tags=tags, match="all", limit=limit)
            for limit in (2, None)
        ]
        assert found == [expected[:2], expected]
    asked = [one for one in sent if "FROM predictions JOIN questions" in one]
    leads = [one for one in asked if "likely_tags.predicted_at DESC" in one]
    # The newest one alone is of another site.
    assert bool(leads) is (often > 0 and sample > 1)


def test_questions_without_a_suggestion_are_found(tagged: Engine) -> None:
    assert numbers(tagged, without_suggestion=True) == [2]


def test_questions_whose_author_disagrees_are_found(tagged: Engine) -> None:
    # 1 is of regression, and got c++ besides; 3 is of regression, and got anova.
    assert numbers(tagged, disagrees=True) == [3, 1]
    assert numbers(tagged, disagrees=True, tags=("c++",)) == [1]


def test_a_tag_that_is_blocked_at_the_site_is_shown_and_found_nowhere(tagged: Engine) -> None:
    with tagged.begin() as connection:
        row = {"site": "stats", "tag": "regression", "reviewer": "owner"}
        connection.execute(insert(BlockedTag).values(**row, at=datetime.now(UTC)))
    (first,) = found(tagged, sites=("stats",), tags=("c++",))
    assert "regression" not in {tag.tag for tag in first.tags}
    assert first.suggested
    assert numbers(tagged, tags=("regression",)) == []
    assert numbers(tagged, tags=("regression",), min_probability=0.5) == []


def test_what_lies_behind_a_place_comes_oldest_first(tagged: Engine, clock: ManualClock) -> None:
    everything = found(tagged, after=START)
    assert [result.question_id for result in everything] == [1, 2, 3]
    assert numbers(tagged, after=everything[0].place) == [2, 3]
    assert numbers(tagged, after=everything[-1].place) == []
    assert numbers(tagged, after=START, until=clock.now()) == [1, 2]


def test_verdicts_are_those_of_the_view(tagged: Engine, clock: ManualClock) -> None:
    said = {"a": ("c++", "rejected"), "b": ("c++", "accepted"), "c": ("regression", "accepted")}
    with tagged.begin() as connection:
        key = connection.scalar(select(Question.id).where(Question.question_id == 1))
        for reviewer, (tag, verdict) in said.items():
            row = {"question_pk": key, "tag": tag, "verdict": verdict, "reviewer": reviewer}
            row |= {"site": "stats"}
            connection.execute(insert(Verdict).values(**row, at=clock.now(), settles=False))
    (first,) = found(tagged, tags=("c++",))
    verdicts = {tag.tag: tag.verdict for tag in first.tags if tag.verdict is not None}
    assert verdicts == {"c++": "disputed", "regression": "accepted"}
    with tagged.connect() as connection:
        view = connection.execute(
            text("SELECT tag, verdict FROM tag_suggestions WHERE verdict IS NOT NULL")
        )
        assert {row.tag: row.verdict for row in view} == verdicts


def test_the_view_says_the_same_as_the_query(tagged: Engine) -> None:
    with tagged.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT question_id, model_version, tag FROM tag_suggestions "
                "WHERE suggested ORDER BY question_id, tag"
            )
        ).all()
    by_query = {(r.question_id, r.model_version, t.tag) for r in found(tagged) for t in r.suggested}
    assert {tuple(row) for row in rows} == by_query
    assert [tuple(row) for row in rows] == [
        (1, 2, "c++"),
        (1, 2, "regression"),
        (3, 1, "anova"),
    ]


def test_it_is_known_whether_anything_is_tagged(engine: Engine) -> None:
    with engine.connect() as connection:
        assert not is_anything_tagged(connection)


def test_a_few_results_are_read_without_a_cursor(tagged: Engine) -> None:
    """Of a cursor's rows Postgres takes a tenth to be read, and plans for that."""
    cursors: list[str] = []
    event.listen(
        tagged, "before_cursor_execute", lambda *told: cursors.append(type(told[1]).__name__)
    )
    with tagged.connect() as connection:
        few = list(find_results(connection, Filter(sites=("stats", "cooking")), limit=2))
        assert "ServerCursor" not in cursors
        assert list(find_results(connection, Filter(), limit=PAGE + 1))[:2] == few
    assert ("ServerCursor" in cursors) == (tagged.dialect.name == "postgresql")


def test_a_prediction_is_looked_up_once_for_its_tags_and_once_for_a_newer_one(
    tagged: Engine,
) -> None:
    sent: list[tuple[str, Any]] = []
    event.listen(tagged, "before_cursor_execute", lambda *told: sent.append((told[2], told[3])))
    is_sqlite = tagged.dialect.name == "sqlite"
    chosen = Filter(tags=("c++",), min_probability=0.9, disagrees=True)
    with tagged.begin() as connection:
        assert [one.question_id for one in find_results(connection, chosen, limit=5)] == [1]
        (asked,) = (one for one in sent if "FROM predictions JOIN questions" in one[0])
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        plan = [str(row) for row in connection.exec_driver_sql(f"{explain} {asked[0]}", asked[1])]
    reads = re.compile(r"(SCAN|SEARCH|Scan .*on) predictions\b|(SEARCH) predictions_1\b")
    assert len([line for line in plan if reads.search(line)]) == 2, plan
