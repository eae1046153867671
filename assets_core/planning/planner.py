"""In what order, and what follows from what: the plan, a pure function of graph, wish, versions and lineage.

Asset numbers are a topological order, so one pass over them suffices. The pass visits only what is *interesting*:
definitions with a stale output, and what is downstream of something visited that is not current. Cost grows with what
changed; what exists is compared once, in arrays (``staleness``).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from assets_core.graph import AssetGraph
from assets_core.lineage import Lineage
from assets_core.model.keys import AssetKey
from assets_core.model.plans import (
    Action,
    CheckStep,
    Forced,
    OutputDamaged,
    OutputMissing,
    Plan,
    Reason,
    RunsTogether,
    Step,
    UpstreamPending,
)
from assets_core.partitions import PartitionSet
from assets_core.planning.blocking import Blocking
from assets_core.planning.candidates import blocked_steps, sort_candidates
from assets_core.planning.check_steps import check_steps
from assets_core.planning.estimate import estimate
from assets_core.planning.fates import Decision, Fate
from assets_core.planning.own_partitions import Wish, along_self, changing, own_edges
from assets_core.planning.reasons import group_reasons
from assets_core.planning.shared_reads import readers
from assets_core.planning.staleness import Rebuilder, Verdict
from assets_core.planning.surroundings import annotate, unselected_stale
from assets_core.versioning.current import CurrentVersions

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NONE = PartitionSet.EMPTY


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """How to plan. ``forced`` names the assets whose selected partitions run whatever their state."""

    forced: frozenset[int] = frozenset()
    env: str = "default"


def plan(
    graph: AssetGraph,
    selection: Mapping[int, PartitionSet],
    versions: CurrentVersions,
    lineage: Lineage,
    now: datetime,
    options: PlanOptions,
) -> Plan:
    """Decide every selected asset-partition.

    ``selection`` maps asset numbers (sources are ignored) to the partitions asked for. Raises DefinitionError E250
    where a mapping reaches outside its upstream's partitions.
    """
    return _Planner(graph, selection, Rebuilder(graph, versions, lineage), now, options).plan()


class _Planner:
    def __init__(
        self,
        graph: AssetGraph,
        selection: Mapping[int, PartitionSet],
        rebuilder: Rebuilder,
        now: datetime,
        options: PlanOptions,
    ) -> None:
        self.graph = graph
        self.rebuilder = rebuilder
        self.lineage = rebuilder.lineage
        self.now = now
        self.options = options
        self.wanted = _with_siblings(graph, selection)
        self.fates: dict[int, Fate] = {}
        self.blocking = Blocking(rebuilder, self.wanted, self.fates)
        self.checks: dict[int, list[CheckStep]] = {}
        self._queue: list[int] = []
        self._queued: set[int] = set()

    def plan(self) -> Plan:
        for asset in self._interesting():
            self._enqueue(asset)
        while self._queue:
            self._visit(self.graph.definition_of[heapq.heappop(self._queue)])
        steps = tuple(s for a in sorted(self.fates) for s in self.fates[a].steps)
        return Plan(
            env=self.options.env,
            now=self.now,
            as_of=self.lineage.sequence,
            steps=steps,
            checks=tuple(c for a in sorted(self.checks) for c in self.checks[a]),
            current=sum(len(p) for p in self.wanted.values()) - self._not_current(),
            unselected_stale=tuple(unselected_stale(self.rebuilder, self.wanted)),
            annotations=tuple(annotate(self.rebuilder, self.wanted, steps)),
        )

    def _not_current(self) -> int:
        return sum(
            len(f.run) + len(f.maybe) + len(f.blocked) + len(f.recheck) for f in self.fates.values()
        )

    # --- which assets to look at --------------------------------------------------------------------------------

    def _interesting(self) -> Iterator[int]:
        """Wanted assets that are stale, unchecked, forced or read an unobserved source."""
        differs, judged = self.rebuilder.single_differs(), self.lineage.single_judged()
        blind = {e.downstream for s in self.lineage.unobserved for e in self.graph.outputs(s)}
        for asset, partitions in self.wanted.items():
            if differs[asset] or asset in self.options.forced or asset in blind:
                yield asset
            elif asset in self.lineage.partitioned:
                verdict = self.rebuilder.verdict(asset, partitions.to_array())
                unchecked = verdict.differs.any() or self._unchecked(asset, verdict).any()
                if unchecked or self.rebuilder.missing_whole(asset):
                    yield asset
            elif (judged[asset] or self.rebuilder.versions.checks[asset]) and (
                self._unchecked_single(asset)
            ):
                yield asset

    def _unchecked(self, asset: int, verdict: Verdict) -> NDArray[np.bool_]:
        return self.rebuilder.unchecked(asset, verdict.head)

    def _unchecked_single(self, asset: int) -> bool:
        return bool(self.rebuilder.unchecked(asset, self.lineage.rows(asset).head)[0])

    def _enqueue(self, asset: int) -> None:
        """Queue the asset's definition under its first output, so that siblings are decided together."""
        first = self.graph.outputs_of[self.graph.definition_of[asset]][0]
        if first not in self._queued:
            self._queued.add(first)
            heapq.heappush(self._queue, first)

    # --- deciding one definition --------------------------------------------------------------------------------

    def _visit(self, definition: int) -> None:
        outputs = [a for a in self.graph.outputs_of[definition] if a in self.wanted]
        decided = [self._decide(a) for a in outputs]
        declared = self.graph.definitions[definition]
        if len(outputs) > 1 and declared.publish == "together":
            _block_together(decided)
        if len(outputs) > 1 and declared.makes_all:
            _run_together(self.graph, outputs, decided)
        if own_edges(self.graph, outputs[0]):
            self._follow_own(dict(zip(outputs, decided, strict=True)))
        for asset, decision in zip(outputs, decided, strict=True):
            self._finish(asset, decision)

    def _decide(self, asset: int) -> Decision:
        wanted = self.wanted[asset]
        verdict = self.rebuilder.verdict(asset, wanted.to_array())
        forced = asset in self.options.forced
        stale = wanted if forced else PartitionSet.of(verdict.ordinals[verdict.stale])
        kept = sort_candidates(self.rebuilder, asset, verdict, stale, forced=forced)
        run = stale - kept.blocked - kept.recheck
        held = _NONE if forced else PartitionSet.of(verdict.ordinals[verdict.held])
        pending, by = self._pending(asset, wanted - run - held)
        blocked, recheck = kept.blocked - pending, kept.recheck - pending
        return Decision(verdict, run, pending, blocked, recheck, by, forced, held)

    def _pending(
        self, asset: int, current: PartitionSet
    ) -> tuple[PartitionSet, dict[int, PartitionSet]]:
        """Which current partitions read something that may change, and by upstream which read that.

        ``current`` includes those with a candidate of today's versions: it is of other versions when these change.
        """
        maybe, by = _NONE, dict[int, PartitionSet]()
        for edge in self.graph.inputs(asset):
            fate = self.fates.get(edge.upstream)
            if fate is None or not fate.dirty:
                continue
            materialized = self.lineage.present(edge.upstream) | fate.dirty
            hit = readers(self.lineage, edge, fate.dirty, materialized) & current
            if hit:
                maybe |= hit
                by[edge.upstream] = by.get(edge.upstream, _NONE) | hit
        return maybe, by

    def _follow_own(self, decided: Mapping[int, Decision]) -> None:
        """What follows from what within a definition that reads its own earlier partitions."""
        first = next(iter(decided))
        if any(e.upstream in self.lineage.unobserved for e in self.graph.inputs(first)):
            return  # all of it is blocked
        starts = within = _NONE
        for asset, decision in decided.items():
            starts |= decision.dirty
            within |= self.wanted[asset] - decision.held
        reach = along_self(self.graph, first, starts, within)
        for asset in decided:
            self.fates[asset] = Fate(dirty=reach & self.wanted[asset])
        barred = {
            a: self._missing_inputs(a, self.fates[a].dirty, d.held)[0] for a, d in decided.items()
        }
        if any(barred.values()) or len(decided) > 1:  # else all of it is reached, and nothing stops
            wishes = {
                a: Wish(self.wanted[a] - d.held, d.run | d.maybe, d.recheck, barred[a])
                for a, d in decided.items()
            }
            found = changing(self.graph, wishes, reach, self.blocking.unfit)
            for asset, dirty in found.items():
                self.fates[asset].dirty = dirty
        for asset, decision in decided.items():
            decision.wait_for(self._reading_own(asset))
        for asset, decision in decided.items():
            fate = self.fates[asset]
            fate.blocked = decision.blocked | (decision.dirty - fate.dirty)

    def _reading_own(self, asset: int) -> PartitionSet:
        """What reads something that its own definition's calls may change."""
        found = _NONE
        for edge in own_edges(self.graph, asset):
            dirty = self.fates[edge.upstream].dirty if edge.upstream in self.fates else _NONE
            if dirty:
                present = self.lineage.present(edge.upstream) | dirty
                found |= edge.mapping.downstream_of(dirty, present)
        return found & self.wanted[asset]

    def _finish(self, asset: int, decision: Decision) -> None:
        fate = self.fates.setdefault(asset, Fate())
        blocked, steps = self._missing_inputs(asset, decision.run | decision.maybe, decision.held)
        fate.run, fate.maybe = decision.run - blocked, decision.maybe - blocked
        fate.recheck = decision.recheck - blocked
        decision.blocked -= blocked
        fate.blocked = blocked | decision.blocked | decision.lost
        fate.dirty = fate.run | fate.maybe | fate.recheck
        waits_for = [u for u, hit in decision.by.items() if hit & fate.maybe]
        fate.roots = self._roots(asset, fate, waits_for)
        fate.steps = [
            *self._run_steps(asset, fate, decision),
            *self._maybe_steps(asset, fate, waits_for),
        ]
        fate.steps += [*blocked_steps(self.rebuilder, asset, decision.blocked), *steps]
        fate.steps += self._lost_steps(asset, decision)
        self.checks[asset] = list(check_steps(self.rebuilder, asset, decision.verdict, fate))
        if fate.dirty or fate.blocked:
            for edge in self.graph.outputs(asset):
                if edge.downstream in self.wanted and edge.downstream != asset:
                    self._enqueue(edge.downstream)

    def _missing_inputs(
        self, asset: int, candidates: PartitionSet, held: PartitionSet
    ) -> tuple[PartitionSet, list[Step]]:
        """Of what would run, what cannot: with one blocked step per cause. What is held waits for nothing."""
        blocked, causes = _NONE, dict[Reason, PartitionSet]()
        unseen = self.lineage.unobserved
        for edge in sorted(self.graph.inputs(asset), key=lambda e: e.upstream not in unseen):
            for reason, found in self.blocking.causes(edge, candidates - blocked):
                hit = found - blocked - held
                if hit:
                    blocked |= hit
                    causes[reason] = causes.get(reason, _NONE) | hit
        return blocked, [self._step(asset, Action.BLOCKED, (r,), p) for r, p in causes.items()]

    # --- steps --------------------------------------------------------------------------------------------------

    def _step(
        self, asset: int, action: Action, reasons: tuple[Reason, ...], partitions: PartitionSet
    ) -> Step:
        seconds = (
            None if action is Action.BLOCKED else estimate(self.lineage, asset, len(partitions))
        )
        return Step(self.graph.keys[asset], asset, action, reasons, partitions, seconds)

    def _run_steps(self, asset: int, fate: Fate, decision: Decision) -> Iterator[Step]:
        verdict, run = decision.verdict, fate.run
        for reasons, partitions in group_reasons(self.rebuilder, asset, verdict, run):
            every = (Forced(), *reasons) if decision.forced else reasons
            if not every and decision.sibling is not None:
                every = (RunsTogether(decision.sibling),)
            yield self._step(asset, Action.RUN, every, partitions)

    def _lost_steps(self, asset: int, decision: Decision) -> Iterator[Step]:
        """What a rollback holds and was found missing or damaged: making it again would undo the rollback."""
        verdict, lost = decision.verdict, decision.lost
        for reason, which in (
            (OutputMissing(), verdict.missing),
            (OutputDamaged(), verdict.damaged),
        ):
            partitions = PartitionSet.of(verdict.ordinals[which]) & lost
            if partitions:
                yield self._step(asset, Action.BLOCKED, (reason,), partitions)

    def _maybe_steps(self, asset: int, fate: Fate, waits_for: list[int]) -> Iterator[Step]:
        if fate.maybe:
            upstreams = tuple(self.graph.keys[u] for u in waits_for) or (self.graph.keys[asset],)
            reason = UpstreamPending(upstreams, tuple(sorted(fate.roots)))
            yield self._step(asset, Action.MAYBE, (reason,), fate.maybe)

    def _roots(self, asset: int, fate: Fate, waits_for: list[int]) -> frozenset[AssetKey]:
        """The assets that run for a reason of their own, from which this one's uncertainty comes."""
        if fate.run or fate.recheck:
            return frozenset({self.graph.keys[asset]})
        return frozenset().union(*(self.fates[u].roots for u in waits_for))


