"""``assets`` itself: the root command with its global options."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from assets_core.cli.commands import PLAIN, RootGroup


def _version(given: bool) -> None:
    if given:
        from assets_core import __version__

        typer.echo(f"assets-core {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool | None,
        typer.Option("--version", is_eager=True, callback=_version, help="Print the version."),
    ] = None,
) -> None:
    """Declare the tables, files and models that should exist; compute only what is out of date.

    Start with `assets init demo`, or with `assets plan` in a project. Nothing is computed
    without `materialize` or `retry`.
    """


def root_command() -> Any:
    """The command tree, with no verb imported."""
    app = typer.Typer(cls=RootGroup, **PLAIN)  # type: ignore[arg-type]
    app.callback()(_root)
    return typer.main.get_command(app)
