"""``assets config show``: the settings in effect, and where each was given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from assets_core.cli.session import session_of

Origin = Annotated[bool, typer.Option("--origin", help="Say where each value was given.")]


def show(ctx: typer.Context, origin: Origin = False) -> int:
    """The settings in effect. Secrets are masked."""
    import os

    from assets_core.cli.columns import print_columns
    from assets_core.settings import project_settings

    session = session_of(ctx)
    settings = project_settings(session.directory, environ=os.environ, env=session.options.env)
    rows = settings.rows()
    if session.as_json:
        session.document(
            {
                "schema": "assets.config/1",
                "file": None if settings.file is None else str(settings.file.path),
                "settings": [
                    {
                        "name": row.name,
                        "value": _plain(row.value),
                        "origin": str(row.origin),
                        "source": row.origin.source.value,
                    }
                    for row in rows
                ],
            }
        )
        return 0
    print_columns(
        session.out,
        [(row.name, _text(row.value), (str(row.origin), "dim") if origin else "") for row in rows],
    )
    return 0


def _plain(value: object) -> object:
    return value if isinstance(value, bool | int | float | str | list | dict | None) else str(value)


def _text(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return str(value)


COMMANDS: dict[str, Callable[..., int]] = {"show": show}
