import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, func, select

from core.broker.names import TAGGING_QUEUE
from core.broker.queue import lengths, make_celery
from core.clock import SystemClock
from core.database.engine import make_engine, reading
from core.database.tables import TaggingRequest
from core.questions.lifecycle import Priority
from core.settings import Settings
from importer.load import BATCH_QUESTIONS
from tests.importer.commands import counts, line, run, stored, write
from tests.models import word_bundle
from tests.rows import publish_live

pytestmark = pytest.mark.usefixtures("the_settings_database")


def count_requested(database_url: str) -> int:
    engine = make_engine(database_url)
    with reading(engine) as connection:
        count = connection.execute(select(func.count(TaggingRequest.question_pk))).scalar_one()
    engine.dispose()
    return count


def test_questions_go_into_the_database_as_training_corpus(
    tmp_path: Path, database_url: str
) -> None:
    result = run(write(tmp_path / "q.jsonl", line(1, creation_date=1279566884), line(2)))
    assert result.exit_code == 0, result.output
    assert counts(result) == [[2, 2, 0, 0, 0]]
    first, second = stored(database_url)
    assert (first.site, first.title, first.author_tags) == ("stats", "Title 1", ["r", "anova"])
    assert first.created_at is not None
    assert second.created_at is None
    assert count_requested(database_url) == 0


def test_importing_again_changes_nothing_but_what_has_changed(tmp_path: Path) -> None:
    path = write(tmp_path / "q.jsonl", line(1), line(2))
    run(path)
    assert counts(run(path)) == [[2, 0, 0, 2, 0]]
    write(path, line(1), line(2, title="Edited"), line(3))
    assert counts(run(path)) == [[3, 1, 1, 1, 0]]


def test_the_last_row_of_an_id_counts_and_repetitions_are_told(
    tmp_path: Path, database_url: str
) -> None:
    rows = [line(i) for i in range(1, BATCH_QUESTIONS + 10)]
    path = write(tmp_path / "q.jsonl", line(1, title="old"), *rows, line(1, title="new"))
    result = run(path)
    assert counts(result) == [[len(rows) + 2, len(rows), 2, 0, 0]]
    assert "Rows with the id of an earlier row, which they replaced: 2." in result.stderr
    assert stored(database_url)[0].title == "new"


def test_several_files_at_once_are_counted_each_and_together(tmp_path: Path) -> None:
    first = write(tmp_path / "a.jsonl", line(1), line(2))
    second = tmp_path / "b.jsonl.gz"
    second.write_bytes(gzip.compress(line(2, site="cooking").encode()))
    result = run(first, second)
    assert counts(result) == [[2, 2, 0, 0, 0], [1, 1, 0, 0, 0], [3, 3, 0, 0, 0]]


@pytest.mark.usefixtures("wide_terminal")
def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    paths = []
    for number, site in enumerate(("dogs", "cooking"), start=1):
        (tmp_path / site).mkdir()
        paths.append(write(tmp_path / site / "q.jsonl", line(number, site=site)))
    shown = run(*paths).stdout
    assert "dogs/q.jsonl" in shown
    assert "cooking/q.jsonl" in shown


@contextmanager
def standard_input(content: bytes) -> Iterator[None]:
    """Let a pipe with that content be this process's standard input."""
    reading_end, writing_end = os.pipe()
    before = os.dup(0)
    os.dup2(reading_end, 0)
    with open(writing_end, "wb") as pipe:  # noqa: PTH123 (it has no path)
        pipe.write(content)
    try:
        yield
    finally:
        os.dup2(before, 0)
        os.close(before)
        os.close(reading_end)


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_standard_input_is_read(name: str, database_url: str) -> None:
    with standard_input(gzip.compress("".join(line(i) for i in range(1, 301)).encode())):
        assert counts(run(name)) == [[300, 300, 0, 0, 0]]
    assert len(stored(database_url)) == 300


