import gzip
import json
import re
import time
from itertools import chain, islice
from pathlib import Path
from typing import Literal

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from core.model.tokenizer import (
    CODE_MARK,
    CODE_WORDS,
    LATEX_MARK,
    LONGEST_KEPT,
    TextSettings,
    Treatment,
    _fold_short,
    html_to_text,
    question_words,
    stem,
    words,
)

TREATMENTS = [
    TextSettings(code=code, latex=latex, inline=inline)
    for code in ("keep", "mark", "drop", "start")
    for latex in ("keep", "mark", "drop")
    for inline in ("part", "join")
] + [TextSettings(hyphens="split", underscores="split", endings="fold")]

PIECES = r"""
    <p> </p> <pre> </pre> <code> </code> <em> </em> <li> <img> <!-- --> <![CDATA[
    <?xml &lt; &#0; &#11; &#xD800;
    <script> </script> <style> <title> <table><tr> <!DOCTYPE <template> <ruby> <rt> <rp> <br/>
    </html> </body> $ $$ \( \) \[ \] <a/href=' < > & " http://example.org/ ../a
"""
MARKUP = st.lists(
    st.text(max_size=20) | st.sampled_from([*PIECES.split(), "\ud800", "\0"]), max_size=40
).map("".join)


@pytest.mark.parametrize(
    "tag", ["c++", "c#", ".net", "asp.net", "node.js", "scikit-learn", "t-test", "3d-printing", "r"]
)
def test_a_tag_stays_one_word_in_a_sentence(tag: str) -> None:
    assert words(f"How do I use {tag.upper()}, please? ({tag}) {tag}. “{tag}”: {tag}!") == [
        *("how", "do", "i", "use", tag, "please", tag, tag, tag, tag)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Привет, мир", ["привет", "мир"]),
        ("क्या हिन्दी?", ["क्या", "हिन्दी"]),
        ("می‌خواهم", ["می‌خواهم"]),
        ("GRÜẞE; naïve", ["grüße", "naïve"]),
        ("nai\u0308ve", ["naïve"]),
        ("İstanbul", ["i̇stanbul"]),
        ("don\u2019t", ["don't"]),
        ("__init__ a_b", ["init", "a_b"]),
        ("", []),
        ("?! … --", []),
    ],
)
def test_words_of_any_alphabet_are_whole_and_in_lower_case(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_hyphens_separate_where_the_settings_say_so() -> None:
    assert words("a two-way t-test in C++", TextSettings(hyphens="split")) == [
        *("a", "two", "way", "t", "test", "in", "c++")
    ]


def test_underscores_separate_where_the_settings_say_so() -> None:
    assert words("the move_base node", TextSettings(underscores="split")) == [
        *("the", "move", "base", "node")
    ]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("robots", "robot"),
        ("batteries", "battery"),
        ("boxes", "box"),
        ("classes", "class"),
        ("bus", "bus"),
        ("class", "class"),
        ("analysis", "analysis"),
        ("stopped", "stop"),
        ("filling", "fill"),
        ("measuring", "measur"),
        ("measure", "measur"),
        ("string", "string"),
        ("red", "red"),
        ("robot's", "robot"),
        ("c++", "c++"),
        ("node.js", "node.js"),
        ("3ds", "3ds"),
        ("naïves", "naïves"),
    ],
)
def test_english_endings_are_folded_and_nothing_else(word: str, expected: str) -> None:
    assert stem(word) == expected
    assert words(f"the {word}", TextSettings(endings="fold"))[-1] == expected
    assert words(f"the {word}")[-1] == word


def test_code_blocks_can_be_cut_to_their_start() -> None:
    code = " ".join(f"w{number}" for number in range(100))
    html = f"<p>a <code>b</code></p><pre><code>{code}</code></pre><p>c</p>"
    found = question_words("", html, TextSettings(code="start"))[1]
    assert found == ["a", "b", *(f"w{number}" for number in range(CODE_WORDS)), "c"]


def test_markup_separates_words_and_leaves_no_trace() -> None:
    html = "<p>one<br>two&amp;three</p><ul><li>four<li>five</ul><script>var x;</script>"
    assert words(html_to_text(html)) == ["one", "two", "three", "four", "five"]


