"""Posts.xml of a site's data dump: a `<row …/>` for each post, its fields as attributes.

Titles and bodies are escaped once, for XML; with that undone, the title is plain text and the body
HTML.
In XML no `<` stands inside a field, so each row is cut out where the next tag of a dump begins, and
parsed on its own: what is wrong with one ends there, memory stays that of one row, and whatever
else stands between the rows, or does not, the others are read. Expat reads no external entities,
and a document type, without which there are none of any kind, is refused.
"""

import re
from collections.abc import Iterator, Mapping
from io import BufferedReader
from typing import NamedTuple
from xml.parsers import expat

from core.errors import ImportFailed
from core.questions.files.lines import BOM, DAMAGES, MAX_ROW_BYTES, decode, explain_damage
from core.questions.files.rows import Row, Source, make_row
from core.questions.files.values import to_tags

QUESTION = "1"  # of PostTypeId; 2 is an answer, the others are wikis and the like

MAX_COMMENT_BYTES = 2**16  # what is longer has lost its end, and hides no rows
MAX_MARKS = 200  # of a row: fields and tags in it; dumps have some 25 fields and no tags

_READ_BYTES = 2**16
_TAG = re.compile(rb"<(?:row[\s/>]|/?posts[\s/>]|!--|\?xml\s|(?i:!doctype)\s)")
_LONGEST_TAG = 12

# What else stands between rows, as it should: the opening and the closing of all, and comments.
_AROUND = re.compile(
    rb"<!--.*?-->|<\?(?:[^<?]|<(?!\?)|\?(?!>))*+\?>|</?posts\s*/?>|<posts\s[^<>]*>|"
    + re.escape(BOM),
    re.DOTALL,
)
_FIELD = re.compile(rb"""\"[^"]*+"?|'[^']*+'?""")
_END = re.compile(rb"</posts\s*>|<posts\s*/>")
_ROOT = re.compile(rb"\s*<([A-Za-z_][\w:.-]*)")

# Characters that no XML may hold, though databases do: raw, and as references.
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r"))
_FORBIDDEN_REFERENCE = re.compile(
    rb"&#(?:[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]|[dD][89a-fA-F][0-9a-fA-F]{2}|[fF]{3}[eEfF])"
    rb"|0*(?:[0-8]|1[124-9]|2\d|3[01]));"
)


class _Piece(NamedTuple):
    """A tag of the dump with what follows it up to the next one.

    Attributes:
        line: on which it begins, from 1.
        content: its bytes, UTF-8; at the file's beginning, what stands before the first tag.
        problem: why it cannot be used.
    """

    line: int
    content: bytes
    problem: str | None = None


def read_posts(stream: BufferedReader, source: Source) -> Iterator[Row]:
    """Yield the questions among the posts, and the rows that cannot be read.

    Raises:
        ImportFailed: the file declares a document type, as no dump does, or holds no posts.
    """
    has_begun = has_ended = False
    last = _Piece(1, b"")
    problem = None
    for last in _pieces(stream):
        problem = last.problem
        if problem is None and last.content.startswith(b"<row"):
            has_begun, has_ended = True, False
            row = _Row(last, source)
            yield from row.questions()
            problem = row.problem
        elif problem is None:
            if not has_begun:
                _check_beginning(last.content, source)
            has_begun = has_begun or last.content.startswith((b"<posts", b"</posts"))
            has_ended = has_ended or _END.match(last.content) is not None
            problem = _strange_text(last.content)
            if problem is not None:
                yield source.broken(last.line, problem)
        else:
            yield source.broken(last.line, problem)
    if problem is None and not has_ended:
        line = last.line + last.content.rstrip().count(b"\n")
        yield source.broken(line, "the file is cut off after this row: it has no </posts>")


def _check_beginning(content: bytes, source: Source) -> None:
    """Refuse what is no dump of posts.

    Raises:
        ImportFailed: it is not.
    """
    if content[:9].upper() == b"<!DOCTYPE":
        raise ImportFailed(f"{source.file}: it declares a document type, as no data dump does.")
    root = _ROOT.match(_AROUND.sub(b"", content))
    if root is not None:
        raise ImportFailed(
            f"{source.file}: its root is <{root[1].decode()}>, not the <posts> of a dump."
        )


def _strange_text(content: bytes) -> str | None:
    """What is wrong with what stands between rows, if it is not what a dump has there."""
    text = _AROUND.sub(b"", content).decode(errors="replace").strip(" \t\r\n\0")
    return f"text between the rows: {text[:40]!r}" if text else None


def _pieces(stream: BufferedReader) -> Iterator[_Piece]:
    """Cut a stream at the tags of a dump, and report a damage where it ends by one."""
    cutter = _Cutter()
    while True:
        try:
            block = stream.read1(_READ_BYTES)
        except DAMAGES as error:
            yield from cutter.end(explain_damage(error))
            return
        if not block:
            yield from cutter.end(None)
            return
        yield from cutter.cut(block)


