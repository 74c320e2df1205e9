import csv
import io
import json
from datetime import timedelta

import pytest
import typer
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from review.cli import add_commands
from review.formats import as_json_lines, write_csv
from review.results import Filter, Result, find_results
from tests.conftest import ManualClock
from tests.models import LABELS, word_bundle
from tests.rows import live_models, publish_live, question, store_questions
from worker.tagging import tag_batch


@pytest.fixture
def tagged(engine: Engine, clock: ManualClock) -> Engine:
    """Three questions of two sites; the first was tagged by two versions."""
    models = live_models(engine)
    for site in ("stats", "cooking"):
        publish_live(engine, word_bundle(site), now=clock.now())
    first = store_questions(engine, question(1, "Regression"), now=clock.now())
    tag_batch(engine, models, "stats", first.requested, clock)
    publish_live(engine, word_bundle(data_fingerprint="2"), now=clock.now())
    for number, title, site in (
        (1, "Regression with c++", "stats"),
        (2, "=cmd()", "stats"),
        (3, "Anova", "cooking"),
    ):
        clock.sleep(3600)
        stored = store_questions(engine, question(number, title, site=site), now=clock.now())
        tag_batch(engine, models, site, stored.requested, clock)
    return engine


def found(engine: Engine, **chosen: object) -> list[Result]:
    with engine.connect() as connection:
        return list(find_results(connection, Filter(**chosen)))  # type: ignore[arg-type]


def test_each_question_stands_once_with_its_newest_prediction(tagged: Engine) -> None:
    results = found(tagged)
    assert [(r.question_id, r.model_version) for r in results] == [(3, 1), (2, 2), (1, 2)]
    assert {tag.tag for tag in results[2].suggested} == {"c++", "regression"}
    assert len(results[0].tags) == len(LABELS)


def test_results_are_chosen_by_site_tag_time_and_probability(
    tagged: Engine, clock: ManualClock
) -> None:
    assert [r.question_id for r in found(tagged, site="cooking")] == [3]
    assert [r.question_id for r in found(tagged, tag="c++")] == [1]
    assert [r.question_id for r in found(tagged, since=clock.now() - timedelta(hours=1))] == [3, 2]
    likely = found(tagged, min_probability=0.9)
    assert [(r.question_id, len(r.tags)) for r in likely] == [(3, 1), (1, 2)]


def test_csv_has_a_row_for_each_tag_and_no_cell_that_a_spreadsheet_runs(tagged: Engine) -> None:
    file = io.StringIO()
    write_csv(found(tagged), file)
    rows = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert len(rows) == 3 * len(LABELS)
    assert {row["title"] for row in rows} == {"Regression with c++", "'=cmd()", "Anova"}


def test_json_has_a_line_for_each_question(tagged: Engine) -> None:
    lines = [json.loads(line) for line in as_json_lines(found(tagged))]
    assert [line["question_id"] for line in lines] == [3, 2, 1]
    assert lines[0]["author_tags"] == ["regression"]
    assert sum(tag["suggested"] for tag in lines[2]["tags"]) == 2


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


def test_what_the_results_print_is_taken_for_a_time(
    tagged: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_DATABASE_URL", database_url)
    app = typer.Typer()
    add_commands(app)
    latest, _, first = found(tagged)
    for since, count in ((latest.predicted_at, 1), (first.predicted_at, 3)):
        line = ["results", "--format", "json", "--since", since.isoformat().replace("+00:00", "Z")]
        shown = CliRunner().invoke(app, line)
        assert shown.exit_code == 0, shown.output
        assert len(shown.stdout.splitlines()) == count
    assert CliRunner().invoke(app, ["results", "--since", "soon"]).exit_code == 2
