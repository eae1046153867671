"""Fault rows 2, 7 and 20: a run that is to end claims nothing more, and nothing that it started lives on."""

from __future__ import annotations

import contextlib
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import psutil
import pytest

from assets_core import StaticPartitions, asset, materialize
from assets_core.execution.processes import ProcessExecutor
from assets_core.execution.runner import Runner
from assets_core.model.events import Event, StepStarted
from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.records import AttemptStatus, CancelRequest, RunRecord, RunStatus
from assets_core.testing import memory_project
from tests.faces.command import Command, environment
from tests.faults.processes_seen import eventually, gone, pids_in
from tests.scenarios.shops import NOW, FakeClock, Shop
from tests.warm_process import Warm

WAITING = """
import os
import subprocess
import sys
import time

MANY = StaticPartitions([f"p{n:04}" for n in range(5000)])


def tell(name, pid):
    Path(f"{name}.part").write_text(str(pid))
    os.rename(f"{name}.part", f"{name}.pid")


@asset(partitions=MANY)
def part(context: AssetContext) -> int:
    key = context.partition.key
    tell(key, os.getpid())
    child = subprocess.Popen(
        [sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"],
        start_new_session=True,
    )
    tell(f"child-of-{key}", child.pid)
    while not Path("go").exists():
        time.sleep(0.02)
    return 1
"""
CONFIG = "jobs = 2\ngrace = 0.3\n"
Start: TypeAlias = Callable[..., Warm]


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Shop]:
    """A project whose steps wait for a file, each with a child of its own; what a test leaves of them is ended."""
    shop = Shop.at(tmp_path / "project", CONFIG)
    config = shop.root / "pyproject.toml"
    config.write_text(config.read_text().replace('"inline"', '"processes"'))
    shop.define(WAITING)
    yield shop
    for pid in pids_in(shop.root).values():
        kill_if_in(shop.root, pid)


@pytest.fixture
def start(waiting: Shop) -> Iterator[Start]:
    """Starts a run in a process of its own, which the end of the test ends."""
    runs: list[Warm] = []

    def run(*arguments: str) -> Warm:
        runs.append(Warm(["materialize", *arguments], waiting.root, environment()))
        return runs[-1]

    yield run
    for one in runs:
        one.kill()
        one.communicate()


def kill_if_in(folder: Path, pid: int) -> None:
    """Kill a process that works in that folder; the id may be another's by now."""
    with contextlib.suppress(psutil.Error):
        if psutil.Process(pid).cwd() == str(folder):
            psutil.Process(pid).kill()


def test_a_run_past_its_timeout_stops_what_runs_and_can_be_resumed(waiting: Shop) -> None:
    command = Command(waiting.root)
    done = command("materialize", "part", "-p", "p0000..p0003", "--timeout", "3", "--json")
    assert done.code == 1
    assert done.document["status"] == "timed_out"
    assert {s["outcome"] for s in done.document["steps"]} <= {"cancelled", "blocked"}
    assert [name for name, pid in pids_in(waiting.root).items() if not gone(pid)] == []
    (waiting.root / "go").touch()
    resumed = command.json("retry")
    assert resumed["counts"]["materialized"] == 4


def test_a_timeout_of_a_run_has_to_be_a_number_of_seconds(waiting: Shop) -> None:
    for wrong in ("soon", "0", "-1", "nan", "inf"):
        done = Command(waiting.root)("materialize", f"--timeout={wrong}")
        assert done.code == 2, wrong
        assert "E901" in done.err


