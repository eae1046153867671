"""``assets db``: the database that the state is in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assets_core.cli.session import Session, session_of

if TYPE_CHECKING:
    from assets_core.cli.errors import Line
    from assets_core.cli.screen import Piece
    from assets_core.project.databases import DatabaseStatus, Upgrade
    from assets_core.settings import Settings

DAMAGED = 6
_PROBLEMS = 20

File = Annotated[
    str | None,
    typer.Argument(
        metavar="[FILE]",
        help="A file that does not exist yet; default: one in the state directory.",
    ),
]


def show_status(ctx: typer.Context) -> int:
    """The state store's schema, size and content; all of it is read to see whether it is whole."""
    from assets_core.cli.columns import print_columns
    from assets_core.project.databases import status

    session = session_of(ctx)
    found = status(_settings(session))
    if session.as_json:
        session.document(
            {
                "schema": "assets.db/1",
                "engine": found.engine,
                "place": found.place,
                "version": found.schema,
                "latest": found.latest,
                "size": found.size,
                "rows": dict(found.rows or {}),
                "problems": list(found.problems),
            }
        )
    else:
        print_columns(session.out, list(_rows(found)))
        for line in _problems(found):
            session.out.line(*line)
    return DAMAGED if found.problems else 0


def _rows(found: DatabaseStatus) -> Iterator[tuple[Piece, Piece]]:
    from assets_core.cli.wording import counted, size

    yield (("place", "dim"), found.place)
    yield (("engine", "dim"), found.engine)
    yield (("schema", "dim"), _schema(found))
    if found.schema is None:
        return
    yield (("size", "dim"), size(found.size))
    rows = found.rows or {}
    counts = [
        counted(count, name.replace("_", " ").removesuffix("s")) for name, count in rows.items()
    ]
    yield (("content", "dim"), ", ".join(counts) or "unknown")
    whole = ("whole", "ok") if not found.problems else ("damaged", "failed")
    yield (("state", "dim"), whole)


def _schema(found: DatabaseStatus) -> str:
    if found.schema is None:
        return "none: nothing has run yet"
    if found.schema < found.latest:
        return f"{found.schema}, and {found.latest} is due.   Next: assets db upgrade"
    return f"{found.schema} (current)"


def _problems(found: DatabaseStatus) -> Iterator[Line]:
    for text in found.problems[:_PROBLEMS]:
        yield (("  x ", "failed"), text)
    if len(found.problems) > _PROBLEMS:
        yield ((f"  and {len(found.problems) - _PROBLEMS:,} more", "dim"),)


def upgrade(ctx: typer.Context) -> int:
    """Bring the state store of an earlier version up to date, in one transaction; a file is backed up first."""
    from assets_core.project.databases import upgrade

    session = session_of(ctx)
    done = upgrade(_settings(session))
    if session.as_json:
        session.document(
            {
                "schema": "assets.db_upgrade/1",
                "engine": done.engine,
                "before": done.before,
                "version": done.latest,
                "backup": None if done.backup is None else str(done.backup),
            }
        )
        return 0
    session.out.line(_upgraded(done))
    return 0


def _upgraded(done: Upgrade) -> str:
    if done.before is None:
        return f"Nothing to do: schema {done.latest} is current."
    saved = "" if done.backup is None else f"  The file as it was: {done.backup}"
    return f"Migrated from schema {done.before} to {done.latest}.{saved}"


def backup(ctx: typer.Context, file: File = None) -> int:
    """Copy the state store, also while runs go on. The data of your assets is not in it.

    The copy is one committed state, is read again before it gets its name, and is for its owner alone. Nothing is
    overwritten.
    """
    from assets_core.cli.wording import size
    from assets_core.project.clock import SystemClock
    from assets_core.project.databases import back_up

    session = session_of(ctx)
    target = None if file is None else Path(file).absolute()
    done = back_up(_settings(session), target, SystemClock().now())
    if session.as_json:
        session.document(
            {
                "schema": "assets.db_backup/1",
                "file": str(done.file),
                "version": done.schema,
                "size": done.size,
            }
        )
        return 0
    session.out.line(f"Backed up to {done.file}  ({size(done.size)}, schema {done.schema})")
    return 0


def _settings(session: Session) -> Settings:
    """As configured; no module of the project is imported."""
    import os

    from assets_core.declare.secrets import Redactor
    from assets_core.project.loading import learn_secrets
    from assets_core.settings import project_settings

    settings = project_settings(session.directory, environ=os.environ, env=session.options.env)
    session.redactor = Redactor()
    session.out.redact = session.err.redact = session.redactor.redact
    learn_secrets(session.redactor, settings, ())
    return settings


COMMANDS: dict[str, Callable[..., int]] = {
    "status": show_status,
    "upgrade": upgrade,
    "backup": backup,
}
