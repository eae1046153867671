"""``assets ls``: assets with their status as of what is recorded. Nothing is observed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from assets_core.cli.screen import Piece
from assets_core.cli.selecting import Exclude, Select, SelectFrom, selections
from assets_core.cli.session import session_of

if TYPE_CHECKING:
    from assets_core.project import Project
    from assets_core.project.status import Status

GLYPHS = {
    "current": ("*", "ok"),
    "missing": ("+", "new"),
    "stale": ("~", "run"),
    "maybe": ("?", "maybe"),
    "blocked": ("!", "blocked"),
    "failed": ("x", "failed"),
    "held": ("=", "note"),
    "running": (">", "note"),
    "source": (" ", ""),
}
WORST_FIRST = ("running", "failed", "blocked", "missing", "stale", "maybe", "held", "current")
"""Which glyph an asset gets that has several; what a live run holds at the moment goes before how it stands."""

Kind = Annotated[
    str | None, typer.Option("--kind", metavar="K", help="Only this kind: python, sql, source.")
]


def run(
    ctx: typer.Context,
    select: Select = None,
    exclude: Exclude = None,
    select_from: SelectFrom = None,
    kind: Kind = None,
) -> int:
    """List assets with their status.

    The status is that of the last observation of the sources: nothing is observed, and nothing is run.
    """
    from assets_core.observe.documents import list_document
    from assets_core.project.status import recorded_status

    session = session_of(ctx)
    project = session.project()
    with project.reading() as reader:
        status = recorded_status(project, reader, project.clock.now())
    chosen = _chosen(project, status, selections(select, select_from), exclude or (), kind)
    if session.as_json:
        statuses, now = status.statuses, status.lineage.now
        session.document(list_document(status.graph, chosen, statuses, now))
        return 0
    from assets_core.cli.columns import print_columns

    print_columns(session.out, _rows(project, status, chosen))
    if not chosen:
        session.say("no asset is in that state")
    return 0


def _chosen(
    project: Project,
    status: Status,
    texts: Sequence[str],
    exclude: Sequence[str],
    kind: str | None,
) -> Sequence[int]:
    from pathlib import Path

    from assets_core.selection import select

    every = (f"kind:{kind}",) if kind else ()
    chosen = select(
        texts, exclude, project.graph, status, is_file=lambda text: Path(text).is_file()
    )
    if not every:
        return chosen
    of_kind = set(select(every, (), project.graph, status, is_file=lambda text: False))
    return [number for number in chosen if number in of_kind]


def _rows(project: Project, status: Status, chosen: Sequence[int]) -> Iterator[Sequence[Piece]]:
    for number in chosen:
        spec = status.graph.specs[number]
        if project.definition(number).is_source:
            yield (GLYPHS["source"], spec.key, spec.kind, spec.group, "", _observed(status, number))
            continue
        counts = counts_of(status, number)
        total = len(spec.partitions.existing(status.lineage.now))
        size = f"{total:,}" if spec.partitions.is_partitioned else ""
        yield (_glyph(counts), spec.key, spec.kind, spec.group, size, _said(counts, total))


def counts_of(status: Status, number: int) -> dict[str, int]:
    """How many partitions of an asset have each status; *missing* and *failed* ones are also stale.

    What runs now counts as running alone, and what is held is not counted as current again.
    """
    found = {name: status.statuses.get(name, {}).get(number) for name in WORST_FIRST}
    sets = {name: partitions for name, partitions in found.items() if partitions}
    if "held" in sets and "current" in sets:
        sets["current"] -= sets["held"]
    running = sets.get("running")
    if running:
        sets = {name: p if name == "running" else p - running for name, p in sets.items()}
    return {name: len(partitions) for name, partitions in sets.items() if partitions}


def _glyph(counts: dict[str, int]) -> Piece:
    if not counts:
        return ("", "")
    return GLYPHS[next(name for name in WORST_FIRST if name in counts)]


def _said(counts: dict[str, int], total: int) -> str:
    """``current``, or the counts that people act on: what is missing is not said to be stale again."""
    shown = dict(counts)
    if "missing" in shown and "stale" in shown:
        shown["stale"] -= shown["missing"]
    said = [
        name if count == total else f"{count:,} {name}" for name, count in shown.items() if count
    ]
    return ", ".join(said) or "no partitions yet"


def _observed(status: Status, number: int) -> str:
    from assets_core.cli.wording import age

    at = status.observed.get(number)
    return "never observed" if at is None else f"observed {age(at, status.lineage.now)}"
