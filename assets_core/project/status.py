"""The status of every asset from what is recorded: nothing is observed and nothing is run.

Sources count as they were last observed. One that was never observed counts as being there, so that what reads it is
missing, as it is, and not blocked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from assets_core.graph import AssetGraph
from assets_core.lineage import Lineage
from assets_core.model.keys import AssetKey
from assets_core.model.plans import Plan
from assets_core.planning.planner import PlanOptions, plan
from assets_core.planning.staleness import Rebuilder
from assets_core.ports import StateReader
from assets_core.project.facts import Statuses, statuses_of
from assets_core.project.observing import existing_keys, lay_over
from assets_core.project.snapshot import add_estimates, add_results, take_snapshot
from assets_core.project.wishes import Wish, wanted_partitions
from assets_core.versioning.current import Observation, Observed

if TYPE_CHECKING:
    from assets_core.project.facade import Project

_UNSEEN = "never observed"


@dataclass(frozen=True, slots=True, eq=False)
class Status:
    """A plan of the whole project, read as a status per asset-partition."""

    plan: Plan
    lineage: Lineage
    statuses: Statuses
    observed: Mapping[int, datetime]
    """Per source when it was last observed."""

    @property
    def graph(self) -> AssetGraph:
        """The assets with the partitions that they have."""
        return self.lineage.graph

    def with_status(self, status: str, /) -> frozenset[int]:
        """The assets with any partition in ``status``, for selections."""
        return frozenset(self.statuses.get(status, {}))


def recorded_status(project: Project, reader: StateReader, now: datetime) -> Status:
    """Everything's status at ``now``."""
    graph, versions = project.definitions.graph_with(reader), project.definitions.versions
    lineage = take_snapshot(graph, reader, project.env, now)
    add_estimates(lineage, reader, project.env)
    observed = _lay_last_observations(project, lineage, reader)
    add_results(Rebuilder(graph, versions, lineage), reader)
    wanted = wanted_partitions(lineage, range(len(graph.keys)), Wish(), {})
    made = plan(graph, wanted, versions, lineage, now, PlanOptions(env=project.env))
    running = project.running(reader, graph)
    return Status(made, lineage, statuses_of(made, lineage, running), observed)


def _lay_last_observations(
    project: Project, lineage: Lineage, reader: StateReader
) -> dict[int, datetime]:
    graph = lineage.graph
    sources = [n for n in range(len(graph.keys)) if project.definition(n).is_source]
    tokens: dict[int, dict[str, str]] = {n: {} for n in sources}
    observed: dict[int, datetime] = {}
    if sources:
        for record in reader.observations(project.env, [graph.keys[n] for n in sources]):
            number = graph.numbers[record.asset]
            tokens[number][record.partition] = record.token
            observed[number] = max(record.at, observed.get(number, record.at))
    seen: dict[AssetKey, Observation] = {}
    for number in sources:
        if not tokens[number]:
            tokens[number] = dict.fromkeys(existing_keys(graph, number, lineage.now), _UNSEEN)
        seen[graph.keys[number]] = Observed(tokens[number])
    lay_over(project.definitions, lineage, seen)
    return observed