@pytest.mark.parametrize(
    ("html", "joined"),
    [
        ("<p>two <code>df</code>s</p>", ["two", "dfs"]),
        ("<b>un</b>usual <a href='x'>link</a>ed", ["unusual", "linked"]),
        ("H<sub>2</sub>O, x<sup>2</sup>", ["h2o", "x2"]),
        ("<code>node</code>.<code>js</code> <i>C</i>++", ["node.js", "c++"]),
        ("foo<!-- x -->bar b<wbr>az <unknown>q</unknown>ux", ["foobar", "baz", "qux"]),
        ("soft&shy;ware hy\u00adphen", ["software", "hyphen"]),
        ("<span>a</span> <span>b</span>", ["a", "b"]),
        ("a<br>b<br/>c<p>d</p>e<hr>f", ["a", "b", "c", "d", "e", "f"]),
        ("<ul><li>a<li>b</ul>c<h2>d</h2>e", ["a", "b", "c", "d", "e"]),
        ("<table><tr><td>a</td><td>b</td></tr></table>c", ["a", "b", "c"]),
        ("a<img src=x>b<blockquote>c</blockquote>d", ["a", "b", "c", "d"]),
        ("a<pre><code>b<span>c</span>\nd</code></pre>e", ["a", "bc", "d", "e"]),
        ("a</html>b<p>c</p>d", ["a", "b", "c", "d"]),
        ("<em><p>a</p></em>b <p><em>c</em></p><em>d</em>", ["a", "b", "c", "d"]),
    ],
)
@pytest.mark.parametrize("odd", ["", "<!doctype html>"])
def test_inline_markup_joins_and_blocks_part_words(html: str, joined: list[str], odd: str) -> None:
    assert question_words("", odd + html, TextSettings(inline="join"))[1] == joined
    assert question_words("", odd + html, TextSettings(inline="join", code="start"))[1] == joined


def test_models_of_before_read_as_they_learned() -> None:
    before = TypeAdapter(TextSettings).validate_python({"code": "start"})
    assert question_words("", "<p>two <code>df</code>s</p>", before)[1] == ["two", "df", "s"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (TextSettings(), ["a", "x", "1", "b", "c"]),
        (TextSettings(code="mark"), ["a", CODE_MARK, "b", "c"]),
        (TextSettings(code="drop"), ["a", "b", "c"]),
    ],
)
def test_code_blocks_become_what_the_settings_say(
    settings: TextSettings, expected: list[str]
) -> None:
    html = "<p>a</p><pre><code>x = 1</code></pre><p>b <code>c</code></p>"
    assert question_words("", html, settings)[1] == expected


@pytest.mark.parametrize(
    "latex", [r"$x^2$", r"$$ \sum_i x_i $$", r"\(\alpha (y)\)", r"\[ x_{[1]} \]"]
)
def test_latex_becomes_one_word_where_the_settings_say_so(latex: str) -> None:
    assert words(f"a {latex} b", TextSettings(latex="mark")) == ["a", LATEX_MARK, "b"]


def test_prices_are_no_latex() -> None:
    assert words("$5 or $6", TextSettings(latex="mark")) == ["5", "or", "6"]


@pytest.mark.slow
def test_a_letter_keeps_its_marks_in_a_long_text() -> None:
    thai, accents = "\u0e1b\u0e49\u0e33", "e\u0301"
    found = words("a " * 3_000 + f"{thai} {accents} x" + "\u0301" * 100)
    assert found[-3:] == [*words(thai), "é", "x" + "\u0301" * 30]


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(title=MARKUP, body=MARKUP, treatment=st.sampled_from(TREATMENTS))
def test_any_text_gives_words(title: str, body: str, treatment: TextSettings) -> None:
    for word in chain(*question_words(title, body, treatment)):
        assert word
        assert not any(char.isspace() or char in "<>" for char in word)


# Those of HTML that part words, which stand in real questions or in the made-up markup.
PARTING = re.findall(
    r"\w+",
    "html head title body p pre li ul ol dl dt dd img br hr h1 h2 h3 h4 h5 h6 blockquote div table "
    "thead tbody tr td th",
)


