import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ImportFailed
from core.questions.files import BrokenRow, Row, read_questions
from core.questions.files.lines import MAX_ROW_BYTES
from core.questions.store import FetchedQuestion

PROLOGUE = '\ufeff<?xml version="1.0" encoding="utf-8"?>\n<posts>\n'
ROW = (
    '  <row Id="{id}" PostTypeId="1" CreationDate="2016-08-02T15:39:14.947" Score="5" '
    'Body="&lt;p&gt;Is a &amp;lt; b?&lt;/p&gt;&#xA;" OwnerUserId="8" '
    'LastActivityDate="2016-08-18T13:20:02.773" Title="What is &quot;a &amp;amp; b&quot; &lt; c?" '
    'Tags="{tags}" AnswerCount="3" ContentLicense="CC BY-SA 3.0" />\n'
)


def good(question_id: int = 1, tags: str = "&lt;c++&gt;&lt;.net&gt;") -> str:
    return ROW.format(id=question_id, tags=tags)


def posts(*rows: str) -> str:
    return PROLOGUE + "".join(rows) + "</posts>"


def read(path: Path, content: str | bytes) -> list[Row]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_questions(path, site="ai"))


def ids(rows: list[Row]) -> list[int]:
    return [row.question_id for row in rows if isinstance(row, FetchedQuestion)]


def broken(rows: list[Row]) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in rows if isinstance(row, BrokenRow)]


def test_a_row_becomes_a_question_with_its_escaping_undone_once(tmp_path: Path) -> None:
    assert read(tmp_path / "Posts.xml", posts(good())) == [
        FetchedQuestion(
            site="ai",
            question_id=1,
            title='What is "a &amp; b" < c?',
            body="<p>Is a &lt; b?</p>\n",
            author_tags=("c++", ".net"),
            link="https://ai.stackexchange.com/questions/1",
            owner="user8",
            licence="CC BY-SA 3.0",
            score=5,
            answer_count=3,
            created_at=datetime(2016, 8, 2, 15, 39, 14, 947000, tzinfo=UTC),
            last_activity_at=datetime(2016, 8, 18, 13, 20, 2, 773000, tzinfo=UTC),
            state="open",
            state_at=datetime(2016, 8, 18, 13, 20, 2, 773000, tzinfo=UTC),
        )
    ]


def test_tags_between_bars_are_read_too(tmp_path: Path) -> None:
    (row,) = read(tmp_path / "Posts.xml", posts(good(tags="|c++|.net|")))
    assert isinstance(row, FetchedQuestion)
    assert row.author_tags == ("c++", ".net")


def test_a_tag_that_elsewhere_says_there_is_none_is_a_tag_in_a_dump(tmp_path: Path) -> None:
    (row,) = read(tmp_path / "Posts.xml", posts(good(tags="&lt;na&gt;")))
    assert isinstance(row, FetchedQuestion)
    assert row.author_tags == ("na",)


def test_an_owner_that_is_gone_has_a_display_name(tmp_path: Path) -> None:
    content = posts(good().replace('OwnerUserId="8"', 'OwnerDisplayName="Ada"'))
    (row,) = read(tmp_path / "Posts.xml", content)
    assert isinstance(row, FetchedQuestion)
    assert row.owner == "Ada"


@pytest.mark.parametrize(
    ("name", "state"), [("ClosedDate", "closed"), ("DeletionDate", "deleted"), ("Score", "open")]
)
def test_a_dump_says_what_has_become_of_a_question(
    tmp_path: Path, name: str, state: str | None
) -> None:
    content = good().replace('Score="5"', f'{name}="2020-03-01T00:00:00.000"')
    (row,) = read(tmp_path / "Posts.xml", posts(content))
    assert isinstance(row, FetchedQuestion)
    assert row.state == state


def test_answers_and_wikis_are_no_questions(tmp_path: Path) -> None:
    other = [f'<row Id="{i}" PostTypeId="{i}" Body="b" />\n' for i in range(2, 9)]
    assert ids(read(tmp_path / "Posts.xml", posts(*other, good(9)))) == [9]


@pytest.mark.parametrize(
    "content",
    [
        posts(good(1), good(2)).replace("\n", ""),
        posts(good(1), good(2)).replace(" ", "\n"),
        posts(good(1), good(2)).replace("\n", "\r\n"),
        posts(good(1), good(2)).replace(" />", "></row>"),
        posts(good(1), good(2)).replace("utf-8", "iso-8859-1").removeprefix("\ufeff"),
    ],
    ids=["one line", "many lines", "CRLF", "closing tags", "another encoding"],
)
def test_the_same_xml_written_otherwise_holds_the_same(tmp_path: Path, content: str) -> None:
    rows = read(tmp_path / "Posts.xml", content)
    assert (ids(rows), broken(rows)) == ([1, 2], [])


