"""LaTeX as MathML."""

import pytest

from review.render.mathml import MOST_CHARACTERS, to_mathml


def math(latex: str) -> str:
    drawn = to_mathml(latex, display=False)
    assert drawn is not None
    return str(drawn)


def test_a_fraction_is_drawn() -> None:
    assert "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>" in math(r"\frac{a}{b}")


def test_bold_letters_are_characters_of_their_own() -> None:
    assert "\U0001d477" in math(r"\boldsymbol{P}")
    assert "mathvariant" not in math(r"\boldsymbol{\beta}")


def test_an_upright_letter_stays_upright() -> None:
    assert '<mi mathvariant="normal">d</mi><mi>x</mi>' in math(r"\mathrm{d}x")


def test_lines_are_not_numbered() -> None:
    assert "(1)" not in math(r"\begin{align} a &= b \label{eq} \\ c &= d \nonumber \end{align}")


@pytest.mark.parametrize(
    "latex",
    [
        r"\href{javascript:alert(1)}{x}",
        r"\style{color:red}{x}",
        r"\class{top}{x}",
        r'\color{red" onclick="alert(1)}{x}',
        r"\text{<script>alert(1)</script>}",
    ],
)
def test_no_address_no_style_and_no_element_comes_through(latex: str) -> None:
    drawn = str(to_mathml(latex, display=False) or "")
    for bad in ("href", "style=", "class=", "onclick", "<script"):
        assert bad not in drawn


@pytest.mark.parametrize(
    "latex", ["", " ", r"\frac", "{" * 1500, "_" * 1500, "x^" * 700, "x" * (MOST_CHARACTERS + 1)]
)
def test_what_is_no_formula_is_none(latex: str) -> None:
    assert to_mathml(latex, display=True) is None


def test_a_space_is_drawn_where_it_is_no_wider_than_a_line() -> None:
    assert '<mspace width="2em">' in math(r"a \qquad b")
    assert "width" not in math(r"a \hspace{9999em} b")


def test_a_function_s_name_stands_apart_from_what_follows() -> None:
    assert '<mi>log</mi><mspace width=".17em"></mspace><mi>p</mi>' in math(r"\log p")
    assert "<mi>Var</mi>" in math(r"\operatorname{Var}(X)")
