"""Values that options do not take are refused in the program's own words."""

from typing import Annotated, Literal

import pytest
import typer
from typer.testing import CliRunner

from core.console import PlainGroup

app = typer.Typer(cls=PlainGroup)


@app.callback()
def keep_commands() -> None: ...


@app.command()
def show(
    count: Annotated[int, typer.Option(min=1)] = 1,
    share: Annotated[float, typer.Option(max=3600)] = 1,
    form: Annotated[Literal["table", "csv"], typer.Option()] = "table",
) -> None: ...


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["--count", "abc"], "'--count': should be a whole number, but is 'abc'"),
        (["--count", "0"], "'--count': should be 1 or more, but is '0'"),
        (["--share", "1e9"], "'--share': should be 3,600 or less, but is '1e9'"),
        (["--form", "x"], "'--form': 'x' is not one of 'table', 'csv'"),
    ],
)
def test_a_value_that_no_option_takes_is_refused(typed: list[str], told: str) -> None:
    found = CliRunner().invoke(app, ["show", *typed], env={"COLUMNS": "100"})
    assert found.exit_code == 2
    assert f"Invalid value for {told}  " in found.output