def test_an_inline_run_ends_between_steps_when_its_time_is_over(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project")
    shop.clock = FakeClock()
    shop.define("""
        @asset(retry=Retry(max_retries=5, delay=4.0))
        def fails() -> int:
            ran("fails")
            raise ValueError
        """)
    assert shop.attempt(timeout_s=10.0) == ["fails"] * 3
    assert shop.result is not None
    assert shop.result.status is RunStatus.TIMED_OUT
    assert shop.clock.at == 1010.0


def test_the_inline_executor_says_once_that_it_enforces_no_timeout(tmp_path: Path) -> None:
    @asset(timeout=5, partitions=StaticPartitions(["a", "b"]))
    def limited() -> int:
        return 1

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        materialize(memory_project([limited], root=tmp_path))
    (warning,) = [str(w.message) for w in seen]
    assert warning == (
        "the timeout of `limited` is not enforced: the inline executor cannot stop a step"
    )


# --- from another terminal --------------------------------------------------------------------------------------------


def started(shop: Shop, run: Warm, steps: int) -> dict[str, int]:
    """The processes of a run once so many steps and their children have started."""
    assert eventually(lambda: len(pids_in(shop.root)) >= 2 * steps or run.poll() is not None)
    assert run.poll() is None, run.communicate()
    return pids_in(shop.root)


def test_a_cancelled_run_claims_nothing_more_and_leaves_no_process(
    waiting: Shop, start: Start
) -> None:
    run = start()
    started(waiting, run, 2)
    done = Command(waiting.root)("cancel", "--json")
    assert done.code == 0, done.err
    assert done.document["status"] == "cancelled"
    out, _ = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "Next: assets retry 1" in out
    seen = pids_in(waiting.root)
    assert len(seen) == 4, "only the two steps that were running had been claimed"
    assert [name for name, pid in seen.items() if not gone(pid)] == []
    assert Command(waiting.root)("cancel", "1").out == "Run 1 had ended already: cancelled.\n"
    assert "cancelled" in Command(waiting.root)("runs", "ls").out
    shown = Command(waiting.root).json("runs", "show", "1")
    assert [s["outcome"] for s in shown["steps"]] == ["cancelled"] * 2
    assert all(s["duration_s"] > 0 for s in shown["steps"])
    assert Command(waiting.root).json("ls", "status:failed")["assets"] == []


def test_cancelling_a_run_whose_process_died_ends_it_and_frees_what_it_held(
    waiting: Shop, start: Start
) -> None:
    run = start("-p", "p0000..p0001")
    started(waiting, run, 2)
    run.kill()
    run.communicate()
    command = Command(waiting.root)
    held = [s["outcome"] for s in command.json("runs", "show", "1")["steps"]]
    assert held == ["died", "died"]
    assert "  died          part[p0000]: its run died\n" in command("runs", "show", "1").out
    done = command("cancel", "1")
    assert (done.code, done.out) == (
        0, "Run 1 had died; it is recorded as ended.   Next: assets retry 1\n",
    )  # fmt: skip
    with waiting.project().reading() as reader:
        found = reader.run("1")
        assert found is not None
        assert found[1] is not None
        assert found[1].status is RunStatus.DIED
        assert found[1].counts == {"materialized": 0, "failed": 2}
    assert [s["outcome"] for s in command.json("runs", "show", "1")["steps"]] == held


def test_what_a_dead_run_held_is_told_of_it_after_another_run_took_it_over(
    waiting: Shop, start: Start
) -> None:
    run = start("-p", "p0000..p0001")
    started(waiting, run, 2)
    run.kill()
    run.communicate()
    (waiting.root / "go").touch()
    command = Command(waiting.root)
    assert command("materialize", "-p", "p0000..p0001").code == 0
    shown = command.json("runs", "show", "1")
    assert shown["status"] == "died"
    assert [s["outcome"] for s in shown["steps"]] == ["died", "died"]
    assert command.json("ls", "status:failed")["assets"] == []


def test_a_run_of_another_state_directory_is_not_taken_for_dead(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project")
    shop.define(
        "@asset\ndef one() -> int:\n    return 1\n\n\n@asset\ndef two() -> int:\n    return 2\n"
    )
    with shop.project().writing() as store, store.writing() as tx:
        tx.start_run(RunRecord("elsewhere", "default", NOW, NOW, {}))
        tx.claim("default", "elsewhere", [(AssetPartition(AssetKey("two"), ""), "attempt")])
    shop.build("one")
    with shop.project().reading() as reader:
        found = reader.run("elsewhere")
        assert found is not None
        assert found[1] is None


def test_what_ran_when_a_run_was_stopped_at_once_is_recorded_as_cancelled(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project")
    shop.define("@asset\ndef stops() -> int:\n    raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        shop.attempt()
    with shop.project().reading() as reader:
        ((record, end),) = reader.runs("default", 9)
        (attempt,) = reader.attempts(record.run)
    assert end is not None
    assert (end.status, attempt.status) == (RunStatus.CANCELLED, AttemptStatus.CANCELLED)


def test_what_is_to_be_cancelled_has_to_be_clear(waiting: Shop, start: Start) -> None:
    command = Command(waiting.root)
    nothing = command("cancel")
    assert (nothing.code, "E928" in nothing.err) == (2, True)
    assert command("cancel", "7").code == 4
    assert command("cancel", "--grace=-1").code == 2
    runs = [start("-p", f"p000{n}") for n in range(2)]
    for run in runs:
        started(waiting, run, 2)
    several = command("cancel")
    assert (several.code, "several runs are going on: 2, 1" in several.err) == (2, True)
    assert command("cancel", "1", "--grace", "0").code == 0
    assert command("cancel").code == 0
    for run in runs:
        run.communicate(timeout=60)


def test_what_a_cancelled_run_could_not_kill_is_named(waiting: Shop) -> None:
    held: list[Runner] = []

    def refuse(pid: int, number: int) -> None:
        if pid == pids_in(waiting.root).get("child-of-p0000.pid"):
            raise PermissionError
        os.kill(pid, number)

    def attach(runner: Runner) -> None:
        assert isinstance(runner.executor, ProcessExecutor)
        runner.executor.send = refuse
        held.append(runner)

    options: dict[str, Any] = {"partitions": ["p0000"], "on_runner": attach}
    run = threading.Thread(target=waiting.attempt, args=("part",), kwargs=options)
    run.start()
    assert eventually(lambda: len(pids_in(waiting.root)) == 2 or not run.is_alive())
    child = pids_in(waiting.root)["child-of-p0000.pid"]
    command = Command(waiting.root)
    done = command("cancel", "--grace", "0.1")
    run.join()
    assert done.code == 1
    first, second = done.out.splitlines()
    assert first == "Run 1 has ended, but not everything that it started:"
    assert second.endswith(f"still running, though killed: process {child}")
    shown = command.json("runs", "show", "1")
    assert shown["status"] == "cancel_failed"
    assert [s["outcome"] for s in shown["steps"]] == [AttemptStatus.CANCELLED]
    assert not gone(child)


def test_an_inline_run_that_waits_for_a_retry_is_cancelled_between_steps(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project")
    shop.clock = FakeClock()
    shop.define("""
        @asset(retry=Retry(max_retries=5, delay=600))
        def fails() -> int:
            ran("fails")
            raise ValueError
        """)

    def ask(event: Event) -> None:
        if isinstance(event, StepStarted):
            project = shop.project()
            with project.writing() as store, store.writing() as tx:
                tx.request_cancel(CancelRequest(runs[0], 0.0, NOW))

    runs: list[str] = []
    calls = shop.attempt(on_event=ask, on_runner=lambda runner: runs.append(runner.state.run))
    assert calls == ["fails"]
    assert shop.result is not None
    assert shop.result.status is RunStatus.CANCELLED
    assert shop.clock.at <= 1001.0
