"""Fault 1: a run is killed at each of its filesystem and store calls; the next run is clean (G1-G5)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.shops import Shop

PROJECT = """
VERSION = 1


@asset(checks=[row_count(min=1)])
def table() -> pa.Table:
    ran("table")
    return pa.table({"n": [VERSION]})


@asset(partitions=StaticPartitions(["a", "b"]))
def part(context: AssetContext, table: pa.Table) -> int:
    ran("part", context.partition.key)
    return table["n"][0].as_py()


@asset
def total(part: dict[str, int]) -> int:
    ran("total")
    return sum(part.values()) // 2
"""


def swept(tmp_path: Path, stride: int, *, again: bool) -> dict[str, Any]:
    """What the sweep found, from nothing or over an earlier version."""
    shop = Shop.at(tmp_path / "template")
    shop.define(PROJECT)
    if again:
        assert len(shop.build()) == 4
        (shop.root / "calls.log").unlink()
        shop.edit("VERSION = 1", "VERSION = 2")
    arguments = [str(shop.root), str(tmp_path), "2" if again else "1", str(stride)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.kill_sweep", *arguments],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["bad"] == {}, done.stderr[-3000:]
    return report


@pytest.mark.parametrize("again", [False, True], ids=["from nothing", "over a version"])
def test_a_kill_at_any_step_of_claim_and_publish_loses_nothing_that_was_recorded(
    tmp_path: Path, *, again: bool
) -> None:
    kinds = Counter(swept(tmp_path, 12, again=again)["names"])
    assert {"fsync", "mkdir", "open", "begin", "commit"} <= set(kinds)
    assert kinds["fsync"] >= 8, "each version's files and folders are made durable"
    assert kinds["commit"] >= 6


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("again", [False, True], ids=["from nothing", "over a version"])
def test_a_kill_at_every_call_loses_nothing_that_was_recorded(
    tmp_path: Path, *, again: bool
) -> None:
    swept(tmp_path, 1, again=again)
