import gzip
from pathlib import Path

import pytest

from core.errors import ImportFailed
from core.questions.files import Format, detect_format, read_questions


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b'{"site": "stats"}\n', Format.JSON_LINES),
        (b"\xef\xbb\xbf<?xml version='1.0'?><posts>", Format.POSTS_XML),
        (b"\n<posts>", Format.POSTS_XML),
        (b"Id,OwnerUserId,CreationDate,Score,Title,Body\r\n", Format.KAGGLE_QUESTIONS),
        (b'"","Id","Title","Body"\n', Format.KAGGLE_QUESTIONS),
        (b"Id,Tag\n", Format.KAGGLE_TAGS),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_the_format_is_told_by_the_content_not_by_the_name(
    tmp_path: Path, content: bytes, found: Format, packed: bool
) -> None:
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(content) if packed else content)
    assert detect_format(path) is found


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"PK\x03\x04rest", "packed with zip: unpack it first"),
        (b"id,name\n1,a\n", "not a question file"),
        (b"\x89PNG\r\n", "not a question file"),
        (b"[{}]", "not a question file"),
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
