"""Every store under one contract: the fixture ``opener`` is the list that another engine joins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import update

from assets_core.model.checks import CheckOutcome, CheckStatus, Severity
from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.packed import row_dtype
from assets_core.model.pools import NO_NEEDS, Needs
from assets_core.model.records import (
    AttemptRecord,
    AttemptStatus,
    CheckRecord,
    Failure,
    InputRecord,
    MaterializationRecord,
    RunEnd,
    RunRecord,
    RunStatus,
)
from assets_core.model.values import ColumnDigest, StoredFile, Written
from assets_core.model.versions import (
    NO_INPUT,
    CodeVersion,
    ConfigVersion,
    DataVersion,
    InputVersion,
    digest,
    term,
)
from assets_core.partitions import PartitionsDefinition, Unpartitioned
from assets_core.ports import (
    Completion,
    Lease,
    LimitFull,
    PoolFull,
    Recorded,
    Refusal,
    StateStore,
    Transaction,
)
from assets_core.store import open_store
from assets_core.store.sql_schema import limited_starts

NOW = datetime(2026, 11, 20, 17, 0, 0, 123456, tzinfo=UTC)
ENV = "default"


@dataclass
class Time:
    """What ``open_store`` is given as its clock."""

    seconds: float = 1e9

    def __call__(self) -> float:
        return self.seconds


@dataclass
class World:
    """A store with one run, and short ways to do what a runner does."""

    store: StateStore
    url: str
    dead: set[str] = field(default_factory=set)
    env: str = ENV
    attempts: int = 0
    time: Time = field(default_factory=Time)

    def pass_time(self, seconds: float) -> None:
        """Later for rate limits: where the clock is the server's, what happened is moved back instead."""
        self.time.seconds += seconds
        if self.url.startswith("postgres"):
            store: Any = self.store
            with store._engine.writing() as session:
                session.execute(update(limited_starts).values(at=limited_starts.c.at - seconds))

    def start(self, run: str = "run-1", env: str = ENV) -> RunRecord:
        with self.store.writing() as tx:
            return tx.start_run(RunRecord(run, env, NOW, NOW, {"select": ["a"]}))

    def end(self, run: str = "run-1", status: RunStatus = RunStatus.SUCCEEDED) -> None:
        with self.store.writing() as tx:
            tx.end_run(RunEnd(run, status, NOW + timedelta(seconds=5), {"materialized": 1}))

    def new_attempt(self) -> str:
        self.attempts += 1
        return f"attempt-{self.attempts}"

    def claim(
        self,
        *keys: str,
        run: str = "run-1",
        env: str = ENV,
        needs: Needs = NO_NEEDS,
        tx: Transaction | None = None,
    ) -> Sequence[Lease] | Refusal:
        """Claim ``asset`` or ``asset@partition`` texts."""
        wanted = [(key(text), self.new_attempt()) for text in keys]
        if tx is not None:
            return tx.claim(env, run, wanted, needs)
        with self.store.writing() as own:
            return own.claim(env, run, wanted, needs)

    def take(self, text: str, run: str = "run-1", env: str = ENV, needs: Needs = NO_NEEDS) -> Lease:
        """Claim one asset-partition that is free."""
        leases = self.claim(text, run=run, env=env, needs=needs)
        assert not isinstance(leases, Lease | PoolFull | LimitFull)
        return leases[0]

    def record(self, *completions: Completion) -> Sequence[Recorded]:
        with self.store.writing() as tx:
            return tx.record(completions)

    def publish(self, text: str, data: str = "v1", run: str = "run-1", **options: Any) -> Recorded:
        """Claim, make and publish one version."""
        lease = self.take(text, run)
        return self.record(completion(lease, data, **options))[0]

    def publish_all(self, texts: Sequence[str]) -> None:
        """The same for many in two transactions, for what is not about how they came to be."""
        leases = self.claim(*texts)
        assert not isinstance(leases, Lease | PoolFull | LimitFull)
        self.record(*map(completion, leases))

    def reject(self, text: str, data: str = "bad", run: str = "run-1") -> Recorded:
        """Claim and make one version that a blocking check keeps back."""
        lease = self.take(text, run)
        failed = outcome(status=CheckStatus.FAILED)
        return self.record(completion(lease, data, checks=(failed,), publish=False))[0]

    def fail(self, text: str, run: str = "run-1", release: bool = True) -> Recorded:
        return self.record(failure(self.take(text, run), release=release))[0]

    def rows(
        self, *assets: tuple[str, PartitionsDefinition] | str, env: str = ENV
    ) -> dict[tuple[str, int], Any]:
        """(asset, ordinal) -> the current packed row as a numpy record, withdrawn ones left out."""
        asked = [_asked(one) for one in assets]
        return decode(asked, self.store.lineage(env, asked).current)

    def kept(self, *assets: tuple[str, PartitionsDefinition] | str) -> dict[tuple[str, int], Any]:
        """The same for candidates."""
        asked = [_asked(one) for one in assets]
        return decode(asked, self.store.lineage(ENV, asked).candidates)

    def check(
        self, text: str, number: int, *outcomes: CheckOutcome, publish: bool = False, **options: Any
    ) -> bytes | None:
        records = [
            CheckRecord(ENV, *key(text), number, "run-1", one, NO_INPUT, NOW) for one in outcomes
        ]
        with self.store.writing() as tx:
            return tx.record_checks(records, publish_candidate=publish, **options)


