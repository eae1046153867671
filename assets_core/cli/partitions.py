"""``assets partitions``: the partitions of one asset as a strip, with the runs of keys that need attention."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from assets_core.cli.errors import Line
from assets_core.cli.ls import GLYPHS, WORST_FIRST
from assets_core.cli.session import Session, session_of
from assets_core.errors import UsageError

if TYPE_CHECKING:
    from assets_core.partitions import PartitionSet
    from assets_core.project.status import Status

_WIDEST = 100
_RUNS = 5

Key = Annotated[str, typer.Argument(metavar="KEY", help="An asset.")]
WithStatus = Annotated[
    str | None, typer.Option("--status", metavar="S", help="List the keys with this status.")
]


def run(ctx: typer.Context, key: Key, status: WithStatus = None) -> int:
    """The partitions of an asset and their state.

    Each cell of the strip is a bucket of neighbours and shows the worst state in it.
    """
    from assets_core.project.naming import asset_named
    from assets_core.project.status import recorded_status

    session = session_of(ctx)
    if status is not None and status not in WORST_FIRST:
        raise UsageError(
            "E909", f"`{status}` is not a status", help=f"one of {', '.join(WORST_FIRST)}"
        )
    project = session.project()
    number = asset_named(project.graph, key)
    with project.reading() as reader:
        found = recorded_status(project, reader, project.clock.now())
    if session.as_json:
        from assets_core.observe.documents import partitions_document

        session.document(
            partitions_document(project.graph, number, found.statuses, found.lineage.now, status)
        )
        return 0
    lines = _keys(found, number, status) if status else _overview(session, found, number)
    for line in lines:
        session.out.line(*line)
    return 0


def _of(status: Status, number: int) -> dict[str, PartitionSet]:
    every = {name: status.statuses.get(name, {}).get(number) for name in WORST_FIRST}
    return {name: members for name, members in every.items() if members}


def _keys(status: Status, number: int, name: str) -> Iterator[Line]:
    """The keys themselves, one per line: this is what scripts read."""
    members = _of(status, number).get(name)
    if members:
        for key in status.lineage.graph.specs[number].partitions.keys(members):
            yield (key,)


def _overview(session: Session, status: Status, number: int) -> Iterator[Line]:
    from assets_core.cli.wording import counted
    from assets_core.observe.strips import strip
    from assets_core.partitions import describe_ranges

    spec = status.lineage.graph.specs[number]
    if not spec.partitions.is_partitioned:
        yield ((spec.key, "bold"), " is not partitioned")
        return
    existing = spec.partitions.existing(status.lineage.now)
    states = _of(status, number)
    yield ((spec.key, "bold"), f"  {spec.partitions.kind}, {counted(len(existing), 'partition')}")
    if not existing:
        return
    drawn = strip(existing, states, max(1, min(session.out.width - 4, _WIDEST)))
    first, last = spec.partitions.key(existing.first), spec.partitions.key(existing.last)
    per = f"  a cell is {drawn.bucket:,} partitions" if drawn.bucket > 1 else ""
    yield ("  ", *(GLYPHS.get(cell, " ") for cell in drawn.cells))
    yield (("  ", ""), (f"{first} .. {last}{per}", "dim"))
    for name, members in states.items():
        runs = describe_ranges(spec.partitions, members, existing, _RUNS + 1)
        texts = [a if n == 1 else f"{a}..{b}" for a, b, n in runs[:_RUNS]]
        more = ", …" if len(runs) > _RUNS else ""
        glyph, style = GLYPHS[name]
        yield ("  ", (glyph, style), f" {len(members):,} {name}", f"  {', '.join(texts)}{more}")