def test_the_declared_encoding_holds_for_every_row(tmp_path: Path) -> None:
    content = posts(good(1, "|caf\u00e9|"), good(2, "|caf\u00e9|")).removeprefix("\ufeff")
    rows = read(tmp_path / "Posts.xml", content.replace("utf-8", "iso-8859-1").encode("iso-8859-1"))
    assert [r.author_tags for r in rows if isinstance(r, FetchedQuestion)] == [("caf\u00e9",)] * 2


def test_characters_that_xml_forbids_are_dropped(tmp_path: Path) -> None:
    row = good().replace("What is", "Wh&#x0;at&#31; i&#xD800;s&#xffff;\x01")
    (question,) = read(tmp_path / "Posts.xml", posts(row))
    assert isinstance(question, FetchedQuestion)
    assert question.title.startswith("What is")


def test_a_row_that_is_no_xml_is_reported_with_its_line(tmp_path: Path) -> None:
    rows = read(
        tmp_path / "Posts.xml",
        posts(
            good(1),
            '  <row Id="2" PostTypeId="1" Title="never closed\n',
            good(3),
            good(4).replace(' Title="', ' Headline="'),
            "some text\n",
            good(5).replace("Score", "Id"),
            good(6),
        ),
    )
    assert ids(rows) == [1, 3, 6]
    assert broken(rows) == [
        (4, "not XML: not well-formed (invalid token)"),
        (6, "title: missing"),
        (7, "text between the rows: 'some text'"),
        (8, "not XML: duplicate attribute"),
    ]


