"""One write transaction on the in-memory tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.pools import NO_NEEDS, Needs
from assets_core.model.records import (
    CancelRequest,
    CheckRecord,
    FindingRecord,
    MaterializationRecord,
    ObservationRecord,
    RunEnd,
    RunRecord,
)
from assets_core.partitions import DynamicKey
from assets_core.ports import (
    Completion,
    Lease,
    LimitFull,
    LivenessProbe,
    PackedChange,
    PoolFull,
    Recorded,
    Refusal,
    Renaming,
)
from assets_core.store import ledger
from assets_core.store.admission import admit
from assets_core.store.dynamic import dynamic_facts
from assets_core.store.findings import latest_findings, new_findings
from assets_core.store.judging import counting, evaluation_of, fold_all
from assets_core.store.memory_admission import MemoryRoom
from assets_core.store.memory_collecting import abandoned, changed_since
from assets_core.store.memory_earlier import earlier_versions
from assets_core.store.memory_renaming import rename
from assets_core.store.memory_tables import Tables, Undo
from assets_core.store.refusals import (
    lease_lost,
    run_cancelled,
    unknown_materialization,
    unknown_run,
)
from assets_core.store.states import Evaluation, KeyState, Writes


class MemoryTransaction:
    """Changes the tables at once and remembers how to take each change back."""

    def __init__(
        self, tables: Tables, alive: LivenessProbe, holds: LivenessProbe, now: Callable[[], float]
    ) -> None:
        self._tables = tables
        self._alive = alive
        self._holds = holds
        self._undo = Undo()
        self._room = MemoryRoom(tables, self._undo, now)
        self._before = replace(tables.counter)

    @property
    def sequence(self) -> int:
        return self._tables.counter.sequence

    def undo(self) -> None:
        """Take back everything."""
        self._undo.rollback()
        self._tables.counter = self._before

    # --- reading ------------------------------------------------------------------------------------------------

    def changes(self, env: str, since: int) -> Sequence[PackedChange]:
        if since >= self.sequence:
            return ()
        tables, found = self._tables, []
        for of, asset in {**tables.currents, **tables.candidates}:
            if of != env:
                continue
            currents = tables.currents.get((env, asset), {})
            candidates = tables.candidates.get((env, asset), {})
            for partition in {**currents, **candidates}:
                key = AssetPartition(AssetKey(asset), partition)
                state = KeyState(None, currents.get(partition), candidates.get(partition))
                found += ledger.changes_of(key, state, since)
        return found

    def pins(
        self, env: str, wanted: Collection[AssetPartition]
    ) -> Mapping[AssetPartition, MaterializationRecord]:
        return self._tables.versions(self._tables.currents, env, wanted)

    def candidates(
        self, env: str, wanted: Collection[AssetPartition]
    ) -> Mapping[AssetPartition, MaterializationRecord]:
        return self._tables.versions(self._tables.candidates, env, wanted)

    def taken(
        self, env: str, assets: Collection[AssetKey]
    ) -> Mapping[AssetPartition, Lease | None]:
        found: dict[AssetPartition, Lease | None] = {}
        for asset in assets:
            for partition, version in self._tables.currents.get((env, asset), {}).items():
                if version.number:
                    found[AssetPartition(asset, partition)] = None
            for partition, lease in self._tables.leases.get((env, asset), {}).items():
                if self._alive(lease.run):
                    found[AssetPartition(asset, partition)] = lease
        return found

    def _states(self, env: str, keys: Iterable[AssetPartition]) -> dict[AssetPartition, KeyState]:
        return {key: self._tables.state(env, key) for key in keys}

    # --- leases -------------------------------------------------------------------------------------------------

    def claim(
        self,
        env: str,
        run: str,
        wanted: Sequence[tuple[AssetPartition, str]],
        needs: Needs = NO_NEEDS,
    ) -> Sequence[Lease] | Refusal:
        self._require_run(run)
        if run in self._tables.cancels:
            raise run_cancelled(run)
        states = self._states(env, [key for key, _ in wanted])
        counter = self._tables.counter
        refused = ledger.in_the_way(wanted, states, self._holds) or admit(
            needs, counter.fence + 1, self._room, self._alive
        )
        if refused is not None:
            return refused
        writes, leases = ledger.claim(env, run, wanted, states, counter, needs.slots)
        self._apply(env, writes, states)
        return leases

    def claim_again(self, leases: Sequence[Lease], needs: Needs) -> PoolFull | LimitFull | None:
        env = leases[0].env
        states = self._states(env, [AssetPartition(le.asset, le.partition) for le in leases])
        writes = ledger.hold(leases, states, needs.slots)
        if not writes.leases:
            return None
        counter = self._tables.counter
        refused = admit(needs, counter.fence + 1, self._room, self._alive)
        if refused is None:
            counter.next_fence()
            self._apply(env, writes, states)
        return refused

    def renew(self, lease: Lease, attempt: str) -> Lease:
        key = AssetPartition(lease.asset, lease.partition)
        states = self._states(lease.env, [key])
        renewed = ledger.renew(lease, attempt, states[key], self._tables.counter)
        if renewed is None:
            raise lease_lost(lease)
        self._apply(lease.env, Writes(leases={key: None}), states)
        return renewed

    def release(self, leases: Sequence[Lease]) -> None:
        for lease in leases:
            key = AssetPartition(lease.asset, lease.partition)
            if ledger.holds(self._tables.state(lease.env, key), lease.fence, lease.attempt):
                self._apply(lease.env, Writes(leases={key: None}), {key: KeyState()})

    # --- versions -----------------------------------------------------------------------------------------------

    def record(self, completions: Sequence[Completion]) -> Sequence[Recorded]:
        answers: dict[int, Recorded] = {}
        for env in dict.fromkeys(c.attempt.env for c in completions):
            mine = [(i, c) for i, c in enumerate(completions) if c.attempt.env == env]
            for _, completion in mine:
                self._require_run(completion.attempt.run)
            states = self._states(
                env, [AssetPartition(c.attempt.asset, c.attempt.partition) for _, c in mine]
            )
            known = {
                c.attempt.attempt: self._tables.known[c.attempt.attempt]
                for _, c in mine
                if c.attempt.attempt in self._tables.known
            }
            writes, some = ledger.record([c for _, c in mine], states, known, self._tables.counter)
            self._apply(env, writes, states)
            for attempt in writes.attempts:
                name = attempt[1].attempt
                self._undo.put(self._tables.known, name, known[name])
            answers.update(zip((i for i, _ in mine), some, strict=True))
        return [answers[i] for i in range(len(completions))]

    def record_checks(
        self,
        records: Sequence[CheckRecord],
        *,
        publish_candidate: bool,
        keep: Collection[str] | None = None,
    ) -> bytes | None:
        evaluation = evaluation_of(records, keep, self._tables.counter)
        return self._evaluate(evaluation, publish_candidate)

    def retire_checks(
        self,
        env: str,
        of: AssetPartition,
        materialization: int,
        *,
        keep: Collection[str],
        run: str,
        at: datetime,
        publish_candidate: bool,
    ) -> bytes | None:
        sequence = self._tables.counter.event()
        names = tuple(sorted(keep))
        evaluation = Evaluation(
            sequence, env, of.asset, of.partition, materialization, run, at, (), names
        )
        return self._evaluate(evaluation, publish_candidate)

    def _evaluate(self, evaluation: Evaluation, publish_candidate: bool) -> bytes | None:
        self._require_run(evaluation.run)
        if evaluation.materialization not in self._tables.materializations:
            raise unknown_materialization(evaluation.materialization)
        key = AssetPartition(evaluation.asset, evaluation.partition)
        states = self._states(evaluation.env, [key])
        past = [
            e for e in self._tables.evaluations if e.materialization == evaluation.materialization
        ]
        writes, row = ledger.evaluate(
            evaluation,
            fold_all(counting(past, evaluation.env, states[key].moved)),
            states[key],
            self._tables.counter,
            publish_candidate=publish_candidate,
        )
        self._apply(evaluation.env, writes, states)
        return row

    def find(self, findings: Sequence[FindingRecord]) -> None:
        numbers = {f.materialization for f in findings}
        known = latest_findings(self._tables.findings)
        holders = list(self._tables.holders(numbers))
        for env, mine in new_findings(findings, known, holders).items():
            states = self._states(env, [AssetPartition(f.asset, f.partition) for f in mine])
            self._apply(env, ledger.find(mine, states, self._tables.counter), states)

    def withdraw(
        self, env: str, wanted: Collection[AssetPartition], at: datetime
    ) -> Collection[AssetPartition]:
        states = self._states(env, wanted)
        writes, withdrawn = ledger.withdraw(env, wanted, states, at, self._tables.counter)
        self._apply(env, writes, states)
        return withdrawn

    def roll_back(
        self, env: str, targets: Mapping[AssetPartition, int], at: datetime
    ) -> Collection[AssetPartition]:
        return self._point_back(env, targets, "rollback", at)

    def release_holds(
        self, env: str, wanted: Collection[AssetPartition], at: datetime
    ) -> Collection[AssetPartition]:
        states = self._states(env, wanted)
        held = {k: number for k, s in states.items() if (number := ledger.held_number(s))}
        self._point_back(env, held, "released", at)
        return list(held)

    def _point_back(
        self,
        env: str,
        targets: Mapping[AssetPartition, int],
        reason: Literal["rollback", "released"],
        at: datetime,
    ) -> Collection[AssetPartition]:
        found = earlier_versions(self._tables, env, targets)
        refused = targets.keys() - found.keys()
        if not refused:
            states = self._states(env, targets)
            writes = ledger.point_back(env, found, reason, states, at, self._tables.counter)
            self._apply(env, writes, states)
        return refused

    def rename(self, env: str, renaming: Renaming) -> None:
        rename(self._tables, self._undo, self._alive, env, renaming)

    def condemn(self, numbers: Collection[int], as_of: int, at: datetime) -> Collection[int]:
        tables, chosen = self._tables, set()
        changed = changed_since(tables, as_of)
        for number in numbers:
            made = tables.materializations[number]
            key = AssetPartition(made.asset, made.partition)
            if key not in changed and number not in tables.condemned:
                tables.counter.event()
                self._undo.put(tables.condemned, number, at)
                chosen.add(number)
        for rows in tables.candidates.values():
            for partition in [p for p, v in rows.items() if v.number in chosen]:
                self._undo.put(rows, partition, None)
        return chosen

    def collect(self, numbers: Collection[int], at: datetime) -> None:
        for number in numbers:
            if number in self._tables.condemned and number not in self._tables.collected:
                self._tables.counter.event()
                self._undo.put(self._tables.collected, number, at)

    def abandon(self, attempts: Collection[str]) -> Collection[str]:
        free, dead = abandoned(self._tables, attempts, self._alive)
        self.release(dead)
        return free

    def _apply(self, env: str, writes: Writes, states: Mapping[AssetPartition, KeyState]) -> None:
        tables, undo = self._tables, self._undo
        for sequence, attempt in writes.attempts:
            undo.put(tables.attempts, sequence, attempt)
            if ledger.counts_for_durations(attempt.status):
                at = (env, attempt.asset)
                mean = ledger.mean_after(*tables.durations.get(at, (0, 0.0)), attempt.duration_s)
                undo.put(tables.durations, at, mean)
        for number, made in writes.materializations:
            undo.put(tables.materializations, number, replace(made, number=number))
        undo.extend(tables.evaluations, writes.evaluations)
        undo.extend(tables.moves, writes.moves)
        undo.extend(tables.findings, writes.findings)
        for key in writes.leases:
            inner = tables.leases.setdefault((env, key.asset), {})
            undo.put(inner, key.partition, states[key].lease)
        for key in writes.currents:
            current = tables.currents.setdefault((env, key.asset), {})
            undo.put(current, key.partition, states[key].current)
        for key in writes.candidates:
            candidates = tables.candidates.setdefault((env, key.asset), {})
            undo.put(candidates, key.partition, states[key].candidate)
        for key in writes.failures:
            failures = tables.failures.setdefault((env, key.asset), {})
            undo.put(failures, key.partition, states[key].failure)

    # --- the rest -----------------------------------------------------------------------------------------------

    def observe(self, observations: Sequence[ObservationRecord]) -> None:
        for one in observations:
            key = (one.env, one.asset, one.partition)
            before = self._tables.observed.get(key)
            if before is None or (before.token, before.version) != (one.token, one.version):
                self._tables.counter.event()
                self._undo.put(self._tables.observed, key, one)

    def document(self, texts: Mapping[str, str]) -> None:
        for digest, text in texts.items():
            if digest not in self._tables.documents:
                self._undo.put(self._tables.documents, digest, text)

    def start_run(self, run: RunRecord) -> RunRecord:
        before = self._tables.runs.get(run.run)
        if before is not None:
            return before
        self._tables.counter.event()
        self._tables.counter.run += 1
        run = replace(run, number=self._tables.counter.run)
        self._undo.put(self._tables.runs, run.run, run)
        self._undo.put(self._tables.starts, run.run, self._tables.counter.sequence)
        return run

    def request_cancel(self, request: CancelRequest) -> None:
        self._require_run(request.run)
        self._tables.counter.event()
        self._undo.put(self._tables.cancels, request.run, request)

    def cancel_request(self, run: str) -> CancelRequest | None:
        return self._tables.cancels.get(run)

    def end_run(self, end: RunEnd) -> None:
        self._require_run(end.run)
        if end.run not in self._tables.ends:
            self._tables.counter.event()
            self._undo.put(self._tables.ends, end.run, end)
        for held in self._tables.leases.values():
            for partition in [p for p, lease in held.items() if lease.run == end.run]:
                self._undo.put(held, partition, None)

    def set_dynamic(
        self, env: str, name: str, add: Sequence[str], remove: Sequence[str]
    ) -> Sequence[DynamicKey]:
        keys = self._tables.dynamic.setdefault((env, name), {})
        facts = dynamic_facts(keys, add, remove)
        for ordinal, key, live in facts:
            self._tables.counter.event()
            self._undo.put(keys, key, (ordinal, live))
        return facts

    def _require_run(self, run: str) -> None:
        if run not in self._tables.runs:
            raise unknown_run(run)
