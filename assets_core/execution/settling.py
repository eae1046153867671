"""What a recorded outcome means for the rest of the run: the snapshot advances, the frontier opens or closes."""

from __future__ import annotations

from assets_core.execution.calls import Call, Target
from assets_core.execution.own_inputs import Returned
from assets_core.execution.retries import Retries
from assets_core.execution.state import RunState, columns_wanted
from assets_core.model.events import (
    AttemptFailed,
    CheckEvaluated,
    Materialized,
    Rejected,
    StepFinished,
    Superseded,
    UndeclaredFilesRead,
)
from assets_core.model.outcomes import NotProduced, Omitted, OutputOutcome, Produced
from assets_core.model.packed import is_published, row_number
from assets_core.model.records import AttemptStatus
from assets_core.model.values import StoredPart, Written
from assets_core.partitions import PartitionSet
from assets_core.planning.shared_reads import note_read
from assets_core.ports import ColumnRow, Recorded


class Settler:
    """Applies recorded outcomes to one run's state."""

    def __init__(self, state: RunState, retries: Retries, started: float) -> None:
        self.state = state
        self.retries = retries
        self.started = started
        self._reported: set[int] = set()

    def settle(self, returned: Returned, recorded: list[Recorded]) -> None:
        """Apply everything that came of one call."""
        call, outcome = returned.call, returned.outcome
        targets = {t.attempt: t for t in call.targets}
        again: list[tuple[Target, NotProduced]] = []
        for output, record in zip(outcome.outputs, recorded, strict=True):
            target = targets[output.attempt]
            if isinstance(output, NotProduced) and self.retries.allowed(call, output.failure):
                again.append((target, output))
            else:
                self._settle_one(returned, target, output, record)
        self._schedule(returned, again)
        at = self.state.clock.monotonic() - self.started
        self.state.emit(StepFinished(call.id, outcome.duration_s, at))
        self._report_undeclared(call, outcome.undeclared_files)

    def _settle_one(
        self, returned: Returned, target: Target, output: OutputOutcome, record: Recorded
    ) -> None:
        single = PartitionSet.range(target.ordinal, target.ordinal + 1)
        if record.superseded:
            self.state.emit(Superseded(output.asset, output.partition, output.attempt))
            self.state.frontier.put_back(target.asset, single)
            return
        if record.row is not None:
            inputs = returned.call.inputs[target.ordinal]
            note_read(self.state.lineage, target.asset, row_number(record.row), inputs)
        match output:
            case Produced():
                self._produced(returned, target, output, record)
            case Omitted() if _is_candidate(record):
                self.state.lineage.put_candidate(target.asset, target.ordinal, record.row)
                self.state.emit(Rejected(output.asset, output.partition, output.attempt, ()))
            case Omitted():
                self._advance(target, record, None)
            case NotProduced():
                self._failed(returned, output, None)
        self.state.frontier.settle(target.asset, single)
        if isinstance(output, NotProduced):
            cancelled = output.failure.status is AttemptStatus.CANCELLED
            reason = "was stopped" if cancelled else "failed"
            self.state.block_downstream(target.asset, single, f"`{output.asset}` {reason}")
        elif _is_candidate(record):
            self.state.block_downstream(
                target.asset, single, f"`{output.asset}` was kept back by a check"
            )

    def _produced(
        self, returned: Returned, target: Target, output: Produced, record: Recorded
    ) -> None:
        state = self.state
        kept_back = _is_candidate(record)
        for check in output.checks:
            state.emit(
                CheckEvaluated(
                    output.asset, output.partition, check.name, check.status == "passed",
                    check.blocking, check.count, check.message, published=False,
                )
            )  # fmt: skip
        if kept_back:
            state.lineage.put_candidate(target.asset, target.ordinal, record.row)
            failed = tuple(c.name for c in output.checks if c.blocks)
            state.emit(Rejected(output.asset, output.partition, output.attempt, failed))
            return
        before = state.lineage.term(target.asset, target.ordinal)
        self._advance(target, record, output.written)
        changed = before != state.lineage.term(target.asset, target.ordinal)
        seconds = returned.outcome.duration_s / len(returned.call.targets)
        state.emit(Materialized(output.asset, output.partition, output.attempt, seconds, changed))

    def _advance(self, target: Target, record: Recorded, written: Written | None) -> None:
        state, asset, ordinal = self.state, target.asset, target.ordinal
        assert record.row is not None
        state.lineage.put(asset, ordinal, record.row)
        state.lineage.put_candidate(asset, ordinal, None)
        if written is None:
            return
        key, partition = state.address(asset, ordinal)
        location = state.home.version(key, partition, target.attempt)
        part = StoredPart(partition, location, written, record.number)
        state.parts[asset, ordinal] = (record.number, part)
        if columns_wanted(state.graph, asset):
            row = ColumnRow(key, partition, written.rows or 0, written.columns)
            state.lineage.put_columns(asset, ordinal, row)

    def _schedule(self, returned: Returned, again: list[tuple[Target, NotProduced]]) -> None:
        if not again:
            return
        now = self.state.clock.monotonic()
        delay = self.retries.schedule(returned.call, tuple(t for t, _ in again), now)
        for _, output in again:
            self._failed(returned, output, delay)

    def _failed(self, returned: Returned, output: NotProduced, retry_in: float | None) -> None:
        outcome = returned.outcome
        self.state.emit(
            AttemptFailed(
                output.asset, output.partition, output.attempt, output.failure,
                outcome.log, outcome.tail, retry_in,
            )
        )  # fmt: skip

    def _report_undeclared(self, call: Call, files: tuple[str, ...]) -> None:
        if files and call.definition not in self._reported:
            self._reported.add(call.definition)
            key = self.state.graph.definitions[call.definition].key
            self.state.emit(UndeclaredFilesRead(key, files))


def _is_candidate(record: Recorded) -> bool:
    """A row without a pointer sequence was recorded but not published."""
    return record.row is not None and not is_published(record.row)
