"""Batches of an asset that reads its own earlier partitions: a call takes p-1 from what it makes itself.

The outputs of such a call are ascending. The first one that is not good stops the rest: they were made from it. What
each of the others read of its own asset is known only now, because the call made it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from assets_core.execution.calls import Call, Target
from assets_core.execution.state import RunState
from assets_core.graph import Edge
from assets_core.model.outcomes import NotProduced, Produced, StepOutcome
from assets_core.model.records import Failure, InputRecord
from assets_core.model.versions import InputVersion, Term, sum_terms, term
from assets_core.partitions import PartitionSet

Inputs: TypeAlias = Mapping[int, tuple[InputRecord, ...]]
"""Per ordinal of a call: what its outputs read."""


@dataclass(frozen=True, slots=True)
class Returned:
    """A call that came back, and with what."""

    call: Call
    outcome: StepOutcome


def stopped_at_first_failure(state: RunState, returned: Returned) -> Returned:
    """The outcome with everything after the first bad output failed, where the batch reads itself."""
    call, outcome = returned.call, returned.outcome
    if _self_edge(state, call.targets[0].asset) is None or len(call.targets) == 1:
        return returned
    ordinal_of = {t.attempt: t.ordinal for t in call.targets}
    stopped_by: str | None = None
    outputs = []
    for output in sorted(outcome.outputs, key=lambda o: ordinal_of[o.attempt]):
        good = isinstance(output, Produced) and not any(c.blocks for c in output.checks)
        if stopped_by is None:
            outputs.append(output)
            stopped_by = None if good else output.partition
            continue
        failure = Failure(
            "stopped", f"partition `{stopped_by}`, which it was made from, is not good"
        )
        outputs.append(NotProduced(output.asset, output.partition, output.attempt, failure))
    return replace(returned, outcome=replace(outcome, outputs=tuple(outputs)))


def with_own_outputs(
    state: RunState, outcome: StepOutcome, targets: Mapping[str, Target], inputs: Inputs
) -> Inputs:
    """The input records with what each output read of its own asset, made by the same call or before it."""
    first = next(iter(targets.values()))
    edge = _self_edge(state, first.asset)
    if edge is None:
        return inputs
    column = state.graph.inputs(first.asset).index(edge)
    made = {
        targets[o.attempt].ordinal: term(o.partition, o.written.data_version)
        for o in outcome.outputs
        if isinstance(o, Produced)
    }
    records = dict(inputs)
    for ordinal, record in inputs.items():
        version, partitions = _own_version(state, edge, ordinal, made)
        own = replace(record[column], version=version, partitions=partitions.to_text())
        records[ordinal] = (*record[:column], own, *record[column + 1 :])
    return records


def _own_version(
    state: RunState, edge: Edge, ordinal: int, made: Mapping[int, Term]
) -> tuple[InputVersion, PartitionSet]:
    there = state.lineage.recorded(edge.upstream) | PartitionSet.of(sorted(made))
    wanted = edge.mapping.upstream_of(PartitionSet.range(ordinal, ordinal + 1), there) & there
    terms = [made.get(o) or state.lineage.term(edge.upstream, o) for o in wanted]
    return sum_terms([t for t in terms if t is not None]), wanted


def _self_edge(state: RunState, asset: int) -> Edge | None:
    return next((e for e in state.graph.inputs(asset) if e.upstream == asset), None)
