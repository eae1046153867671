"""``why``: an asset-partition's state explained to its roots, with how its current version came about.

One plan of the asset and everything upstream of it, then a few reads of history for what is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.plans import (
    Action,
    CheckBlocked,
    CodeChanged,
    ConfigChanged,
    InputAdded,
    InputChanged,
    InputRemoved,
    NeverMaterialized,
    Plan,
    Reason,
    Step,
)
from assets_core.model.records import MaterializationRecord, PointerMove
from assets_core.observe.details import Details, details, versions_to_explain
from assets_core.partitions import PartitionSet
from assets_core.planning.explain import Cause, Explanation, explain
from assets_core.planning.reasons import group_reasons
from assets_core.planning.staleness import Rebuilder
from assets_core.ports import StateReader
from assets_core.project.wishes import Wish
from assets_core.versioning.parts import parts_text

if TYPE_CHECKING:
    from assets_core.project.facade import Planned, Project

_LOOK_BACK = 5_000
"""Moves and records of one asset that are read to explain it."""
_DEPTH = 5
_COMPARED = 100
"""Partitions of which it is looked up what each has read."""


@dataclass(frozen=True, slots=True)
class Why:
    """Everything ``why`` says of one asset, or of one partition of it."""

    asset: AssetKey
    partition: str | None
    planned: Planned
    explanations: tuple[Explanation, ...]
    details: Details
    built: MaterializationRecord | None
    """The current version, where one asset-partition was asked for."""
    runs: Mapping[str, int]
    """The numbers of the runs that are named, by id."""
    is_source: bool = False
    """Observed, not made: there is nothing to explain."""


def why(project: Project, asset: int, partition: str | None) -> Why:
    """Explain one asset; raises UsageError E203 for a partition key that it doesn't have."""
    with project.reading() as reader:
        spec = project.definitions.graph_with(reader).specs[asset]
        ordinal = None if partition is None else spec.partitions.ordinal(partition)
        planned = project.plan_with(reader, Wish(select=(f"+{spec.key}",)))
        wanted = planned.wanted.get(asset, PartitionSet.EMPTY)
        if ordinal is not None:
            wanted = PartitionSet.range(ordinal, ordinal + 1)
        past = History(reader, project.env, planned)
        held = _held_back(project, planned, asset)
        found = explain(planned.plan, planned.lineage, asset, wanted, past, held)
        built = _built(project, reader, asset, partition)
        reasons = [*_reasons(planned.plan), *_reasons_of(found)]
        return Why(
            spec.key,
            partition,
            planned,
            found,
            _details(project, reader, reasons),
            built,
            run_numbers(reader, reasons, *([built.run] if built is not None else [])),
            project.definition(asset).is_source,
        )


def _held_back(
    project: Project, planned: Planned, asset: int
) -> Iterator[tuple[Step, datetime | None]]:
    """The steps that a plan had without the holds on an asset, and since when there are these."""
    rebuilder = Rebuilder(planned.graph, project.definitions.versions, planned.lineage)
    key = planned.graph.keys[asset]
    for note in planned.plan.held(key):
        verdict = rebuilder.verdict(asset, note.partitions.to_array())
        for reasons, partitions in group_reasons(rebuilder, asset, verdict, note.partitions):
            yield Step(key, asset, Action.RUN, reasons, partitions), note.since


def run_numbers(reader: StateReader, reasons: Iterable[Reason], *more: str) -> dict[str, int]:
    """What people call the runs that reasons name."""
    named = {reason.run for reason in reasons if isinstance(reason, CheckBlocked)}
    found = ((run, reader.run(run)) for run in named.union(more))
    return {run: record[0].number for run, record in found if record is not None}


def plan_details(project: Project, plan: Plan, reader: StateReader) -> Details:
    """What changed behind a plan's reasons, in one query."""
    return _details(project, reader, list(_reasons(plan)))


def _reasons(plan: Plan) -> Iterator[Reason]:
    for step in plan.steps:
        yield from step.reasons


def _reasons_of(explanations: tuple[Explanation, ...]) -> Iterator[Reason]:
    stack = [cause for one in explanations for cause in one.causes]
    while stack:
        cause = stack.pop()
        yield cause.reason
        stack += cause.behind


def _details(project: Project, reader: StateReader, reasons: list[Reason]) -> Details:
    holder = _holding(reasons)
    wanted = versions_to_explain(holder)
    today = _todays_texts(project) if wanted else {}
    texts = {version: today[version] for version in wanted if version in today}
    texts |= reader.documents(wanted - texts.keys())
    return details(holder, texts)


def _holding(reasons: list[Reason]) -> Plan:
    """A plan that has these reasons: where details are looked up."""
    step = Step(AssetKey("-"), 0, Action.RUN, tuple(reasons), PartitionSet.EMPTY)
    return Plan("", datetime.min.replace(tzinfo=UTC), 0, (step,), (), 0)


def _todays_texts(project: Project) -> Mapping[str, str]:
    """The texts behind today's versions, as a run would record them."""
    versioner, graph = project.definitions.versioner, project.graph
    texts: dict[str, str] = {}
    for number, key in enumerate(graph.keys):
        definition = project.definition(number)
        fingerprint = versioner.code(definition)
        if fingerprint.parts:
            texts[fingerprint.version] = parts_text(fingerprint.parts)
        text = project.definitions.config_text(definition, key)
        texts[versioner.config(definition, key)] = text
    return texts