def _with_siblings(
    graph: AssetGraph, selection: Mapping[int, PartitionSet]
) -> dict[int, PartitionSet]:
    """The selection without sources, and with the outputs that a call makes whether selected or not."""
    wanted: dict[int, PartitionSet] = {}
    for asset, partitions in sorted(selection.items()):
        definition = graph.definitions[graph.definition_of[asset]]
        if definition.is_source:
            continue
        outputs = (
            (asset,) if definition.can_subset else graph.outputs_of[graph.definition_of[asset]]
        )
        for output in outputs:
            wanted[output] = wanted.get(output, _NONE) | partitions
    return wanted


def _block_together(decided: list[Decision]) -> None:
    """Candidates that are published together wait for each other's checks."""
    blocked = _NONE
    for decision in decided:
        blocked |= decision.blocked
    for decision in decided:
        decision.blocked |= decision.recheck & blocked
        decision.recheck -= blocked


def _run_together(graph: AssetGraph, outputs: list[int], decided: list[Decision]) -> None:
    """All outputs of a multi-asset run where one does."""
    run = _NONE
    for decision in decided:
        run |= decision.run
    first = next((a for a, d in zip(outputs, decided, strict=True) if d.run), None)
    if first is None:
        return
    for decision in decided:
        decision.sibling = graph.keys[first]
        decision.run = run
        decision.maybe -= run
        decision.blocked -= run
        decision.recheck -= run
        decision.held -= run
