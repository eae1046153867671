"""Deciding what became ready, and claiming it: all inside the runner's one transaction.

Actions are decided again here, against current pointers: what turns out current is settled without running (early
cutoff, or another run made it); what lacks an input is blocked; the rest is claimed, as many calls as may run at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from assets_core.execution.backlog import Backlog
from assets_core.execution.batching import calls_of
from assets_core.execution.calls import (
    Call,
    input_records,
    make_request,
    related_versions,
    targets_of,
)
from assets_core.execution.holding_up import HoldingUp
from assets_core.execution.paths import new_id
from assets_core.execution.state import RunState
from assets_core.graph import Edge
from assets_core.model.events import Adopted, Blocked, Unchanged
from assets_core.partitions import PartitionSet
from assets_core.planning.candidates import Kept, sort_candidates
from assets_core.planning.own_partitions import along_self
from assets_core.planning.staleness import Verdict
from assets_core.ports import Lease, LimitFull, PoolFull, Transaction

_NONE = PartitionSet.EMPTY


@dataclass(slots=True)
class Ready:
    """The outputs of one definition that may start, by asset number."""

    definition: int
    wanted: dict[int, PartitionSet] = field(default_factory=dict)
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    kept: dict[int, Kept] = field(default_factory=dict)
    """What earlier runs made of today's versions, and a check kept back."""
    behind: dict[int, PartitionSet] = field(default_factory=dict)
    """What waits in a batch that reads itself, because a check kept something before it back."""

    @property
    def partitions(self) -> PartitionSet:
        """Every ordinal that some output wants."""
        union = _NONE
        for partitions in self.wanted.values():
            union |= partitions
        return union


@dataclass(frozen=True, slots=True)
class Refused:
    """A claim that another live run's lease stood in the way of."""

    lease: Lease
    wanted: dict[int, PartitionSet]

    @property
    def partitions(self) -> PartitionSet:
        """Every ordinal that is put aside for it."""
        union = _NONE
        for partitions in self.wanted.values():
            union |= partitions
        return union


