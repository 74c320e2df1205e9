"""HTML of many tags is cleaned in a moment, and looks as it did."""

import itertools
import time
from string import ascii_lowercase

import pytest

from review.render.flat_html import flatten
from review.render.question_html import render_body

LINES = "<br>" * 2001  # more tags than are cleaned as they come


def test_attributes_and_depth_take_no_square_of_time() -> None:
    names = " ".join(map("".join, itertools.product(ascii_lowercase, repeat=3)))
    began = time.process_time()
    assert render_body(f"<p {names} x='>'>word{LINES}", images=False).startswith("<p>word<br>")
    assert "word" in render_body("<div>" * 15_000 + "word", images=False)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    "html",
    [
        '<p>a<br>b <em>c</em> <a href="https://x.org/?a=1&amp;b=&quot;">d</a></p>',
        '<ol start="3"><li>a</li></ol><pre><code>x &lt; y</code></pre>',
        '<img src="https://x.org/a.png" alt="A &lt;b&gt;"><hr>',
        "<section>a<script>b</script><span>c</span></section>",
        "<svg>a</svg>b<!-- c -->",
        "<p>a<embed src=x>b</p><p>c</p>",
        "<object>a<embed>b</object>c</embed>d",
    ],
)
def test_it_is_shown_as_without(html: str) -> None:
    assert render_body(flatten(html), images=True) == render_body(html, images=True)
