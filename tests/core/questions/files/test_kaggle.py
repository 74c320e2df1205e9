import csv
import gzip
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ImportFailed, SiteNotGiven
from core.questions.files import BrokenRow, QuestionFile, Row, read_questions
from core.questions.files.kaggle import MAX_RECORD_LINES, TagTable, read_questions_csv
from core.questions.files.rows import Source
from core.questions.store import FetchedQuestion

HEADER = "Id,OwnerUserId,CreationDate,Score,Title,Body\r\n"
BODY = '<p>Why?</p>\n\n<p>Say "so".</p>\n'
TAGS = "Id,Tag\r\n6,r\r\n6,machine-learning\r\n7,na\u00efve-bayes\r\n8,r\r\n"


def good(question_id: int = 6, body: str = BODY) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([question_id, 5, "2010-07-19T19:14:44Z", 272, "A, or B?", body])
    return out.getvalue()


def write(folder: Path, content: str | bytes, tags: str | bytes = TAGS) -> Path:
    for name, text in (("Questions.csv", content), ("Tags.csv", tags)):
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder / "Questions.csv"


def read(path: Path) -> list[Row]:
    return list(read_questions(path, site="stats"))


def test_the_two_tables_become_questions(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + good() + good(7))
    first, second = read(path)
    assert first == FetchedQuestion(
        site="stats",
        question_id=6,
        title="A, or B?",
        body=BODY,
        author_tags=("r", "machine-learning"),
        link="https://stats.stackexchange.com/questions/6",
        owner="user5",
        score=272,
        created_at=datetime(2010, 7, 19, 19, 14, 44, tzinfo=UTC),
    )
    assert isinstance(second, FetchedQuestion)
    assert second.author_tags == ("na\u00efve-bayes",)


def test_what_is_not_available_is_unknown(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "6,NA,NA,NA,Title,<p>Body</p>\n")
    (row,) = read(path)
    assert isinstance(row, FetchedQuestion)
    assert (row.owner, row.created_at, row.score) == (None, None, None)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-8-sig"])
def test_both_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    content = HEADER + good(body="<p>Andr\u00e9's caf\u00e9, 20\u00b0</p>")
    (row,) = read(write(tmp_path, content.encode(encoding), TAGS.encode(encoding)))
    assert isinstance(row, FetchedQuestion)
    assert row.body == "<p>Andr\u00e9's caf\u00e9, 20\u00b0</p>"


def test_latin_1_has_the_quotes_and_dashes_that_browsers_see_in_it(tmp_path: Path) -> None:
    content = (HEADER + good(body="<p>a \u2013 \u201cb\u201d</p>")).encode("cp1252")
    (row,) = read(write(tmp_path, content))
    assert isinstance(row, FetchedQuestion)
    assert row.body == "<p>a \u2013 \u201cb\u201d</p>"


def test_a_broken_row_has_the_physical_line_on_which_it_begins(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        HEADER
        + good(6)  # lines 2 to 5
        + "x,5,2010-07-19T19:14:44Z,1,Title,Body\n"  # 6
        + good(9)  # 7 to 10; it has no tags
        + "7.5,5,NA,1,Title,Body\n"  # 11
        + '8,5,2010-07-19T19:14:44Z,1,Title,"two\n\nparagraphs",more\n'  # 12 to 14
        + good(8),
    )
    rows = read(path)
    assert [(r.line, r.reason[:30]) for r in rows if isinstance(r, BrokenRow)] == [
        (6, "question_id: should be a whole"),
        (7, "tags: empty"),
        (11, "question_id: should be a whole"),
        (12, "a row of 6 fields is expected,"),
    ]
    assert [q.question_id for q in rows if isinstance(q, FetchedQuestion)] == [6, 8]


def test_a_broken_row_of_the_tags_is_reported_with_their_file(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + good(), "Id,Tag\n6,r\nsix,anova\n6\n6,anova\n")
    first, second, question = read(path)
    assert isinstance(first, BrokenRow)
    assert (Path(first.file).name, first.line) == ("Tags.csv", 3)
    assert isinstance(second, BrokenRow)
    assert second.line == 4
    assert isinstance(question, FetchedQuestion)
    assert question.author_tags == ("r", "anova")


def test_a_body_longer_than_the_csv_module_allows_by_default_is_read(tmp_path: Path) -> None:
    (row,) = read(write(tmp_path, HEADER + good(body="x" * 200_000)))
    assert isinstance(row, FetchedQuestion)