def parted(html: str) -> str:
    """With a space before each tag of those, wherever it stands."""
    first, *tags = html.split("<")
    names = [re.match(r"/?(\w+)[\s/>]", tag) for tag in tags]
    return first + "".join(
        f" <{tag}" if name and name[1].lower() in PARTING else f"<{tag}"
        for tag, name in zip(tags, names, strict=True)
    )


def by_soup(html: str, treatment: TextSettings) -> str:
    """What html_to_text() gives, written once more with Beautiful Soup alone."""
    if "<" not in html and "&" not in html:
        return html
    separator = " " if treatment.inline == "part" else ""
    html = parted(html) if treatment.inline == "join" else html
    soup = BeautifulSoup(f"<body>{html.encode('utf-8', 'ignore').decode()}", "lxml")
    for unseen in soup(["script", "style"]):
        unseen.decompose()
    for block in [] if treatment.code == "keep" else soup("pre"):
        if block.find_parent("pre") is None:
            first = words(block.get_text(separator))[:CODE_WORDS]
            kept = {"start": " ".join(first), "mark": CODE_MARK, "drop": ""}[treatment.code]
            block.replace_with(f" {kept} ")
    return soup.get_text(separator)


@pytest.mark.slow
@settings(max_examples=200)
@given(
    start=st.sampled_from(["", "<p>" + "word " * 2_000]),  # from then on it is read as a stream
    markup=MARKUP,
    treatment=st.sampled_from(TREATMENTS),
)
def test_the_fast_reader_gives_the_words_of_beautiful_soup(
    start: str, markup: str, treatment: TextSettings
) -> None:
    html = start + markup
    expected = words(by_soup(html, treatment), treatment)
    assert words(html_to_text(html, treatment), treatment) == expected


@pytest.mark.real
@pytest.mark.parametrize(
    ("code", "inline", "every"),
    [("start", "join", 1), ("start", "part", 10), ("keep", "part", 10), ("mark", "join", 10)],
)
def test_it_does_so_for_real_questions(
    real_data: Path, code: Treatment, inline: Literal["part", "join"], every: int
) -> None:
    """By every question with what the default architecture asks for."""
    treatment = TextSettings(code=code, inline=inline)
    for site in ("cooking", "crypto", "robotics"):
        with gzip.open(real_data / f"{site}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in islice(lines, 0, None, every):
                body = json.loads(line)["body"]
                assert words(html_to_text(body, treatment)) == words(by_soup(body, treatment))


@given(st.text())
def test_words_are_their_own_words(text: str) -> None:
    """A vocabulary's words, written one after the other, are read as the same words."""
    once = words(text)
    again = words(" ".join(once))
    assert [word.strip("'") for word in again] == [word.strip("'") for word in once]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "html"),
    [
        ("a million words", "<p>" + "word " * 1_000_000),
        ("one long word", "a-" * 500_000),
        ("nested elements", "<div>" * 20_000 + "x" + "</div>" * 20_000),
        ("nested elements of another beginning", "<!doctype html>" + "<div>" * 20_000 + "x"),
        ("nested code blocks", "<pre>" * 10_000),
        ("code blocks of another beginning", "<!doctype html>" + "<pre>x</pre>" * 16_000),
        ("openings of tags", "<" * 200_000),
        ("entities", "&" * 200_000),
        ("combining marks", "e" + "\u0301\u0316" * 100_000),
        ("combining marks of other planes", "e" + "\U0001d165\u0316" * 100_000),
        ("dollars", "$ a" * 100_000),
        ("openings of formulas", r"\(a \[b " * 50_000),
    ],
    ids=lambda value: value if len(value) < 30 else "",
)
def test_no_text_takes_long(name: str, html: str) -> None:
    began = time.monotonic()
    question_words("", html, TextSettings(code="mark", latex="mark"))
    question_words("", html, TextSettings(code="start", endings="fold", inline="join"))
    assert time.monotonic() - began < 20, name  # a second or two; quadratic ones took over a minute


def test_no_long_word_is_remembered() -> None:
    """A hundred thousand of them would be gigabytes; folded they are all the same."""
    _fold_short.cache_clear()
    long = "ab" * LONGEST_KEPT + "ings"
    assert words(f"tests {long}", TextSettings(endings="fold")) == ["test", long[:-4]]
    assert _fold_short.cache_info().currsize == 1
