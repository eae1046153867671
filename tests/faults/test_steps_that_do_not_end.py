"""Fault rows 6 and 7: steps that hang, hog the GIL, start a crowd or hide children. Each is ended; the others go on."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assets_core.errors import StepError
from assets_core.execution.process_trees import (
    kill_left_behind,
    kill_tree,
    left_behind,
    marked_environment,
)
from assets_core.execution.processes import ProcessExecutor
from assets_core.model.events import AttemptFailed
from assets_core.model.keys import AssetKey
from assets_core.model.records import AttemptStatus
from assets_core.ports import ProjectRef, StepRequest
from tests.faults.processes_seen import eventually, gone, pids_in
from tests.scenarios.shops import Shop

GOING_WRONG = """
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

SLEEPS = [sys.executable, "-c", "import time; time.sleep(600)"]
IGNORES = [
    sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"
]


def tell(name, pid):
    Path(f"{name}.part").write_text(str(pid))
    os.rename(f"{name}.part", f"{name}.pid")


@asset(timeout=0.5)
def hangs() -> int:
    tell("hangs", os.getpid())
    time.sleep(600)
    return 1


@asset(timeout=0.5)
def hogs_the_gil() -> int:
    tell("hog", os.getpid())
    ctypes.PyDLL(None).sleep(600)
    return 1


@asset(timeout=0.5)
def swallows_the_interrupt() -> int:
    try:
        time.sleep(600)
    except BaseException:
        pass
    return 1


@asset(timeout=0.5)
def cleans_up() -> int:
    try:
        time.sleep(600)
    finally:
        Path("cleaned").touch()
    return 1


@asset(timeout=0.5)
def hides_a_child() -> int:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            tell("grandchild", os.getpid())
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(600)
        os._exit(0)
    bare = subprocess.Popen(IGNORES, start_new_session=True, env={"PATH": os.environ["PATH"]})
    tell("bare", bare.pid)
    time.sleep(600)
    return 1


@asset(timeout=2)
def starts_a_crowd() -> int:
    threading.stack_size(65_536)
    for _ in range(THREADS):
        threading.Thread(target=time.sleep, args=(600,)).start()
    time.sleep(600)
    return 1


@asset
def crashes_with_children() -> int:
    tell("orphan", subprocess.Popen(SLEEPS, start_new_session=True).pid)
    os._exit(0)


@asset
def other() -> int:
    ran("other")
    return 1


@asset
def reads_what_hangs(hangs: int) -> int:
    return hangs
"""
THREADS = 10_000


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The project after one run in which most of it went wrong."""
    shop = Shop.at(tmp_path_factory.mktemp("wrong") / "project", "grace = 0.5\n")
    shop.define(GOING_WRONG.replace("THREADS", str(THREADS)))
    shop.attempt(executor="processes", jobs=3)
    return shop


LATE = ("hangs", "hogs_the_gil", "swallows_the_interrupt", "cleans_up", "hides_a_child")


@pytest.mark.parametrize("asset", [*LATE, "starts_a_crowd"])
def test_what_takes_too_long_fails_as_a_timeout(ran: Shop, asset: str) -> None:
    failure = ran.failure(asset)
    assert failure.kind == "timeout"
    assert "longer than its timeout of" in failure.message


def test_an_attempt_that_was_ended_is_recorded_with_how_and_how_long(ran: Shop) -> None:
    with ran.project().reading() as reader:
        found = {a.asset: a for a in reader.attempts(ran.result.run if ran.result else "")}
    for asset in LATE:
        assert found[AssetKey(asset)].status is AttemptStatus.FAILED
        assert found[AssetKey(asset)].duration_s >= 0.5, asset
    died = found[AssetKey("crashes_with_children")]
    assert died.status is AttemptStatus.DIED
    assert died.failure is not None
    assert "exited with status 0" in died.failure.message


def test_the_others_go_on_and_readers_are_blocked(ran: Shop) -> None:
    outcomes = ran.outcomes()
    assert outcomes["other"] == "materialized"
    assert outcomes["reads_what_hangs"] == "blocked"
    assert outcomes["crashes_with_children"] == "failed"


def test_code_that_is_stopped_cleans_up(ran: Shop) -> None:
    assert (ran.root / "cleaned").exists()


def test_nothing_that_a_step_started_is_left(ran: Shop) -> None:
    seen = pids_in(ran.root)
    assert set(seen) == {"hangs.pid", "hog.pid", "grandchild.pid", "bare.pid", "orphan.pid"}
    assert [name for name, pid in seen.items() if not gone(pid)] == []


def test_a_timeout_is_tried_again_as_the_policy_says(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project", "grace = 0.2\ntimeout = 0.5\n")
    shop.define("""
        import time


        @asset(retry=Retry(max_retries=1, when=lambda error: isinstance(error, TimeoutError)))
        def again() -> int:
            if not Path("tried").exists():
                Path("tried").touch()
                time.sleep(600)
            return 1


        @asset(retry=Retry(max_retries=1, when=lambda error: not isinstance(error, TimeoutError)))
        def never() -> int:
            ran("never")
            time.sleep(600)
            return 1


        @asset(timeout=600)
        def value() -> int:
            return 1


        @check(asset=value)
        def slow_check(value: int) -> bool:
            time.sleep(1.0)
            return True
        """)
    assert shop.attempt(executor="processes", jobs=3) == ["never"]
    assert shop.outcomes() == {"again": "materialized", "never": "failed", "value": "materialized"}
    told = {e.asset: e.retry_in for e in shop.of(AttemptFailed)}
    assert told == {"again": 0.0, "never": None}


def test_a_timeout_is_no_code(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project")
    shop.define("@asset\ndef one() -> int:\n    return 1\n")
    shop.build()
    shop.edit("@asset\n", "@asset(timeout=5)\n")
    assert shop.todo() == []


def test_a_worker_that_hangs_while_it_loads_is_killed_and_its_call_fails(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project")
    shop.define("import time\n\ntime.sleep(600)\n")
    ref = ProjectRef(shop.root / "pyproject.toml", "default")
    executor = ProcessExecutor(ref, 1, start_limit_s=1.0)
    try:
        request = StepRequest(
            "call", "run", "default", AssetKey("one"), (), (), (), (), (), (), (),
            ref, tmp_path / "log", datetime.now(UTC),
        )  # fmt: skip
        error = executor.submit(request).exception(timeout=60)
    finally:
        executor.close()
    assert isinstance(error, StepError)
    assert error.code == "E557"


def test_what_cannot_be_killed_is_told(tmp_path: Path) -> None:
    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    environment = marked_environment("executor.1")
    child = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, env=environment
    )
    assert eventually(lambda: [p.pid for p in left_behind("executor")] == [child.pid])
    assert left_behind("other") == []
    assert kill_left_behind("executor.1", refuse) == (child.pid,)
    assert child.pid in kill_tree(os.getpid(), "other", refuse), "found by descent alone"
    assert kill_left_behind("executor.1") == ()
    assert gone(child.pid)
    child.communicate()
