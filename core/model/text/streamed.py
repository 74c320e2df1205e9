"""The text of long HTML, read as a stream of what it opens and closes.

libxml2 builds its tree in a time that grows with the square of a tag's attributes: one of 40,000
takes it ten seconds and more. Of a stream no attribute is kept.
"""

from collections.abc import Callable, Mapping
from typing import Final

UNSEEN: Final = ("script", "style")  # elements whose text is shown nowhere


class StreamedText:
    """A target of lxml's HTMLParser, whose close() returns the text: that of the tree's strings.

    Args:
        separator: what stands between the strings that markup parts.
        read_code: from the text of a code block to what stands for it; None where it stays.
    """

    def __init__(self, separator: str, read_code: Callable[[str], str] | None) -> None:
        self._separator, self._read_code = separator, read_code
        self._strings: list[str] = []
        self._pieces: list[str] = []  # of the string that is being read
        self._unseen = 0  # how many such elements are open
        self._blocks = 0  # the same of code blocks
        self._block_start = 0  # of the outer one, among the strings

    def start(self, tag: str, _attributes: Mapping[str, str]) -> None:
        """An element opens."""
        self._end_string()
        self._unseen += tag in UNSEEN
        if tag == "pre":
            if not self._blocks:
                self._block_start = len(self._strings)
            self._blocks += 1

    def end(self, tag: str) -> None:
        """An element closes; the parser closes whatever it has opened."""
        self._end_string()
        self._unseen -= tag in UNSEEN
        if tag == "pre":
            self._blocks -= 1
            if not self._blocks and self._read_code is not None:
                code = self._separator.join(self._strings[self._block_start :])
                self._strings[self._block_start :] = [f" {self._read_code(code)} "]

    def data(self, text: str) -> None:
        """A string, or a part of one."""
        if not self._unseen:
            self._pieces.append(text)

    def comment(self, _text: str) -> None:
        """A comment, which parts strings."""
        self._end_string()

    def pi(self, _target: str, _data: str | None = None) -> None:
        """A processing instruction, which parts strings."""
        self._end_string()

    def close(self) -> str:
        """The text of all."""
        self._end_string()
        return self._separator.join(self._strings)

    def _end_string(self) -> None:
        if self._pieces:
            self._strings.append("".join(self._pieces))
            self._pieces = []