def test_a_quote_that_is_never_closed_costs_its_own_row_only(tmp_path: Path) -> None:
    stray = '7,5,2010-07-19T19:14:44Z,1,Title,"<p>never closed\n'
    rows = read(write(tmp_path, HEADER + good(6) + stray + good(8) * 50))
    assert [r.line for r in rows if isinstance(r, BrokenRow)] == [6]
    assert sum(isinstance(r, FetchedQuestion) for r in rows) == 51


def test_questions_without_their_tags_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + good())
    (tmp_path / "Tags.csv").unlink()
    with pytest.raises(ImportFailed, match=r"needs its Tags\.csv"):
        read_questions(path, site="stats")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "t.csv").write_text(TAGS)
    rows = list(read_questions(path, site="stats", tag_files=[QuestionFile(elsewhere / "t.csv")]))
    assert isinstance(rows[0], FetchedQuestion)


def test_tags_alone_and_questions_of_no_site_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + good())
    with pytest.raises(ImportFailed, match="holds tags alone"):
        read_questions(tmp_path / "Tags.csv", site="stats")
    with pytest.raises(SiteNotGiven, match="does not say of which site it is"):
        read_questions(path)


def test_tags_need_not_be_sorted() -> None:
    table = TagTable([8, 6, 8, 7], [0, 1, 2, 0], ["r", "anova", "bayesian"])
    assert [table.tags_of(i) for i in (5, 6, 7, 8)] == [[], ["anova"], ["r"], ["r", "bayesian"]]


JUNK = st.text(st.sampled_from('",;x\n\r0<é\x00 '), max_size=40).filter(
    lambda t: not t[:1].isdigit()
)


@settings(max_examples=200, deadline=None)
@given(junk=st.lists(JUNK, max_size=6))
def test_whatever_stands_between_them_every_good_row_survives(junk: list[str]) -> None:
    content = HEADER + good()
    for text in junk:
        content += text.replace("\n0", "\n") + "\n" + good()
    tags = TagTable([6], [0], ["r"])
    rows = list(read_questions_csv(io.BytesIO(content.encode()), Source("q.csv", "stats"), tags))
    survivors = [row for row in rows if isinstance(row, FetchedQuestion)]
    assert len(survivors) == len(junk) + 1
    assert len({row.body for row in survivors}) == 1


def test_each_questions_csv_of_a_folder_has_its_own_tags(tmp_path: Path) -> None:
    write(tmp_path, HEADER + good())  # with Tags.csv, which sorts before the others
    (tmp_path / "cooking-Questions.csv").write_text(HEADER + good())
    (tmp_path / "cooking-Tags.csv").write_text("Id,Tag\n6,bread\n")
    (tmp_path / "dogs-Questions.csv").write_text(HEADER + good())
    (row,) = read(tmp_path / "cooking-Questions.csv")
    assert isinstance(row, FetchedQuestion)
    assert row.author_tags == ("bread",)
    with pytest.raises(ImportFailed, match=r"needs its Tags\.csv"):
        read(tmp_path / "dogs-Questions.csv")


@pytest.mark.parametrize(
    ("of_questions", "of_tags"), [("80.0", "80"), ("80", "80.0"), ("8e1", " 80"), ("+80", '"80"')]
)
def test_ids_are_whole_numbers_however_they_are_written(
    tmp_path: Path, of_questions: str, of_tags: str
) -> None:
    content = f"Id,OwnerUserId,Score,Title,Body\n{of_questions},12.0,5.0,T,<p>Body</p>\n"
    (row,) = read(write(tmp_path, content, f"Id,Tag\n{of_tags},pumps\n"))
    assert isinstance(row, FetchedQuestion)
    assert (row.question_id, row.owner, row.score) == (80, "user12", 5)
    assert row.author_tags == ("pumps",)


def test_an_id_that_is_no_whole_number_is_named(tmp_path: Path) -> None:
    (row,) = read(write(tmp_path, "Id,Title,Body\n80.5,T,B\n", "Id,Tag\n80,pumps\n"))
    assert isinstance(row, BrokenRow)
    assert row.reason == "question_id: should be a whole number, but is '80.5'"


def test_a_table_may_say_that_a_question_was_closed(tmp_path: Path) -> None:
    date = "2013-03-01T00:00:00Z"
    content = f"Id,ClosedDate,CreationDate,Title,Body\n6,{date},{date},T,B\n8,NA,{date},T,B\n"
    silent = f"Id,CreationDate,Title,Body\n6,{date},T,B\n"
    assert [
        row.state
        for table in (content, silent)
        for row in read(write(tmp_path, table))
        if isinstance(row, FetchedQuestion)
    ] == ["closed", "open", None]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("preamble", ["", "sep={}\r\n", "#TYPE System.Object\r\n"])
