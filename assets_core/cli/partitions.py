"""``assets partitions``: the partitions of one asset as a strip, with the runs of keys that need attention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from assets_core.cli.errors import Line
from assets_core.cli.ls import GLYPHS, WORST_FIRST
from assets_core.cli.session import Session, session_of
from assets_core.errors import UsageError

if TYPE_CHECKING:
    from assets_core.partitions import PartitionSet
    from assets_core.project.status import Status

_RUNS = 5
_CHANGED = 20

Key = Annotated[
    str,
    typer.Argument(
        metavar="KEY", help="An asset; with --add or --remove also a DynamicPartitions."
    ),
]
WithStatus = Annotated[
    str | None, typer.Option("--status", metavar="S", help="List the keys with this status.")
]

Add = Annotated[
    list[str] | None,
    typer.Option("--add", metavar="K", help="Add a key to DynamicPartitions; may be repeated."),
]
Remove = Annotated[
    list[str] | None,
    typer.Option("--remove", metavar="K", help="Remove a key; may be repeated."),
]
Force = Annotated[bool, typer.Option("--force", help="Remove keys although they are in use.")]


def run(
    ctx: typer.Context,
    key: Key,
    status: WithStatus = None,
    add: Add = None,
    remove: Remove = None,
    force: Force = False,
) -> int:
    """The partitions of an asset and their state.

    Each cell of the strip is a bucket of neighbours and shows the worst state in it. The keys of DynamicPartitions are
    changed with --add and --remove; what is recorded of a removed key is kept.
    """
    from assets_core.project.naming import asset_named
    from assets_core.project.status import recorded_status

    session = session_of(ctx)
    if add or remove:
        return _change(session, key, add or (), remove or (), status, force=force)
    if force:
        raise UsageError("E907", "`--force` says how to `--remove`", help="leave it out")
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
            partitions_document(found.graph, number, found.statuses, found.lineage.now, status)
        )
        return 0
    lines = _keys(found, number, status) if status else _overview(session, found, number)
    for line in lines:
        session.out.line(*line)
    return 0


def _change(
    session: Session,
    key: str,
    add: Sequence[str],
    remove: Sequence[str],
    status: str | None,
    *,
    force: bool,
) -> int:
    from assets_core.cli.wording import counted
    from assets_core.project.dynamic import change_partitions

    if status is not None:
        raise UsageError("E907", "`--status` lists keys, `--add` and `--remove` change them")
    made = change_partitions(session.project(), key, add=add, remove=remove, force=force)
    if session.as_json:
        from assets_core.observe.asset_documents import partitions_changed_document

        session.document(
            partitions_changed_document(made.name, made.added, made.removed, made.count)
        )
        return 0
    for glyph, keys in (("+", made.added), ("-", made.removed)):
        for one in keys[:_CHANGED]:
            session.out.line(f"  {glyph} {one}")
        if len(keys) > _CHANGED:
            session.out.line(f"  {glyph} {len(keys) - _CHANGED:,} more")
    unchanged = "" if made.added or made.removed else "  nothing changed"
    count = counted(made.count, "partition")
    session.out.line((made.name, "bold"), f"  dynamic, {count}{unchanged}")
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
    from assets_core.observe.strips import WIDEST, strip
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
    drawn = strip(existing, states, max(1, min(session.out.width - 4, WIDEST)))
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
