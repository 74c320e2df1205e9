"""Which format a file has, by what it holds; and its bytes, unpacked and as UTF-8."""

import codecs
import io
import os
import re
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import Enum, auto
from pathlib import Path
from types import TracebackType
from typing import Self

from core.errors import ImportFailed
from core.questions.files.kaggle import QUESTION_COLUMNS, TAG_COLUMNS, header_columns
from core.questions.files.lines import BOM
from core.questions.files.unpacking import (
    DECOMPRESSORS,
    STANDARD_INPUT,
    LineFeeds,
    OnPosition,
    Peeked,
    Recoded,
    Tracked,
    Unpacked,
)

HEAD_BYTES = 4096

_MOST_PACKINGS = 3  # one inside of the other, as downloads happen to come

_SEVEN_ZIP = b"7z\xbc\xaf\x27\x1c"
_LINE_OF_JSON = re.compile(rb'^\{\s*"', re.MULTILINE)
_VOLUME = re.compile(r"\.(?:7z|zip|rar)\.\d{3}", re.IGNORECASE)
# What else people have, by how it begins: what it is, and what to do.
_OTHERS = tuple(
    (re.compile(begin, re.DOTALL | re.IGNORECASE), told)
    for begin, told in (
        (rb"(?:<!doctype html|<html)[\s>]", "a web page, and no download: download it again"),
        (rb"PK\x03\x04.{26}(?:\[Content_Types\]|_rels/|xl/)", "a workbook: save its table as CSV"),
        (rb"PK\x03\x04", "packed with zip: unpack it first"),
        (rb"\(\xb5/\xfd", "packed with zstd: unpack it first"),
        (rb"Rar!", "packed with rar: unpack it first"),
        (rb".{257}ustar", "packed with tar: unpack it first"),
        (rb"PAR1", "a Parquet file: write it as lines of JSON"),
        (rb"SQLite format 3\0", "an SQLite database: write its table as CSV"),
        (rb"d\d+:(?:announce|info|created by|creation date)", "a torrent: download what it names"),
    )
)

