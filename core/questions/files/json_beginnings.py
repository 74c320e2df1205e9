"""Where a question may begin in a JSON document, learned from those that were read."""

import re
from functools import cache

_FIRST_FIELD = re.compile(rb'\{[ \t]{0,4}"([\w .-]{1,40})"[ \t]{0,4}:')
_FIRST_FIELDS = (b"question_id", b"site", b"tags", b"title")  # of our questions, and of the API's
_MOST_FIRST_FIELDS = 16
_LEARNED_FROM = 1000  # questions, by which it is learned how questions begin


class Beginnings:
    """How questions begin: on a line with an object, or within one by the field that comes first.

    Attributes:
        indentation: how far such a line is indented at most.
    """

    def __init__(self) -> None:
        self.indentation = 0
        self._fields = dict.fromkeys(_FIRST_FIELDS, True)  # whether no object inside begins so
        self._learned = 0

    def pattern(self, *, certain: bool = False) -> re.Pattern[bytes]:
        """What ends with the bracket by which a question begins.

        Args:
            certain: whether only what begins no object inside of a question.
        """
        chosen = (field for field, is_certain in self._fields.items() if is_certain or not certain)
        return _pattern(self.indentation, tuple(chosen))

    def learn(self, question: bytes) -> None:
        """Learn from a question without faults how others begin."""
        if self._learned == _LEARNED_FROM:
            return
        self._learned += 1
        first = _FIRST_FIELD.match(question)
        if first is not None and len(self._fields) < _MOST_FIRST_FIELDS:
            self._fields.setdefault(first[1], True)
        for inner in self.pattern().finditer(question, 1):
            field = _FIRST_FIELD.match(question, inner.end() - 1)
            if field is not None and field[1] in self._fields:
                self._fields[field[1]] = False


@cache
def _pattern(indentation: int, fields: tuple[bytes, ...]) -> re.Pattern[bytes]:
    names = b"|".join(map(re.escape, fields)) or b"(?!)"
    return re.compile(
        rb"(?:\n[ \t]{0,%d}" % indentation
        + rb'|(?:\}["\]}]?[ \t]{0,4},?|[,\[])[ \t]{0,4}'
        + rb'(?=\{[ \t]{0,4}"(?:%b)"[ \t]{0,4}:))\{' % names
    )
