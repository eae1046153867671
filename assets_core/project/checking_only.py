"""``check``: evaluate the check results that are missing on versions that exist. Nothing is recomputed.

A candidate whose blocking checks pass now is published, as a run would do: that computes nothing either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assets_core.model.events import Event
from assets_core.model.records import CheckRecord
from assets_core.partitions import PartitionSet
from assets_core.ports import StateReader
from assets_core.project.carrying_out import carry_out
from assets_core.project.running import RunOptions
from assets_core.project.wishes import Wish

if TYPE_CHECKING:
    from assets_core.execution.tally import RunResult
    from assets_core.project.facade import Planned, Project


@dataclass(frozen=True, slots=True)
class Checked:
    """The results of today's checks on what exists: published versions, and candidates that were kept back."""

    results: tuple[CheckRecord, ...]
    run: RunResult | None
    """None where no result was missing."""


def check(
    project: Project,
    wish: Wish,
    options: RunOptions,
    *,
    on_event: Callable[[Event], None],
    planned: Callable[[Planned], None],
) -> Checked:
    """Evaluate what is missing among what was asked for, then read every result."""
    seen: list[Planned] = []

    def make(reader: StateReader) -> Planned:
        made = project.plan_with(reader, wish)
        seen.append(made)
        return replace(made, plan=replace(made.plan, steps=(), unselected_stale=()))

    only = replace(options, checks_only=True)
    result = carry_out(project, make, only, on_event=on_event, planned=planned)
    with project.reading() as reader:
        return Checked(tuple(_results(project, seen[0], reader)), result)


def _results(project: Project, planned: Planned, reader: StateReader) -> Iterator[CheckRecord]:
    """The latest result of each check as it is today, on each version that exists."""
    numbers = _numbers(project, planned)
    today = {
        (spec.key, check.name): check.version
        for spec, checks in zip(
            project.graph.specs, project.definitions.versions.checks, strict=True
        )
        for check in checks
    }
    latest: dict[tuple[int, str], CheckRecord] = {}
    for record in reader.check_results(numbers):
        outcome = record.outcome
        if today.get((record.asset, outcome.name)) == outcome.version:
            known = latest.get((record.materialization, outcome.name))
            if known is None or record.at >= known.at:
                latest[record.materialization, outcome.name] = record
    order = project.graph.numbers
    yield from sorted(latest.values(), key=lambda r: (order[r.asset], r.outcome.name, r.partition))


def _numbers(project: Project, planned: Planned) -> list[int]:
    """The materializations of what was asked for, as they are after the run."""
    from assets_core.model.packed import row_number

    found: list[int] = []
    for asset, wanted in planned.wanted.items():
        if not project.graph.specs[asset].checks:
            continue
        there = wanted & planned.lineage.recorded(asset)
        if there:
            found += planned.lineage.numbers(asset, there.to_array()).tolist()
        kept = planned.lineage.candidates.get(asset, {})
        within = wanted & PartitionSet.of(list(kept))
        found += [row_number(kept[ordinal]) for ordinal in within]
    return found
