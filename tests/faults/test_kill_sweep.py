"""Fault 1: a run is killed at each of its filesystem and store calls; the next run is clean (G1-G5)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.faces.command import Command
from tests.faults.system_calls import (
    Create,
    MakeFolder,
    Mode,
    Remove,
    Rename,
    Sync,
    Told,
    Truncate,
    Write,
    traced,
)
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
    tmp_path: Path, record_property: Callable[[str, object], None], *, again: bool
) -> None:
    report = swept(tmp_path, 12, again=again)
    kinds = Counter(report["names"])
    record_property("sizes", f"{report['swept']} of {len(report['names'])} points swept")
    assert {"fsync", "mkdir", "open", "begin", "commit"} <= set(kinds)
    assert kinds["fsync"] >= 8, "each version's files and folders are made durable"
    assert kinds["commit"] >= 6


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("again", [False, True], ids=["from nothing", "over a version"])
def test_a_kill_at_every_call_loses_nothing_that_was_recorded(
    tmp_path: Path, record_property: Callable[[str, object], None], *, again: bool
) -> None:
    report = swept(tmp_path, 1, again=again)
    assert report["swept"] == len(report["names"])
    record_property("sizes", f"{report['swept']} points swept")


# --- workers ----------------------------------------------------------------------------------------------------------

IN_WORKERS = """
import os, signal, sys

if any("execution/worker" in word or "execution.worker" in word for word in sys.orig_argv):
    from pathlib import Path

    from tests.faults.filesystem_calls import Seam

    def meet(call):
        with open(os.environ["SWEEP_LOG"], "a") as log:
            log.write(f"{call}\\n")
        if call.number == int(os.environ["SWEEP_KILL_AT"]):
            os.kill(os.getpid(), signal.SIGKILL)

    Seam(Path(os.environ["SWEEP_HOME"]) / "data", meet).install(store=False)
"""
"""Python imports it when it starts: the project's code stays as it is."""


def workers_swept(tmp_path: Path, stride: int) -> int:
    """How many calls of the first worker were its last."""
    (tmp_path / "sitecustomize.py").write_text(IN_WORKERS)
    path = f"{tmp_path}:{Path(__file__).parents[2]}"
    for number in count():
        last = 1 + number * stride
        shop = Shop.at(tmp_path / f"project-{last}", "jobs = 1\n")
        shop.define(PROJECT)
        command, log = Command(shop.root), shop.root / "met.log"
        env = {"SWEEP_HOME": str(shop.root / ".assets"), "SWEEP_LOG": str(log), "PYTHONPATH": path}
        done = command("materialize", "--executor", "processes", **env, SWEEP_KILL_AT=str(last))
        if done.code == 0:
            assert len(log.read_text().splitlines()) < last
            return number
        assert done.code == 1, done.err
        assert "it was killed by signal 9 (SIGKILL)" in done.err
        again = command("materialize")
        assert again.code == 0, again.err
        assert shop.todo() == []
        assert [shop.value("total"), shop.value("part", partition="b")] == [1, 1]
        assert len(shop.calls()) <= 5
    raise AssertionError


def test_a_worker_killed_at_its_calls_fails_its_step_alone(tmp_path: Path) -> None:
    assert workers_swept(tmp_path, 27) >= 2


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_worker_killed_at_any_call_fails_its_step_alone(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    record_property("sizes", f"{workers_swept(tmp_path, 1)} points swept")


# --- nothing is done past the seam ------------------------------------------------------------------------------------

SEAM = """
import sys
from pathlib import Path
from tests.faults.filesystem_calls import Seam
from assets_core.cli.boundary import run

root, log = map(Path, sys.argv[1:])
met = []
Seam(root / ".assets", met.append).install()
code = run(["-C", str(root), "materialize"])
log.write_text("\\n".join(f"{call.name} {call.path}" for call in met))
sys.exit(code)
"""
"""Beside the log so that what writes it is not met."""
NAMES = {
    Create: ("open",), MakeFolder: ("mkdir",), Write: ("write",), Rename: ("rename", "replace"), Mode: ("chmod",),
    Remove: ("unlink", "rmdir"), Sync: ("fsync",), Truncate: ("truncate", "ftruncate"),
}  # fmt: skip


@pytest.mark.strace
def test_nothing_below_the_state_directory_is_changed_past_the_seam(tmp_path: Path) -> None:
    """What SQLite does to its own files is met as transactions; the keeper of leases is a process of its own.

    SQLite also syncs the folder that holds its files.
    """
    shop = Shop.at(tmp_path / "project")
    shop.define(PROJECT)
    home, log = shop.root / ".assets", tmp_path / "met"
    argv = [sys.executable, "-c", SEAM, str(shop.root), str(log)]
    done, operations = traced(home, argv, Path(__file__).parents[2], tmp_path / "trace")
    assert done.code == 0, done.err
    met = Counter(log.read_text().splitlines())
    past = []
    for operation in operations:
        if isinstance(operation, Told) or operation.path == str(home.parent):
            continue
        path = str(Path(operation.path).relative_to(home))
        if path == "." and isinstance(operation, Sync):
            continue
        if path.startswith("state.sqlite") or (
            path.startswith("runs/") and isinstance(operation, Write)
        ):
            continue
        spelled = [f"{name} {path}" for name in NAMES[type(operation)] if met[f"{name} {path}"]]
        met.subtract(spelled[:1])
        if not spelled:
            past.append(operation)
    assert past == []
    assert len(operations) > 200
    assert met["commit "] >= 6
