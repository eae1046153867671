"""Status facts for selections: the plan of the whole project, read as a status per asset."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cached_property

from assets_core.graph import AssetGraph
from assets_core.lineage import Lineage
from assets_core.model.plans import Action, Held, Plan
from assets_core.partitions import PartitionSet
from assets_core.ports import StateReader

Statuses = dict[str, dict[int, PartitionSet]]
Running = Mapping[int, PartitionSet]


class StatusFacts:
    """Answers ``status:`` terms; the whole project is planned at the first of them, and only then."""

    def __init__(self, everything: Callable[[], tuple[Plan, Lineage, Running]]) -> None:
        self._everything = everything

    @cached_property
    def statuses(self) -> Statuses:
        """Per status, per asset number, the partitions that have it."""
        return statuses_of(*self._everything())

    def with_status(self, status: str, /) -> Collection[int]:
        """The assets with any partition in ``status``."""
        return self.statuses.get(status, {}).keys()


def running_now(graph: AssetGraph, reader: StateReader, env: str) -> Running:
    """What live runs hold at this moment, on whatever host."""
    leases = reader.leases(env)
    alive = {run for run in {lease.run for lease in leases} if reader.is_alive(run)}
    held: dict[int, list[str]] = {}
    for lease in leases:
        if lease.run in alive and lease.asset in graph.numbers:
            held.setdefault(graph.numbers[lease.asset], []).append(lease.partition)
    found = {}
    for asset, keys in held.items():
        ordinals, known = graph.specs[asset].partitions.find(keys)
        found[asset] = PartitionSet.of(ordinals[known].tolist())
    return {asset: partitions for asset, partitions in found.items() if partitions}


def statuses_of(plan: Plan, lineage: Lineage, running: Running) -> Statuses:
    """A plan of the whole project, and what runs, as sets of partitions per status."""
    found: Statuses = {s: {} for s in ("stale", "maybe", "missing", "blocked", "failed", "current")}
    found["running"] = dict(running)
    found["held"] = {}
    for note in plan.annotations:
        if isinstance(note, Held):
            _add(found["held"], lineage.graph.numbers[note.asset], note.partitions)
    names = {Action.RUN: "stale", Action.MAYBE: "maybe", Action.BLOCKED: "blocked"}
    for step in plan.steps:
        _add(found[names[step.action]], step.index, step.partitions)
    for number, spec in enumerate(lineage.graph.specs):
        definition = lineage.graph.definitions[lineage.graph.definition_of[number]]
        if definition.is_source:
            continue
        existing = spec.partitions.existing(lineage.now)
        open_ = PartitionSet.EMPTY
        for status in ("stale", "maybe", "blocked"):
            open_ |= found[status].get(number, PartitionSet.EMPTY)
        _add(found["missing"], number, existing - lineage.recorded(number))
        _add(found["failed"], number, lineage.failed.get(number, PartitionSet.EMPTY) & existing)
        _add(found["current"], number, existing - open_)
    return found


def _add(where: dict[int, PartitionSet], asset: int, partitions: PartitionSet) -> None:
    if partitions:
        where[asset] = where.get(asset, PartitionSet.EMPTY) | partitions