_MARKS = {  # the longer ones first: the one of UTF-16 begins that of UTF-32
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_DECLARED = re.compile(
    rb"""\s*+ (?: <!-- (?: [^-] | -(?!->) )*+ --> \s*+ )*+
    <\?xml [^>]*? \s encoding \s* = \s* ["'] ([\w.-]+)""",
    re.VERBOSE,
)
# An array, an answer of the API, another program's list of questions, or an object whose first line
# holds one field at most.
_DOCUMENT = re.compile(
    rb"""\[\s*[\[{\]]
    | \{ (?: (?!"question_id"). )*? "items" \s* : \s* \[
    | \{ (?: (?!"question_id"). )*? "(?:questions|data|results|rows|records|posts)" \s* : \s*\[\s*\{
    | \{ [^\S\n]* (?: "[^"\n]*" \s* : (?: [^"\n,}]* | [^\S\n]* "[^"\n]*" ) ,? )? [^\S\n]* \n \s* "
    """,
    re.VERBOSE | re.DOTALL,
)
_MAC_LINE = re.compile(rb"[^\r\n]*\r(?![\r\n])")  # the first: texts behind it may hold any ends
_ROW_OF_POSTS = re.compile(rb"<row\s[^<>]*\bPostTypeId=")
# Python's for names of hosts and for its own source: no file is in one, and some take minutes.
_NO_ENCODINGS = ("idna", "punycode", "raw-unicode-escape", "unicode-escape")
_OWN_ENCODINGS = ("utf-8", "utf8", "utf-16", "utf16", "ascii", "us-ascii")  # as their bytes say


class Format(Enum):
    """What a question file holds, unpacked."""

    JSON_LINES = auto()
    JSON_DOCUMENT = auto()
    KAGGLE_QUESTIONS = auto()
    QUESTIONS_WITH_TAGS = auto()  # the same, where it has a column for them
    KAGGLE_TAGS = auto()
    POSTS_XML = auto()

    @property
    def names_site(self) -> bool:
        """Whether its questions may say of which site they are."""
        return self in (Format.JSON_LINES, Format.JSON_DOCUMENT)


class QuestionFile:
    """A question file, whose bytes are read once: it may be a pipe, or `-` for standard input.

        with QuestionFile(Path("Posts.xml")) as file, file.opened() as stream:
            print(file.format, stream.readline())

    Attributes:
        path: as it was given.
        name: what messages call it.
        is_regular: whether it lies in a folder, so that others may lie beside it.
        format: by its first bytes; an archive is taken for a data dump's.

    Raises:
        ImportFailed: it cannot be read, or has none of the formats.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = "standard input" if path == STANDARD_INPUT else str(path)
        self._open_files = ExitStack()
        try:
            self._open()
            self.is_regular = path != STANDARD_INPUT and _is_regular(self._raw)
            self.format = self._detect()
        except OSError as error:
            self.close()
            raise ImportFailed(f"{self.name} cannot be read: {error.strerror or error}") from error
        except ImportFailed:
            self.close()
            raise
        if self.is_regular:  # it is opened anew to be read: there may be thousands of them
            self.close()

    def _open(self) -> None:
        self._raw = self._open_files.enter_context(Tracked(self.path))
        self._stream = Peeked(self._raw)
        self._is_archive = self._stream.peek(len(_SEVEN_ZIP)) == _SEVEN_ZIP
        if not self._is_archive:
            self._stream = _as_utf8(_unpacked(self._stream))

    def _detect(self) -> Format:
        if _VOLUME.fullmatch("".join(self.path.suffixes[-2:])):
            whole = self.path.name.rpartition(".")[0]
            raise ImportFailed(
                f"{self.name} is one volume of several: join them (cat {whole}.* > {whole}), "
                f"and import {whole}."
            )
        if not self._is_archive:
            head = self._stream.peek(HEAD_BYTES)
            if not head.strip():
                self._stream.read(1)  # raises what is wrong
            return _format_of(head.removeprefix(BOM), self.name)
        if not self.is_regular:
            raise ImportFailed(
                f"{self.name} is a .7z archive, which no pipe can carry: name the file itself, "
                "or unpack it into the pipe (7z x -so)."
            )
        return Format.POSTS_XML

    def bytes_read(self) -> int:
        """How many of its bytes have been read since it was opened, packed as they are."""
        return self._raw.bytes_read

    @contextmanager
    def opened(self, on_position: OnPosition | None = None) -> Iterator[io.BufferedReader]:
        """Its bytes, whether packed (gzip, bzip2, xz, 7z) or not, as UTF-8 where it is text.

        Args:
            on_position: called with how many bytes of it have been read, for a progress bar.

        Raises:
            ImportFailed: an archive that cannot be opened, holds no Posts.xml or is too large.
            OSError: the file cannot be opened.
        """
        if self._raw.closed:
            self._open()
        self._raw.on_position = on_position
        with self._open_files as files:
            stream = self._posts(files) if self._is_archive else self._stream
            yield files.enter_context(io.BufferedReader(stream, 2**16))

    def _posts(self, files: ExitStack) -> Peeked:
        from core.questions.files.archive import open_posts  # noqa: PLC0415 (seldom needed)

        self._raw.seek(0)
        archive = files.enter_context(io.BufferedReader(self._raw, 2**16))
        return _as_utf8(Peeked(files.enter_context(open_posts(archive, self.path))))

    def close(self) -> None:
        """Close what is open of it."""
        self._open_files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _is_regular(raw: Tracked) -> bool:
    return stat.S_ISREG(os.fstat(raw.fileno()).st_mode)


def _unpacked(packed: Peeked) -> Peeked:
    for _ in range(_MOST_PACKINGS):
        begin = packed.peek(max(map(len, DECOMPRESSORS)))
        new = next((new for magic, new in DECOMPRESSORS.items() if begin.startswith(magic)), None)
        if new is None:
            break
        packed = Peeked(Unpacked(packed, new))
    return packed


def _as_utf8(text: Peeked) -> Peeked:
    encoding = _encoding_of(text.peek(HEAD_BYTES))
    if encoding is not None:
        text = Peeked(Recoded(text, encoding))
    return Peeked(LineFeeds(text)) if _is_of_old_mac(text.peek(HEAD_BYTES)) else text


def _is_of_old_mac(head: bytes) -> bool:
    """Whether carriage returns end lines: of a table its header line says it."""
    if head.removeprefix(BOM).lstrip()[:1] in (b"{", b"[", b"<"):
        return b"\r" in head and b"\n" not in head
    return _MAC_LINE.match(head.lstrip()) is not None


def _encoding_of(head: bytes) -> str | None:
    """The encoding of a text that is not UTF-8: by its mark, its zeros, or what XML declares."""
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    first, second = head[:64:2], head[1:64:2]  # bytes of what begins with ASCII
    if len(head) >= 4 and any(first) != any(second):
        return "utf-16-le" if any(first) else "utf-16-be"
    declared = _DECLARED.match(head)
    name = declared[1].decode() if declared is not None else "utf-8"
    return None if name.lower() in _OWN_ENCODINGS or not _is_encoding(name) else name


def _is_encoding(name: str) -> bool:
    try:
        codecs.getincrementaldecoder(name)
        b"a".decode(name)
        if codecs.lookup(name).name in _NO_ENCODINGS:
            return False
    except LookupError:  # unknown, or none of texts
        return False
    except UnicodeError:
        return True
    return True


def _format_of(head: bytes, name: str) -> Format:
    start = head.lstrip()
    if not start:
        raise ImportFailed(f"{name} is empty.")
    for begin, told in _OTHERS:
        if begin.match(start) or begin.match(head):
            raise ImportFailed(f"{name} is {told}.")
    found = _text_format(start) or _table_format(start)
    if found is not None:
        return found
    if _ROW_OF_POSTS.search(start):  # as grep shows them, with a name or a number before each
        return Format.POSTS_XML
    if _LINE_OF_JSON.search(start):  # behind what a program has told first
        return Format.JSON_LINES
    raise ImportFailed(
        f"{name} is not a question file: it is neither JSON, nor Posts.xml, "
        "nor a Questions.csv with the columns Id, Title and Body."
    )


def _text_format(start: bytes) -> Format | None:
    if _DOCUMENT.match(start):
        return Format.JSON_DOCUMENT
    if start.startswith(b"{"):
        return Format.JSON_LINES
    return Format.POSTS_XML if start.startswith(b"<") else None


def _table_format(start: bytes) -> Format | None:
    columns = set(header_columns(start))
    if columns >= QUESTION_COLUMNS:
        return Format.QUESTIONS_WITH_TAGS if "tags" in columns else Format.KAGGLE_QUESTIONS
    return Format.KAGGLE_TAGS if columns >= TAG_COLUMNS else None
