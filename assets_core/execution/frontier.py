"""What may start now. The runner's bookkeeping of which asset-partitions are settled, as partition sets.

An asset-partition of the plan is *waiting* (to run, maybe, or to have its checks evaluated), *flying*, or settled. It
is ready when nothing it reads is waiting or flying any more. Readiness is set algebra over the mappings: no counters
and no pairs, so a wide mapping costs one operation.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator

from assets_core.lineage import Lineage
from assets_core.model.plans import Action, Plan, Step
from assets_core.partitions import PartitionSet
from assets_core.planning.own_partitions import along_self
from assets_core.planning.shared_reads import readers

_NONE = PartitionSet.EMPTY


class Frontier:
    """Which asset-partitions of a plan are still open, and which of them are ready."""

    def __init__(self, lineage: Lineage, plan: Plan) -> None:
        self.lineage = lineage
        self.graph = lineage.graph
        self.waiting: dict[int, PartitionSet] = {}
        self.flying: dict[int, PartitionSet] = {}
        self.run: dict[int, PartitionSet] = {}
        """What the plan says runs, as opposed to *maybe*: it tells an adopted output from an early cutoff."""
        self.gates: set[int] = set()
        """The assets whose readers wait, though nothing of them is open: all of it is still to be judged."""
        self._dirty: list[int] = []
        self._queued: set[int] = set()
        for step in plan.steps:
            if step.action is Action.BLOCKED:
                continue
            self._add(self.waiting, step.index, step.partitions)
            if step.action is Action.RUN:
                self._add(self.run, step.index, step.partitions)
        for asset in self.waiting:
            self.touch(asset)

    def extend(self, steps: Iterable[Step]) -> None:
        """Steps that the plan did not have and the run made due."""
        for step in steps:
            self._add(self.waiting, step.index, step.partitions)
            if step.action is Action.RUN:
                self._add(self.run, step.index, step.partitions)
            self.touch(step.index)

    def _add(self, where: dict[int, PartitionSet], asset: int, partitions: PartitionSet) -> None:
        where[asset] = where.get(asset, _NONE) | partitions

    def open(self, asset: int) -> PartitionSet:
        """What is neither current nor settled yet."""
        return self.waiting.get(asset, _NONE) | self.flying.get(asset, _NONE)

    def touch(self, asset: int) -> None:
        """Look at this asset again: something it waits for may have settled."""
        if asset in self.waiting and asset not in self._queued:
            self._queued.add(asset)
            heapq.heappush(self._dirty, asset)

    def touched(self) -> Iterator[int]:
        """The assets worth looking at, in topological order; looking at one takes it off."""
        while self._dirty:
            asset = heapq.heappop(self._dirty)
            self._queued.discard(asset)
            if asset in self.waiting:
                yield asset

    def ready(self, asset: int) -> PartitionSet:
        """The waiting partitions of an asset that read nothing open."""
        ready = self.waiting.get(asset, _NONE)
        for check in self.graph.check_inputs(asset):
            if self.open(check.upstream):
                return _NONE
        number = self.graph.definition_of[asset]
        definition, definition_outputs = (
            self.graph.definitions[number],
            self.graph.outputs_of[number],
        )
        for edge in self.graph.inputs(asset):
            if definition.batch != 1 and edge.upstream in definition_outputs:
                if self.flying.get(edge.upstream):
                    return _NONE
                continue
            if edge.upstream in self.gates and edge.upstream != asset:
                return _NONE
            still_open = self.open(edge.upstream)
            if still_open:
                ready -= readers(self.lineage, edge, still_open, still_open)
                if not ready:
                    return _NONE
        if definition.batch != 1:
            held_back = self.waiting.get(asset, _NONE) - ready
            ready -= along_self(self.graph, asset, held_back, ready)
        return ready

    def launch(self, asset: int, partitions: PartitionSet) -> None:
        """These were handed to the executor."""
        self._take(asset, partitions)
        self._add(self.flying, asset, partitions)

    def hold(self, asset: int, partitions: PartitionSet) -> None:
        """These exist, but their checks are being evaluated: what reads them waits."""
        self._add(self.flying, asset, partitions)

    def put_back(self, asset: int, partitions: PartitionSet) -> None:
        """These could not be claimed and wait again."""
        self.flying[asset] = self.flying.get(asset, _NONE) - partitions
        self._add(self.waiting, asset, partitions)
        self.touch(asset)

    def settle(self, asset: int, partitions: PartitionSet) -> None:
        """These are decided for this run, whatever came of them."""
        self._take(asset, partitions)
        left = self.flying.get(asset, _NONE) - partitions
        if left:
            self.flying[asset] = left
        else:
            self.flying.pop(asset, None)
        self.touch(asset)
        for edge in self.graph.outputs(asset):
            self.touch(edge.downstream)
        for check in self.graph.check_outputs(asset):
            self.touch(check.downstream)

    def open_gate(self, asset: int) -> None:
        """Let the readers of an asset go."""
        self.gates.discard(asset)
        for edge in self.graph.outputs(asset):
            self.touch(edge.downstream)

    def _take(self, asset: int, partitions: PartitionSet) -> None:
        left = self.waiting.get(asset, _NONE) - partitions
        if left:
            self.waiting[asset] = left
        else:
            self.waiting.pop(asset, None)

    def downstream(self, asset: int, lost: PartitionSet) -> Iterable[tuple[int, int, PartitionSet]]:
        """(downstream, its upstream, partitions): every waiting one that reads what was lost, transitively, once."""
        queue: list[tuple[int, PartitionSet]] = [(asset, lost)]
        seen: dict[int, PartitionSet] = {}
        while queue:
            upstream, gone = queue.pop(0)
            for edge in self.graph.outputs(upstream):
                if edge.optional:
                    continue
                waiting = self.waiting.get(edge.downstream, _NONE)
                waiting -= seen.get(edge.downstream, _NONE)
                if not waiting:
                    continue
                there = self.lineage.present(upstream) | self.open(upstream) | gone
                hit = edge.mapping.downstream_of(gone, there) & waiting
                if hit:
                    seen[edge.downstream] = seen.get(edge.downstream, _NONE) | hit
                    queue.append((edge.downstream, hit))
                    yield edge.downstream, upstream, hit

    @property
    def idle(self) -> bool:
        """Whether nothing is waiting or flying."""
        return not self.waiting and not self.flying
