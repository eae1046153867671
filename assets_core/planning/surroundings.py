"""What stands beside the steps of a plan: stale upstreams that were not selected, and annotations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assets_core.graph import AssetGraph
from assets_core.model.keys import AssetKey
from assets_core.model.plans import Action, Annotation, CheckFailing, LastAttemptFailed, Step
from assets_core.partitions import PartitionSet
from assets_core.planning.holds import holds
from assets_core.planning.staleness import Rebuilder


def unselected_stale(
    rebuilder: Rebuilder, wanted: Mapping[int, PartitionSet]
) -> Iterator[AssetKey]:
    """Upstreams outside the selection that are stale themselves: the plan reads them as they are."""
    graph, lineage = rebuilder.graph, rebuilder.lineage
    outside = _ancestors(graph, wanted) - set(wanted)
    if not outside:
        return
    stale = rebuilder.single_stale()
    for asset in sorted(outside):
        spec = graph.specs[asset]
        if graph.definitions[graph.definition_of[asset]].is_source:
            continue
        if stale[asset]:
            yield graph.keys[asset]
        elif asset in lineage.partitioned:
            existing = spec.partitions.existing(lineage.now).to_array()
            if rebuilder.verdict(asset, existing).stale.any():
                yield graph.keys[asset]


def _ancestors(graph: AssetGraph, wanted: Mapping[int, PartitionSet]) -> set[int]:
    seen: set[int] = set()
    stack = list(wanted) if len(wanted) < len(graph.keys) else []
    while stack:
        for edge in graph.inputs(stack.pop()):
            if edge.upstream not in seen:
                seen.add(edge.upstream)
                stack.append(edge.upstream)
    return seen


def annotate(
    rebuilder: Rebuilder, wanted: Mapping[int, PartitionSet], steps: tuple[Step, ...]
) -> Iterator[Annotation]:
    """What is worth knowing of the wanted asset-partitions but makes nothing stale."""
    graph, lineage = rebuilder.graph, rebuilder.lineage
    for asset in dict.fromkeys(s.index for s in steps):
        failed = lineage.failed.get(asset, PartitionSet.EMPTY) & wanted[asset]
        if failed:
            yield LastAttemptFailed(graph.keys[asset], failed)
    for asset, partitions in wanted.items():
        if rebuilder.versions.checks[asset]:
            failing = rebuilder.failing(asset) & partitions
            if failing:
                yield CheckFailing(graph.keys[asset], failing)
    running = {s.index: PartitionSet.EMPTY for s in steps}
    for step in steps:
        if step.action is Action.RUN:  # forced: the hold ends with it
            running[step.index] |= step.partitions
    none = PartitionSet.EMPTY
    yield from holds(lineage, {a: p - running.get(a, none) for a, p in wanted.items()})