class Claimer:
    """Finds and claims calls for one run."""

    def __init__(self, state: RunState, recheck: Callable[[int, PartitionSet], None]) -> None:
        self.state = state
        self._recheck = recheck
        """Evaluates today's checks on candidates, instead of computing them again."""
        self._backlog = Backlog(
            state.needs.__getitem__, lambda number: state.graph.definitions[number].priority
        )
        """Decided and ready, but there was no room to run them yet."""
        self.holding_up = HoldingUp(state)

    def claim(self, tx: Transaction, room: int) -> tuple[list[Call], list[Refused]]:
        """Settle what needs no run and claim up to ``room`` calls; what is refused counts as flying until put back."""
        calls: list[Call] = []
        refused: list[Refused] = []
        self.holding_up.look_again()
        while len(calls) < room:
            ready = self._next()
            if ready is None:
                break
            self._claim_calls(tx, ready, room, calls, refused)
        return calls, refused

    def _next(self) -> Ready | None:
        """The next definition with something to run, deciding the touched ones on the way."""
        for asset in self.state.frontier.touched():
            definition = self.state.graph.definition_of[asset]
            ready = self._decide(definition)
            if ready is not None:
                self._backlog.add(definition, ready.wanted)
        taken = self._backlog.take(self.holding_up.needs)
        return None if taken is None else Ready(*taken)

    def reconsider(self) -> None:
        """Another writer moved pointers: what was decided before that is decided again."""
        for definition in self._backlog:
            for asset in self.state.graph.outputs_of[definition]:
                self.state.frontier.touch(asset)
        self._backlog.clear()

    def _decide(self, definition: int) -> Ready | None:
        graph, frontier = self.state.graph, self.state.frontier
        ready = Ready(definition)
        if self._batch_reads_itself(definition):  # one partition's inputs are the others
            self._backlog.drop(definition)
        decided = self._backlog.of(definition)
        for asset in graph.outputs_of[definition]:
            everything = frontier.ready(asset)
            partitions = everything - decided.get(asset, _NONE)
            if partitions and self._may_start(definition, asset, everything):
                verdict = self.state.rebuilder.verdict(asset, partitions.to_array())
                ready.verdicts[asset] = verdict
                ready.wanted[asset] = self._to_run(asset, partitions, verdict)
                self._leave_kept(ready, asset, verdict)
        self._include_siblings(ready)
        self._keep_together(ready)
        for asset, verdict in ready.verdicts.items():
            kept = self._settle_kept(asset, ready.kept[asset], ready.wanted[asset])
            idle = PartitionSet.of(verdict.ordinals) - ready.wanted[asset] - kept
            idle -= ready.behind.get(asset, _NONE)
            self._settle_current(asset, idle)
            self._block_missing(asset, ready.wanted[asset])
        for asset in ready.wanted:  # blocking one partition may have settled others that read it
            ready.wanted[asset] &= self.state.frontier.waiting.get(asset, _NONE)
        ready.wanted = {a: p for a, p in ready.wanted.items() if p}
        return ready if ready.wanted else None

    def _may_start(self, definition: int, asset: int, partitions: PartitionSet) -> bool:
        """A batch waits for the partitions that are still coming, so that one call gets them all."""
        batch = self.state.graph.definitions[definition].batch
        if batch == 1 or partitions == self.state.frontier.waiting[asset]:
            return True
        return batch != "all" and len(partitions) >= batch

    def _to_run(self, asset: int, partitions: PartitionSet, verdict: Verdict) -> PartitionSet:
        forced = self.state.forced.get(asset, _NONE) & partitions
        stale = PartitionSet.of(verdict.ordinals[verdict.stale]) | forced
        if self._batch_reads_itself(self.state.graph.definition_of[asset]):
            return along_self(self.state.graph, asset, stale, partitions)
        return stale

    def _leave_kept(self, ready: Ready, asset: int, verdict: Verdict) -> None:
        """What a check kept back and is made of today's versions is not computed again."""
        stale = ready.wanted[asset] - self.state.forced.get(asset, _NONE)
        kept = sort_candidates(self.state.rebuilder, asset, verdict, stale, forced=False)
        ready.kept[asset] = kept
        ready.wanted[asset] -= kept.blocked | kept.recheck
        if self._batch_reads_itself(ready.definition):
            waits = kept.blocked | kept.recheck
            behind = along_self(self.state.graph, asset, waits, ready.wanted[asset]) - waits
            ready.behind[asset] = behind
            ready.wanted[asset] -= behind

    def _settle_kept(self, asset: int, kept: Kept, run: PartitionSet) -> PartitionSet:
        """Block what still fails its checks, and have the rest judged; a sibling may run them all the same."""
        recheck, blocked = kept.recheck - run, kept.blocked - run
        if recheck:
            self._recheck(asset, recheck)
        if blocked:
            reason = "its candidate still fails a blocking check"
            for ordinal in blocked:
                self.state.emit(Blocked(*self.state.address(asset, ordinal), None, reason))
            self.state.frontier.settle(asset, blocked)
            key = self.state.key(asset)
            self.state.block_downstream(asset, blocked, f"`{key}` was kept back by a check")
        return recheck | blocked

    def _include_siblings(self, ready: Ready) -> None:
        declared = self.state.graph.definitions[ready.definition]
        if len(ready.wanted) > 1 and declared.makes_all:
            union = ready.partitions
            for asset, verdict in ready.verdicts.items():
                ready.wanted[asset] = union & PartitionSet.of(verdict.ordinals)

    def _keep_together(self, ready: Ready) -> None:
        """Candidates that are published together wait for each other's checks."""
        if self.state.graph.definitions[ready.definition].publish == "together":
            blocked = _NONE
            for kept in ready.kept.values():
                blocked |= kept.blocked
            ready.kept = {
                a: Kept(k.blocked | (k.recheck & blocked), k.recheck - blocked)
                for a, k in ready.kept.items()
            }

    def _settle_current(self, asset: int, current: PartitionSet) -> None:
        if not current:
            return
        self.state.frontier.settle(asset, current)
        planned = self.state.frontier.run.get(asset, _NONE)
        for ordinal in current:
            address = self.state.address(asset, ordinal)
            self.state.emit(Adopted(*address) if ordinal in planned else Unchanged(*address))

    def _block_missing(self, asset: int, wanted: PartitionSet) -> None:
        """Settle as blocked what lacks a required input after all, or would be built on one that fails a check."""
        blocked = _NONE
        for edge in self.state.graph.inputs(asset):
            if not wanted - blocked:
                break
            upstream = self.state.key(edge.upstream)
            found = [(self._on_unreadable(edge, wanted), f"`{upstream}` is damaged or missing")]
            if not edge.optional:
                found += [
                    (self._lacking(edge, wanted), f"`{upstream}` has no version to read"),
                    (self._on_failing(edge, wanted), f"a blocking check fails on `{upstream}`"),
                ]
            for hit, reason in found:
                for ordinal in hit - blocked:
                    address = self.state.address(asset, ordinal)
                    self.state.emit(Blocked(*address, upstream, reason))
                blocked |= hit
        if blocked:
            self.state.frontier.settle(asset, blocked)
            self.state.block_downstream(asset, blocked, f"`{self.state.key(asset)}` is blocked")

    def _on_unreadable(self, edge: Edge, wanted: PartitionSet) -> PartitionSet:
        """What would read a version that was found damaged: it counts in the sums, so leaving it out were a lie."""
        lineage, definition_of = self.state.lineage, self.state.graph.definition_of
        unreadable = lineage.unreadable(edge.upstream)
        if definition_of[edge.upstream] == definition_of[edge.downstream]:
            unreadable -= wanted
        if not unreadable:
            return _NONE
        return edge.mapping.downstream_of(unreadable, lineage.present(edge.upstream)) & wanted

    def _lacking(self, edge: Edge, wanted: PartitionSet) -> PartitionSet:
        asset = edge.downstream
        readable = self.state.lineage.readable(edge.upstream)
        definition = self.state.graph.definition_of[asset]
        itself = self.state.graph.definition_of[edge.upstream] == definition
        if itself and self._batch_reads_itself(definition):
            readable |= wanted
        if not edge.mapping.needs_every:
            return _NONE if readable or itself else wanted
        missing = edge.mapping.upstream_of(wanted, readable) - readable
        return edge.mapping.downstream_of(missing, readable) & wanted if missing else _NONE

    def _on_failing(self, edge: Edge, wanted: PartitionSet) -> PartitionSet:
        if edge.upstream == edge.downstream or not self.state.versions.checks[edge.upstream]:
            return _NONE
        failing = self.state.rebuilder.failing(edge.upstream)
        there = self.state.lineage.present(edge.upstream)
        return edge.mapping.downstream_of(failing, there) & wanted if failing else _NONE

    def _claim_calls(
        self, tx: Transaction, ready: Ready, room: int, calls: list[Call], refused: list[Refused]
    ) -> None:
        one_at_a_time = self._batch_reads_itself(ready.definition)
        taken, keep = _NONE, not one_at_a_time
        for chunk in islice(self._calls(ready), 1 if one_at_a_time else room - len(calls)):
            wanted = {a: p & chunk for a, p in ready.wanted.items() if p & chunk}
            call = self._claim_one(tx, ready, wanted)
            if isinstance(call, PoolFull | LimitFull):
                self.holding_up.add(ready.definition, call)
                keep = True
                break
            if isinstance(call, Refused):
                refused.append(call)
                taken |= call.partitions
            else:
                calls.append(call)
                taken |= chunk
        left = {a: p - taken for a, p in ready.wanted.items() if p - taken}
        if left and keep:
            self._backlog.add(ready.definition, left)

    def _batch_reads_itself(self, definition: int) -> bool:
        """Whether calls of several partitions take earlier ones from themselves, and so cannot overlap."""
        graph = self.state.graph
        assets = graph.outputs_of[definition]
        return graph.definitions[definition].batch != 1 and any(
            e.upstream in assets for e in graph.inputs(assets[0])
        )

    def _calls(self, ready: Ready) -> Iterator[PartitionSet]:
        """The partitions of each call."""
        graph, wanted = self.state.graph, ready.partitions
        first = next(iter(ready.wanted))
        existing = graph.specs[first].partitions.existing(self.state.now) | wanted
        return calls_of(wanted, existing, graph.definitions[ready.definition].batch)

    def _held(
        self, lease: Lease, definition: int, wanted: dict[int, PartitionSet]
    ) -> dict[int, PartitionSet]:
        """Of what one call was to make, the partition that another run holds; the others are no business of its.

        All of it where later partitions are made of earlier ones.
        """
        if self._batch_reads_itself(definition):
            return wanted
        asset = self.state.graph.numbers[lease.asset]
        ordinals, _ = self.state.graph.specs[asset].partitions.find([lease.partition])
        held = PartitionSet.of(ordinals)
        return {a: p & held for a, p in wanted.items() if p & held}

    def _claim_one(
        self, tx: Transaction, ready: Ready, wanted: dict[int, PartitionSet]
    ) -> Call | Refused | PoolFull | LimitFull:
        state = self.state
        targets = targets_of(list(wanted), wanted)
        leases = tx.claim(
            state.env,
            state.run,
            [(state.address(t.asset, t.ordinal), t.attempt) for t in targets],
            state.needs[ready.definition],
        )
        if isinstance(leases, PoolFull | LimitFull):
            return leases
        if isinstance(leases, Lease):
            aside = self._held(leases, ready.definition, wanted)
            for asset, partitions in aside.items():
                state.frontier.launch(asset, partitions)
            return Refused(leases, aside)
        call = new_id()
        first = next(iter(wanted))
        ordinals = sorted({t.ordinal for t in targets})
        inputs = input_records(state, first, ordinals, tx.sequence)
        request = make_request(
            state, ready.definition, call, targets, lambda wanted: tx.pins(state.env, wanted)
        )
        for asset, partitions in wanted.items():
            state.frontier.launch(asset, partitions)
        related = {a: related_versions(state, a) for a in wanted}
        return Call(call, ready.definition, targets, tuple(leases), inputs, related, request)
