"""``assets show``: everything about one asset, or about one partition of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from assets_core.cli.errors import Line
from assets_core.cli.session import session_of

if TYPE_CHECKING:
    from assets_core.model.plans import Held
    from assets_core.model.pools import Needs
    from assets_core.model.records import CheckRecord, MaterializationRecord
    from assets_core.ports import SlotHolder, StateReader
    from assets_core.project import Project
    from assets_core.project.status import Status

_VERSIONS = 5
_RESULTS = 200
_COLUMNS = 30

Address = Annotated[str, typer.Argument(metavar="KEY[@PART]", help="An asset, or one partition.")]


@dataclass(frozen=True, slots=True)
class _Found:
    number: int
    partition: str | None
    status: Status
    versions: Sequence[MaterializationRecord]
    results: Sequence[CheckRecord]
    needs: Needs
    holders: Sequence[SlotHolder]
    """Living calls that hold slots of its pools."""


def run(ctx: typer.Context, address: Address) -> int:
    """Everything about one asset.

    What is declared, its status, its latest versions with their columns, and the results of its checks.
    """
    from assets_core.observe.asset_documents import show_document
    from assets_core.project.status import recorded_status

    session = session_of(ctx)
    project = session.project()
    with project.reading() as reader:
        status = recorded_status(project, reader, project.clock.now())
        found = _find(project, reader, status, address)
    if session.as_json:
        session.document(
            show_document(
                status.graph,
                found.number,
                project.definitions.versions,
                status.statuses,
                status.lineage.now,
                needs=found.needs,
                holders=found.holders,
                materializations=found.versions,
                results=found.results,
                holds=_holds(found),
            )
        )
        return 0
    for line in _lines(project, found):
        session.out.line(*line)
    return 0


def _find(project: Project, reader: StateReader, status: Status, address: str) -> _Found:
    from assets_core.project.naming import asset_named, split_address

    name, partition = split_address(address)
    number = asset_named(project.graph, name)
    spec = status.graph.specs[number]
    if partition is not None:
        spec.partitions.ordinal(partition)
    versions = reader.history(project.env, spec.key, partition, _VERSIONS)
    if partition is None:
        results = reader.checks(project.env, spec.key, _RESULTS)
    else:
        results = reader.check_results([record.number for record in versions])
    needs = project.definitions.needs[project.graph.definition_of[number]]
    holders = reader.slot_holders() if needs.pools else ()
    alive = {run for run in {h.run for h in holders} if reader.is_alive(run)}
    living = [h for h in holders if h.run in alive]
    return _Found(number, partition, status, versions, results, needs, living)


def _lines(project: Project, found: _Found) -> Iterator[Line]:
    from assets_core.cli.wording import local

    graph = project.graph
    spec = graph.specs[found.number]
    place = f"{spec.place.file}:{spec.place.line}" if spec.place.line else spec.place.file
    yield ((spec.key, "bold"), f"  {spec.kind}  group {spec.group}", (f"  {place}", "dim"))
    for line in spec.description.strip().split("\n") if spec.description else ():
        yield (f"  {line.strip()}",)
    facts = {
        "owners": ", ".join(spec.owners),
        "tags": ", ".join(f"{k}={v}" if v else k for k, v in spec.tags.items()),
        "upstream": ", ".join(sorted({graph.keys[e.upstream] for e in graph.inputs(found.number)})),
        "downstream": ", ".join(
            sorted({graph.keys[e.downstream] for e in graph.outputs(found.number)})
        ),
        "partitions": _partitions(found),
        "pool": ", ".join(_pools(found)),
        "rate limit": ", ".join(
            f"{limit.name}: {project.definitions.settings.rate_limits[limit.name]}"
            for limit in found.needs.limits
        ),
        "priority": str(project.definition(found.number).priority or ""),
        "status": _status(project, found),
        "held": ", ".join(f"since {local(one.since)}" for one in _holds(found) if one.since),
        "code": project.definitions.versions.code[found.number][:12],
    }
    for name, text in facts.items():
        if text:
            yield ((f"  {name:<11}", "dim"), text)
    yield from _checks(project, found)
    yield from _versions(found)


def _holds(found: _Found) -> list[Held]:
    """What was rolled back of the asset, or of the partition that was asked for."""
    spec = found.status.graph.specs[found.number]
    notes = found.status.plan.held(spec.key)
    if found.partition is None:
        return notes
    ordinal = spec.partitions.ordinal(found.partition)
    return [note for note in notes if ordinal in note.partitions]


def _partitions(found: _Found) -> str:
    definition = found.status.lineage.graph.specs[found.number].partitions
    if not definition.is_partitioned:
        return ""
    existing = definition.existing(found.status.lineage.now)
    if not existing:
        return f"{definition.kind}, none yet"
    first, last = definition.key(existing.first), definition.key(existing.last)
    return f"{definition.kind}, {len(existing):,}: {first} .. {last}"


def _pools(found: _Found) -> Iterator[str]:
    """Each pool with the slots that a call takes, and how many are taken now."""
    from assets_core.cli.wording import counted

    for need in found.needs.pools:
        taken = sum(holder.in_pool(need.pool) for holder in found.holders)
        said = f"{need.pool}: {counted(need.slots, 'slot')} of {need.size}"
        yield f"{said} ({taken} taken now)" if taken else said


def _status(project: Project, found: _Found) -> str:
    from assets_core.cli.ls import counts_of
    from assets_core.cli.wording import age

    if project.definition(found.number).is_source:
        at = found.status.observed.get(found.number)
        now = found.status.lineage.now
        return "never observed" if at is None else f"observed {age(at, now)}"
    if found.partition is not None:
        spec = found.status.graph.specs[found.number]
        ordinal = spec.partitions.ordinal(found.partition)
        has = [
            name
            for name, assets in found.status.statuses.items()
            if ordinal in assets.get(found.number, ())
        ]
        return f"[{found.partition}] {', '.join(has) or 'not a partition yet'}"
    counts = counts_of(found.status, found.number)
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _checks(project: Project, found: _Found) -> Iterator[Line]:
    from assets_core.cli.wording import counted

    latest: dict[str, CheckRecord] = {}
    for record in found.results:
        latest.setdefault(record.outcome.name, record)
    for check in project.graph.specs[found.number].checks:
        last = latest.get(check.name)
        said = "not evaluated yet" if last is None else last.outcome.status.value
        if last is not None and last.outcome.count:
            said += f" ({counted(last.outcome.count, 'row')})"
        kind = "blocking" if check.blocking else check.severity.value
        style = "" if last is None or last.outcome.status == "passed" else "failed"
        yield (("  check      ", "dim"), f"{check.name}  {kind}  ", (said, style))


def _versions(found: _Found) -> Iterator[Line]:
    from assets_core.cli.wording import age, counted

    numbers = set(found.status.lineage.rows(found.number).head["number"].tolist())
    current = [record for record in found.versions if record.number in numbers]
    for record in found.versions:
        rows = f"  {counted(record.written.rows, 'row')}" if record.written.rows is not None else ""
        when = age(record.created, found.status.lineage.now)
        where = f"[{record.partition}] " if record.partition else ""
        data = record.written.data_version[:12]
        text = f"{record.number}  {where}{when}{rows}  {_size(record.written.size)}  data {data}"
        yield (("  version    ", "dim"), text, "  current" if record in current else "")
        for name, value in record.metadata.items():
            yield ((f"    {name}: ", "dim"), str(value))
    shown = next(iter(current or found.versions), None)
    columns = shown.written.columns if shown is not None else None
    for column in (columns or ())[:_COLUMNS]:
        yield (("  column     ", "dim"), f"{column.name}  ", (column.type, "dim"))
    if columns and len(columns) > _COLUMNS:
        yield ((f"  and {len(columns) - _COLUMNS} more columns", "dim"),)


def _size(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:,.0f} {unit}" if unit == "B" else f"{size:,.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} TB"
