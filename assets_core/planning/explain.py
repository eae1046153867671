"""Why: a plan's reasons folded to their roots, and which partitions of an input changed since they were read.

Pure. Which partitions changed is never stored per pair: it follows from the sequence at which an input was read
(``as_of``) and those at which its partitions were last published. What lies further back (why the upstream changed)
is asked of ``Past``, which reads history; without one an explanation ends at the upstream.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

import numpy as np

from assets_core.graph import Edge
from assets_core.lineage import Lineage
from assets_core.model.keys import AssetKey
from assets_core.model.plans import Action, InputChanged, Plan, Reason, Step, UpstreamPending
from assets_core.partitions import PartitionSet
from assets_core.planning.shared_reads import read_by

State: TypeAlias = Literal["current", "stale", "maybe", "blocked", "held"]
_STATES: dict[Action, State] = {
    Action.RUN: "stale",
    Action.MAYBE: "maybe",
    Action.BLOCKED: "blocked",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason, and what lies behind it.

    Of an ``input_changed``, ``partitions`` are those of the upstream that changed, out of ``of`` that are read; of
    any other reason they are the partitions of ``asset`` that it holds for, out of ``of`` that were looked at.
    ``gone`` are upstream partitions that were read and are none any more.
    """

    asset: AssetKey
    reason: Reason
    partitions: PartitionSet
    of: int
    behind: tuple[Cause, ...] = ()
    gone: PartitionSet = PartitionSet.EMPTY


@dataclass(frozen=True, slots=True)
class Explanation:
    """Some partitions of one asset that are as they are for the same reasons."""

    asset: AssetKey
    state: State
    partitions: PartitionSet
    of: int
    causes: tuple[Cause, ...]
    """Of what is held, why it would be made again otherwise."""
    since: datetime | None = None
    """When what is held was rolled back."""


class Past(Protocol):
    """What recorded versions were before, and why they differ."""

    def changed(self, asset: int, partitions: PartitionSet, since: int) -> PartitionSet:
        """Of partitions published after the sequence ``since``, those that have another content now than then."""
        ...

    def read(self, asset: int, partitions: PartitionSet, column: int) -> PartitionSet | None:
        """What ``partitions`` of an asset read of their input ``column``; None where that is not known of all."""
        ...

    def behind(self, asset: int, partitions: PartitionSet, since: int) -> tuple[Cause, ...]:
        """What changed ``partitions`` of an asset after the sequence ``since``; sources have no past."""
        ...


def explain(
    plan: Plan,
    lineage: Lineage,
    asset: int,
    wanted: PartitionSet,
    past: Past,
    held: Iterable[tuple[Step, datetime | None]] = (),
) -> tuple[Explanation, ...]:
    """One explanation per step of the asset that touches ``wanted``, then for what is held, and for what is current.

    ``held`` are the steps that there were without holds, and since when what they would make is held.
    """
    graph, found, left = lineage.graph, [], wanted
    key = graph.keys[asset]
    for step in plan.steps:
        hit = step.partitions & wanted if step.index == asset else PartitionSet.EMPTY
        if hit:
            causes = tuple(_causes(plan, lineage, step, hit, len(wanted), past))
            found.append(Explanation(key, _STATES[step.action], hit, len(wanted), causes))
            left -= hit
    for step, since in held:
        hit = step.partitions & left
        if hit:
            causes = tuple(_causes(plan, lineage, step, hit, len(wanted), past))
            found.append(Explanation(key, "held", hit, len(wanted), causes, since))
            left -= hit
    if left:
        found.append(Explanation(key, "current", left, len(wanted), ()))
    return tuple(found)


def _causes(
    plan: Plan, lineage: Lineage, step: Step, hit: PartitionSet, of: int, past: Past
) -> Iterator[Cause]:
    for reason in step.reasons:
        match reason:
            case InputChanged():
                yield from _changed_inputs(lineage, step, reason, hit, past)
            case UpstreamPending(roots=roots):
                behind = tuple(_roots(plan, lineage, roots, past))
                yield Cause(step.asset, reason, hit, of, behind)
            case _:
                yield Cause(step.asset, reason, hit, of)


def _roots(
    plan: Plan, lineage: Lineage, roots: tuple[AssetKey, ...], past: Past
) -> Iterator[Cause]:
    """Why the steps run that a MAYBE waits for."""
    for step in plan.steps:
        if step.asset in roots and step.action is Action.RUN:
            of = len(lineage.graph.specs[step.index].partitions.existing(plan.now))
            yield from _causes(plan, lineage, step, step.partitions, of, past)


def _changed_inputs(
    lineage: Lineage, step: Step, reason: InputChanged, hit: PartitionSet, past: Past
) -> Iterator[Cause]:
    for column, edge in enumerate(lineage.graph.inputs(step.index)):
        if lineage.graph.keys[edge.upstream] == reason.upstream:
            changed, of, since = changed_since(lineage, edge, hit, past)
            behind = past.behind(edge.upstream, changed, since) if changed else ()
            gone, back = _gone_and_back(lineage, edge, hit, past.read(step.index, hit, column))
            yield Cause(reason.upstream, reason, changed | back, of, behind, gone)


def _gone_and_back(
    lineage: Lineage, edge: Edge, partitions: PartitionSet, read: PartitionSet | None
) -> tuple[PartitionSet, PartitionSet]:
    """Upstream partitions that were read and are defined no more, and those that were not read and are there again."""
    definition = lineage.graph.specs[edge.upstream].partitions
    if read is None or not definition.is_partitioned:
        return PartitionSet.EMPTY, PartitionSet.EMPTY
    present = lineage.present(edge.upstream)
    now = edge.mapping.upstream_of(partitions, present) & present
    return read - definition.clip(read), now - read


def changed_since(
    lineage: Lineage, edge: Edge, partitions: PartitionSet, past: Past
) -> tuple[PartitionSet, int, int]:
    """(upstream partitions that changed after these were built, how many they read, the earliest sequence they read).

    Nothing is known of a source's partitions: what was observed of it has no sequence.
    """
    upstream = lineage.rows(edge.upstream)
    definition = lineage.graph.definitions[lineage.graph.definition_of[edge.upstream]]
    recorded = lineage.recorded(edge.upstream)
    read = read_by(lineage, edge, partitions, recorded)
    if definition.is_source:
        return PartitionSet.EMPTY, len(read), 0
    mine = lineage.rows(edge.downstream)
    column = list(lineage.graph.inputs(edge.downstream)).index(edge)
    slots = np.flatnonzero(np.isin(mine.ordinals, partitions.to_array()))
    as_of = mine.inputs[slots, column]["as_of"]
    changed = PartitionSet.EMPTY
    for sequence in np.unique(as_of).tolist():
        group = PartitionSet.of(mine.ordinals[slots[as_of == sequence]])
        later = PartitionSet.of(upstream.ordinals[upstream.head["sequence"] > sequence])
        again = read_by(lineage, edge, group, recorded) & later
        changed |= past.changed(edge.upstream, again, sequence)
    return changed, len(read), int(as_of.min()) if len(as_of) else 0
