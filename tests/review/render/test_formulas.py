"""Which dollars hold a formula."""

import pytest

from review.render.formulas import Budget, render_text, render_title


def formulas(text: str) -> int:
    return render_text(text).count("<math")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("$x$", 1),
        ("Let $x_1$ and $y$ be.", 2),
        (r"\(x\) and \[y\]", 2),
        ("$$\nx = 1\n$$", 1),
        (r"\begin{align} a &= b \\ c &= d \end{align}", 1),
        ("It costs $5 to $10.", 0),
        ("$ x $", 0),
        (r"\$x\$", 0),
        ("$x", 0),
        ("$a\n\nb$", 0),
        ("$$$$", 0),
        (r"\begin{x}", 0),
        (r"$a\$b$", 1),
        ("USD$ and AUD$ are", 0),
    ],
)
def test_formulas_are_told_from_prices(text: str, number: int) -> None:
    assert formulas(text) == number


def test_what_cannot_be_converted_stays_as_it_is_written() -> None:
    assert render_text(r"See $\frac$ & go") == r"See $\frac$ &amp; go"


def test_a_formula_on_its_own_line_can_be_scrolled_by_keyboard() -> None:
    assert render_text("$$x$$").startswith('<span class="formula" tabindex="0"><math')
    assert render_text(f"${'x+' * 40}x$").startswith('<span class="formula inline" tabindex="0">')


def test_after_so_many_formulas_the_others_stay_as_they_are_written() -> None:
    assert render_text("$x$ " * 10, Budget(formulas=3)).count("<math") == 3


def test_a_title_is_one_escaped_line() -> None:
    assert render_title("a\n<b>  $x$") == (
        'a &lt;b&gt; <math display="inline"><mrow><mi>x</mi></mrow></math>'
    )


def test_nothing_in_a_link_can_be_focused() -> None:
    assert render_title("$$x$$", in_link=True).startswith('<math display="inline">')
    long = f"${'x+' * 40}x$"
    assert render_title(long, in_link=True) == long
