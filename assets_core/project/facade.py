"""``Project``: load, plan, materialize, check. What the CLI, the TUI and the Python API call."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from assets_core.declare.secrets import Redactor
from assets_core.graph import AssetGraph
from assets_core.lineage import Lineage
from assets_core.model.assets import AssetDefinition
from assets_core.model.plans import Plan
from assets_core.partitions import PartitionSet
from assets_core.planning.planner import PlanOptions, plan
from assets_core.planning.staleness import Rebuilder
from assets_core.ports import Clock, StateReader, StateStore
from assets_core.project.clock import SystemClock
from assets_core.project.dynamic import ChangedPartitions, Of, change_partitions
from assets_core.project.facts import Running, StatusFacts, running_now
from assets_core.project.loading import Definitions, load_definitions
from assets_core.project.observing import lay_over, needed_sources, observe
from assets_core.project.snapshot import add_estimates, add_results, take_snapshot
from assets_core.project.wishes import Wish, chosen_assets, wanted_partitions

if TYPE_CHECKING:
    from assets_core.execution.tally import RunResult
    from assets_core.model.events import Event
    from assets_core.project.running import RunOptions

IN_MEMORY = "memory://"


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """A plan with what it was decided from: enough to explain it, and to run it."""

    plan: Plan
    wish: Wish
    wanted: Mapping[int, PartitionSet]
    lineage: Lineage
    tokens: Mapping[int, Mapping[str, str]]
    """Per source the token observed at each partition key."""

    @property
    def graph(self) -> AssetGraph:
        """The graph whose numbers the plan uses."""
        return self.lineage.graph

    def _repr_html_(self) -> str:
        """For notebooks: the steps and their reasons."""
        from assets_core.observe.plan_html import plan_html

        return plan_html(self.plan, self.graph)


class Project:
    """One loaded project under one environment."""

    def __init__(self, definitions: Definitions, clock: Clock | None = None) -> None:
        self.definitions = definitions
        self.clock: Clock = clock or SystemClock()
        self._in_memory: StateStore | None = None
        """The one store of a project whose state is kept in this process."""

    @classmethod
    def load(
        cls,
        directory: str | os.PathLike[str] | None = None,
        *,
        env: str | None = None,
        overrides: Sequence[str] = (),
        flags: Mapping[str, object] | None = None,
        clock: Clock | None = None,
        redactor: Redactor | None = None,
    ) -> Project:
        """The nearest project at or above ``directory`` (default: here).

        ``overrides`` are ``KEY.field=value`` texts; ``redactor`` learns the secrets, also where loading fails.
        Raises ConfigError or DefinitionError, located in the user's files.
        """
        start = Path(directory) if directory is not None else Path.cwd()
        definitions = load_definitions(
            start, env=env, overrides=overrides, flags=flags, redactor=redactor
        )
        return cls(definitions, clock)

    @property
    def graph(self) -> AssetGraph:
        """The project's assets by number in topological order, without the keys of dynamic partitions."""
        return self.definitions.graph

    @property
    def env(self) -> str:
        """The environment whose pointers are read and moved."""
        return self.definitions.settings.env

    @property
    def root(self) -> Path:
        """The folder of the configuration file."""
        return self.definitions.settings.root

    def definition(self, number: int) -> AssetDefinition:
        """The definition behind an asset number."""
        return self.graph.definitions[self.graph.definition_of[number]]

    # --- state --------------------------------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[StateReader]:
        """The state store, read-only: nothing is created where there is none yet."""
        with self._store(read_only=True) as store:
            yield store

    @contextmanager
    def writing(self) -> Iterator[StateStore]:
        """The state store, created where there is none yet."""
        with self._store(read_only=False) as store:
            yield store

    @contextmanager
    def _store(self, *, read_only: bool) -> Iterator[StateStore]:
        from assets_core.store import open_for_a_look, open_store
        from assets_core.store.liveness import holds_leases, is_alive

        home = self.definitions.settings.home
        if not read_only:
            self.definitions.home.create()
        if self._in_memory is not None:
            yield self._in_memory
            return
        url = self.definitions.settings.store
        opened = open_for_a_look if read_only else partial(open_store, now=self._seconds)
        store = opened(
            url, alive=lambda run: is_alive(home, run), holds=lambda run: holds_leases(home, run)
        )
        if url == IN_MEMORY:
            self._in_memory = store
        try:
            yield store
        finally:
            if self._in_memory is None:
                store.close()

    def _seconds(self) -> float:
        return self.clock.now().timestamp()

    def share_state(self, other: Project) -> None:
        """Use the in-memory state of another project."""
        with other.reading():
            self._in_memory = other._in_memory

    # --- dynamic partitions -------------------------------------------------------------------------------------

    def add_partitions(self, of: Of, keys: str | Iterable[str]) -> ChangedPartitions:
        """Add keys to dynamic partitions, given by name or as an asset that has them; what is there already stays.

        Raises NoMatchError E433, UsageError E434 or E435 for what has no such partitions, DefinitionError E201 or E202
        for texts that can't be keys.
        """
        return change_partitions(self, of, add=keys)

    def remove_partitions(
        self, of: Of, keys: str | Iterable[str], *, force: bool = False
    ) -> ChangedPartitions:
        """Remove keys; their records are kept, and count again when a key is added again.

        Raises as ``add_partitions``, and ConflictError E436 for a key that is in use unless ``force``.
        """
        return change_partitions(self, of, remove=keys, force=force)

    def running(self, reader: StateReader, graph: AssetGraph) -> Running:
        """What live runs hold at this moment, per asset number of a graph of this project."""
        return running_now(graph, reader, self.env)

    # --- planning -----------------------------------------------------------------------------------------------

    def plan(self, wish: Wish | None = None, *, now: datetime | None = None) -> Planned:
        """Decide what is out of date among what was asked for, and why. Nothing is run or written."""
        with self.reading() as reader:
            return self._plan(reader, wish or Wish(), now or self.clock.now())

    def plan_with(self, reader: StateReader, wish: Wish, *, now: datetime | None = None) -> Planned:
        """As ``plan``, with a store that is open already."""
        return self._plan(reader, wish, now or self.clock.now())

    def _plan(self, reader: StateReader, wish: Wish, now: datetime) -> Planned:
        graph = self.definitions.graph_with(reader)
        lineage = take_snapshot(graph, reader, self.env, now)
        add_estimates(lineage, reader, self.env)
        facts = StatusFacts(
            lambda: (self._everything(lineage, now), lineage, self.running(reader, graph))
        )
        chosen = chosen_assets(graph, wish, facts)
        tokens = self._observe(lineage, chosen)
        add_results(Rebuilder(graph, self.definitions.versions, lineage), reader)
        stale = self._stale_for(wish, facts)
        wanted = wanted_partitions(lineage, chosen, wish, stale)
        forced = frozenset(wanted) if wish.force else frozenset()
        options = PlanOptions(forced, self.env)
        made = plan(graph, wanted, self.definitions.versions, lineage, now, options)
        return Planned(made, wish, wanted, lineage, tokens)

    def _observe(self, lineage: Lineage, assets: Sequence[int]) -> dict[int, dict[str, str]]:
        """Observe what these assets and their upstreams read, except what was observed for this snapshot already."""
        graph = lineage.graph
        sources = [
            key
            for key in needed_sources(graph, _with_upstreams(graph, assets))
            if graph.numbers[key] not in lineage.observed
        ]
        observations = observe(self.definitions, sources, lineage)
        lay_over(self.definitions, lineage, observations)
        return lineage.observed

    def _everything(self, lineage: Lineage, now: datetime) -> Plan:
        """The plan of the whole project, which is what *status* means."""
        graph, options = lineage.graph, PlanOptions(env=self.env)
        every = range(len(graph.keys))
        self._observe(lineage, every)
        wanted = wanted_partitions(lineage, every, Wish(), {})
        return plan(graph, wanted, self.definitions.versions, lineage, now, options)

    def _stale_for(self, wish: Wish, facts: StatusFacts) -> Mapping[int, PartitionSet]:
        if "stale" not in wish.partitions:
            return {}
        both = dict(facts.statuses["stale"])
        for asset, partitions in facts.statuses["maybe"].items():
            both[asset] = both.get(asset, PartitionSet.EMPTY) | partitions
        return both

    # --- doing --------------------------------------------------------------------------------------------------

    def materialize(
        self,
        wish: Wish | None = None,
        options: RunOptions | None = None,
        *,
        on_event: Callable[[Event], None] = lambda event: None,
        now: datetime | None = None,
        planned: Callable[[Planned], None] = lambda planned: None,
    ) -> RunResult:
        """Run what is out of date among what was asked for; ``planned`` sees each plan before it starts.

        The result is that of the last run, where ``run_retries`` let others follow.
        """
        from assets_core.project.run_retries import run_with_retries
        from assets_core.project.running import RunOptions, run_plan

        def first(chosen: RunOptions) -> RunResult:
            with self._store(read_only=False) as store:
                made = self._plan(store, wish or Wish(), now or self.clock.now())
                planned(made)
                return run_plan(self, made, store, chosen, on_event)

        result = run_with_retries(
            self, first, options or RunOptions(), on_event=on_event, planned=planned
        )
        assert result is not None
        return result


def _with_upstreams(graph: AssetGraph, assets: Sequence[int]) -> list[int]:
    seen = set(assets)
    stack = list(assets)
    while stack:
        for upstream in graph.upstream(stack.pop()):
            if upstream not in seen:
                seen.add(upstream)
                stack.append(upstream)
    return sorted(seen)
