"""One write transaction over SQL. It holds the counter row, so everything it reads is what it will commit against.

Looking up any number of keys is one query, writing any number of rows one batch per table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from sqlalchemy import Table, bindparam, update

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
from assets_core.store import collecting, ledger
from assets_core.store.admission import admit
from assets_core.store.dynamic import dynamic_facts
from assets_core.store.earlier import earlier_versions
from assets_core.store.encoding import dumps, time_text
from assets_core.store.findings import latest_findings, new_findings
from assets_core.store.judging import counting, evaluation_of, fold_all
from assets_core.store.refusals import (
    lease_lost,
    run_cancelled,
    unknown_materialization,
)
from assets_core.store.sql_admission import SqlRoom
from assets_core.store.sql_engine import Session, SqlEngine, Values
from assets_core.store.sql_observations import observation_rows
from assets_core.store.sql_queries import Queries
from assets_core.store.sql_reader import evaluations_of, held_of, records_of, states_of
from assets_core.store.sql_renaming import SqlRenamer
from assets_core.store.sql_rows import finding_of, lease_of, version_of
from assets_core.store.sql_runs import RunRows
from assets_core.store.sql_schema import (
    collected,
    condemned,
    counters,
    documents,
    dynamic_partitions,
    leases,
    materializations,
)
from assets_core.store.sql_schema import observations as observed
from assets_core.store.sql_writes import Writer
from assets_core.store.states import Counter, Evaluation, KeyState, KnownAttempt, Writes

States = dict[AssetPartition, KeyState]


class SqlTransaction:
    """What the runner writes in. ``finish`` stores the counter; without it nothing was written."""

    def __init__(
        self,
        connection: Session,
        engine: SqlEngine,
        queries: Queries,
        run_numbers: dict[str, int],
        alive: LivenessProbe,
        holds: LivenessProbe,
    ) -> None:
        self._connection = connection
        self._engine = engine
        self._queries = queries
        self._alive = alive
        self._room = SqlRoom(connection, engine)
        self._holds = holds
        row = connection.execute(queries.counter_locked).fetchone()
        assert row is not None
        self._counter = Counter(*row)
        self._at_start = replace(self._counter)
        self._runs = RunRows(connection, engine, queries, self._counter, run_numbers)
        self._writer = Writer(connection, engine, queries, self._runs.number)

    @property
    def sequence(self) -> int:
        return self._counter.sequence

    def finish(self) -> None:
        """Store the numbers given."""
        if self._counter != self._at_start:
            now = self._counter
            self._connection.execute(
                update(counters).where(counters.c.id == 1),
                {"sequence": now.sequence, "run": now.run, "fence": now.fence},
            )

    # --- reading ------------------------------------------------------------------------------------------------

    def changes(self, env: str, since: int) -> Sequence[PackedChange]:
        if since >= self.sequence:
            return ()
        found: list[PackedChange] = []
        values = {"env": env, "since": since}
        for row in self._connection.execute(self._queries.changes, values):
            state = KeyState(None, version_of(row[2:5]), version_of(row[5:8]))
            found += ledger.changes_of(AssetPartition(AssetKey(row[0]), row[1]), state, since)
        return found

    def pins(
        self, env: str, wanted: Collection[AssetPartition]
    ) -> Mapping[AssetPartition, MaterializationRecord]:
        return records_of(self._connection, self._engine, self._queries.current, env, wanted)

    def candidates(
        self, env: str, wanted: Collection[AssetPartition]
    ) -> Mapping[AssetPartition, MaterializationRecord]:
        return records_of(self._connection, self._engine, self._queries.kept_back, env, wanted)

    def taken(
        self, env: str, assets: Collection[AssetKey]
    ) -> Mapping[AssetPartition, Lease | None]:
        asked = list(assets)
        values = {"env": env, "wanted": self._engine.values(asked)}
        found: dict[AssetPartition, Lease | None] = {}
        for position, partition in self._connection.execute(self._queries.materialized, values):
            if partition is not None:
                found[AssetPartition(asked[position], partition)] = None
        for row in self._connection.execute(self._queries.leased, values):
            if row[1] is not None and self._alive(row[4]):
                key = AssetPartition(asked[row[0]], row[1])
                found[key] = lease_of(env, *key, row[2:7])
        return found

    def _look(
        self, env: str, wanted: Iterable[tuple[AssetPartition, str]]
    ) -> tuple[States, dict[str, KnownAttempt]]:
        return states_of(self._connection, self._engine, self._queries, env, wanted)

    def _held(self, env: str, wanted: Iterable[AssetPartition]) -> States:
        return held_of(self._connection, self._engine, self._queries, env, wanted)

    # --- leases -------------------------------------------------------------------------------------------------

    def claim(
        self,
        env: str,
        run: str,
        wanted: Sequence[tuple[AssetPartition, str]],
        needs: Needs = NO_NEEDS,
    ) -> Sequence[Lease] | Refusal:
        self._runs.number(run)
        if self.cancel_request(run) is not None:
            raise run_cancelled(run)
        states = self._held(env, [key for key, _ in wanted])
        refused = ledger.in_the_way(wanted, states, self._holds) or admit(
            needs, self._counter.fence + 1, self._room, self._alive
        )
        if refused is not None:
            return refused
        writes, leases = ledger.claim(env, run, wanted, states, self._counter, needs.slots)
        self._writer.apply(env, writes, states)
        return leases

    def claim_again(self, leases: Sequence[Lease], needs: Needs) -> PoolFull | LimitFull | None:
        env = leases[0].env
        states = self._held(env, [AssetPartition(le.asset, le.partition) for le in leases])
        writes = ledger.hold(leases, states, needs.slots)
        if not writes.leases:
            return None
        refused = admit(needs, self._counter.fence + 1, self._room, self._alive)
        if refused is None:
            self._counter.next_fence()
            self._writer.apply(env, writes, states)
        return refused

    def renew(self, lease: Lease, attempt: str) -> Lease:
        key = AssetPartition(lease.asset, lease.partition)
        states = self._held(lease.env, [key])
        renewed = ledger.renew(lease, attempt, states[key], self._counter)
        if renewed is None:
            raise lease_lost(lease)
        self._writer.apply(lease.env, Writes(leases={key: None}), states)
        return renewed

    def release(self, leases: Sequence[Lease]) -> None:
        for env in dict.fromkeys(lease.env for lease in leases):
            mine = [lease for lease in leases if lease.env == env]
            keys = [AssetPartition(lease.asset, lease.partition) for lease in mine]
            states = self._held(env, keys)
            writes = Writes()
            for key, lease in zip(keys, mine, strict=True):
                if ledger.holds(states[key], lease.fence, lease.attempt):
                    states[key].lease = None
                    writes.leases[key] = None
            self._writer.apply(env, writes, states)

    # --- versions -----------------------------------------------------------------------------------------------

    def record(self, completions: Sequence[Completion]) -> Sequence[Recorded]:
        answers: dict[int, Recorded] = {}
        for env in dict.fromkeys(c.attempt.env for c in completions):
            mine = [i for i, c in enumerate(completions) if c.attempt.env == env]
            some = self._record(env, [completions[i] for i in mine])
            answers.update(zip(mine, some, strict=True))
        return [answers[i] for i in range(len(completions))]

    def _record(self, env: str, completions: Sequence[Completion]) -> list[Recorded]:
        states, known = self._look(
            env,
            [
                (AssetPartition(c.attempt.asset, c.attempt.partition), c.attempt.attempt)
                for c in completions
            ],
        )
        writes, answers = ledger.record(completions, states, known, self._counter)
        self._writer.apply(env, writes, states)
        return answers

    def record_checks(
        self,
        records: Sequence[CheckRecord],
        *,
        publish_candidate: bool,
        keep: Collection[str] | None = None,
    ) -> bytes | None:
        evaluation = evaluation_of(records, keep, self._counter)
        return self._evaluate(evaluation, publish_candidate=publish_candidate)

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
        number, names = self._counter.event(), tuple(sorted(keep))
        evaluation = Evaluation(
            number, env, of.asset, of.partition, materialization, run, at, (), names
        )
        return self._evaluate(evaluation, publish_candidate=publish_candidate)

    def _evaluate(self, evaluation: Evaluation, *, publish_candidate: bool) -> bytes | None:
        number = evaluation.materialization
        self._require_materialization(number)
        key = AssetPartition(evaluation.asset, evaluation.partition)
        states, _ = self._look(evaluation.env, [(key, "")])
        past = evaluations_of(self._connection, self._engine, self._queries, [number])
        writes, row = ledger.evaluate(
            evaluation,
            fold_all(counting(past, evaluation.env, states[key].moved)),
            states[key],
            self._counter,
            publish_candidate=publish_candidate,
        )
        self._writer.apply(evaluation.env, writes, states)
        return row

    def _require_materialization(self, number: int) -> None:
        found = materializations.select().where(materializations.c.number == bindparam("number"))
        if self._connection.execute(found, {"number": number}).fetchone() is None:
            raise unknown_materialization(number)

    def withdraw(
        self, env: str, wanted: Collection[AssetPartition], at: datetime
    ) -> Collection[AssetPartition]:
        states, _ = self._look(env, [(key, "") for key in wanted])
        writes, withdrawn = ledger.withdraw(env, wanted, states, at, self._counter)
        self._writer.apply(env, writes, states)
        return withdrawn

    def roll_back(
        self, env: str, targets: Mapping[AssetPartition, int], at: datetime
    ) -> Collection[AssetPartition]:
        return self._point_back(env, targets, "rollback", at)

    def release_holds(
        self, env: str, wanted: Collection[AssetPartition], at: datetime
    ) -> Collection[AssetPartition]:
        states, _ = self._look(env, [(key, "") for key in wanted])
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
        found = earlier_versions(self._connection, self._engine, self._queries, env, targets)
        refused = targets.keys() - found.keys()
        if not refused:
            states, _ = self._look(env, [(key, "") for key in targets])
            writes = ledger.point_back(env, found, reason, states, at, self._counter)
            self._writer.apply(env, writes, states)
        return refused

    def find(self, findings: Sequence[FindingRecord]) -> None:
        values = {"wanted": self._engine.values(f.materialization for f in findings)}
        rows = self._connection.execute(self._queries.findings, values)
        known = latest_findings(finding_of(row) for row in rows if row[1] is not None)
        holders = self._connection.execute(self._queries.holders, values).fetchall()
        for env, mine in new_findings(findings, known, holders).items():
            states, _ = self._look(env, [(AssetPartition(f.asset, f.partition), "") for f in mine])
            self._writer.apply(env, ledger.find(mine, states, self._counter), states)

    def rename(self, env: str, renaming: Renaming) -> None:
        renamer = SqlRenamer(self._connection, self._engine, self._queries, env, renaming)
        renamer.refuse(self._alive)
        self.document(renamer.shapes())
        renamer.rename()

    # --- collection ---------------------------------------------------------------------------------------------

    def condemn(self, numbers: Collection[int], as_of: int, at: datetime) -> Collection[int]:
        chosen = collecting.untouched(self._connection, self._engine, numbers, as_of)
        self._insert(condemned, [(self._counter.event(), n, time_text(at)) for n in chosen])
        collecting.drop_candidates(self._connection, self._engine, chosen)
        return chosen

    def collect(self, numbers: Collection[int], at: datetime) -> None:
        chosen = collecting.not_collected(self._connection, self._engine, numbers)
        self._insert(collected, [(self._counter.event(), n, time_text(at)) for n in chosen])

    def abandon(self, attempts: Collection[str]) -> Collection[str]:
        free, dead = collecting.abandoned(self._connection, self._engine, attempts, self._alive)
        if dead:
            self._engine.delete(self._connection, leases, dead)
        return free

    # --- the rest -----------------------------------------------------------------------------------------------

    def observe(self, observations: Sequence[ObservationRecord]) -> None:
        shared = (self._connection, self._engine, self._queries, self._counter)
        for env in dict.fromkeys(one.env for one in observations):
            seen = [one for one in observations if one.env == env]
            self._insert(observed, observation_rows(*shared, env, seen))

    def document(self, texts: Mapping[str, str]) -> None:
        keys = self._engine.values(texts)
        found = self._connection.execute(self._queries.documents, {"wanted": keys})
        known = {row[1] for row in found}
        self._insert(documents, [(d, dumps(text)) for d, text in texts.items() if d not in known])

    def start_run(self, run: RunRecord) -> RunRecord:
        return self._runs.start(run)

    def request_cancel(self, request: CancelRequest) -> None:
        self._runs.request_cancel(request)

    def cancel_request(self, run: str) -> CancelRequest | None:
        return self._runs.cancel_request(run)

    def end_run(self, end: RunEnd) -> None:
        self._runs.end(end)

    def set_dynamic(
        self, env: str, name: str, add: Sequence[str], remove: Sequence[str]
    ) -> Sequence[DynamicKey]:
        keys: dict[str, tuple[int, bool]] = {}
        values = {"env": env, "name": name}
        for _, key, ordinal, live in self._connection.execute(self._queries.dynamic_of, values):
            keys[key] = (ordinal, bool(live))
        facts = dynamic_facts(keys, add, remove)
        rows = [
            (self._counter.event(), env, name, key, ordinal, int(live))
            for ordinal, key, live in facts
        ]
        self._insert(dynamic_partitions, rows)
        return facts

    def _insert(self, table: Table, rows: Sequence[Values]) -> None:
        if rows:
            self._engine.insert(self._connection, table, rows)
