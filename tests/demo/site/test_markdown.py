"""Markdown of the prose as HTML."""

from demo.site import markdown


def test_markdown_becomes_escaped_html() -> None:
    assert markdown.inline("a < b & `x <- 1`, *so*, $p < q$") == (
        "a &lt; b &amp; <code>x &lt;- 1</code>, <em>so</em>, $p &lt; q$"
    )