class _Cutter:
    """Cuts what comes block by block."""

    def __init__(self) -> None:
        self._buffer = bytearray()  # from the piece at hand on
        self._start = 0  # of that piece
        self._line = 1
        self._searched = 0  # up to here no tag begins that could be the next one
        self._endless = 0  # up to here, from the piece at hand on, no comment ends
        self._is_too_long = False

    def cut(self, block: bytes) -> Iterator[_Piece]:
        """Take the next bytes; yield the pieces that have ended."""
        self._buffer += block
        yield from self._cut(is_end=False)
        del self._buffer[: self._start]
        self._searched -= self._start
        self._endless -= self._start
        self._start = 0
        if len(self._buffer) > MAX_ROW_BYTES:
            if not self._is_too_long:
                yield _Piece(self._line, b"", f"a row of more than {MAX_ROW_BYTES // 2**20} MiB")
            self._is_too_long = True
            passed = len(self._buffer) - _LONGEST_TAG
            self._line += self._buffer.count(b"\n", 0, passed)
            del self._buffer[:passed]
            self._searched = self._endless = 0

    def end(self, damage: str | None) -> Iterator[_Piece]:
        """Yield the rest, without what a damage has left of a row, and the damage."""
        yield from self._cut(is_end=True)
        rest = self._buffer[self._start :]
        if damage is None or rest.rstrip().endswith(b">"):
            yield from self._piece(len(self._buffer))
        if damage is not None:
            yield _Piece(self._line + rest.count(b"\n"), b"", damage)

    def _cut(self, *, is_end: bool) -> Iterator[_Piece]:
        while (begin := self._find_from(is_end=is_end)) is not None:
            tag = _TAG.search(self._buffer, begin)
            if tag is None:
                self._searched = max(begin, len(self._buffer) - _LONGEST_TAG)
                return
            yield from self._piece(tag.start())

    def _find_from(self, *, is_end: bool) -> int | None:
        """From where on the next tag is looked for; None where a comment has not ended yet."""
        if not self._buffer.startswith(b"<!--", self._start):
            return self._searched
        end = self._buffer.find(b"-->", max(self._start + 4, self._endless))
        if end >= 0:
            return max(self._searched, end)
        self._endless = len(self._buffer) - 2
        is_lost = is_end or len(self._buffer) - self._start > MAX_COMMENT_BYTES
        return self._searched if is_lost else None

    def _piece(self, end: int) -> Iterator[_Piece]:
        content = bytes(self._buffer[self._start : end])
        if content and not self._is_too_long:
            yield _Piece(self._line, content)
        self._is_too_long = False
        self._line += content.count(b"\n")
        self._start, self._searched = end, end + 1


class _Row:
    """A row, parsed on its own, with what follows it.

    Attributes:
        problem: what is wrong with it, once its question has been read.
    """

    def __init__(self, piece: _Piece, source: Source) -> None:
        self.problem: str | None = None
        self._line, self._source = piece.line, source
        kept = decode(piece.content).encode().translate(None, _CONTROLS)
        self._content = _FORBIDDEN_REFERENCE.sub(b"", kept)
        self._attributes: dict[str, str] | None = None
        self._problem_line = piece.line
        self._parser = parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = self._start
        parser.CharacterDataHandler = self._text

    def questions(self) -> Iterator[Row]:
        """Yield its question, and what is wrong."""
        if _is_overloaded(self._content):
            self.problem = "a row with more fields or tags in it than any dump has"
            yield self._source.broken(self._line, self.problem)
            return
        try:
            for part in (b"<posts>", self._content, b"</posts>"):
                self._parser.Parse(part, False)
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            # The end that was added to the piece stands on no line of the file.
            last_line = self._content.rstrip().count(b"\n")
            self._problem_line = self._line + min(error.lineno - 1, last_line)
            self.problem = f"not XML: {expat.ErrorString(error.code)}"
        fields = self._attributes
        if fields is not None and fields.get("PostTypeId", QUESTION) == QUESTION:
            yield make_row(_values(fields), source=self._source, line=self._line)
        if self.problem is not None:
            yield self._source.broken(self._problem_line, self.problem)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row" and self._attributes is None:
            self._attributes = attributes

    def _text(self, text: str) -> None:
        if self.problem is None and text.strip():
            self._problem_line = self._line + self._parser.CurrentLineNumber - 1
            self.problem = f"text between the rows: {text.strip()[:40]!r}"


def _is_overloaded(row: bytes) -> bool:
    """Whether the parser would make far more of a row than its bytes: each mark becomes objects."""
    if row.count(b"<") + row.count(b"=") <= MAX_MARKS:
        return False
    frame = _FIELD.sub(b"", row)
    return row.count(b"<") + frame.count(b"=") > MAX_MARKS


def _values(attributes: Mapping[str, str]) -> dict[str, object]:
    owner = attributes.get("OwnerUserId")
    return {
        "question_id": attributes.get("Id"),
        "title": attributes.get("Title"),
        "body": attributes.get("Body"),
        "tags": to_tags(attributes.get("Tags", "")),  # here, since `<na>` may be one
        "owner": attributes.get("OwnerDisplayName") or (f"user{owner}" if owner else None),
        "content_license": attributes.get("ContentLicense"),
        "score": attributes.get("Score"),
        "answer_count": attributes.get("AnswerCount"),
        "creation_date": attributes.get("CreationDate"),
        "last_activity_date": attributes.get("LastActivityDate"),
        "closed_date": attributes.get("ClosedDate"),
        "deletion_date": attributes.get("DeletionDate"),
    }
