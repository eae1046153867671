"""Status facts for selections: the plan of the whole project, read as a status per asset."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cached_property

from assets_core.lineage import Lineage
from assets_core.model.plans import Action, Plan
from assets_core.partitions import PartitionSet

Statuses = dict[str, dict[int, PartitionSet]]


class StatusFacts:
    """Answers ``status:`` terms; the whole project is planned at the first of them, and only then."""

    def __init__(self, everything: Callable[[], tuple[Plan, Lineage]]) -> None:
        self._everything = everything

    @cached_property
    def statuses(self) -> Statuses:
        """Per status, per asset number, the partitions that have it."""
        plan, lineage = self._everything()
        return statuses_of(plan, lineage)

    def with_status(self, status: str, /) -> Collection[int]:
        """The assets with any partition in ``status``."""
        return self.statuses.get(status, {}).keys()


def statuses_of(plan: Plan, lineage: Lineage) -> Statuses:
    """A plan of the whole project as sets of partitions per status."""
    found: Statuses = {
        s: {} for s in ("stale", "maybe", "missing", "blocked", "failed", "current", "running")
    }
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
