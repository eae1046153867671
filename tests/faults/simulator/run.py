"""One run as a process: the real snapshot, planner and runner over a watched store and a simulated executor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assets_core.execution.arrivals import Arrival, Arrivals
from assets_core.execution.frontier import Frontier
from assets_core.execution.landing import Flight
from assets_core.execution.runner import Runner, RunSettings
from assets_core.execution.state import RunState
from assets_core.execution.tally import RunResult
from assets_core.model.plans import Plan
from assets_core.model.records import RunRecord
from assets_core.planning.planner import PlanOptions, plan
from assets_core.planning.staleness import Rebuilder
from assets_core.ports import ProjectRef
from assets_core.project.snapshot import take_snapshot
from tests.faults.simulator import laws
from tests.faults.simulator.executor import SimulatedExecutor
from tests.faults.simulator.stage import EPOCH, Actor
from tests.faults.simulator.watched_store import WatchedStore

if TYPE_CHECKING:
    from concurrent.futures import Future

    from assets_core.ports import Outcome
    from tests.faults.simulator.simulation import Simulation

ENV = "default"


@dataclass(frozen=True)
class Wish:
    """What a run is asked for."""

    assets: tuple[int, ...]
    forced: bool = False
    fail_fast: bool = False
    timeout_s: float | None = None
    jobs: int = 2


class VirtualArrivals(Arrivals):
    """Waits in virtual time."""

    def __init__(self, actor: Actor) -> None:
        super().__init__()
        self._actor = actor

    def put(self, flight: Flight, future: Future[Outcome]) -> None:
        super().put(flight, future)
        self._actor.wake()

    def wait(self, seconds: float) -> list[Arrival]:
        arrived = super().wait(0.0)
        if not arrived:
            self._actor.pause(seconds)
            arrived = super().wait(0.0)
        return arrived


class Run:
    """Plans and runs; ``result`` is None until it came to its end, and where there was nothing to do."""

    def __init__(self, world: Simulation, name: str, wish: Wish) -> None:
        self.world = world
        self.name = name
        self.wish = wish
        self.runner: Runner | None = None
        self.result: RunResult | None = None
        self.code = world.code
        self.over = False
        self.silent_since: float | None = None
        """When its process was stopped; None while it goes on."""
        self.was_given_up = False
        """Whether others took it for dead at some time, so that nothing it pinned is kept for it."""
        self.actor = world.stage.enter(name, self._perform)

    def _perform(self, actor: Actor) -> None:
        try:
            self._plan_and_run(actor)
        finally:
            self.over = True

    def _plan_and_run(self, actor: Actor) -> None:
        world, graph = self.world, self.world.project.graph
        store = WatchedStore(world.store, actor, world, self.code)
        versions = world.project.versions(self.code)
        lineage = take_snapshot(graph, store, ENV, EPOCH)
        wanted = {n: graph.specs[n].partitions.existing(EPOCH) for n in self.wish.assets}
        forced = wanted if self.wish.forced else {}
        made = plan(graph, wanted, versions, lineage, EPOCH, PlanOptions(frozenset(forced), ENV))
        if not forced:
            laws.nothing_stale_is_shown_as_current(
                world.contents, store.seen, self.code, self.wish.assets, made
            )
        if made.is_empty:
            world.note("nothing to do", f"{self.name} has nothing to do")
            return
        store.forced = frozenset(at for at in world.project.every if at[0] in forced)
        world.note("runs", f"{self.name} starts: {self.wish}, code {self.code}")
        state = RunState(
            run=self.name, env=ENV, now=EPOCH, graph=graph, versions=versions, lineage=lineage,
            rebuilder=Rebuilder(graph, versions, lineage), frontier=Frontier(lineage, made),
            home=world.home, clock=actor, project=ProjectRef(None, ENV), emit=lambda event: None,
            tokens={}, forced=dict(forced), values_of=lambda definition: (), grace_s=2.0,
            needs=world.needs,
        )  # fmt: skip

        def replan() -> Plan:
            return plan(graph, wanted, versions, lineage, EPOCH, PlanOptions(env=ENV))

        executor = SimulatedExecutor(
            actor, self.wish.jobs, lambda request: world.outcome(self, request)
        )
        settings = RunSettings(
            self.wish.fail_fast, timeout_s=self.wish.timeout_s, random=world.random.random
        )
        self.runner = Runner(state, store, executor, settings, replan, VirtualArrivals(actor))
        self.result = self.runner.run(made, RunRecord(self.name, ENV, actor.now(), EPOCH, {}))
