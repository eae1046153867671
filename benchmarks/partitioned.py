"""Partitioned projects and their fabricated states: ``python -m benchmarks.partitioned FOLDER WHAT``.

``fill`` records every partition of every asset as a run would have, through the store's transactions, 2,000 at a
time; ``ended`` all but the last partition, ``killed`` likewise, and dies by SIGKILL with that last one claimed.
``other`` publishes another content of the middle partition of the first asset, ``same`` the content it had.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from assets_core.ports import StateStore
    from assets_core.project import Project

ASSETS = 5
AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Case:
    """Assets in a chain over the same partitions."""

    name: str
    title: str
    partitions: str
    """The definition as source text."""
    assets: int = ASSETS


def _hourly(count: int, end: str, start: str = "2021-01-01") -> Case:
    definition = f'HourlyPartitions(start="{start}", end="{end}", timezone="UTC")'
    title = f"{ASSETS * count:,} hourly"
    return Case(f"hourly-{count}", title, definition)


SMALLEST = _hourly(200, "2021-01-09T08:00")
LARGEST = _hourly(200_000, "2022-10-25T08:00", "2000-01-01")
CASES = (
    SMALLEST,
    _hourly(2_000, "2021-03-25T08:00"),
    _hourly(8_760, "2022-01-01"),
    _hourly(43_800, "2025-12-31"),
    Case(
        "days-by-region",
        f"{ASSETS * 365 * 100:,} in two dimensions",
        'MultiPartitions({"day": DailyPartitions(start="2021-01-01", end="2022-01-01"), '
        '"region": StaticPartitions([f"r{n:02}" for n in range(100)])})',
    ),
    LARGEST,
)


def write_case(folder: Path, case: Case) -> Path:
    """The project of a case, without any state."""
    shutil.rmtree(folder, ignore_errors=True)
    package = folder / "shop"
    package.mkdir(parents=True)
    (folder / "assets.toml").write_text('module = "shop"\n')
    (package / "__init__.py").write_text("\n".join(_module(case)))
    return folder


def _module(case: Case) -> Iterator[str]:
    yield "from __future__ import annotations\n"
    names = "DailyPartitions, HourlyPartitions, MultiPartitions, StaticPartitions, asset"
    yield f"from assets_core import {names}\n"
    yield f"partitions = {case.partitions}\n"
    for number in range(case.assets):
        reads = f"p{number - 1}: int" if number else ""
        value = f"p{number - 1}" if number else "1"
        yield f"\n@asset(partitions=partitions)\ndef p{number}({reads}) -> int:\n    return {value}\n"


def fabricate(folder: Path, what: str) -> None:
    """Record what was asked for in the project's state, as one finished run."""
    from assets_core.execution.paths import new_id
    from assets_core.model.records import RunEnd, RunRecord, RunStatus
    from assets_core.project import Project
    from assets_core.store.liveness import RunLock, lock_path

    project = Project.load(folder)
    now, run = project.clock.now(), new_id()
    home = project.definitions.home
    home.create()
    with project.writing() as store, RunLock(lock_path(home.root, run)):
        with store.writing() as tx:
            tx.start_run(RunRecord(run, project.env, now, now, {}))
        if what in ("same", "other"):
            keys = _keys(project, 0, now)
            _publish(project, store, run, 0, [keys[len(keys) // 2]], what)
        else:
            _fill(project, store, run, now, left=0 if what == "fill" else 1)
        if what == "killed":
            _die_at_the_last(project, store, run, now)
        with store.writing() as tx:
            tx.end_run(RunEnd(run, RunStatus.SUCCEEDED, now, {}))
        if what == "fill":
            store.compact(project.env, [(s.key, s.partitions) for s in project.graph.specs])


def _fill(project: Project, store: StateStore, run: str, now: datetime, *, left: int) -> None:
    for asset in range(len(project.graph.keys)):
        keys = _keys(project, asset, now)
        for first in range(0, len(keys) - left, AT_ONCE):
            some = keys[first : min(first + AT_ONCE, len(keys) - left)]
            _publish(project, store, run, asset, some, "same")


def _die_at_the_last(project: Project, store: StateStore, run: str, now: datetime) -> None:
    from assets_core.execution.paths import new_id
    from assets_core.model.keys import AssetPartition

    key = AssetPartition(project.graph.keys[0], _keys(project, 0, now)[-1])
    with store.writing() as tx:
        tx.claim(project.env, run, [(key, new_id())])
    os.kill(os.getpid(), signal.SIGKILL)


def _keys(project: Project, asset: int, now: datetime) -> list[str]:
    definition = project.graph.specs[asset].partitions
    return definition.keys(definition.existing(now))


def _publish(
    project: Project, store: StateStore, run: str, asset: int, keys: Sequence[str], content: str
) -> None:
    """Record one version of each partition: every one of them is what reading partition by partition gives."""
    from assets_core.execution.paths import new_id
    from assets_core.model.keys import AssetPartition
    from assets_core.model.records import (
        AttemptRecord,
        AttemptStatus,
        InputRecord,
        MaterializationRecord,
    )
    from assets_core.model.values import Written
    from assets_core.model.versions import DataVersion, InputVersion, digest, term
    from assets_core.ports import Completion, Lease, LimitFull, PoolFull

    graph, versions, now = project.graph, project.definitions.versions, project.clock.now()
    key, data = graph.keys[asset], DataVersion(digest("content", content))
    attempts = [new_id() for _ in keys]
    ordinals = graph.specs[asset].partitions.ordinals(keys).tolist()
    with store.writing() as tx:
        wanted = [(AssetPartition(key, k), a) for k, a in zip(keys, attempts, strict=True)]
        leases = tx.claim(project.env, run, wanted)
        assert not isinstance(leases, Lease | PoolFull | LimitFull), "nobody else is running"
        completions = []
        for partition, ordinal, lease in zip(keys, ordinals, leases, strict=True):
            mine = term(partition, data)
            read = InputVersion(mine.low, mine.high, 1)
            inputs = tuple(
                InputRecord(graph.keys[e.upstream], str(ordinal), None, read, tx.sequence)
                for e in graph.inputs(asset)
            )
            attempt = AttemptRecord(
                lease.attempt, run, project.env, key, partition, lease.fence,
                now, now, AttemptStatus.MATERIALIZED, 0.001,
            )  # fmt: skip
            made = MaterializationRecord(
                lease.attempt, run, project.env, key, partition,
                versions.code[asset], versions.config[asset], graph.shape(asset), inputs,
                Written("json", data, (), "json"), mine, now,
            )  # fmt: skip
            completions.append(Completion(attempt, made, publish=True))
        tx.record(completions)


if __name__ == "__main__":
    fabricate(Path(sys.argv[1]), sys.argv[2])