@pytest.mark.parametrize("packed", [False, True])
def test_of_a_truncated_file_what_was_read_before_counts(tmp_path: Path, packed: bool) -> None:
    whole = posts(*(good(i) for i in range(1, 1001))).encode()
    content = gzip.compress(whole)[:-200] if packed else whole[: len(whole) // 2]
    rows = read(tmp_path / "Posts.xml", content)
    found = ids(rows)
    assert found == list(range(1, len(found) + 1))
    assert len(found) > 100
    assert len(broken(rows)) == 1
    assert broken(rows)[0][0] >= len(found) + 3


def test_a_file_that_ends_between_two_rows_is_known_to_be_cut_off(tmp_path: Path) -> None:
    rows = read(tmp_path / "Posts.xml", PROLOGUE + good(1))
    assert ids(rows) == [1]
    assert broken(rows) == [(3, "the file is cut off after this row: it has no </posts>")]


@pytest.mark.parametrize(
    "beginning",
    [
        "",
        '<?xml version="1.0" encoding="utf-8"?>\n',
        "<!-- cut\n<row Id='8' />\nout -->\n",
        '<!-- a --><?xml version="1.0"?><posts><!-- b -->',
        PROLOGUE.replace("<posts>", '<?pi x="<a>"?>\n<posts xmlns:xsi="x">'),
        PROLOGUE + "</posts>\n" + PROLOGUE,
        PROLOGUE + "<!-- never closed\n",
        "Posts.xml:1:",
    ],
    ids=["none", "declared", "comment", "no line", "more", "two files", "open comment", "grep"],
)
def test_all_rows_are_read_whatever_stands_before_them(tmp_path: Path, beginning: str) -> None:
    rows = read(tmp_path / "Posts.xml", beginning + good(1) + good(2) + "</posts>")
    assert ids(rows) == [1, 2]
    expected = {PROLOGUE + "<!-- never closed\n": 1, "Posts.xml:1:": 1}.get(beginning, 0)
    assert len(broken(rows)) == expected


def test_rows_on_one_line_are_parted_however_long_it_is(tmp_path: Path) -> None:
    long = [good(2).replace("Is a", "x" * (MAX_ROW_BYTES // 10))] * 6
    many = [good(1), *long, good(3).replace("Title", "T"), *long, good(4)]
    rows = read(tmp_path / "Posts.xml", posts(*many).replace("\n", ""))
    assert ids(rows) == [1, *[2] * 12, 4]
    assert broken(rows) == [(1, "title: missing")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_dump_in_utf_16_is_read(tmp_path: Path, encoding: str) -> None:
    content = (
        posts(good(1, "|caf\u00e9|"), good(2)).replace("utf-8", "utf-16").replace("\n", "\r\n")
    )
    rows = read(tmp_path / "Posts.xml", content.removeprefix("\ufeff").encode(encoding))
    assert (ids(rows), broken(rows)) == ([1, 2], [])


BOMB = """<?xml version="1.0"?>
<!DOCTYPE posts [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>
<posts>
"""
OUTSIDE = '<!DOCTYPE posts [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n<posts>\n'


@pytest.mark.parametrize("start", [BOMB, OUTSIDE, '<!DOCTYPE posts SYSTEM "x.dtd">\n<posts>\n'])
def test_a_document_type_is_refused(tmp_path: Path, start: str) -> None:
    with pytest.raises(ImportFailed, match="declares a document type"):
        read(tmp_path / "Posts.xml", start + good() + "</posts>")


def test_a_document_type_after_the_beginning_declares_nothing(tmp_path: Path) -> None:
    rows = read(
        tmp_path / "Posts.xml",
        posts(good(1), BOMB.split("\n")[1] + "\n", good(2).replace("What", "&c;"), good(3)),
    )
    assert ids(rows) == [1, 3]
    assert len(broken(rows)) == 2


def test_the_dumps_other_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="its root is <users>, not the <posts>"):
        read(tmp_path / "Users.xml", '<users>\n  <row Id="1" />\n</users>')


def test_a_row_of_too_many_lines_is_reported_once(tmp_path: Path) -> None:
    long = good(2).replace("Is a", "\n".join(["x" * 1000] * (MAX_ROW_BYTES // 500)))
    rows = read(tmp_path / "Posts.xml", posts(good(1), long, good(3)))
    assert ids(rows) == [1, 3]
    assert broken(rows) == [(4, "a row of more than 4 MiB")]


# A comment that ends hides the rows in it, as it should.
JUNK = st.text(st.sampled_from("<>&;\"'=/!-[]?x #\n\0é"), max_size=60).filter(
    lambda text: "-->" not in text
)
TRAPS = st.sampled_from(
    ["<!--", "<![CDATA[", "<?pi", '<row Id="', "</posts", "<row>", "&a;", "<a><b>", '<row a="<"/>']
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(junk=st.lists(JUNK | TRAPS, max_size=6))
def test_whatever_stands_between_them_every_good_row_survives(
    junk: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = [good(1)]
    for number, text in enumerate(junk, start=2):
        rows += [text + "\n", good(number)]
    found = ids(read(tmp_path_factory.getbasetemp() / "Posts.xml", posts(*rows)))
    assert found == list(range(1, len(junk) + 2))


@pytest.mark.parametrize(
    "inside",
    [" ".join(f'a{number}=""' for number in range(300)), 'b="" ' + "/><a " * 300],
    ids=["fields", "tags"],
)
def test_a_row_of_which_a_parser_would_make_too_much_is_broken(tmp_path: Path, inside: str) -> None:
    rows = read(tmp_path / "Posts.xml", posts(good(1), f"  <row {inside} />\n", good(3)))
    assert ids(rows) == [1, 3]
    assert broken(rows) == [(4, "a row with more fields or tags in it than any dump has")]


def test_a_body_may_hold_any_number_of_equals_signs(tmp_path: Path) -> None:
    assert ids(read(tmp_path / "Posts.xml", posts(good(1).replace("Is a", "=" * 1000)))) == [1]


def test_instructions_without_end_are_read_once(tmp_path: Path) -> None:
    """Each was looked for to the end of the file: some minutes."""
    (row,) = read(tmp_path / "Posts.xml", "<posts/>" + "<?" * 200_000)
    assert isinstance(row, BrokenRow)


def test_comments_without_end_are_looked_through_once(tmp_path: Path) -> None:
    """Each of a million had its end looked for in all that follows: minutes."""
    rows = read(tmp_path / "Posts.xml", posts("<!--" * 20_000, good(1), "<!-- a -->", good(2)))
    assert ids(rows) == [2]  # the first is in the comment that ends
    comment = "<!-- " + "a" * 70_000 + "\n <row -->"
    assert ids(read(tmp_path / "Posts.xml", posts(good(1), comment, good(2)))) == [1, 2]


def test_a_row_that_is_not_utf_8_is_read_as_tables_are(tmp_path: Path) -> None:
    latin = good(2).replace("What is", "Caf\u00e9:").encode("cp1252")
    content = PROLOGUE.encode() + good().encode() + latin + b"</posts>" + bytes(9)
    rows = read(tmp_path / "Posts.xml", content)
    assert (ids(rows), broken(rows)) == ([1, 2], [])
    assert isinstance(rows[1], FetchedQuestion)
    assert rows[1].title.startswith("Caf\u00e9: ")
