"""Row 13, G15: 16 processes that commit back to back and a screen that polls, on one SQLite file.

No lock error reaches any of them, and everybody gets on. How long a commit takes there is measured by the benchmarks.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from assets_core.graph import build_graph
from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.records import RunRecord
from assets_core.model.versions import CodeVersion, ConfigVersion
from assets_core.partitions import PartitionSet
from assets_core.planning.planner import PlanOptions, plan
from assets_core.project.snapshot import take_snapshot
from assets_core.store import open_store
from assets_core.versioning.current import CurrentVersions
from benchmarks.crowd import EVENTS, crowd, said
from benchmarks.ledger import ENV, completion
from tests.faults.simulator.projects import Node, definition

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WRITERS, SHARE = 16, 24
LEAST = SHARE // 2
"""Of ``SHARE`` commits that would be everybody's. Who has committed cannot come back before the one that is next, and
the kernel lets in those behind about in turn: 24 to 29 on a busy machine. SQLite's own busy handler gave 1 to 151."""
BESIDE, ASSETS = 8, 10_000


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/state.sqlite"


def test_sixteen_writers_and_a_screen_all_get_on(url: str) -> None:
    with crowd(url, WRITERS, WRITERS + EVENTS * SHARE * WRITERS, watchers=1) as processes:
        *commits, rounds = [said(process) for process in processes]
    counts = sorted(len(took) for took in commits)
    assert rounds > 1
    assert counts[0] >= LEAST, counts
    store = open_store(url, alive=bool, read_only=True)
    attempts = [len(store.attempts(f"writer-{n}")) for n in range(WRITERS)]
    assert sorted(attempts) == [count - 1 for count in counts], "the first commit only claims"
    assert not store.examine()
    store.close()


def test_ten_thousand_assets_are_planned_while_eight_commit(url: str) -> None:
    node = Node("none", (), 1, 0)
    graph = build_graph([definition(n, node) for n in range(ASSETS)])
    fill(url, graph)
    same = ("0" * 32,) * ASSETS
    versions = CurrentVersions(
        tuple(map(CodeVersion, same)), tuple(map(ConfigVersion, same)), ((),) * ASSETS
    )
    wanted = dict.fromkeys(range(ASSETS), PartitionSet.range(0, 1))
    with crowd(url, BESIDE, 10**9) as writers:
        store = open_store(url, alive=bool, read_only=True)
        moved = 0
        while moved < 3:
            before = store.sequence()
            lineage = take_snapshot(graph, store, ENV, NOW)
            made = plan(graph, wanted, versions, lineage, NOW, PlanOptions(env=ENV))
            assert (made.current, made.is_empty) == (ASSETS, True)
            moved += store.sequence() > before
        store.close()
        assert all(alive(writer) for writer in writers)


def fill(url: str, graph: Any) -> None:
    """A version of every asset, made by today's code."""
    store = open_store(url, alive=bool)
    with store.writing() as tx:
        tx.start_run(RunRecord("first", ENV, NOW, NOW, {}))
        wanted = [(AssetPartition(AssetKey(key), ""), f"first-{key}") for key in graph.keys]
        leases = tx.claim(ENV, "first", wanted)
        tx.record(list(recorded(graph, leases)))
    store.close()


def recorded(graph: Any, leases: Any) -> Iterator[Any]:
    for lease in leases:
        one = completion(lease, NOW)
        shape = graph.shape(graph.numbers[lease.asset])
        yield replace(one, materialization=replace(one.materialization, shape=shape))


def alive(writer: subprocess.Popen[str]) -> bool:
    """Whether it still commits; where it does not, what it complained of is raised."""
    return writer.poll() is None or not said(writer)