def test_both_of_kaggles_tables_may_be_named(tmp_path: Path, database_url: str) -> None:
    questions = write(tmp_path / "Questions.csv", "Id,Title,Body\n", '6,Title,"<p>a\nb</p>"\n')
    tags = write(tmp_path / "Tags.csv", "Id,Tag\n6,r\n")
    assert counts(run(tags, questions, "--site", "stats")) == [[1, 1, 0, 0, 0]]
    assert stored(database_url)[0].author_tags == ["r"]


def test_nothing_is_imported_where_one_of_the_files_is_no_question_file(
    tmp_path: Path, database_url: str
) -> None:
    good = write(tmp_path / "q.jsonl", line(1))
    bad = write(tmp_path / "notes.txt", "Dear diary\n")
    result = run(good, bad)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "notes.txt is not a question file" in result.stderr
    run(good)
    assert len(stored(database_url)) == 1


def test_a_file_that_fails_later_is_told_and_the_others_are_imported(tmp_path: Path) -> None:
    good = write(tmp_path / "q.jsonl", line(1))
    bad = write(tmp_path / "Posts.xml", '<!DOCTYPE a [<!ENTITY b "c">]><posts></posts>')
    result = run(bad, good, "--site", "stats")
    assert result.exit_code == 0
    assert "declares a document type" in result.stderr
    assert counts(result)[-1] == [1, 1, 0, 0, 0]
    assert run(bad, "--site", "stats").exit_code == 1


def test_the_status_is_a_failure_where_no_row_could_be_used(tmp_path: Path) -> None:
    result = run(write(tmp_path / "q.jsonl", line(1, body="")), "--site", "stats")
    assert result.exit_code == 1
    assert "Nothing was imported" in result.stderr


