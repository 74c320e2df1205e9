"""Posts.xml of a site's data dump: a `<row …/>` for each post, its fields as attributes.

Titles and bodies are escaped once, for XML; with that undone, the title is plain text and the body
HTML.
The dumps begin each row on a line of its own, so each is parsed on its own: what is wrong with one
ends there, memory stays that of one row, and line numbers are exact. Expat reads no external
entities, and a document type, without which there are none of any kind, is refused.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO
from xml.parsers import expat

from core.errors import ImportFailed
from core.questions.files.lines import MAX_ROW_BYTES, Line, numbered_lines
from core.questions.files.rows import Row, Source, make_row

QUESTION = "1"  # of PostTypeId; 2 is an answer, the others are wikis and the like

_PIECE_START = re.compile(rb"\s*<(?:row\s|/posts\s*>)")

# Characters that no XML may hold, though databases do: raw, and as references.
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r"))
_FORBIDDEN_REFERENCE = re.compile(
    rb"&#(?:[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]|[dD][89a-fA-F][0-9a-fA-F]{2}|[fF]{3}[eEfF])"
    rb"|0*(?:[0-8]|1[124-9]|2\d|3[01]));"
)


def read_posts(stream: BinaryIO, source: Source) -> Iterator[Row]:
    """Yield the questions among the posts, and the rows that cannot be read.

    Raises:
        ImportFailed: the file declares a document type, as no dump does, or holds no posts.
    """
    encoding: str | None = None
    last_line, last_problem = 1, None
    for line in _pieces(numbered_lines(stream)):
        last_line, last_problem = line.number, line.problem
        if line.problem is not None:
            yield source.broken(line.number, line.problem)
            continue
        piece = _Piece(line.number, line.content, encoding, source)
        yield from piece.questions()
        if piece.is_last:
            return
        last_problem, encoding = piece.problem, piece.encoding
    if last_problem is None:
        yield source.broken(last_line, "the file is cut off after this row: it has no </posts>")


def _pieces(lines: Iterable[Line]) -> Iterator[Line]:
    """Join lines to pieces: the prologue, each row, and the end."""
    number, content = 1, bytearray()
    for line in lines:
        if content and (line.problem is not None or _PIECE_START.match(line.content)):
            yield _piece(number, content)
            content.clear()
        if line.problem is not None:
            yield line
        elif len(content) <= MAX_ROW_BYTES:  # no further: a piece too long is reported once
            number = number if content else line.number
            content += line.content
    if content:
        yield _piece(number, content)


def _piece(number: int, content: bytearray) -> Line:
    if len(content) > MAX_ROW_BYTES:
        return Line(number, b"", f"a row of more than {MAX_ROW_BYTES // 2**20} MiB")
    return Line(number, _FORBIDDEN_REFERENCE.sub(b"", content.translate(None, _CONTROLS)))


class _Piece:
    """A part of the file that is parsed on its own; but for the prologue, inside `<posts>`.

    Attributes:
        problem: what is wrong with it, once its questions have been read.
        encoding: what the prologue declares; None is UTF-8.
        is_last: whether it closes `</posts>`.
    """

    def __init__(self, line: int, content: bytes, encoding: str | None, source: Source) -> None:
        self.problem: str | None = None
        self.encoding = encoding
        self.is_last = False
        self._line, self._content, self._source = line, content, source
        self._rows: list[tuple[int, dict[str, str]]] = []
        self._problem_line = line
        self._depth = 0
        self._parser = parser = expat.ParserCreate(encoding)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._document_type
        parser.XmlDeclHandler = self._declaration

    def questions(self) -> Iterator[Row]:
        """Yield its questions, and what is wrong; without line feeds a file is all one piece."""
        try:
            self._parse()
        except expat.ExpatError as error:
            # The end that was added to the piece stands on no line of the file.
            last_line = self._content.rstrip().count(b"\n")
            self._problem_line = self._line + min(error.lineno - 1, last_line)
            self.problem = f"not XML: {expat.ErrorString(error.code)}"
        for line, attributes in self._rows:
            if attributes.get("PostTypeId", QUESTION) == QUESTION:
                yield make_row(_values(attributes), source=self._source, line=line)
        if self.problem is not None:
            yield self._source.broken(self._problem_line, self.problem)

    def _parse(self) -> None:
        is_prologue = self._line == 1 and not _PIECE_START.match(self._content)
        if not is_prologue:
            self._parser.Parse(b"<posts>", False)
        self._parser.Parse(self._content, False)
        self.is_last = self._depth == 0
        self._parser.Parse(b"" if self.is_last else b"</posts>", True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._depth == 0 and name != "posts":
            raise ImportFailed(
                f"{self._source.file}: its root is <{name}>, not the <posts> of a dump."
            )
        self._depth += 1
        if name == "row":
            self._rows.append((self._line + self._parser.CurrentLineNumber - 1, attributes))

    def _end(self, _name: str) -> None:
        self._depth -= 1

    def _text(self, text: str) -> None:
        if self.problem is None and text.strip():
            self._problem_line = self._line + self._parser.CurrentLineNumber - 1
            self.problem = f"text between the rows: {text.strip()[:40]!r}"

    def _document_type(self, *_declaration: object) -> None:
        raise ImportFailed(
            f"{self._source.file}: it declares a document type, as no data dump does."
        )

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self.encoding = encoding


def _values(attributes: Mapping[str, str]) -> dict[str, object]:
    owner = attributes.get("OwnerUserId")
    return {
        "question_id": attributes.get("Id"),
        "title": attributes.get("Title"),
        "body": attributes.get("Body"),
        "tags": _tags(attributes.get("Tags", "")),
        "owner": attributes.get("OwnerDisplayName") or (f"user{owner}" if owner else None),
        "content_license": attributes.get("ContentLicense"),
        "score": attributes.get("Score"),
        "answer_count": attributes.get("AnswerCount"),
        "creation_date": attributes.get("CreationDate"),
        "last_activity_date": attributes.get("LastActivityDate"),
    }


def _tags(field: str) -> list[str]:
    """`<a><b>` in the older dumps, `|a|b|` in the newer ones."""
    return [tag for tag in re.split(r"[<>|]+", field.strip()) if tag]
