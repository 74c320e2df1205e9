"""Question bodies: what the site shows stays, and nothing else comes in."""

import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from review.render.formulas import render_title
from review.render.question_html import MOST_CHARACTERS, render_body
from tests.review.hostile import hostile_bodies, hostile_titles

TAGS = (
    "a img br code kbd samp var em strong b i s del ins sub sup small mark abbr q cite p div span "
    "blockquote pre ul ol li dl dt dd table thead tbody tfoot tr th td hr h1 h2 h3 h4 h5 h6 math "
    "mrow mi mn mo mtext mspace mfrac msqrt mroot mstyle msub msup msubsup munder mover munderover "
    "mtable mtr mtd menclose mpadded mphantom mmultiscripts mprescripts"
)
ATTRIBUTES = (
    "href rel target class tabindex role aria-label start src alt loading decoding referrerpolicy "
    "display displaystyle scriptlevel stretchy fence form accent accentunder movablelimits largeop "
    "symmetric minsize maxsize linethickness columnalign mathvariant"
)
CLASSES = {"wide", "data", "formula", "formula inline", "image-link", "muted"}
LINK = 'rel="noreferrer noopener nofollow" target="_blank"'


class Reader(HTMLParser):
    """Reads every element, as a browser would find it in the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def problems(html: str) -> Iterator[str]:
    """Whatever could run, load, cover or imitate something."""
    distinct = {(tag, tuple(attributes.items())) for tag, attributes in Reader(html).found}
    for tag, attributes in ((tag, dict(items)) for tag, items in distinct):
        if tag not in TAGS.split():
            yield f"<{tag}>"
        for name, value in attributes.items():
            if (tag, name) == ("mspace", "width") and re.fullmatch(r"-?\d?(\.\d+)?em", value or ""):
                continue
            if name not in ATTRIBUTES.split() or (name == "class" and value not in CLASSES):
                yield f"{tag} {name}={value}"
            if name in ("href", "src") and not (value or "").startswith(
                ("https://", "http://", "mailto:")
            ):
                yield f"{tag} {name}={value}"


@pytest.fixture(scope="module")
def shown_bodies() -> list[str]:
    """The hostile bodies as they are shown; none may take long, on a machine that does more."""
    bodies = hostile_bodies()
    assert len(bodies) == 200
    shown = []
    for body in bodies:
        began = time.perf_counter()
        shown.append(str(render_body(body, images=False, base="https://stats.example/q/1")))
        assert time.perf_counter() - began < 3, body[:50]
    return shown


@pytest.mark.slow
def test_nothing_of_two_hundred_hostile_bodies_runs(shown_bodies: list[str]) -> None:
    for shown in shown_bodies:
        assert list(problems(shown)) == [], shown[:200]
        assert "<img" not in shown
        shown.encode()  # no lone surrogate


def test_nothing_of_them_runs_where_images_are_shown() -> None:
    for body in hostile_bodies():
        if len(body) < 10_000:
            assert list(problems(render_body(body, images=True))) == [], body[:200]


def test_nothing_of_two_hundred_hostile_titles_runs() -> None:
    titles = hostile_titles()
    assert len(titles) == 200
    for title in titles:
        shown = render_title(title)
        assert list(problems(shown)) == [], title[:200]
        assert "\n" not in shown
        shown.encode()


def test_what_is_opened_is_closed_so_that_nothing_leaks_into_the_page(
    shown_bodies: list[str],
) -> None:
    for shown in shown_bodies:
        for tag in ("div", "table", "ul", "pre", "blockquote", "a", "b", "span", "math"):
            assert shown.count(f"<{tag}>") + shown.count(f"<{tag} ") == shown.count(f"</{tag}>")


@pytest.mark.parametrize(
    "html",
    [
        "<p>One<br>two <em>three</em> <strong>four</strong> <code>five</code></p>",
        "<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>",
        "<blockquote><p>Quoted</p></blockquote>",
        "<p>x<sup>2</sup> <kbd>Ctrl</kbd> <del>no</del></p><hr>",
    ],
)
def test_what_a_site_shows_stays(html: str) -> None:
    assert render_body(html, images=False) == html


def test_code_keeps_its_dollars_and_can_be_scrolled_by_keyboard() -> None:
    html = "<pre><code>a = $x$\n  b &lt; c\n</code></pre>"
    assert render_body(html, images=False) == html.replace("<pre>", '<pre tabindex="0">')


def test_a_table_scrolls_in_a_frame_of_its_own() -> None:
    shown = render_body("<table><tr><td>1</td></tr></table>", images=False)
    assert shown.startswith('<div class="wide" tabindex="0" role="region" aria-label="Table">')
    assert shown.endswith("</table></div>")


def test_links_tell_nobody_where_they_were_followed_and_relative_ones_are_made_whole() -> None:
    shown = render_body(
        '<p><a href="/q/2">a</a> <a href="//x.org/">b</a> <a href="?x">c</a></p>',
        images=False,
        base="https://stats.stackexchange.com/q/1",
    )
    for address in (
        "https://stats.stackexchange.com/q/2",
        "https://x.org/",
        "https://stats.stackexchange.com/q/1?x",
    ):
        assert f'<a href="{address}" {LINK}>' in shown


def test_a_link_that_leads_nowhere_is_text() -> None:
    html = '<p><a href="/q/2">a</a> <a href="javascript:x">b</a></p>'
    assert render_body(html, images=False) == "<p>a b</p>"


def test_an_image_is_a_link_by_its_alternative_text_or_its_address() -> None:
    html = (
        '<p><img src="https://i.example/plot.png" alt="A plot">'
        '<img src="https://i.example/b.png" alt="enter image description here"></p>'
    )
    shown = render_body(html, images=False)
    assert f'href="https://i.example/plot.png" {LINK}>Image: A plot</a>' in shown
    assert "Image: i.example/b.png</a>" in shown


def test_an_image_within_a_link_makes_no_link_in_a_link() -> None:
    html = '<a href="https://x.org/"><img src="https://i.example/b.png" alt="B"></a>'
    assert render_body(html, images=False).count("<a ") == 1


def test_images_are_shown_where_a_setting_says_so_and_told_of_no_page() -> None:
    shown = render_body('<img src="https://i.example/b.png" alt="B">', images=True)
    assert 'src="https://i.example/b.png" alt="B" loading="lazy"' in shown
    assert 'referrerpolicy="no-referrer"' in shown


def test_headings_leave_out_no_level_below_the_page_s_own() -> None:
    shown = render_body("<h3>a</h3><h1>b</h1><h4>c</h4><h6>d</h6>", images=False)
    assert shown == "<h2>a</h2><h2>b</h2><h3>c</h3><h4>d</h4>"


def test_formulas_stand_in_text_but_not_in_code() -> None:
    shown = render_body("<p>$x$ <code>$x$</code></p>", images=False)
    assert shown.count("<math") == 1
    assert "<code>$x$</code>" in shown


def test_a_very_long_body_is_cut_and_says_so() -> None:
    shown = render_body(f"<p>{'word ' * MOST_CHARACTERS}</p>", images=False)
    assert len(shown) < MOST_CHARACTERS + 200
    assert "left out" in shown
