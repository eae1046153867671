"""The ledger of every store against a model in plain dictionaries, over random histories of several runs.

The model says what is visible: who holds what, which version is current, which is kept back, what failed last, which
run was cancelled. After every step the store must show the same, and after every history the derived tables must equal
their rebuilt selves.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from assets_core.model.checks import CheckOutcome, CheckStatus, Severity
from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.packed import Flag, check_mark, check_marks, row_dtype, sound_flags
from assets_core.model.records import (
    AttemptRecord,
    AttemptStatus,
    CancelRequest,
    CheckRecord,
    FindingRecord,
    MaterializationRecord,
    RunEnd,
    RunRecord,
    RunStatus,
    Soundness,
)
from assets_core.model.values import Written
from assets_core.model.versions import (
    NO_INPUT,
    CodeVersion,
    ConfigVersion,
    DataVersion,
    digest,
    term,
)
from assets_core.partitions import StaticPartitions, Unpartitioned
from assets_core.ports import Completion, Lease, Retention
from assets_core.store import open_store
from assets_core.store.sql_schema import DERIVED, counters
from tests.postgres_server import PostgresServer

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ENV = "default"
PARTS = StaticPartitions(["p", "q"])
ASSETS = [(AssetKey("single"), Unpartitioned()), (AssetKey("parts"), PARTS)]
KEYS = [
    AssetPartition(AssetKey("single"), ""),
    AssetPartition(AssetKey("parts"), "p"),
    AssetPartition(AssetKey("parts"), "q"),
]
RUNS = ["r0", "r1", "r2"]
keys = st.sampled_from(KEYS)
runs = st.sampled_from(RUNS)
CHECKS = ("one", "two")


@dataclass
class Kept:
    """A version as the model knows it: its results by check name."""

    number: int
    results: dict[str, CheckOutcome] = field(default_factory=dict)
    soundness: Soundness = Soundness.SOUND
    held: bool = False

    @property
    def flags(self) -> Flag:
        flags = sound_flags(self.soundness) | (Flag.HELD if self.held else Flag(0))
        for one in self.results.values():
            if one.status is not CheckStatus.PASSED:
                flags |= Flag.CHECK_FAILED | (Flag.BLOCKING_FAILED if one.blocking else Flag(0))
        return flags


@dataclass
class Model:
    held: dict[AssetPartition, Lease] = field(default_factory=dict)
    current: dict[AssetPartition, Kept] = field(default_factory=dict)
    candidate: dict[AssetPartition, Kept] = field(default_factory=dict)
    published: dict[AssetPartition, list[Kept]] = field(default_factory=dict)
    """Every version that was current at some time."""
    failed: dict[AssetPartition, str] = field(default_factory=dict)
    statuses: dict[str, AttemptStatus] = field(default_factory=dict)
    ever: list[Lease] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    condemned: set[int] = field(default_factory=set)
    over: bool = False
    """While it is collected: as if no run were left, since every one that is keeps what it may read."""


class Ledger(RuleBasedStateMachine):
    """Three runs that claim, record, fail, retry, die and check the same three asset-partitions."""

    def fresh_url(self) -> str:
        """The URL of an empty store."""
        return "memory://"

    @initialize()
    def begin(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="ledger-"))
        self.model = Model()
        self.counter = 0
        self.store: Any = open_store(self.fresh_url(), alive=self._lives)
        with self.store.writing() as tx:
            for run in RUNS:
                tx.start_run(RunRecord(run, ENV, NOW, NOW, {}))
        self.last = self.store.sequence()
        self.seen = self.last
        self.shown: dict[tuple[AssetPartition, bool], bytes] = {}

    def _lives(self, run: str) -> bool:
        return run not in self.model.dead and not self.model.over

    # --- what runs do -----------------------------------------------------------------------------------------------

    @rule(run=runs, wanted=st.lists(keys, min_size=1, unique=True))
    def claim(self, run: str, wanted: list[AssetPartition]) -> None:
        attempts = [(key, self._attempt()) for key in wanted]
        if run in self.model.cancelled:
            with pytest.raises(Exception, match="was cancelled"), self.store.writing() as tx:
                tx.claim(ENV, run, attempts)
            return
        with self.store.writing() as tx:
            got = tx.claim(ENV, run, attempts)
        held = [self.model.held[k] for k in wanted if k in self.model.held]
        refusing = [lease for lease in held if lease.run not in self.model.dead]
        if refusing:
            assert got == refusing[0]
            return
        assert [(x.asset, x.partition, x.attempt, x.run) for x in got] == [
            (*key, attempt, run) for key, attempt in attempts
        ]
        for key, lease in zip(wanted, got, strict=True):
            assert all(lease.fence > old.fence for old in self.model.ever)
            self.model.held[key] = lease
        self.model.ever += got

    def _attempt(self) -> str:
        self.counter += 1
        return f"t{self.counter}"

    def _some_lease(self, data: st.DataObject) -> Lease:
        """Any lease ever given, those still held more often."""
        held = list(self.model.held.values())
        pool = held if held and data.draw(st.integers(0, 3)) else self.model.ever
        return data.draw(st.sampled_from(pool))

    @precondition(lambda self: self.model.ever)
    @rule(data=st.data(), content=st.integers(0, 3), release=st.booleans(), run_ok=st.booleans())
    def record_failure(self, data: Any, content: int, release: bool, run_ok: bool) -> None:
        lease = self._some_lease(data)
        status = AttemptStatus.FAILED if run_ok else AttemptStatus.DIED
        attempt = self._ended(lease, status)
        self._record([Completion(attempt, release=release)])

    @precondition(lambda self: self.model.ever)
    @rule(data=st.data())
    def record_versions(self, data: Any) -> None:
        leases = data.draw(st.lists(st.sampled_from(self.model.ever), min_size=1, max_size=3))
        self._record([self._completion(lease, data) for lease in leases])

    @precondition(lambda self: self.model.held)
    @rule(data=st.data())
    def record_a_held_one(self, data: Any) -> None:
        lease = data.draw(st.sampled_from(list(self.model.held.values())))
        self._record([self._completion(lease, data)])

    def _ended(self, lease: Lease, status: AttemptStatus) -> AttemptRecord:
        return AttemptRecord(
            lease.attempt, lease.run, ENV, lease.asset, lease.partition, lease.fence,
            NOW, NOW, status, float(len(lease.attempt)),
        )  # fmt: skip

    def _completion(self, lease: Lease, data: Any) -> Completion:
        version = DataVersion(digest(str(data.draw(st.integers(0, 3), label="content"))))
        made = MaterializationRecord(
            lease.attempt, lease.run, ENV, lease.asset, lease.partition,
            CodeVersion(digest("c")), ConfigVersion(digest("k")), digest("s"), (),
            Written("json", version, (), "json"), term(lease.partition, version), NOW,
        )  # fmt: skip
        checks = tuple(data.draw(st.lists(outcomes(), max_size=2, unique_by=lambda o: o.name)))
        publish = not any(c.blocks for c in checks)
        return Completion(self._ended(lease, AttemptStatus.MATERIALIZED), made, checks, (), publish)

    def _record(self, completions: list[Completion]) -> None:
        with self.store.writing() as tx:
            answers = tx.record(completions)
        for completion, answer in zip(completions, answers, strict=True):
            self._expect(completion, answer)

    def _expect(self, completion: Completion, answer: Any) -> None:
        model, attempt = self.model, completion.attempt
        key = AssetPartition(attempt.asset, attempt.partition)
        if attempt.attempt in model.statuses:
            before = model.statuses[attempt.attempt]
            returned = before is AttemptStatus.DIED is not attempt.status
            assert answer.superseded == (before is AttemptStatus.SUPERSEDED or returned)
            return
        held = model.held.get(key)
        mine = held is not None and (held.fence, held.attempt) == (attempt.fence, attempt.attempt)
        assert answer.superseded == (not mine)
        if not mine:
            model.statuses[attempt.attempt] = AttemptStatus.SUPERSEDED
            return
        if completion.release:
            del model.held[key]
        if completion.materialization is None:
            model.statuses[attempt.attempt] = attempt.status
            model.failed[key] = attempt.attempt
            return
        kept = Kept(answer.number, {c.name: c for c in completion.checks})
        if completion.publish:
            model.statuses[attempt.attempt] = AttemptStatus.MATERIALIZED
            self._publish(key, kept)
        else:
            model.statuses[attempt.attempt] = AttemptStatus.REJECTED
            model.candidate[key] = kept
            model.failed[key] = attempt.attempt

    def _publish(self, key: AssetPartition, kept: Kept) -> None:
        if key in self.model.current:
            self.model.current[key].held = False
        self.model.current[key] = kept
        self.model.published.setdefault(key, []).append(kept)
        self.model.candidate.pop(key, None)
        self.model.failed.pop(key, None)

    @precondition(lambda self: self.model.ever)
    @rule(data=st.data())
    def renew(self, data: Any) -> None:
        lease = self._some_lease(data)
        key = AssetPartition(lease.asset, lease.partition)
        attempt = self._attempt()
        if self.model.held.get(key) != lease:
            with pytest.raises(Exception, match="took it over"), self.store.writing() as tx:
                tx.renew(lease, attempt)
            return
        with self.store.writing() as tx:
            new = tx.renew(lease, attempt)
        assert new == replace(lease, fence=new.fence, attempt=attempt)
        assert all(new.fence > old.fence for old in self.model.ever)
        self.model.held[key] = new
        self.model.ever.append(new)

    @precondition(lambda self: self.model.ever)
    @rule(data=st.data())
    def release(self, data: Any) -> None:
        lease = self._some_lease(data)
        key = AssetPartition(lease.asset, lease.partition)
        with self.store.writing() as tx:
            tx.release([lease])
        if self.model.held.get(key) == lease:
            del self.model.held[key]

    @rule(run=runs)
    def die(self, run: str) -> None:
        self.model.dead.add(run)

    @rule()
    def cancel(self) -> None:
        """One of the runs only: the others go on."""
        with self.store.writing() as tx:
            tx.request_cancel(CancelRequest(RUNS[-1], 1.0, NOW))
        self.model.cancelled.add(RUNS[-1])

    @rule(run=runs, status=st.sampled_from([RunStatus.CANCELLED, RunStatus.SUCCEEDED]))
    def end(self, run: str, status: RunStatus) -> None:
        before = self.store.run(run)[1]
        with self.store.writing() as tx:
            tx.end_run(RunEnd(run, status, NOW, {}))
        after = self.store.run(run)[1]
        assert after.status is (status if before is None else before.status)
        self.model.ended.add(run)
        for key in [k for k, lease in self.model.held.items() if lease.run == run]:
            del self.model.held[key]

    @precondition(lambda self: self.model.current or self.model.candidate)
    @rule(data=st.data(), publish=st.booleans(), keep=st.none() | st.sets(st.sampled_from(CHECKS)))
    def check(self, data: Any, publish: bool, keep: set[str] | None) -> None:
        model = self.model
        versions = [(k, v) for table in (model.current, model.candidate) for k, v in table.items()]
        key, kept = data.draw(st.sampled_from(versions))
        results = data.draw(st.lists(outcomes(), max_size=2, unique_by=lambda o: o.name))
        records = [CheckRecord(ENV, *key, kept.number, "r0", o, NO_INPUT, NOW) for o in results]
        with self.store.writing() as tx:
            if records:
                row = tx.record_checks(records, publish_candidate=publish, keep=keep)
            else:
                row = tx.retire_checks(
                    ENV, key, kept.number, keep=keep or (), run="r0", at=NOW,
                    publish_candidate=publish,
                )  # fmt: skip
                keep = keep or set()
        allowed = set(CHECKS) if keep is None else keep
        kept.results = {n: o for n, o in kept.results.items() if n in allowed}
        kept.results |= {o.name: o for o in results}
        candidate = model.candidate.get(key) is kept
        unfit = Flag.BLOCKING_FAILED | Flag.MISSING | Flag.DAMAGED
        if candidate and publish and not kept.flags & unfit:
            self._publish(key, kept)
        assert row is not None

    @precondition(lambda self: self.model.current or self.model.candidate)
    @rule(data=st.data(), soundness=st.sampled_from(Soundness))
    def find(self, data: Any, soundness: Soundness) -> None:
        model = self.model
        versions = [(k, v) for table in (model.current, model.candidate) for k, v in table.items()]
        key, kept = data.draw(st.sampled_from(versions))
        finding = FindingRecord(ENV, *key, kept.number, soundness, "m", None, NOW)
        with self.store.writing() as tx:
            tx.find([finding])
        kept.soundness = soundness

    @precondition(lambda self: self.model.published)
    @rule(data=st.data())
    def roll_back(self, data: Any) -> None:
        model = self.model
        wanted = data.draw(
            st.lists(st.sampled_from(list(model.published)), min_size=1, unique=True)
        )
        targets = {key: data.draw(st.sampled_from(model.published[key])) for key in wanted}
        refused = {k for k, v in targets.items() if v.number in model.condemned}
        with self.store.writing() as tx:
            assert set(tx.roll_back(ENV, {k: v.number for k, v in targets.items()}, NOW)) == refused
        if refused:
            return
        for key, kept in targets.items():
            self._publish(key, kept)
            model.published[key].pop()
            kept.held = True

    @rule(wanted=st.lists(keys, unique=True))
    def release_holds(self, wanted: list[AssetPartition]) -> None:
        current = self.model.current
        held = [key for key in wanted if key in current and current[key].held]
        with self.store.writing() as tx:
            assert set(tx.release_holds(ENV, wanted, NOW)) == set(held)
        for key in held:
            kept = current[key]
            self._publish(key, kept)
            self.model.published[key].pop()

    @rule(wanted=st.lists(keys, min_size=1, unique=True))
    def withdraw(self, wanted: list[AssetPartition]) -> None:
        with self.store.writing() as tx:
            gone = tx.withdraw(ENV, wanted, NOW)
        assert list(gone) == [key for key in wanted if key in self.model.current]
        for key in gone:
            del self.model.current[key]
            self.model.candidate.pop(key, None)
            self.model.failed.pop(key, None)

    @rule(keep=st.integers(1, 2), candidates=st.booleans())
    def condemn(self, keep: int, candidates: bool) -> None:
        """What nothing refers to, as ``gc`` asks for it; candidates among it where none is retained."""
        model = self.model
        since = NOW + timedelta(seconds=1 if candidates else -1)
        model.over = True
        found = self.store.unreferenced(Retention(keep, since), 0, 99)
        model.over = False
        numbers = {record.number for record in found.records}
        kept = {v.number for v in (*model.current.values(), *model.candidate.values())}
        pointed = {v.number for v in model.current.values()}
        assert not numbers & (pointed if candidates else kept)
        assert not numbers & model.condemned
        with self.store.writing() as tx:
            assert set(tx.condemn(numbers, found.as_of, NOW)) == numbers
        with self.store.writing() as tx:
            tx.collect(numbers, NOW)
        model.condemned |= numbers
        for key, kept_back in model.candidate.items():  # no change tells it: who looks finds none
            if kept_back.number in numbers:
                self.shown.pop((key, True), None)
        model.candidate = {k: v for k, v in model.candidate.items() if v.number not in numbers}

    @precondition(lambda self: self.model.ever)
    @rule(data=st.data())
    def abandon(self, data: Any) -> None:
        model = self.model
        some = data.draw(st.lists(st.sampled_from(model.ever), min_size=1, max_size=3))
        attempts = {lease.attempt for lease in some}
        with self.store.writing() as tx:
            free = set(tx.abandon(sorted(attempts)))
        held = {x.attempt: k for k, x in model.held.items()}
        alive = {a for a, k in held.items() if model.held[k].run not in model.dead}
        made = {r.attempt for r in self._records() if r.number not in model.condemned}
        assert free == attempts - made - alive
        for attempt in free & held.keys():
            del model.held[held[attempt]]

    def _records(self) -> list[MaterializationRecord]:
        return [r for key in KEYS for r in self.store.history(ENV, *key, 999)]

    @rule()
    def interrupt(self) -> None:
        """A transaction that raises after it changed everything it could."""

        def broken() -> None:
            with self.store.writing() as tx:
                for key in KEYS:
                    tx.claim(ENV, "r0", [(key, "never")])
                tx.release(list(self.model.held.values()))
                tx.end_run(RunEnd("r1", RunStatus.FAILED, NOW, {}))
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            broken()

    @rule()
    def compact(self) -> None:
        self.store.compact(ENV, ASSETS)

    # --- what must hold ---------------------------------------------------------------------------------------------

    @invariant()
    def versions_are_those_of_the_model(self) -> None:
        read = self.store.lineage(ENV, ASSETS)
        self._same(read.current, self.model.current)
        self._same(read.candidates, self.model.candidate)
        assert not read.unknown

    def _same(self, groups: Any, expected: dict[AssetPartition, Kept]) -> None:
        found: dict[AssetPartition, Any] = {}
        import numpy as np

        for group in groups:
            table = np.frombuffer(group.data, row_dtype(group.inputs))
            for row, asset, ordinal in zip(table, group.assets, group.ordinals, strict=True):
                key, definition = ASSETS[asset]
                if row["number"]:  # else it was withdrawn
                    found[AssetPartition(key, definition.key(int(ordinal)))] = row
        assert {k: int(r["number"]) for k, r in found.items()} == {
            k: v.number for k, v in expected.items()
        }
        for key, kept in expected.items():
            marks = [check_mark(o.name, o.version, NO_INPUT) for o in kept.results.values()]
            assert tuple(found[key]["checks"]) == check_marks(marks)
            assert Flag(int(found[key]["flags"])) == kept.flags

    @invariant()
    def leases_are_those_of_the_model(self) -> None:
        found = {AssetPartition(x.asset, x.partition): x for x in self.store.leases(ENV)}
        assert found == self.model.held

    @invariant()
    def failures_are_those_of_the_model(self) -> None:
        failures = self.store.last_failures(ENV, [asset for asset, _ in ASSETS])
        found = {AssetPartition(f.asset, f.partition): f.attempt for f in failures}
        assert found == self.model.failed

    @invariant()
    def every_attempt_is_recorded_once(self) -> None:
        found = [a for run in RUNS for a in self.store.attempts(run)]
        assert {a.attempt: a.status for a in found} == self.model.statuses
        assert len(found) == len(self.model.statuses)

    @invariant()
    def the_sequence_never_goes_back(self) -> None:
        now = self.store.sequence()
        assert now >= self.last
        self.last = now

    @invariant()
    def following_changes_leads_to_what_is_there(self) -> None:
        """A runner that lays changes over what it saw sees what a fresh read shows."""
        with self.store.writing() as tx:
            for change in tx.changes(ENV, self.seen):
                key = AssetPartition(change.asset, change.partition)
                self.shown[key, change.candidate] = change.row
                if not change.candidate:
                    self.shown.pop((key, True), None)
            self.seen = tx.sequence
        rows = {(k, False): v.number for k, v in self.model.current.items()}
        rows |= {(k, True): v.number for k, v in self.model.candidate.items()}
        found = {k: int.from_bytes(r[8:16], "little") for k, r in self.shown.items()}
        assert {k: number for k, number in found.items() if number} == rows

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.home)


@st.composite
def outcomes(draw: st.DrawFn) -> CheckOutcome:
    return CheckOutcome(
        draw(st.sampled_from(CHECKS)),
        draw(st.sampled_from(CheckStatus)),
        Severity.ERROR,
        draw(st.booleans()),
        digest(draw(st.sampled_from("ab"))),
    )


class MemoryLedger(Ledger):
    pass


class SqliteLedger(Ledger):
    def fresh_url(self) -> str:
        return f"sqlite:///{self.home}/state.db"

    def teardown(self) -> None:
        if hasattr(self, "store"):
            before = self._derived()
            self.store.rebuild()
            assert self._derived() == before
        super().teardown()

    def _derived(self) -> dict[str, list[tuple[Any, ...]]]:
        with self.store._engine.reading() as session:
            return {
                table.name: sorted(tuple(row) for row in session.execute(select(table)))
                for table in (*DERIVED, counters)
            }


class PostgresLedger(SqliteLedger):
    server: ClassVar[PostgresServer]

    def fresh_url(self) -> str:
        return self.server.new_url()


@pytest.fixture
def ledger_server(postgres: PostgresServer) -> None:
    PostgresLedger.server = postgres


TestMemoryLedger = MemoryLedger.TestCase
TestMemoryLedger.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestSqliteLedger = SqliteLedger.TestCase
TestSqliteLedger.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestPostgresLedger = pytest.mark.usefixtures("ledger_server")(
    pytest.mark.postgres(PostgresLedger.TestCase)
)
TestPostgresLedger.settings = settings(max_examples=10, stateful_step_count=30, deadline=None)
