"""Checks on versions that exist: results that are missing, and candidates whose checks have changed.

Nothing is recomputed. A candidate that no blocking check fails any more is published by the record of its results;
a blocking check that fails on a version readers see already unpublishes nothing, but nothing new is built on it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from assets_core.execution.calls import pin_related, related_versions, stored_parts
from assets_core.execution.paths import new_id
from assets_core.execution.state import RunState
from assets_core.model.checks import CheckOutcome
from assets_core.model.events import Blocked, CheckEvaluated, Materialized
from assets_core.model.keys import AssetPartition
from assets_core.model.outcomes import CheckRunOutcome
from assets_core.model.packed import is_published, row_number
from assets_core.model.plans import CheckStep
from assets_core.model.records import CheckRecord, MaterializationRecord
from assets_core.model.versions import InputVersion
from assets_core.partitions import PartitionSet
from assets_core.ports import CheckRequest, ColumnRow, StateReader, Transaction

Results: TypeAlias = dict[int, dict[str, tuple[str, InputVersion]]]
"""Per materialization number: check -> (version, related) of its latest result."""


def results_of(reader: StateReader, numbers: Collection[int]) -> Results:
    """The latest result of each check evaluated on these materializations."""
    found: Results = {}
    for record in reader.check_results(numbers) if numbers else ():
        results = found.setdefault(record.materialization, {})
        results[record.outcome.name] = (record.outcome.version, record.related)
    return found


@dataclass(frozen=True, slots=True)
class Checkup:
    """One version whose checks are being evaluated."""

    id: str
    asset: int
    ordinal: int
    candidate: bool
    record: MaterializationRecord
    related: Mapping[str, InputVersion]
    request: CheckRequest


class Checkups:
    """The check steps of one run: what is still to be evaluated, and what follows from the results."""

    def __init__(self, state: RunState, results: Callable[[Collection[int]], Results]) -> None:
        self.state = state
        self._results = results
        """What was evaluated on versions before, read from the store."""
        self._todo: list[tuple[int, int, bool]] = []
        self._done: set[tuple[int, int]] = set()

    def add(self, steps: Sequence[CheckStep]) -> int:
        """Queue what was not evaluated in this run yet; returns how many."""
        before = len(self._todo)
        self._know(steps)
        for step in steps:
            for ordinal in step.partitions:
                key = (step.index, ordinal)
                if key not in self._done:
                    self._done.add(key)
                    self._todo.append((step.index, ordinal, step.candidate))
                    self.state.frontier.hold(step.index, PartitionSet.range(ordinal, ordinal + 1))
        return len(self._todo) - before

    def _know(self, steps: Sequence[CheckStep]) -> None:
        """Learn which results the queued versions have already, in one read."""
        lineage = self.state.lineage
        numbers: set[int] = set()
        for step in steps:
            if step.candidate:
                rows = lineage.candidates[step.index]
                numbers.update(row_number(rows[o]) for o in step.partitions)
            else:
                numbers.update(lineage.numbers(step.index, step.partitions.to_array()).tolist())
        lineage.results.update(self._results(numbers) if numbers else {})

    def start(self, tx: Transaction, room: int) -> list[Checkup]:
        """Make requests for up to ``room`` versions; one that is gone by now is settled."""
        started: list[Checkup] = []
        postponed: list[tuple[int, int, bool]] = []
        while self._todo and len(started) < room:
            asset, ordinal, candidate = self._todo.pop(0)
            if any(
                self.state.frontier.open(e.upstream) for e in self.state.graph.check_inputs(asset)
            ):
                postponed.append((asset, ordinal, candidate))
                continue
            address = self.state.address(asset, ordinal)
            record = self._record(tx, address, candidate=candidate)
            if record is None:
                self._release(asset, ordinal)
            else:
                started.append(self._checkup(tx, asset, ordinal, record, candidate=candidate))
        self._todo += postponed
        return started

    def _record(
        self, tx: Transaction, address: AssetPartition, *, candidate: bool
    ) -> MaterializationRecord | None:
        find = tx.candidates if candidate else tx.pins
        return find(self.state.env, [address]).get(address)

    def _checkup(
        self,
        tx: Transaction,
        asset: int,
        ordinal: int,
        record: MaterializationRecord,
        *,
        candidate: bool,
    ) -> Checkup:
        state = self.state
        call = new_id()
        key = state.key(asset)
        missing = state.rebuilder.missing_checks(asset, record.number)
        checks = [c for c in state.rebuilder.partition_checks(asset) if c.name in missing]
        pins = lambda wanted: tx.pins(state.env, wanted)  # noqa: E731
        request = CheckRequest(
            call,
            state.run,
            state.env,
            state.graph.definitions[state.graph.definition_of[asset]].key,
            key,
            record.partition,
            state.part_of(record),
            tuple(stored_parts(state, asset, state.lineage.readable(asset), pins))
            if any(c.scope == "asset" for c in checks)
            else (),
            tuple(pin_related(state, [asset], pins)),
            tuple((key, c.name, c.version) for c in checks),
            state.project,
            state.home.log(state.run, call),
        )
        related = dict(related_versions(state, asset))
        return Checkup(call, asset, ordinal, candidate, record, related, request)

    def record(self, tx: Transaction, checkup: Checkup, outcome: CheckRunOutcome) -> None:
        """Record results in the open transaction and settle what depends on them."""
        state = self.state
        now = state.clock.now()
        records = [
            CheckRecord(
                state.env, state.key(checkup.asset), checkup.record.partition, checkup.record.number,
                state.run, one, checkup.related.get(one.name, InputVersion(0, 0, 0)), now,
            )
            for one in outcome.checks
        ]  # fmt: skip
        row = self._write(tx, checkup, records)
        for one in outcome.checks:
            self._emit(checkup, one)
        if row is not None:
            self._apply(checkup, row)
        self._release(checkup.asset, checkup.ordinal)
        if any(one.blocks for one in outcome.checks):
            self._fail(checkup)

    def _write(self, tx: Transaction, checkup: Checkup, records: list[CheckRecord]) -> bytes | None:
        """Only results of today's checks count from now on; with every check removed there is nothing to record."""
        keep = [c.name for c in self.state.rebuilder.partition_checks(checkup.asset)]
        if records:
            return tx.record_checks(records, publish_candidate=checkup.candidate, keep=keep)
        return tx.retire_checks(
            self.state.env,
            self.state.address(checkup.asset, checkup.ordinal),
            checkup.record.number,
            keep=keep,
            run=self.state.run,
            at=self.state.clock.now(),
            publish_candidate=checkup.candidate,
        )

    def _emit(self, checkup: Checkup, one: CheckOutcome) -> None:
        self.state.emit(
            CheckEvaluated(
                self.state.key(checkup.asset), checkup.record.partition, one.name,
                one.status == "passed", one.blocking, one.count, one.message,
                published=not checkup.candidate,
            )
        )  # fmt: skip

    def _apply(self, checkup: Checkup, row: bytes) -> None:
        """The version's row as it is now: of a candidate still, or current."""
        state, asset, ordinal = self.state, checkup.asset, checkup.ordinal
        if not is_published(row):
            state.lineage.put_candidate(asset, ordinal, row)
            return
        state.lineage.put(asset, ordinal, row)
        if checkup.candidate:
            written = checkup.record.written
            state.lineage.put_candidate(asset, ordinal, None)
            columns = ColumnRow(*state.address(asset, ordinal), written.rows or 0, written.columns)
            state.lineage.put_columns(asset, ordinal, columns)
            key, partition = state.address(asset, ordinal)
            state.emit(Materialized(key, partition, checkup.record.attempt, 0.0, changed=True))

    def _release(self, asset: int, ordinal: int) -> None:
        self.state.frontier.settle(asset, PartitionSet.range(ordinal, ordinal + 1))

    def _fail(self, checkup: Checkup) -> None:
        key = self.state.key(checkup.asset)
        reason = f"a blocking check of `{key}` failed"
        if checkup.candidate:
            address = self.state.address(checkup.asset, checkup.ordinal)
            self.state.emit(Blocked(*address, None, reason))
        single = PartitionSet.range(checkup.ordinal, checkup.ordinal + 1)
        self.state.block_downstream(checkup.asset, single, reason)

    @property
    def idle(self) -> bool:
        """Whether nothing waits to be evaluated."""
        return not self._todo
