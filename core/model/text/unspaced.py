"""Writings without spaces between words: read by characters and by pairs of neighbours.

Japanese, Chinese, Thai, Lao, Khmer and Burmese part clauses, not words. To find words in them needs
a dictionary of each language; characters and bigrams need none, and serve retrieval about as well
(Nie, Gao, Zhang and Zhou, 2000, for Chinese). A character is a letter with the signs on it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise

# Where combining marks may stand, of the first 65,536 characters. Between lie Han and its radicals,
# Yi, Hangul, halves of pairs and private use, which have none: to look at them all takes 8 ms.
_MAY_BE_SIGNS = ((0x300, 0x3400), (0xA640, 0xAC00), (0xF900, 0xFFFF))
# Of any alphabet; with the joiners, which are no marks.
SIGNS = "\u200c\u200d" + "".join(
    char
    for first, last in _MAY_BE_SIGNS
    for char in map(chr, range(first, last))
    if unicodedata.category(char).startswith("M")
)

# Korean has spaces, Tibetan marks between its syllables: they are not here.
_LETTERS = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"  # Burmese and its neighbours
    "\u1780-\u17ff"  # Khmer
    "\u1950-\u19df\u1a20-\u1aaf"  # Tai Le, New Tai Lue, Tai Tham
    "\u3005-\u3007\u3021-\u3029\u3031-\u303c"  # marks that repeat, and other signs among Han
    "\u3040-\u312f\u31a0-\u31bf\u31f0-\u31ff\U0001aff0-\U0001b16f"  # Hiragana, Katakana, Bopomofo
    "\u2e80-\u2fdf\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"  # Han
    "\ua000-\ua4cf"  # Yi
)
_CHARACTER = rf"(?!\d)[{_LETTERS}][{SIGNS}]*"  # digits of these writings are numbers
_CHARACTERS = re.compile(_CHARACTER)
_RUNS = re.compile(rf"((?:{_CHARACTER})+)")
_HAS_LETTER = re.compile(r"\w")
_WIDE = re.compile("[\uff01-\uff9f\uffe0-\uffee]+")


def fold_widths(text: str) -> str:
    """Give full-width Latin and half-width Katakana their usual form."""
    return _WIDE.sub(lambda found: unicodedata.normalize("NFKC", found.group()), text)


def split_unspaced(words: Iterable[str]) -> Iterator[str]:
    """Split what is written without spaces into its characters, and then its pairs of them.

    What stands between, as a name in Latin letters, stays a word: `配列をsortする` is 配, 列, を,
    配列, 列を, sort, す, る, する.
    """
    for word in words:
        if word.isascii() or _CHARACTERS.search(word) is None:
            yield word
            continue
        for place, part in enumerate(_RUNS.split(word)):
            if place % 2:
                characters = _CHARACTERS.findall(part)
                yield from characters
                yield from map("".join, pairwise(characters))
            elif _HAS_LETTER.search(part):
                yield part.strip(".-'\u2019") if place else part
