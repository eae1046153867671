"""Checks on versions that exist: results that are missing, and candidates whose checks have changed.

Nothing is recomputed. A candidate that no blocking check fails any more is published by the record of its results;
a blocking check that fails on a version readers see already unpublishes nothing, but nothing new is built on it.

A check of a partitioned asset as a whole is evaluated once its partitions are settled. Its result is recorded with the
latest of the versions that it judged, under the sum of all of them: what changes any of them makes it due again.
Where it blocks, what reads the asset waits for it behind a gate.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from assets_core.errors import AssetsError
from assets_core.execution.calls import Pins, pin_related, related_versions, stored_parts
from assets_core.execution.check_results import Results, errored_outcome, whole_result
from assets_core.execution.checkup import Checkup, Due, dues
from assets_core.execution.paths import new_id
from assets_core.execution.state import RunState
from assets_core.execution.together import siblings
from assets_core.execution.workers import DIED, STOPPED, TIMED_OUT
from assets_core.model.checks import CheckOutcome
from assets_core.model.events import Blocked, CheckEvaluated, Published
from assets_core.model.keys import AssetPartition
from assets_core.model.outcomes import CheckRunOutcome
from assets_core.model.packed import is_published, row_number
from assets_core.model.plans import Action, CheckStep, Step
from assets_core.model.records import CheckRecord, MaterializationRecord
from assets_core.model.values import OMITTED, StoredPart
from assets_core.model.versions import InputVersion
from assets_core.partitions import PartitionSet
from assets_core.planning.candidates import still_fails
from assets_core.ports import CheckRequest, ColumnRow, Transaction
from assets_core.versioning.current import CheckVersion


@dataclass(slots=True)
class _Group:
    """Candidates of one partition that are published together, once all are judged and good."""

    ordinal: int
    members: list[int] = field(default_factory=list)
    waiting: set[int] = field(default_factory=set)
    failed: bool = False


class Checkups:
    """The check steps of one run: what is still to be evaluated, and what follows from the results."""

    def __init__(self, state: RunState, results: Callable[[Collection[int]], Results]) -> None:
        self.state = state
        self._results = results
        """What was evaluated on versions before, read from the store."""
        self._todo: list[Due] = []
        self._done: set[tuple[Due, tuple[InputVersion, ...]]] = set()
        self._groups: dict[tuple[int, int], _Group] = {}
        """Per (definition, ordinal), the candidates that are published together."""
        self._whole: set[int] = set()
        """The assets that are being judged as a whole, or are queued for it."""

    # --- what is to be done -------------------------------------------------------------------------------------

    def expect(self, steps: Sequence[Step]) -> None:
        """Close the gates behind assets that are going to change and to be judged as a whole."""
        for step in steps:
            if step.action is not Action.BLOCKED:
                self._close_gate(step.index)

    def _close_gate(self, asset: int) -> None:
        if any(c.blocking for c in self.state.rebuilder.whole_checks(asset)):
            self.state.frontier.gates.add(asset)

    def add(self, steps: Sequence[CheckStep]) -> int:
        """Queue what was not evaluated in this run yet; returns how many."""
        before = len(self._todo)
        self._know(steps)
        for step in steps:
            for due in dues(step):
                self._queue(due)
        return len(self._todo) - before

    def judge_candidates(self, asset: int, partitions: PartitionSet) -> None:
        """Have candidates judged that waited to be run, and turned out to be of today's versions."""
        self.state.frontier.launch(asset, partitions)
        self.add([CheckStep(self.state.key(asset), asset, (), partitions, candidate=True)])

    def _queue(self, due: Due) -> None:
        judged = (due, self._judged_by(due))
        if judged in self._done or (due.ordinal is None and due.asset in self._whole):
            return
        self._done.add(judged)
        self._todo.append(due)
        if due.ordinal is None:
            self._whole.add(due.asset)
            self._close_gate(due.asset)
        else:
            self.state.frontier.hold(due.asset, PartitionSet.range(due.ordinal, due.ordinal + 1))
        together = len(siblings(self.state.graph, due.asset)) > 1
        if due.candidate and due.ordinal is not None and together:
            group = self._groups.setdefault(self._group_of(due), _Group(due.ordinal))
            group.members.append(due.asset)
            group.waiting.add(due.asset)

    def _judged_by(self, due: Due) -> tuple[InputVersion, ...]:
        """What the checks of a whole asset would judge now: another writer's partitions make them due once more."""
        if due.ordinal is not None:
            return ()
        judge, asset = self.state.rebuilder, due.asset
        return tuple(judge.whole_input(asset, check) for check in judge.missing_whole(asset))

    def _group_of(self, due: Due) -> tuple[int, int]:
        return self.state.graph.definition_of[due.asset], due.ordinal or 0

    def _know(self, steps: Sequence[CheckStep]) -> None:
        """Learn which results the queued versions have already, in one read."""
        lineage = self.state.lineage
        numbers: set[int] = set()
        for step in steps:
            if step.candidate:
                rows = lineage.candidates[step.index]
                numbers.update(row_number(rows[o]) for o in step.partitions)
            elif not step.whole:
                numbers.update(lineage.numbers(step.index, step.partitions.to_array()).tolist())
        lineage.results.update(self._results(numbers) if numbers else {})

    @property
    def idle(self) -> bool:
        """Whether nothing waits to be evaluated, and nothing waits for that."""
        return not self._todo and not self.state.frontier.gates

    # --- starting -----------------------------------------------------------------------------------------------

    def start(self, tx: Transaction, room: int) -> list[Checkup]:
        """Make requests for up to ``room`` versions; one that is gone by now is settled."""
        self._look_at_gates()
        started: list[Checkup] = []
        postponed: list[Due] = []
        while self._todo and len(started) < room:
            due = self._todo.pop(0)
            if self._must_wait(due):
                postponed.append(due)
                continue
            checkup = self._start(tx, due)
            if checkup is None:
                if (
                    due.candidate and due.ordinal is not None
                ):  # or condemned: decided again at the end
                    self.state.lineage.put_candidate(due.asset, due.ordinal, None)
                self._settle(tx, due, failed=False)
            else:
                started.append(checkup)
        self._todo += postponed
        return started

    def _look_at_gates(self) -> None:
        """Judge as a whole what has settled, or let its readers go."""
        state = self.state
        for asset in sorted(state.frontier.gates):
            if state.frontier.open(asset) or asset in self._whole:
                continue
            if state.rebuilder.missing_whole(asset):
                self._queue(Due(asset, None))
            if asset not in self._whole:
                state.frontier.open_gate(asset)

    def _must_wait(self, due: Due) -> bool:
        frontier, graph = self.state.frontier, self.state.graph
        if due.ordinal is None and frontier.open(due.asset):
            return True
        return any(frontier.open(e.upstream) for e in graph.check_inputs(due.asset))

    def _start(self, tx: Transaction, due: Due) -> Checkup | None:
        state, rebuilder = self.state, self.state.rebuilder
        pins: Pins = lambda wanted: tx.pins(state.env, wanted)  # noqa: E731
        if due.ordinal is None:
            missing: Collection[str] = rebuilder.missing_whole(due.asset)
            checks = [c for c in rebuilder.whole_checks(due.asset) if c.name in missing]
            related = {c.name: rebuilder.whole_input(due.asset, c.name) for c in checks}
            record = self._latest(due.asset, pins) if checks else None
        else:
            record = self._record(tx, due.asset, due.ordinal, candidate=due.candidate)
            missing = rebuilder.missing_checks(due.asset, record.number) if record else ()
            if record is not None and record.written.materializer == OMITTED:
                missing = ()
            checks = [c for c in rebuilder.partition_checks(due.asset) if c.name in missing]
            related = dict(related_versions(state, due.asset))
        if record is None:
            return None
        request = self._request(due, record, checks, pins)
        return Checkup(request.call, due, record, related, request)

    def _latest(self, asset: int, pins: Pins) -> MaterializationRecord | None:
        rows = self.state.lineage.rows(asset)
        address = self.state.address(asset, int(rows.ordinals[np.argmax(rows.head["number"])]))
        return pins([address]).get(address)

    def _record(
        self, tx: Transaction, asset: int, ordinal: int, *, candidate: bool
    ) -> MaterializationRecord | None:
        address = self.state.address(asset, ordinal)
        find = tx.candidates if candidate else tx.pins
        return find(self.state.env, [address]).get(address)

    def _request(
        self, due: Due, record: MaterializationRecord, checks: list[CheckVersion], pins: Pins
    ) -> CheckRequest:
        state, asset = self.state, due.asset
        call, key = new_id(), state.key(asset)
        everything: tuple[StoredPart, ...] = ()
        if due.ordinal is None:
            everything = tuple(stored_parts(state, asset, state.lineage.readable(asset), pins))
        return CheckRequest(
            call,
            state.run,
            state.env,
            state.graph.definitions[state.graph.definition_of[asset]].key,
            key,
            record.partition,
            state.part_of(record),
            everything,
            tuple(pin_related(state, [asset], pins)),
            tuple((key, c.name, c.version) for c in checks),
            state.project,
            state.home.log(state.run, call),
            state.limit_of(state.graph.definition_of[asset]),
        )

    # --- recording ----------------------------------------------------------------------------------------------

    def again(self, checkup: Checkup) -> None:
        """A source that the checks read had moved since it was pinned: judge once more, under what it is now."""
        self._todo.append(checkup.due)

    def record(self, tx: Transaction, checkup: Checkup, outcome: CheckRunOutcome) -> None:
        """Record results in the open transaction and settle what depends on them."""
        state, due = self.state, checkup.due
        now = state.clock.now()
        records = [
            CheckRecord(
                state.env, state.key(due.asset), checkup.record.partition, checkup.record.number,
                state.run, one, checkup.related.get(one.name, InputVersion(0, 0, 0)), now,
            )
            for one in outcome.checks
        ]  # fmt: skip
        failed = any(one.blocks for one in outcome.checks)
        if due.ordinal is None:
            self._record_whole(tx, due.asset, records)
        else:
            row = self._write(tx, checkup, records)
            if row is not None:
                failed |= due.candidate and still_fails(state.rebuilder, due.asset, row)
                self._apply(due, due.ordinal, checkup.record, row)
        for one in outcome.checks:
            self._emit(checkup, one)
        self._settle(tx, due, failed=failed)

    def unjudged(self, tx: Transaction, checkup: Checkup, outcome: CheckRunOutcome) -> None:
        """What they were to read is damaged: nothing is recorded, and what follows waits until it is made again."""
        for one in outcome.checks:
            self._emit(checkup, one)
        self._settle(tx, checkup.due, failed=True)

    def lost(self, tx: Transaction, checkup: Checkup, error: AssetsError) -> None:
        """The worker died of it or it took too long, which is a crash of the checks; else nothing is recorded."""
        outcome = errored_outcome(self.state.graph.specs[checkup.due.asset], checkup.request, error)
        if error.code in {DIED, TIMED_OUT}:
            self.record(tx, checkup, outcome)
        elif error.code == STOPPED:
            self._settle(tx, checkup.due, failed=True)
        else:
            self.unjudged(tx, checkup, outcome)

    def _record_whole(self, tx: Transaction, asset: int, records: list[CheckRecord]) -> None:
        if records:
            tx.record_checks(records, publish_candidate=False)
        known = self.state.lineage.whole.setdefault(asset, {})
        for record in records:
            known[record.outcome.name] = whole_result(record)

    def _write(self, tx: Transaction, checkup: Checkup, records: list[CheckRecord]) -> bytes | None:
        """Only results of today's checks count from now on; with every check removed there is nothing to record."""
        due = checkup.due
        alone = due.candidate and self._group_of(due) not in self._groups
        if records:
            keep = [c.name for c in self.state.rebuilder.partition_checks(due.asset)]
            return tx.record_checks(records, publish_candidate=alone, keep=keep)
        return self._retire(tx, due.asset, checkup.record, publish=alone)

    def _retire(
        self, tx: Transaction, asset: int, record: MaterializationRecord, *, publish: bool
    ) -> bytes | None:
        state = self.state
        return tx.retire_checks(
            state.env,
            AssetPartition(record.asset, record.partition),
            record.number,
            keep=[c.name for c in state.rebuilder.partition_checks(asset)],
            run=state.run,
            at=state.clock.now(),
            publish_candidate=publish,
        )

    def _emit(self, checkup: Checkup, one: CheckOutcome) -> None:
        due = checkup.due
        partition = checkup.record.partition if due.ordinal is not None else ""
        self.state.emit(
            CheckEvaluated(
                self.state.key(due.asset), partition, one.name,
                one.status == "passed", one.blocking, one.count, one.message,
                published=not due.candidate,
            )
        )  # fmt: skip

    def _apply(self, due: Due, ordinal: int, record: MaterializationRecord, row: bytes) -> None:
        """The version's row as it is now: of a candidate still, or current."""
        state, asset = self.state, due.asset
        if not is_published(row):
            state.lineage.put_candidate(asset, ordinal, row)
            return
        state.lineage.put(asset, ordinal, row)
        if due.candidate:
            written = record.written
            state.lineage.put_candidate(asset, ordinal, None)
            columns = ColumnRow(*state.address(asset, ordinal), written.rows or 0, written.columns)
            state.lineage.put_columns(asset, ordinal, columns)
            key, partition = state.address(asset, ordinal)
            state.emit(Published(key, partition, record.attempt))

    def _settle(self, tx: Transaction, due: Due, *, failed: bool) -> None:
        """Let go of what was judged: of candidates that are published together, all when the last one was."""
        group = self._groups.get(self._group_of(due)) if due.candidate else None
        if group is None:
            self._release(due)
            if failed:
                self._fail(due)
            return
        group.waiting.discard(due.asset)
        group.failed |= failed
        if group.waiting:
            return
        del self._groups[self._group_of(due)]
        for asset in group.members:
            one = replace(due, asset=asset)
            if not group.failed:
                self._publish(tx, one, group.ordinal)
            self._release(one)
            if group.failed:
                self._fail(one)

    def _publish(self, tx: Transaction, due: Due, ordinal: int) -> None:
        record = self._record(tx, due.asset, ordinal, candidate=True)
        row = self._retire(tx, due.asset, record, publish=True) if record is not None else None
        if record is not None and row is not None:
            self._apply(due, ordinal, record, row)

    def _release(self, due: Due) -> None:
        frontier = self.state.frontier
        if due.ordinal is None:
            self._whole.discard(due.asset)  # its gate is looked at before anything is claimed
        else:
            frontier.settle(due.asset, PartitionSet.range(due.ordinal, due.ordinal + 1))

    def _fail(self, due: Due) -> None:
        state = self.state
        reason = f"a blocking check of `{state.key(due.asset)}` failed"
        if due.ordinal is None:
            state.block_downstream(due.asset, state.lineage.recorded(due.asset), reason)
            return
        if due.candidate:
            state.emit(Blocked(*state.address(due.asset, due.ordinal), None, reason))
        state.block_downstream(due.asset, PartitionSet.range(due.ordinal, due.ordinal + 1), reason)
