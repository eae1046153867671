"""Row 33: gc beside runs that read and write, in every order that a seeded scheduler finds.

Each actor is a generator that stops between its transactions; the scheduler picks who goes on. There is no grace, so
whatever is condemned is deleted at once: only the rules of the store stand between a reader and nothing.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from assets_core.model.checks import CheckOutcome, CheckStatus, Severity
from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.records import (
    AttemptRecord,
    AttemptStatus,
    CheckRecord,
    MaterializationRecord,
    RunEnd,
    RunRecord,
    RunStatus,
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
from assets_core.ports import Completion, Lease, Retention
from assets_core.store import open_store

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ENV = "default"
KEYS = [AssetPartition(AssetKey(a), p) for a, p in (("a", ""), ("b", "x"), ("b", "y"))]
Steps = Iterator[None]


@dataclass
class World:
    """A store, and the attempts whose data lie on disk."""

    store: Any
    random: random.Random
    dead: set[str] = field(default_factory=set)
    disk: set[str] = field(default_factory=set)
    pinned: dict[str, set[str]] = field(default_factory=dict)
    """Per run that is alive, what it has pinned."""
    happened: Counter[str] = field(default_factory=Counter)
    runs: int = 0

    def begin(self) -> str:
        self.runs += 1
        run = f"run-{self.runs}"
        with self.store.writing() as tx:
            tx.start_run(RunRecord(run, ENV, NOW, NOW, {}))
        self.pinned[run] = set()
        return run

    def end(self, run: str) -> None:
        del self.pinned[run]
        if self.random.random() < 0.3:
            self.dead.add(run)
            return
        with self.store.writing() as tx:
            tx.end_run(RunEnd(run, RunStatus.SUCCEEDED, NOW, {}))

    def sound(self) -> None:
        """What readers see and what live runs have pinned is there."""
        for key in KEYS:
            record = self.store.current(ENV, [key]).get(key)
            assert record is None or record.attempt in self.disk, f"{key} lost its current version"
        for run, attempts in self.pinned.items():
            assert attempts <= self.disk, f"{run} lost what it reads"


def reader(world: World) -> Steps:
    """A run that pins what is current and reads it much later."""
    run = world.begin()
    yield
    for _ in range(world.random.randint(1, 3)):
        with world.store.writing() as tx:
            found = tx.pins(ENV, world.random.sample(KEYS, 2))
        world.pinned[run] |= {record.attempt for record in found.values()}
        world.happened["pinned"] += len(found)
        yield
    world.end(run)


def writer(world: World) -> Steps:
    """A run that makes a version, publishes it or has it kept back, and may have a candidate judged again."""
    run = world.begin()
    key, attempt = world.random.choice(KEYS), f"{run}-attempt"
    yield
    with world.store.writing() as tx:
        leases = tx.claim(ENV, run, [(key, attempt)])
    if isinstance(leases, Lease):
        world.end(run)
        return
    yield
    world.disk.add(attempt)
    yield
    if world.random.random() < 0.2:  # killed before it could record
        world.happened["killed"] += 1
        del world.pinned[run]
        world.dead.add(run)
        if world.random.random() < 0.5:
            return
        yield  # it was not: it wakes up
    good, alive = world.random.random() < 0.6, run in world.pinned
    with world.store.writing() as tx:
        (answer,) = tx.record([completion(leases[0], good=good)])
    assert not (alive and answer.superseded), f"{run} lost its claim"
    world.happened["superseded" if answer.superseded else "published" if good else "rejected"] += 1
    yield
    if run in world.pinned:
        world.end(run)


def judge(world: World) -> Steps:
    """A run whose changed check passes on a candidate that it saw a while ago."""
    run = world.begin()
    with world.store.writing() as tx:
        found = tx.candidates(ENV, KEYS)
    yield
    for key, record in found.items():
        passed = outcome(CheckStatus.PASSED)
        with world.store.writing() as tx:
            row = tx.record_checks(
                [CheckRecord(ENV, *key, record.number, run, passed, NO_INPUT, NOW)],
                publish_candidate=True,
            )
        world.happened["candidate published" if row else "candidate gone"] += 1
        yield
    world.end(run)


def collector(world: World) -> Steps:
    """One gc: each of its transactions, and each of its deletions."""
    keep, since = world.random.randint(1, 2), NOW + timedelta(seconds=world.random.choice([-9, 9]))
    found = world.store.unreferenced(Retention(keep, since), 0, world.random.choice([1, 99]))
    yield
    with world.store.writing() as tx:
        chosen = tx.condemn([r.number for r in found.records], found.as_of, NOW)
    world.happened["condemned"] += len(chosen)
    world.happened["refused"] += len(found.records) - len(chosen)
    yield
    for record in world.store.condemned(NOW, 0, 99):
        world.disk.discard(record.attempt)
        yield
        with world.store.writing() as tx:
            tx.collect([record.number], NOW)
    listed = sorted(world.disk)
    yield
    with world.store.writing() as tx:
        free = tx.abandon(listed)
    world.happened["abandoned"] += len(free)
    for attempt in free:
        world.disk.discard(attempt)
        yield


def completion(lease: Lease, *, good: bool) -> Completion:
    version = DataVersion(digest(lease.attempt))
    made = MaterializationRecord(
        lease.attempt, lease.run, ENV, lease.asset, lease.partition,
        CodeVersion(digest("c")), ConfigVersion(digest("k")), digest("s"), (),
        Written("json", version, (), "json"), term(lease.partition, version), NOW,
    )  # fmt: skip
    attempt = AttemptRecord(
        lease.attempt, lease.run, ENV, lease.asset, lease.partition, lease.fence,
        NOW, NOW, AttemptStatus.MATERIALIZED, 1.0,
    )  # fmt: skip
    checks = () if good else (outcome(CheckStatus.FAILED),)
    return Completion(attempt, made, checks, publish=good)


def outcome(status: CheckStatus) -> CheckOutcome:
    return CheckOutcome("good", status, Severity.ERROR, True, digest("v"))


ACTORS = (reader, writer, writer, writer, judge, collector, collector)


def simulate(url: str, seed: int) -> Counter[str]:
    """One history; what happened in it."""
    chance = random.Random(seed)
    dead: set[str] = set()
    store = open_store(url, alive=lambda run: run not in dead)
    world = World(store, chance, dead)
    going: list[Steps] = []
    for _ in range(120):
        if len(going) < 2 or (len(going) < 6 and chance.random() < 0.3):
            going.append(chance.choice(ACTORS)(world))
        actor = chance.choice(going)
        if next(actor, going) is going:
            going.remove(actor)
        world.sound()
    assert not list(store.examine())
    store.close()
    return world.happened


EVERYTHING = (
    "pinned", "killed", "superseded", "published", "rejected", "candidate published",
    "candidate gone", "condemned", "refused", "abandoned",
)  # fmt: skip


@pytest.mark.parametrize(("engine", "seeds"), [("memory", 400), ("sqlite", 12)])
def test_gc_never_takes_what_is_current_or_pinned(tmp_path: Path, engine: str, seeds: int) -> None:
    happened: Counter[str] = Counter()
    for seed in range(seeds):
        url = "memory://" if engine == "memory" else f"sqlite:///{tmp_path}/{seed}/state.sqlite"
        happened += simulate(url, seed)
    if engine == "memory":
        assert set(EVERYTHING) <= happened.keys(), happened
