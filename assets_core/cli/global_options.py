"""The options that every verb takes, before or after its name: what they mean, and how they are declared once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any

import typer


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """As given; None (0 for ``verbose``) where an option was not given."""

    directory: str | None = None
    env: str | None = None
    json: bool | None = None
    quiet: bool | None = None
    verbose: int = 0
    color: str | None = None
    no_progress: bool | None = None
    no_input: bool | None = None

    def merged(self, given: Mapping[str, Any]) -> GlobalOptions:
        """With what was given after the verb, which wins."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        for name, value in given.items():
            if name == "verbose":
                values[name] += value or 0
            elif value is not None:
                values[name] = value
        return GlobalOptions(**values)


NAMES = tuple(field.name for field in fields(GlobalOptions))


def _declared(
    directory: Annotated[
        str | None, typer.Option("-C", metavar="DIR", help="Use the project in or above DIR.")
    ] = None,
    env: Annotated[
        str | None, typer.Option("--env", metavar="NAME", help="The environment to use.")
    ] = None,
    json: Annotated[
        bool | None, typer.Option("--json", help="Print one JSON document, also on failure.")
    ] = None,
    quiet: Annotated[
        bool | None, typer.Option("-q", "--quiet", help="No messages and no progress.")
    ] = None,
    verbose: Annotated[
        int,
        typer.Option(
            "-v", "--verbose", count=True, show_default=False, help="Say more; show tracebacks."
        ),
    ] = 0,
    color: Annotated[
        str | None, typer.Option("--color", metavar="WHEN", help="auto, always or never.")
    ] = None,
    no_progress: Annotated[
        bool | None, typer.Option("--no-progress", help="Plain lines, no live display.")
    ] = None,
    no_input: Annotated[
        bool | None, typer.Option("--no-input", help="Never wait for the terminal's input.")
    ] = None,
) -> None:
    """Only its signature is used."""


@cache
def global_parameters() -> tuple[Any, ...]:
    """The declarations as parameters that can join any command's own."""
    app = typer.Typer(add_completion=False)
    app.command()(_declared)
    return tuple(p for p in typer.main.get_command(app).params if p.name in NAMES)
