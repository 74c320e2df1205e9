"""Posts.xml of a site's data dump: a `<row …/>` for each post, its fields as attributes.

Titles and bodies are escaped once, for XML; with that undone the title is plain text, the body HTML.
The dumps hold one row a line, so each is parsed on its own: whatever is wrong with one ends there,
memory stays that of one row, and line numbers are exact.
"""

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO
from xml.parsers import expat

from core.errors import ImportFailed
from core.question_files.lines import MAX_ROW_BYTES, Line, numbered_lines
from core.question_files.rows import Row, Source, make_row

QUESTION = "1"  # of PostTypeId; 2 is an answer, the others are wikis and the like

# Characters that no XML may hold, though databases do: raw, and as references.
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r"))
_FORBIDDEN_REFERENCE = re.compile(
    rb"&#(?:[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]|[dD][89a-fA-F][0-9a-fA-F]{2}|[fF]{3}[eEfF])"
    rb"|0*(?:[0-8]|1[124-9]|2\d|3[01]));"
)


def read_posts(stream: BinaryIO, source: Source) -> Iterator[Row]:
    """Yield the questions among the posts, and the rows that cannot be read.

    Raises:
        ImportFailed: it declares a document type, as no dump does, or holds something else than
            posts.
    """
    encoding: str | None = None
    is_whole = False
    for number, content in _records(stream):
        if isinstance(content, Line):
            yield source.broken(number, content.problem or "")
        elif number == 0:
            encoding = _read_prologue(content, source)
        elif content.startswith(b"</posts"):
            is_whole = True
            break
        else:
            yield from _read_record(number, content, encoding, source)
    else:
        number = -1


def _records(stream: BinaryIO) -> Iterator[tuple[int, bytes | Line]]:
    raise NotImplementedError
