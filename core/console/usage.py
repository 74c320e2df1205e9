"""The command line's refusals of values that options and arguments do not take, in plain words."""

from typing import Any

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from core.refused_values import told


class PlainGroup(TyperGroup):
    """Commands, of which Typer has pydantic check what is typed for them."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; say what was wrong with a value as the rest of the program says it."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            if isinstance(error.__cause__, ValidationError):
                error.message = told(error.__cause__)
            raise
