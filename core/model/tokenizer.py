"""From a question's title and HTML to words: the one tokenizer of training and serving.

Words are runs of letters and digits of any alphabet, in lower case. What tags look like stays in
one piece: `c++`, `c#`, `.net`, `asp.net`, `node.js`, and with hyphens `scikit-learn`, `t-test`.
What becomes of hyphens, endings, code blocks and LaTeX is said by the model's settings, and how
writings without spaces are read (`unspaced.py`).
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from itertools import islice
from typing import Literal

from lxml import etree

from core.model.text.streamed import UNSEEN, StreamedText
from core.model.text.unspaced import SIGNS, fold_widths, split_unspaced

Treatment = Literal["keep", "mark", "drop"]

CODE_WORDS = 40  # of a code block: its start names what it is about, a listing's tail does not
# The sites take 30,000 characters; some parsers take hours for what is made to be slow.
LONGEST_TEXT = 200_000
LONGEST_KEPT = 40  # characters of a word that is remembered with its stem
_LONG = 5_000  # a text in which marks alone could take noticeable time
_LONG_HTML = 10_000  # bytes in which one tag's attributes could: a fortieth of a second
MOST_MARKS = 30  # on one letter, as Unicode's own stream-safe format has it

CODE_MARK = "codeblock"
LATEX_MARK = "latexformula"

# $$…$$, $…$ and \(…\), \[…\]; a dollar before a digit may be money, so $…$ must close on its line.
# None holds its own opening again, so that a row of openings is read once, not once for each.
_LATEX = re.compile(
    r"""
    \$\$ [^$]+ \$\$
    | (?<![\\\w]) \$ (?=\S) [^$\n]{1,400}? (?<=\S) \$ (?!\d)
    | \\\[ (?: [^\\] | \\(?!\[) )+? \\\]
    | \\\( (?: [^\\] | \\(?!\() )+? \\\)
    """,
    re.VERBOSE,
)

# What reads differently in lxml's own tree: a second beginning, and text that is shown nowhere.
_ODD = re.compile(r"<(?:!doctype|template|r[pt]\b)", re.IGNORECASE)

# What stands on lines or in boxes of its own, as browsers show it, so that words end at its edges.
# All else (emphasis, links, code in a sentence, what is unknown) parts no word.
_PARTING = re.compile(
    r"""<(?= /? (?:
    address|article|aside|audio|blockquote|body|br|button|canvas|caption|center|dd|details|
    dialog|dir|div|dl|dt|embed|fieldset|figcaption|figure|footer|form|h1|h2|h3|h4|h5|h6|head|
    header|hgroup|hr|html|iframe|img|input|legend|li|listing|main|menu|nav|object|ol|optgroup|
    option|p|plaintext|pre|progress|search|section|select|summary|svg|table|tbody|td|textarea|
    tfoot|th|thead|title|tr|ul|video|xmp
    ) [\s/>])""",
    re.IGNORECASE | re.VERBOSE,
)
_SOFT_HYPHEN = "\u00ad"  # shown only where a line ends at it

_UNSEEN = etree.XPath(" | ".join(f"//{tag}" for tag in UNSEEN))
_OUTER_CODE = etree.XPath("//pre[not(ancestor::pre)]")
_STRINGS = etree.XPath(".//text()", smart_strings=False)
_ALL_STRINGS = etree.XPath("//text()", smart_strings=False)  # also what stands behind </html>

# Python's \w leaves out of words the accents and vowel signs of many alphabets, and joiners.
_WORD = re.compile(
    rf"""
    (?: (?<![\w.]) \. )?   # .net
    \w [\w{SIGNS}]*         # letters and digits of any alphabet
    (?: [.\-'\u2019] \w [\w{SIGNS}]* )*      # node.js, scikit-learn, don't
    (?: \+\+ | \# )?        # c++, c#
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSettings:
    """How text becomes words; it stands in the model's manifest.

    Attributes:
        code: what becomes of code blocks; `start` keeps the first CODE_WORDS words of each.
        latex: what becomes of formulas.
        hyphens: whether words joined by them stay one; a small vocabulary knows more when split.
        underscores: the same, of names in code.
        endings: whether English ones are folded by stem().
        inline: whether inline markup parts words, as models of before read it, or joins them as a
            browser shows them: `<code>df</code>s` is one word.
        unspaced: whether what is written without spaces stays one word a clause, as models of
            before read it, or becomes characters and pairs of them.
    """

    code: Literal[Treatment, "start"] = "keep"
    latex: Treatment = "keep"
    hyphens: Literal["keep", "split"] = "keep"
    underscores: Literal["keep", "split"] = "keep"
    endings: Literal["keep", "fold"] = "keep"
    inline: Literal["part", "join"] = "part"
    unspaced: Literal["keep", "pairs"] = "keep"


def html_to_text(html: str, settings: TextSettings = TextSettings()) -> str:
    """Return the text of a body's HTML; bad HTML is read as browsers do.

    Spaces stand where blocks, line breaks and images part words, and wherever markup stands where
    the settings say that it parts them.
    """
    if "<" not in html and "&" not in html:
        return html
    if settings.inline == "join":
        html = _PARTING.sub(" <", html)  # in a tree each of them would have to be looked for
    # lxml takes no halves of surrogate pairs; without <body>, one may look like XML or an address.
    body = f"<body>{html}".encode("utf-8", "ignore")
    if _ODD.search(html):
        return _soup_text(body, settings)
    return (_tree_text if len(body) <= _LONG_HTML else _streamed_text)(body, settings)


def _tree_text(body: bytes, settings: TextSettings) -> str:
    parser = etree.HTMLParser(encoding="utf-8")
    parser.feed(body)
    root = parser.close()
    for element in _UNSEEN(root):
        element.clear(keep_tail=True)
    separator = " " if settings.inline == "part" else ""
    if settings.code != "keep":
        for element in _OUTER_CODE(root):
            text = _code_text(separator.join(_STRINGS(element)), settings)
            element.clear(keep_tail=True)
            element.text = f" {text} "
    return separator.join(_ALL_STRINGS(root))


def _streamed_text(body: bytes, settings: TextSettings) -> str:
    """The same without a tree, in a time that does not depend on what the HTML is made of.

    What is nested 255 deep or deeper is read, too: a tree ends there.
    """
    separator = " " if settings.inline == "part" else ""
    # Parser and target refer to each other: some 45 KB a text stay until the collector runs.
    read_code = None if settings.code == "keep" else partial(_code_text, settings=settings)
    parser = etree.HTMLParser(encoding="utf-8", target=StreamedText(separator, read_code))
    parser.feed(body)
    return str(parser.close())


def _soup_text(body: bytes, settings: TextSettings) -> str:
    """The same by Beautiful Soup, which tells what lxml's tree does not; eight times slower."""
    # Slow to import, and seldom needed.
    from bs4 import BeautifulSoup  # noqa: PLC0415
    from bs4.element import NavigableString  # noqa: PLC0415

    separator = " " if settings.inline == "part" else ""
    soup = BeautifulSoup(body.decode(), "lxml")
    # Elements are emptied and stay: to find their places among thousands of others takes seconds.
    for element in soup(list(UNSEEN)):
        element.clear(decompose=True)
    if settings.code != "keep":
        for element in soup("pre"):
            if not element.decomposed:  # with one that it stood in
                text = _code_text(element.get_text(separator), settings)
                element.clear(decompose=True)
                element.append(NavigableString(f" {text} "))
    return soup.get_text(separator)


def _code_text(code: str, settings: TextSettings) -> str:
    if settings.code == "start":
        found = islice(_WORD.finditer(code), CODE_WORDS)
        return " ".join(word.group() for word in found)
    return CODE_MARK if settings.code == "mark" else ""


def words(text: str, settings: TextSettings = TextSettings()) -> list[str]:
    """Return the words of a text without markup, in their order."""
    if settings.latex != "keep":
        text = _LATEX.sub(f" {LATEX_MARK} " if settings.latex == "mark" else " ", text)
    if settings.hyphens == "split":
        text = text.replace("-", " ")
    if settings.underscores == "split":
        text = text.replace("_", " ")
    if settings.inline == "join":
        text = text.replace(_SOFT_HYPHEN, "")
    unspaced = settings.unspaced == "pairs" and not text.isascii()
    text = (fold_widths(text) if unspaced else text).lower()
    if len(text) > _LONG and not text.isascii():
        text = _runs_of_marks().sub(r"\1", text)
    composed = unicodedata.normalize("NFC", text)
    found = _WORD.findall(composed)
    if unspaced:
        found = list(split_unspaced(found))
    return list(map(_normalise if settings.endings == "keep" else _fold, found))


@cache
def _runs_of_marks() -> re.Pattern[str]:
    """More combining marks in a row than any writing has, of which MOST_MARKS are to stay.

    Composing sorts them by a method that takes a minute for 200,000 of them.
    """
    last = 0x1EFFF  # behind it there are none
    marks = "".join(char for char in map(chr, range(0x300, last)) if unicodedata.combining(char))
    return re.compile(f"([{marks}]{{{MOST_MARKS}}})[{marks}]+")


def _normalise(word: str) -> str:
    return word.replace("\u2019", "'").strip("_") or word


def _fold(word: str) -> str:
    return _fold_short(word) if len(word) <= LONGEST_KEPT else stem(_normalise(word))


@lru_cache(maxsize=1 << 17)
def _fold_short(word: str) -> str:
    return stem(_normalise(word))


def stem(word: str) -> str:
    """Fold English plural, possessive, -ing, -ed and final -e, as a light form of Porter's step 1.

    Words with anything but the letters a to z (`c++`, `node.js`, other alphabets) stay.
    """
    if "'" in word:
        word = word.split("'", maxsplit=1)[0] or word
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    word = _strip_suffix(_singular(word))
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _strip_suffix(word: str) -> str:
    for suffix in ("ing", "ed"):
        base = word[: -len(suffix)]
        if word.endswith(suffix) and len(base) >= 3 and any(char in "aeiouy" for char in base):
            doubled = base[-1] == base[-2] and base[-1] not in "lsz"  # stopped, but filled
            return base[:-1] if doubled else base
    return word


def question_words(
    title: str,
    body: str,
    settings: TextSettings = TextSettings(),
) -> tuple[list[str], list[str]]:
    """Return the words of the title (plain text) and of the body (HTML).

    What follows the first LONGEST_TEXT characters is left unread.
    """
    title, body = title[:LONGEST_TEXT], body[:LONGEST_TEXT]
    return words(title, settings), words(html_to_text(body, settings), settings)
