"""One call of one definition, from the claim to its record: what was pinned, and the request a worker gets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from assets_core.execution.paths import new_id
from assets_core.execution.state import RunState
from assets_core.graph import AssetGraph, Edge
from assets_core.model.keys import AssetPartition
from assets_core.model.records import InputRecord, MaterializationRecord
from assets_core.model.values import StoredPart
from assets_core.model.versions import InputVersion
from assets_core.partitions import PartitionSet
from assets_core.planning.shared_reads import call_sums
from assets_core.ports import Lease, OutputTask, PinnedInput, StepRequest

Pins = Callable[[Collection[AssetPartition]], Mapping[AssetPartition, MaterializationRecord]]


@dataclass(frozen=True, slots=True)
class Target:
    """One asset-partition of a call, and the attempt that is to produce it."""

    asset: int
    ordinal: int
    attempt: str


@dataclass(frozen=True, slots=True)
class Call:
    """A claimed call. ``inputs`` holds, per ordinal, the record of what each output will have read."""

    id: str
    definition: int
    targets: tuple[Target, ...]
    leases: tuple[Lease, ...]
    inputs: Mapping[int, tuple[InputRecord, ...]]
    related: Mapping[int, tuple[tuple[str, InputVersion], ...]]
    """Per asset: what each of its checks will have read of other assets."""
    request: StepRequest
    tries: int = 0

    @property
    def partitions(self) -> PartitionSet:
        """The ordinals of the call."""
        return PartitionSet.of(sorted({t.ordinal for t in self.targets}))


def targets_of(assets: Collection[int], wanted: Mapping[int, PartitionSet]) -> tuple[Target, ...]:
    """Fresh attempts for these asset-partitions, partition by partition."""
    pairs = sorted((ordinal, asset) for asset in assets for ordinal in wanted[asset])
    return tuple(Target(asset, ordinal, new_id()) for ordinal, asset in pairs)


def input_records(
    state: RunState, asset: int, ordinals: list[int], as_of: int
) -> dict[int, tuple[InputRecord, ...]]:
    """Per partition, what it reads from each input as pinned now."""
    if state.graph.shares_inputs(asset):
        return dict.fromkeys(ordinals, _read_together(state, asset, ordinals, as_of))
    edges = state.graph.inputs(asset)
    present = [state.lineage.present(e.upstream) for e in edges]
    sums = state.rebuilder.input_sums(asset, np.array(ordinals, np.int64))
    records: dict[int, tuple[InputRecord, ...]] = {}
    for row, ordinal in enumerate(ordinals):
        records[ordinal] = tuple(
            InputRecord(
                state.key(edge.upstream),
                _upstream(edge, PartitionSet.of([ordinal]), present[column]).to_text(),
                edge.columns,
                sums.version(row, column),
                as_of,
            )
            for column, edge in enumerate(edges)
        )
    return records


def _read_together(
    state: RunState, asset: int, ordinals: list[int], as_of: int
) -> tuple[InputRecord, ...]:
    """What a batch that shares its inputs reads: one record for all of its partitions."""
    edges, members = state.graph.inputs(asset), PartitionSet.of(ordinals)
    read = tuple(_upstream(e, members, state.lineage.present(e.upstream)) for e in edges)
    sums = call_sums(state.lineage, asset, read, 1)
    return tuple(
        InputRecord(
            state.key(edge.upstream),
            read[column].to_text(),
            edge.columns,
            sums.version(0, column),
            as_of,
        )
        for column, edge in enumerate(edges)
    )


def _upstream(edge: Edge, partitions: PartitionSet, present: PartitionSet) -> PartitionSet:
    return edge.mapping.upstream_of(partitions, present) & present


def related_versions(state: RunState, asset: int) -> tuple[tuple[str, InputVersion], ...]:
    """Per check of an asset, the sum of what it reads of other assets as pinned now."""
    return tuple(
        (c.name, state.rebuilder.related(asset, c.name))
        for c in state.rebuilder.partition_checks(asset)
    )


def is_source(graph: AssetGraph, asset: int) -> bool:
    """Whether an asset is observed rather than made."""
    return graph.definitions[graph.definition_of[asset]].is_source


def make_request(
    state: RunState, definition: int, call: str, targets: tuple[Target, ...], pins: Pins
) -> StepRequest:
    """Everything a worker needs for these targets, with every input pinned to what is current now."""
    declared = state.graph.definitions[definition]
    assets = list(dict.fromkeys(t.asset for t in targets))
    partitions = PartitionSet.of(sorted({t.ordinal for t in targets}))
    sources = [u for u in state.graph.upstream(assets[0]) if is_source(state.graph, u)]
    return StepRequest(
        call=call,
        run=state.run,
        env=state.env,
        key=declared.key,
        outputs=tuple(_task(state, t) for t in targets),
        inputs=tuple(pin_input(state, e, partitions, pins) for e in state.graph.inputs(assets[0])),
        related=tuple(pin_related(state, assets, pins)),
        code=tuple((state.key(a), state.versions.code[a]) for a in (*assets, *sources)),
        config=tuple((state.key(a), state.versions.config[a]) for a in (*assets, *sources)),
        values=state.values_of(declared),
        check_versions=tuple(
            (state.key(a), check.name, check.version)
            for a in assets
            for check in state.rebuilder.partition_checks(a)
        ),
        project=state.project,
        log=state.home.log(state.run, call),
        now=state.now,
        limit=state.limit_of(definition),
    )


def _task(state: RunState, target: Target) -> OutputTask:
    asset, partition = state.address(target.asset, target.ordinal)
    location = state.home.version(asset, partition, target.attempt)
    return OutputTask(asset, partition, target.ordinal, target.attempt, location)


def pin_input(state: RunState, edge: Edge, partitions: PartitionSet, pins: Pins) -> PinnedInput:
    """Pin what one input reads for these downstream partitions: exactly what its recorded version is a sum of.

    A batch that reads itself takes its own partitions from what it makes, never from their earlier versions.
    """
    present = state.lineage.present(edge.upstream)
    if state.graph.definition_of[edge.upstream] == state.graph.definition_of[edge.downstream]:
        present -= partitions
    wanted = _upstream(edge, partitions, present)
    return _pinned(state, edge.upstream, edge.parameter, edge.columns, wanted, pins)


def pin_related(state: RunState, assets: Collection[int], pins: Pins) -> Iterator[PinnedInput]:
    """Pin the whole of every other asset that the checks of these assets read."""
    seen: set[int] = set()
    for asset in assets:
        for edge in state.graph.check_inputs(asset):
            if edge.upstream not in seen:
                seen.add(edge.upstream)
                present = state.lineage.present(edge.upstream)
                yield _pinned(state, edge.upstream, None, None, present, pins)


def _pinned(
    state: RunState,
    upstream: int,
    parameter: str | None,
    columns: tuple[str, ...] | None,
    wanted: PartitionSet,
    pins: Pins,
) -> PinnedInput:
    key = state.key(upstream)
    keys = tuple(state.graph.specs[upstream].partitions.keys(wanted))
    if is_source(state.graph, upstream):
        tokens = state.tokens.get(upstream, {})
        seen = tuple((k, tokens[k]) for k in keys if k in tokens)
        return PinnedInput(key, parameter, (), columns, source=True, partitions=keys, tokens=seen)
    parts = tuple(stored_parts(state, upstream, wanted, pins))
    like = None if parts else _any_part(state, upstream, pins)
    return PinnedInput(key, parameter, parts, columns, partitions=keys, like=like)


def _any_part(state: RunState, asset: int, pins: Pins) -> StoredPart | None:
    """The latest partition that is stored at all."""
    present = state.lineage.present(asset)
    if not present:
        return None
    return next(stored_parts(state, asset, PartitionSet.of([present.last]), pins))


def stored_parts(
    state: RunState, asset: int, wanted: PartitionSet, pins: Pins
) -> Iterator[StoredPart]:
    """The stored versions of these partitions, from memory where this run made or read them before."""
    ordinals = wanted.to_array()
    numbers = state.lineage.numbers(asset, ordinals).tolist()
    pairs = list(zip(ordinals.tolist(), numbers, strict=True))
    unknown = [o for o, number in pairs if state.parts.get((asset, o), (0, None))[0] != number]
    if unknown:
        addresses = {state.address(asset, o): o for o in unknown}
        for address, record in pins(list(addresses)).items():
            state.parts[asset, addresses[address]] = (record.number, state.part_of(record))
    for ordinal, _ in pairs:
        yield state.parts[asset, ordinal][1]
