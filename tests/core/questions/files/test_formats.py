import gzip
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import ImportFailed
from core.questions.files import BrokenRow, Format, QuestionFile, read_questions


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b'{"site": "stats"}\n', Format.JSON_LINES),
        (b"\xef\xbb\xbf<?xml version='1.0'?><posts>", Format.POSTS_XML),
        (b"\n<posts>", Format.POSTS_XML),
        (b'7:  <row Id="1" PostTypeId="1" />\n', Format.POSTS_XML),
        (b"Id,OwnerUserId,CreationDate,Score,Title,Body\r\n", Format.KAGGLE_QUESTIONS),
        (b'"","Id","Title","Body"\n', Format.KAGGLE_QUESTIONS),
        (b"Id,Tag\n", Format.KAGGLE_TAGS),
        (b'Id,Title,Body\n1,Dumps,"<row PostTypeId=""1"" />"\n', Format.KAGGLE_QUESTIONS),
        (b'{\n{"question_id": 1}\n', Format.JSON_LINES),
        (b'{\n  "question_id": 1,\n', Format.JSON_DOCUMENT),
        (b'{"data": [{"question_id": 1}]}', Format.JSON_DOCUMENT),
        (b'{"question_id": 1, "data": [{"a": 1}]}', Format.JSON_LINES),
        (b'INFO begun\n{"question_id": 1}\n', Format.JSON_LINES),
        (b"question_id,title,body,tags\n", Format.QUESTIONS_WITH_TAGS),
    ],
)
@pytest.mark.parametrize("packed", [0, 1, 2])
def test_the_format_is_told_by_the_content_not_by_the_name(
    tmp_path: Path, content: bytes, found: Format, packed: int
) -> None:
    path = tmp_path / "file"
    for _ in range(packed):
        content = gzip.compress(content)
    path.write_bytes(content)
    with QuestionFile(path) as file:
        assert file.format is found


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"PK\x03\x04rest", "packed with zip: unpack it first"),
        (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml", "a workbook: save its table as CSV"),
        (b"PAR1" + bytes(9), "a Parquet file: write it as lines of JSON"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"d8:announce35:udp://x", "a torrent: download what it names"),
        (b"\n<!DOCTYPE html>\n<html>", "a web page, and no download"),
        (b"<html><head>", "a web page, and no download"),
        (b"Posts.xml".ljust(257, b"\0") + b"ustar", "packed with tar: unpack it first"),
        (b"id,name\n1,a\n", "not a question file"),
        (b"\x89PNG\r\n", "not a question file"),
        (b"[1, 2]", "not a question file"),
        (b"\x1f\x8b\x08damaged", "cannot be read"),
        (b"7z\xbc\xaf\x27\x1cdamaged", "damaged 7z archive"),
    ],
)
def test_what_is_no_question_file_is_refused_in_one_line(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ImportFailed, match=reason) as failure:
        list(read_questions(path, site="stats"))
    assert "\n" not in str(failure.value)
    assert str(path) in str(failure.value)


def test_a_file_that_is_not_there_is_told_in_plain_words(tmp_path: Path) -> None:
    path = tmp_path / "none.jsonl"
    with pytest.raises(ImportFailed) as failure:
        list(read_questions(path, site="stats"))
    assert str(failure.value) == f"{path} cannot be read: No such file or directory"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('<?xml version="1.0" encoding="utf-16"?>\r\n<posts>', Format.POSTS_XML),
        ('{"site": "stats"}\r\n', Format.JSON_LINES),
        ("Id,Tag\r\n", Format.KAGGLE_TAGS),
    ],
)
def test_what_windows_calls_unicode_is_read_as_such(
    tmp_path: Path, encoding: str, content: str, found: Format
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content.encode(encoding))
    with QuestionFile(path) as file, file.opened() as stream:
        assert file.format is found
        assert stream.read() == content.encode()


@pytest.mark.parametrize(
    ("content", "read"),
    [
        (b"Id,Tag\r1,a\r", b"Id,Tag\n1,a\n"),
        (b'Id,Title,Body\r1,t,"b\nc"\r', b'Id,Title,Body\n1,t,"b\nc"\n'),
        (b'Id,Title,Body\n1,t,"b\rc"\n', None),
        (b"Id,Tag\r\r\n1,a\r\r\n", None),
        (b'{"site": "a\rb"}\n', None),
    ],
)
def test_line_ends_of_old_macs_are_known_by_the_header_line(
    tmp_path: Path, content: bytes, read: bytes | None
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with QuestionFile(path) as file, file.opened() as stream:
        assert stream.read() == (read or content)


def test_an_encoding_that_xml_declares_is_read(tmp_path: Path) -> None:
    path = tmp_path / "Posts.xml"
    content = '<!-- a --> <?xml version="1.0" encoding="Shift_JIS"?><posts>\u8cea\u554f'
    path.write_bytes(content.encode("shift_jis"))
    with QuestionFile(path) as file, file.opened() as stream:
        assert stream.read() == content.encode()


@pytest.mark.parametrize("encoding", ["hex", "rot13", "no-such", "utf-8"])
def test_an_encoding_that_is_none_is_not_believed(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "Posts.xml"
    path.write_text(content := f'<?xml version="1.0" encoding="{encoding}"?>')
    with QuestionFile(path) as file, file.opened() as stream:
        assert stream.read() == content.encode()


@pytest.fixture
def through_a_pipe(tmp_path: Path) -> Iterator[Callable[[bytes], Path]]:
    """A named pipe that carries something, a few bytes at a time."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writers = []

    def write(content: bytes) -> None:
        with path.open("wb", buffering=0) as pipe:
            for start in range(0, len(content), 1000):
                pipe.write(content[start : start + 1000])

    def carry(content: bytes) -> Path:
        writers.append(threading.Thread(target=write, args=(content,)))
        writers[-1].start()
        return path

    yield carry
    for writer in writers:
        writer.join()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_pipe_is_read_once_from_its_beginning(
    through_a_pipe: Callable[[bytes], Path], pack: Callable[[bytes], bytes]
) -> None:
    lines = b"".join(b'{"question_id": %d}\n' % i for i in range(1000))
    with QuestionFile(through_a_pipe(pack(lines))) as file, file.opened() as stream:
        assert (file.format, file.is_regular) == (Format.JSON_LINES, False)
        assert stream.read() == lines


def test_an_archive_in_a_pipe_is_refused_for_what_it_is(
    through_a_pipe: Callable[[bytes], Path],
) -> None:
    with pytest.raises(ImportFailed, match=r"a \.7z archive, which no pipe can carry"):
        QuestionFile(through_a_pipe(b"7z\xbc\xaf\x27\x1c and more"))


def test_comments_before_a_declaration_are_read_once(tmp_path: Path) -> None:
    """Each more of them had doubled the time: forty would have taken years."""
    path = tmp_path / "Posts.xml"
    path.write_bytes(b"<!---->" * 500 + b"<posts></posts>")
    with QuestionFile(path) as file:
        assert file.format is Format.POSTS_XML


@pytest.mark.parametrize("encoding", ["punycode", "idna", "unicode_escape"])
def test_encodings_of_no_file_are_not_believed(tmp_path: Path, encoding: str) -> None:
    """Of punycode a few hundred kilobytes take minutes."""
    path = tmp_path / "Posts.xml"
    declared = f'<?xml version="1.0" encoding="{encoding}"?>\n<posts>\n  '
    path.write_text(
        f'{declared}<row Id="1" PostTypeId="1" Title="T" Body="B" Tags="|r|" /></posts>'
    )
    (row,) = read_questions(path, site="stats")
    assert not isinstance(row, BrokenRow)