def test_tables_of_excel_and_powershell_are_read(
    tmp_path: Path, delimiter: str, encoding: str, preamble: str
) -> None:
    out = io.StringIO()
    rows = [["Id", "Title", "Body"], ["6", "A, or; B?", BODY], ["7", "C", "<p>a\tb</p>"]]
    csv.writer(out, delimiter=delimiter).writerows(rows)
    content = preamble.format(delimiter) + out.getvalue()
    tags = f"Id{delimiter}Tag\r\n6{delimiter}r\r\n7{delimiter}r\r\n"
    found = read(write(tmp_path, content.encode(encoding), tags.encode(encoding)))
    assert [row.title for row in found if isinstance(row, FetchedQuestion)] == ["A, or; B?", "C"]


def test_a_table_with_tags_needs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text('Id,Title,Body,Tags\n6,T,B,r c++\n7,T,B,"<r><c++>"\n8,T,B,\n')
    first, second, third = read(path)
    assert isinstance(first, FetchedQuestion)
    assert isinstance(second, FetchedQuestion)
    assert first.author_tags == second.author_tags == ("r", "c++")
    assert third == BrokenRow(str(path), 4, "tags: empty")


def test_lines_may_end_as_on_old_macs(tmp_path: Path) -> None:
    content = "".join(f"{i},T,<p>{'x' * 50}</p>\r" for i in range(6, 200))
    rows = read(write(tmp_path, "Id,Title,Body\r" + content, "Id,Tag\r6,r\r7,r\r"))
    assert [row.question_id for row in rows if isinstance(row, FetchedQuestion)] == [6, 7]
    assert [row.line for row in rows if isinstance(row, BrokenRow)][:2] == [4, 5]


def test_an_open_quote_takes_so_many_lines_and_no_more(tmp_path: Path) -> None:
    """Four million empty lines, as one row may have, would be as many objects."""
    path = write(tmp_path, HEADER + '6,5,NA,1,Title,"' + "\n" * (MAX_RECORD_LINES + 9) + good(7))
    broken, *rows = read(path)
    assert isinstance(broken, BrokenRow)
    assert [row.question_id for row in rows if isinstance(row, FetchedQuestion)] == [7]


def test_a_table_of_tags_that_unpacks_to_too_many_rows_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.questions.files.kaggle.SPARE_ROWS", 1000)
    path = write(tmp_path, HEADER + good())
    (tmp_path / "Tags.csv").unlink()
    (tmp_path / "Tags.csv.gz").write_bytes(gzip.compress(b"Id,Tag\n" + b"6,r\n" * 20_000))
    with pytest.raises(ImportFailed, match=r"more rows than its size allows: unpack it first"):
        read(path)
    (tmp_path / "Tags.csv.gz").unlink()
    (tmp_path / "Tags.csv").write_bytes(b"Id,Tag\n" + b"6,r\n" * 20_000)
    assert len(read(path)) == 1


def test_a_tag_that_is_none_is_a_broken_row(tmp_path: Path) -> None:
    broken, row = read(write(tmp_path, HEADER + good(), "Id,Tag\n6," + "r" * 101 + "\n6,r\n"))
    assert isinstance(broken, BrokenRow)
    assert isinstance(row, FetchedQuestion)
    assert row.author_tags == ("r",)


def test_a_table_of_bigquery_keeps_its_dates_and_owners(tmp_path: Path) -> None:
    path = tmp_path / "bq.csv"
    path.write_text(
        "id,title,body,answer_count,creation_date,owner_display_name,owner_user_id,post_type_id,tags\n"
        "4,t,<p>b</p>,13,2008-07-31 21:42:52.667 UTC,Eggs,8,1,c#|.net\n"
        "5,,<p>an answer</p>,,2008-07-31 21:42:52 UTC,,9,2,\n"
        "6,t,<p>b</p>,0,2008-07-31 21:42:52 UTC,,9,1,c#\n"
    )
    first, second = read(path)
    assert isinstance(first, FetchedQuestion)
    assert isinstance(second, FetchedQuestion)
    assert (first.question_id, first.owner, first.answer_count) == (4, "Eggs", 13)
    assert first.created_at == datetime(2008, 7, 31, 21, 42, 52, 667000, UTC)
    assert (second.question_id, second.owner) == (6, "user9")


def test_the_number_of_a_question_may_be_called_so_in_both_tables(tmp_path: Path) -> None:
    tags = TAGS.replace("Id", "question_id")
    (row,) = read(write(tmp_path, HEADER.replace("Id,", "question_id,", 1) + good(), tags))
    assert isinstance(row, FetchedQuestion)
    assert row.author_tags == ("r", "machine-learning")