def key(text: str) -> AssetPartition:
    asset, _, partition = text.partition("@")
    return AssetPartition(AssetKey(asset), partition)


def _asked(one: tuple[str, PartitionsDefinition] | str) -> tuple[AssetKey, PartitionsDefinition]:
    if isinstance(one, str):
        return AssetKey(one), Unpartitioned()
    return AssetKey(one[0]), one[1]


def decode(asked: Sequence[tuple[AssetKey, Any]], groups: Any) -> dict[tuple[str, int], Any]:
    found: dict[tuple[str, int], Any] = {}
    for group in groups:
        table = np.frombuffer(group.data, row_dtype(group.inputs))
        for row, position, ordinal in zip(table, group.assets, group.ordinals, strict=True):
            found[str(asked[position][0]), int(ordinal)] = row
    return {where: row for where, row in found.items() if row["number"]}


def outcome(
    name: str = "not_null(id)",
    version: str = "1",
    status: CheckStatus = CheckStatus.PASSED,
    blocking: bool = True,
) -> CheckOutcome:
    return CheckOutcome(
        name, status, Severity.ERROR, blocking, digest(version), 3,
        ({"id": None, "x": float("inf")},), {"seen": [1, 2]}, "three rows",
    )  # fmt: skip


def materialization(lease: Lease, data: str = "v1", inputs: int = 1) -> MaterializationRecord:
    data_version = DataVersion(digest(data))
    read = tuple(
        InputRecord(AssetKey(f"up{n}"), "0-3", ("x",), InputVersion(2**64 - 1, n, 3), n)
        for n in range(inputs)
    )
    columns = (ColumnDigest("x", "int64", digest("x", data)),)
    files = (StoredFile("part.parquet", 120, digest("file", data)),)
    return MaterializationRecord(
        lease.attempt, lease.run, lease.env, lease.asset, lease.partition,
        CodeVersion(digest("code")), ConfigVersion(digest("config")), digest("shape"), read,
        Written("parquet", data_version, files, "pandas.DataFrame", 7, 120, columns),
        term(lease.partition, data_version), NOW, {"note": "f\u00fcnf \U0001f600", "big": 10**40},
    )  # fmt: skip


def attempt(lease: Lease, status: AttemptStatus = AttemptStatus.MATERIALIZED) -> AttemptRecord:
    return AttemptRecord(
        lease.attempt, lease.run, lease.env, lease.asset, lease.partition, lease.fence,
        NOW, NOW + timedelta(seconds=2), status, 2.0, None, "logs/\udcff/call.log",
    )  # fmt: skip


def completion(
    lease: Lease, data: str = "v1", *, publish: bool = True, inputs: int = 1, **options: Any
) -> Completion:
    return Completion(
        attempt(lease), materialization(lease, data, inputs), publish=publish, **options
    )


def failure(lease: Lease, *, release: bool = True) -> Completion:
    failed = replace(
        attempt(lease, AttemptStatus.FAILED),
        failure=Failure("ValueError", "boom \udcff", "line 1", "a.py", 3),
    )
    return Completion(failed, release=release)


@dataclass(frozen=True)
class Kit:
    """The helpers above as a fixture: test modules are no package and import nothing from one another."""

    NOW = NOW
    ENV = ENV
    key = staticmethod(key)
    outcome = staticmethod(outcome)
    completion = staticmethod(completion)
    materialization = staticmethod(materialization)
    attempt = staticmethod(attempt)
    failure = staticmethod(failure)
    World = World


@pytest.fixture(scope="session")
def kit() -> Kit:
    return Kit()


Opener = Callable[[str], StateStore]


ENGINES = ["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=ENGINES)
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Any], World]:
    """Opens an empty store of each engine; another engine joins by another parameter."""

    def open_one(dead: set[str]) -> World:
        url = "memory://"
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path}/state/state.db"
        elif request.param == "postgres":
            url = request.getfixturevalue("postgres_url")
        time = Time()
        store = open_store(url, alive=lambda run: run not in dead, now=time)
        return World(store, url, dead, time=time)

    return open_one


@pytest.fixture
def world(opener: Callable[[Any], World]) -> Iterator[World]:
    """An empty store of each engine, with the run ``run-1`` started."""
    world = opener(set())
    world.start()
    yield world
    world.store.close()


@pytest.fixture
def sqlite_world(tmp_path: Path) -> Iterator[World]:
    """A SQLite store with the run ``run-1`` started, for what only files can do."""
    dead: set[str] = set()
    url = f"sqlite:///{tmp_path}/state/state.db"
    world = World(open_store(url, alive=lambda run: run not in dead), url, dead)
    world.start()
    yield world
    world.store.close()