def _built(
    project: Project, reader: StateReader, asset: int, partition: str | None
) -> MaterializationRecord | None:
    spec = project.graph.specs[asset]
    if partition is None and spec.partitions.is_partitioned:
        return None
    address = AssetPartition(spec.key, partition or "")
    return reader.current(project.env, [address]).get(address)


class _Records:
    """The latest versions of one asset, by when they were current."""

    def __init__(
        self, moves: Sequence[PointerMove], records: Mapping[int, MaterializationRecord]
    ) -> None:
        self._records = records
        self._moves: dict[str, list[PointerMove]] = {}
        for move in moves:
            self._moves.setdefault(move.partition, []).append(move)

    def at(self, partition: str, sequence: int) -> MaterializationRecord | None:
        """The version that was current at ``sequence``, if it is known."""
        for move in self._moves.get(partition, ()):
            if move.sequence <= sequence:
                return self._records.get(move.materialization or 0)
        return None


class History:
    """What versions were before and why they differ, read from the latest moves and records of an asset.

    What lies further back than those reads as changed. Of many partitions that changed one is compared in detail:
    those that changed together mostly did so for one reason, and the others are a ``why KEY@PART`` away.
    """

    def __init__(self, reader: StateReader, env: str, planned: Planned) -> None:
        self._reader = reader
        self._env = env
        self._lineage = planned.lineage
        self._known: dict[int, _Records] = {}

    def changed(self, asset: int, partitions: PartitionSet, since: int) -> PartitionSet:
        """Those of ``partitions`` whose content differs from what it was at ``since``."""
        if not partitions:
            return partitions
        spec = self._lineage.graph.specs[asset]
        records = self._records(asset)
        differs = []
        for ordinal, key in zip(partitions, spec.partitions.keys(partitions), strict=True):
            before = records.at(key, since)
            if before is None or before.term != self._lineage.term(asset, ordinal):
                differs.append(ordinal)
        return PartitionSet.of(differs)

    def read(self, asset: int, partitions: PartitionSet, column: int) -> PartitionSet | None:
        """What the current versions of these partitions read of their input ``column``."""
        records, spec = self._records(asset), self._lineage.graph.specs[asset]
        found = PartitionSet.EMPTY
        for key in spec.partitions.keys(partitions.take(_COMPARED)):
            record = records.at(key, self._lineage.sequence)
            if record is None or column >= len(record.inputs):
                return None
            found |= PartitionSet.from_text(record.inputs[column].partitions)
        return found if len(partitions) <= _COMPARED else None

    def behind(
        self, asset: int, partitions: PartitionSet, since: int, depth: int = 0
    ) -> tuple[Cause, ...]:
        """The differences between the version of one of these partitions and the one at ``since``."""
        key = self._lineage.graph.specs[asset].partitions.key(partitions.last)
        records = self._records(asset)
        latest = records.at(key, self._lineage.sequence)
        if latest is None:
            return ()
        before = records.at(key, since)
        return tuple(self._differences(asset, partitions, latest, before, depth))

    def _records(self, asset: int) -> _Records:
        if asset not in self._known:
            key = self._lineage.graph.keys[asset]
            moves = self._reader.pointer_moves(self._env, key, _LOOK_BACK)
            history = self._reader.history(self._env, key, None, _LOOK_BACK)
            self._known[asset] = _Records(moves, {r.number: r for r in history})
        return self._known[asset]

    def _differences(
        self,
        asset: int,
        partitions: PartitionSet,
        latest: MaterializationRecord,
        before: MaterializationRecord | None,
        depth: int,
    ) -> Iterator[Cause]:
        def cause(reason: Reason) -> Cause:
            return Cause(latest.asset, reason, partitions, len(partitions))

        if before is None:
            yield cause(NeverMaterialized())
            return
        if latest.code != before.code:
            yield cause(CodeChanged(before.code, latest.code))
        if latest.config != before.config:
            yield cause(ConfigChanged(before.config, latest.config))
        old = {item.upstream: item for item in before.inputs}
        for item in latest.inputs:
            if item.upstream not in old:
                yield cause(InputAdded(item.upstream))
            elif item.version != old[item.upstream].version:
                yield self._changed_input(item.upstream, old[item.upstream].as_of, depth)
        for upstream in old.keys() - {item.upstream for item in latest.inputs}:
            yield cause(InputRemoved(upstream))

    def _changed_input(self, upstream: AssetKey, since: int, depth: int) -> Cause:
        number = self._lineage.graph.numbers.get(upstream)
        reason = InputChanged(upstream)
        if number is None or depth >= _DEPTH:
            return Cause(upstream, reason, PartitionSet.EMPTY, 0)
        rows = self._lineage.rows(number)
        later = PartitionSet.of(rows.ordinals[rows.head["sequence"] > since])
        changed = self.changed(number, later, since)
        behind = self.behind(number, changed, since, depth + 1) if changed else ()
        return Cause(upstream, reason, changed, len(self._lineage.recorded(number)), behind)
