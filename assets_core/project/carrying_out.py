"""Planning and running in one go, for faces: where there is nothing to do, nothing is started and nothing recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from assets_core.execution.tally import RunResult
from assets_core.model.events import Event
from assets_core.model.keys import AssetKey
from assets_core.ports import StateReader
from assets_core.project.running import RunOptions, run_plan

if TYPE_CHECKING:
    from assets_core.project.facade import Planned, Project


def carry_out(
    project: Project,
    make: Callable[[StateReader], Planned],
    options: RunOptions,
    *,
    on_event: Callable[[Event], None],
    planned: Callable[[Planned], None],
) -> RunResult | None:
    """Run the plan that ``make`` makes; None where it is empty. ``planned`` sees it before it starts."""
    with project.writing() as store:
        made = make(store)
        planned(made)
        if made.plan.is_empty:
            return None
        return run_plan(project, made, store, options, on_event)


def appeared_since(project: Project, planned: Planned) -> dict[AssetKey, int]:
    """Partitions that came to exist after the plan was made; they belong to the next plan."""
    found: dict[AssetKey, int] = {}
    if planned.wish.partitions:
        return found
    today, now = planned.graph, project.clock.now()
    if project.definitions.dynamic_names:
        with project.reading() as reader:
            today = project.definitions.graph_with(reader)
    for asset in planned.wanted:
        spec = planned.graph.specs[asset]
        existing = today.specs[asset].partitions.existing(now)
        fresh = existing - spec.partitions.existing(planned.plan.now)
        if fresh:
            found[spec.key] = len(fresh)
    return found