@pytest.mark.parametrize("arguments", [["missing.jsonl"], []])
def test_wrong_usage_has_a_status_of_its_own(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_rows_of_another_site_are_broken(tmp_path: Path) -> None:
    path = write(tmp_path / "q.jsonl", line(1), line(2, site="cooking"))
    result = run(path, "--site", "stats")
    assert counts(result) == [[2, 1, 0, 0, 1]]
    assert ":2: site: it is cooking, not stats" in result.stderr


def test_questions_that_are_to_be_tagged_are_enqueued_as_a_backfill(
    tmp_path: Path,
    engine: Engine,
    database_url: str,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TAGGER_BROKER_URL", redis_url)
    publish_live(engine, word_bundle(), now=SystemClock().now())
    result = run(write(tmp_path / "q.jsonl", *(line(i) for i in range(1, 251))), "--tag")
    assert result.exit_code == 0, result.output
    assert count_requested(database_url) == 250
    queue = make_celery(Settings(broker_url=SecretStr(redis_url)))
    assert lengths(queue, TAGGING_QUEUE) == {Priority.LIVE: 0, Priority.BACKFILL: 1}


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_clock_that_is_wrong_is_told_of_once(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_BROKER_URL", redis_url)
    monkeypatch.setattr("importer.load.BATCH_QUESTIONS", 1)
    monkeypatch.setattr(SystemClock, "now", lambda _: datetime.now(UTC) + timedelta(days=2))
    result = run(write(tmp_path / "q.jsonl", *(line(i) for i in range(1, 4))), "--tag")
    assert result.exit_code == 0, result.output
    assert result.stderr.count("this host's clock is") == 1


@pytest.mark.slow
def test_questions_that_are_closed_or_deleted_are_not_tagged(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_BROKER_URL", "redis://127.0.0.1:1/0")
    dates: tuple[dict[str, int], ...] = (
        {},
        {"closed_date": 1279566884},
        {"deletion_date": 1279566884},
    )
    lines = (line(i, **date) for i, date in enumerate(dates, start=1))
    assert counts(run(write(tmp_path / "q.jsonl", *lines), "--tag")) == [[3, 3, 0, 0, 0]]
    assert [question.state for question in stored(database_url)] == ["open", "closed", "deleted"]
    assert count_requested(database_url) == 1


@pytest.mark.slow
def test_without_a_broker_the_questions_are_stored_and_stay_pending(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_BROKER_URL", "redis://127.0.0.1:1/0")
    result = run(write(tmp_path / "q.jsonl", *(line(i) for i in range(1, 1200))), "--tag")
    assert result.exit_code == 0, result.output
    assert result.stderr.count("cannot be reached") == 1
    assert "stay pending" in result.stderr
    assert count_requested(database_url) == 1199


def test_the_only_site_that_is_set_is_taken_of_what_names_none(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_SITES", "cooking")
    questions = write(tmp_path / "q.jsonl", line(1, site=None), line(2), line(3, site=None))
    tables = tmp_path / "Questions.csv", tmp_path / "Tags.csv"
    write(tables[0], "Id,Title,Body\n4,Title,Body\n")
    write(tables[1], "Id,Tag\n4,soup\n")
    done = run(questions, *tables)
    assert done.exit_code == 0, done.output
    found = {question.question_id: question.site for question in stored(database_url)}
    assert found == {1: "cooking", 2: "stats", 3: "cooking", 4: "cooking"}
    assert done.stderr.count("q.jsonl does not name its site: cooking is taken") == 1
    assert done.stderr.count("Questions.csv does not name its site: cooking is taken") == 1


@pytest.mark.parametrize("sites", ["", "cooking,stats"])
def test_without_a_single_site_set_one_has_to_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sites: str
) -> None:
    monkeypatch.setenv("TAGGER_SITES", sites)
    refused = run(write(tmp_path / "q.jsonl", line(1, site=None)))
    assert refused.exit_code == 1
    assert "site: missing, and none was given for all rows" in refused.stderr
    write(tmp_path / "Tags.csv", "Id,Tag\n4,soup\n")
    refused = run(write(tmp_path / "Questions.csv", "Id,Title,Body\n4,Title,Body\n"))
    assert "does not say of which site it is" in refused.stderr


def test_a_site_is_one_however_it_is_named(tmp_path: Path, database_url: str) -> None:
    address = write(tmp_path / "a.jsonl", line(1, site="https://Stats.StackExchange.com"))
    assert run(address).exit_code == 0
    named = write(tmp_path / "b.jsonl", line(2, site="Stats"), line(3, site=None))
    assert run(named, "--site", "stats.stackexchange.com").exit_code == 0
    found = stored(database_url)
    assert {question.site for question in found} == {"stats"}
    links = {str(question.link).rpartition("/")[0] for question in found}
    assert links == {"https://stats.stackexchange.com/questions"}


def test_another_domain_is_refused_with_what_may_have_been_meant(tmp_path: Path) -> None:
    result = run(write(tmp_path / "a.jsonl", line(1)), "--site", "stackoverlow.com")
    assert result.exit_code == 1
    assert "stackoverflow" in " ".join(result.output.split())


def test_a_site_that_there_is_not_is_refused_but_for_ones_own(
    tmp_path: Path, database_url: str
) -> None:
    file = write(tmp_path / "q.jsonl", line(1), line(2, site="statz"), line(3, site="statz"))
    refused = run(file, "--site", "statz")
    assert refused.exit_code == 1
    assert "near matches: stats" in refused.stderr
    result = run(file)
    assert counts(result) == [[3, 1, 0, 0, 2]]
    told = "q.jsonl:2: site: There is no site 'statz' (near matches: stats"
    assert told in result.stderr.replace("\n", "")
    assert "add --new-site" in result.stderr
    assert counts(run(file, "--new-site")) == [[3, 2, 0, 1, 0]]
    assert len(stored(database_url)) == 3
    assert counts(run(file)) == [[3, 0, 0, 3, 0]]  # a site of which something is stored is known


def test_a_dump_of_a_site_that_there_is_not_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "statz.stackexchange.com-Posts.xml"
    file.write_text('<posts><row Id="1" PostTypeId="1" Title="t" Body="b" Tags="|r|"/></posts>')
    refused = run(file)
    assert refused.exit_code == 1
    assert "There is no site 'statz' (near matches: stats" in refused.stderr
    assert run(file, "--new-site").exit_code == 0
