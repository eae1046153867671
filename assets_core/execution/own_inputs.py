"""Batches of an asset that reads its own earlier partitions: a call takes p-1 from what it makes itself.

The outputs of such a call are ascending. The first one that is not good stops the rest: they were made from it. What
each of the others read of its own asset is known only now, because the call made it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from assets_core.execution.calls import Call, Target
from assets_core.execution.state import RunState
from assets_core.graph import Edge
from assets_core.model.keys import AssetKey
from assets_core.model.outcomes import NotProduced, Produced, StepOutcome
from assets_core.model.records import Failure, InputRecord
from assets_core.model.values import Written
from assets_core.model.versions import InputVersion, sum_terms, sum_versions, term
from assets_core.partitions import PartitionSet
from assets_core.ports import ColumnRow, PinnedInput

Inputs: TypeAlias = Mapping[int, tuple[InputRecord, ...]]
"""Per ordinal of a call: what its outputs read."""


@dataclass(frozen=True, slots=True)
class Returned:
    """A call that came back, and with what."""

    call: Call
    outcome: StepOutcome


def pinned_again(
    state: RunState, call: Call, failed: Sequence[Target], now: tuple[PinnedInput, ...]
) -> tuple[PinnedInput, ...]:
    """The pins of another try: of those of the claim what the failed targets read, but no more.

    Of its own asset it is what is current now: its first try may have added to that.
    """
    own = {place for place, _ in _own_edges(state, failed[0].asset)}
    ordinals = {t.ordinal for t in failed}
    return tuple(
        new if place in own else _read_by(state, call, ordinals, place)
        for place, new in enumerate(now)
    )


def _read_by(state: RunState, call: Call, ordinals: Collection[int], place: int) -> PinnedInput:
    """What these partitions of a call read of one of its inputs: a batch must not see what the others do."""
    pinned = call.request.inputs[place]
    upstream = state.graph.specs[state.graph.numbers[pinned.upstream]].partitions
    read = PartitionSet.EMPTY
    for ordinal in ordinals:
        read |= PartitionSet.from_text(call.inputs[ordinal][place].partitions)
    keys = set(upstream.keys(read))
    parts = tuple(part for part in pinned.parts if part.partition in keys)
    return replace(
        pinned,
        parts=parts,
        partitions=tuple(key for key in pinned.partitions if key in keys),
        tokens=tuple(token for token in pinned.tokens if token[0] in keys),
        like=pinned.like if parts or not pinned.parts else pinned.parts[-1],
    )


def stopped_at_first_failure(state: RunState, returned: Returned) -> Returned:
    """The outcome with everything after the first bad partition failed, where the batch reads itself."""
    call, outcome = returned.call, returned.outcome
    if len(call.targets) == 1 or not _own_edges(state, call.targets[0].asset):
        return returned
    ordinal_of = {t.attempt: t.ordinal for t in call.targets}
    bad = [o for o in outcome.outputs if not _is_good(o)]
    if not bad:
        return returned
    first = min(bad, key=lambda o: ordinal_of[o.attempt])
    failure = Failure(
        "stopped", f"partition `{first.partition}`, which it was made from, is not good"
    )
    outputs = tuple(
        NotProduced(o.asset, o.partition, o.attempt, failure)
        if ordinal_of[o.attempt] > ordinal_of[first.attempt]
        else o
        for o in sorted(outcome.outputs, key=lambda o: ordinal_of[o.attempt])
    )
    return replace(returned, outcome=replace(outcome, outputs=outputs))


def _is_good(output: object) -> bool:
    """Whether others may be made from it: written and not kept back, or left out on purpose."""
    if isinstance(output, Produced):
        return not any(c.blocks for c in output.checks)
    return not isinstance(output, NotProduced)


def with_own_outputs(state: RunState, returned: Returned, inputs: Inputs) -> Inputs:
    """The input records with what each output read of its own asset: made by the same call, or pinned at its claim.

    What is current by now says nothing: another writer may have moved it while the call ran.
    """
    records = dict(inputs)
    for column, edge in _own_edges(state, returned.call.targets[0].asset):
        read = _pinned(state, edge, returned.call.request.inputs[column]) | _made(edge, returned)
        there = PartitionSet.of(sorted(read))
        for ordinal, record in records.items():
            one = PartitionSet.range(ordinal, ordinal + 1)
            wanted = edge.mapping.upstream_of(one, there) & there
            version = sum_versions(read[o] for o in wanted)
            own = replace(record[column], version=version, partitions=wanted.to_text())
            records[ordinal] = (*record[:column], own, *record[column + 1 :])
    return records


def _made(edge: Edge, returned: Returned) -> dict[int, InputVersion]:
    """What each output of this call adds to an input that reads it."""
    targets = {t.attempt: t for t in returned.call.targets}
    return {
        targets[o.attempt].ordinal: _added(o.partition, o.written, edge.columns)
        for o in returned.outcome.outputs
        if isinstance(o, Produced) and targets[o.attempt].asset == edge.upstream
    }


def _pinned(state: RunState, edge: Edge, pinned: PinnedInput) -> dict[int, InputVersion]:
    """What each partition that was pinned for a call adds to an input that reads it."""
    ordinal = state.graph.specs[edge.upstream].partitions.ordinal
    return {
        ordinal(p.partition): _added(p.partition, p.written, edge.columns) for p in pinned.parts
    }


def _added(partition: str, written: Written, columns: tuple[str, ...] | None) -> InputVersion:
    """What a version adds to an input that reads these columns of it (None: everything)."""
    if columns is None or written.columns is None:
        return sum_terms([term(partition, written.data_version)])
    row = ColumnRow(AssetKey(""), partition, written.rows or 0, written.columns)
    return row.version(columns)


def _own_edges(state: RunState, asset: int) -> list[tuple[int, Edge]]:
    """The inputs of an asset that its own calls make, by their position."""
    definition_of = state.graph.definition_of
    return [
        (n, e)
        for n, e in enumerate(state.graph.inputs(asset))
        if definition_of[e.upstream] == definition_of[asset]
    ]
