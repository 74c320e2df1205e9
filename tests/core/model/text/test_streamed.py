"""Long HTML is read without a tree; that the words are the same: test_tokenizer.py."""

import time

import pytest

from core.model.tokenizer import CODE_MARK, TextSettings, question_words

PADDING = "<p>" + "word " * 2_000 + "</p>"


@pytest.mark.parametrize("start", ["<p ", "<p x='>' ", '<p x="<b>" ', "<!-- <p x='--><p x='>' "])
def test_attributes_of_one_tag_take_no_square_of_time(start: str) -> None:
    html = start + " ".join(f"a{number}" for number in range(25_000)) + ">word"
    began = time.process_time()
    assert question_words("", html)[1] == ["word"]
    assert time.process_time() - began < 0.5  # a tree of it takes seconds


@pytest.mark.parametrize(
    ("html", "code", "inline", "expected"),
    [
        ("<pre>x<pre>y</pre>z</pre>it", "mark", "join", [CODE_MARK, "it"]),
        ("<pre>a<b>c", "start", "join", ["ac"]),
        ("<pre>a<b>c", "keep", "part", ["a", "c"]),
        ("a<!-- b -->c", "drop", "part", ["a", "c"]),
        ("a<!-- b -->c", "drop", "join", ["ac"]),
        ("a<script><pre>b</script>c<style>d", "mark", "part", ["a", "c"]),
        ("</pre></script></html>a", "mark", "join", ["a"]),
    ],
)
def test_blocks_and_what_is_unseen_end_where_the_parser_says(
    html: str, code: str, inline: str, expected: list[str]
) -> None:
    treatment = TextSettings(code=code, inline=inline)  # type: ignore[arg-type]
    assert question_words("", html, treatment)[1] == expected
    assert question_words("", PADDING + html, treatment)[1][2_000:] == expected
