"""The parameters by which verbs are told which assets and partitions are meant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from assets_core.errors import UsageError

if TYPE_CHECKING:
    from assets_core.project.wishes import Wish

Select: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SELECT]...", help="Assets: names, globs, tag:x, +upstream, downstream+."
    ),
]
Exclude: TypeAlias = Annotated[
    list[str] | None, typer.Option("--exclude", metavar="SELECT", help="Leave these out.")
]
SelectFrom: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--select", metavar="@FILE", help="More selections, one per line of FILE."),
]
Partitions: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "-p",
        "--partitions",
        metavar="PARTS",
        help="A key, A..B, 2013-01, last:N, stale, missing, failed; may be repeated.",
    ),
]
Force: TypeAlias = Annotated[
    bool, typer.Option("--force", help="Run the selected partitions whatever their state.")
]
Override: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--config", metavar="KEY.field=value", help="Override a config value."),
]
Jobs: TypeAlias = Annotated[
    int | None, typer.Option("-j", "--jobs", metavar="N", help="How many steps run at once.")
]
ExecutorName: TypeAlias = Annotated[
    str | None, typer.Option("--executor", metavar="NAME", help="Where steps run.")
]
RunRetries: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--run-retries",
        metavar="N",
        help="After failures, run what was not recorded again, up to N times.",
    ),
]
OnConflictName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--on-conflict",
        metavar="WHAT",
        help="What another run holds: wait for it, join its outcome, or fail (exit code 5).",
    ),
]
FailFast: TypeAlias = Annotated[
    bool, typer.Option("-x", "--fail-fast", help="Start nothing more after the first failure.")
]


def selections(select: Sequence[str] | None, more: Sequence[str] | None) -> tuple[str, ...]:
    """What was selected on the command line and in files."""
    texts = list(select or ())
    for text in more or ():
        texts += _lines(text[1:]) if text.startswith("@") else [text]
    return tuple(texts)


def _lines(name: str) -> list[str]:
    try:
        text = Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError("E906", f"`--select @{name}` cannot be read: {reason}") from error
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    found = [line for line in lines if line]
    if not found:
        raise UsageError(
            "E906", f"`--select @{name}` selects nothing", help="write one selection per line"
        )
    return found


def wish_of(
    select: Sequence[str] | None,
    more: Sequence[str] | None,
    exclude: Sequence[str] | None,
    partitions: Sequence[str] | None = None,
    *,
    force: bool = False,
) -> Wish:
    """One request as given."""
    from assets_core.project.wishes import Wish

    return Wish(selections(select, more), tuple(exclude or ()), tuple(partitions or ()), force)
