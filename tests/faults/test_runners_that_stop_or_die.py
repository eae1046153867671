"""Fault rows 1 and 3: a runner that is killed leaves no process, one that is stopped past its lease is superseded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from assets_core.execution import keeper
from assets_core.execution.keeping import Keeping
from assets_core.store.liveness import RunLock, holds_leases, is_alive, lock_path
from tests.faces.command import ASSETS, Command, environment
from tests.faults.processes_seen import eventually, gone, pids_in
from tests.scenarios.shops import Shop

MODULE = """
import os
import signal
import time


def tell(name):
    Path(f"{name}.part").write_text(str(os.getpid()))
    os.rename(f"{name}.part", f"{name}.pid")


@asset
def value() -> int:
    if not Path("second").exists():
        if Path("hide").exists() and os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                tell("grandchild")
                time.sleep(600)
            os._exit(0)
        tell("worker")
        while not Path("second").exists():
            time.sleep(0.01)
        return 1
    return 2
"""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A project whose one step waits in the first run; with a file `hide`, it has a child that left its session."""
    shop = Shop.at(tmp_path / "project", "jobs = 1\nlease = 1\n")
    config = shop.root / "pyproject.toml"
    config.write_text(config.read_text().replace('"inline"', '"processes"'))
    shop.define(MODULE)
    return shop


@contextmanager
def running(shop: Shop, processes: int) -> Iterator[subprocess.Popen[str]]:
    """A run whose step has begun, in so many processes."""
    run = _started(shop, str(ASSETS), "materialize", "-q")
    try:
        assert eventually(lambda: len(pids_in(shop.root)) == processes or run.poll() is not None)
        assert run.poll() is None, run.communicate()
        yield run
    finally:
        run.send_signal(signal.SIGCONT)
        run.kill()
        run.communicate()
        assert eventually(lambda: all(map(gone, pids_in(shop.root).values())))


def test_a_runner_that_is_killed_leaves_no_process_however_well_hidden(shop: Shop) -> None:
    (shop.root / "hide").touch()
    with running(shop, 2) as run:
        keepers = [
            p for p in psutil.Process(run.pid).children() if "keeper" in " ".join(p.cmdline())
        ]
        assert len(keepers) == 1
        run.kill()
    assert eventually(lambda: gone(keepers[0].pid))
    (shop.root / "second").touch()
    assert Command(shop.root).json("materialize")["counts"]["materialized"] == 1


def test_a_run_that_is_stopped_past_its_lease_is_superseded(shop: Shop) -> None:
    with running(shop, 1) as first:
        first.send_signal(signal.SIGSTOP)
        (shop.root / "second").touch()
        second = Command(shop.root).json("materialize")
        assert second["counts"]["materialized"] == 1, "it waited until the lease had run out"
        command = Command(shop.root)
        assert command("runs", "show", "1").out.startswith("run 1 running"), "stopped is not dead"
        first.send_signal(signal.SIGCONT)
        first.wait(timeout=120)
    with shop.project().reading() as reader:
        found = reader.run("1")
        assert found is not None
        assert [a.status.value for a in reader.attempts(found[0].run)] == ["superseded"]
    assert shop.value("value") == 2
    assert shop.todo() == []


HOLDING_THE_GIL = """
import ctypes

from assets_core import Project
from assets_core.model.events import StepStarted

libc = ctypes.PyDLL(None)  # whose calls keep the GIL: no other thread of this process runs meanwhile


def listen(event):
    if isinstance(event, StepStarted):
        libc.close(libc.open(b"go", 0))  # a pipe: until somebody writes


Project.load().materialize(on_event=listen)
"""


def test_a_run_whose_code_holds_the_gil_for_longer_than_its_lease_keeps_what_it_claimed(
    tmp_path: Path,
) -> None:
    shop = Shop.at(tmp_path / "project", "jobs = 1\nlease = 5\n")
    config = shop.root / "pyproject.toml"
    config.write_text(config.read_text().replace('"inline"', '"processes"'))
    shop.define("@asset\ndef value() -> int:\n    ran('value')\n    return 1\n")
    os.mkfifo(shop.root / "go")
    shop.write("hog.py", HOLDING_THE_GIL)
    first = _started(shop, sys.executable, "hog.py")
    second: subprocess.Popen[str] | None = None
    try:
        locks = shop.root / ".assets" / "runs"
        assert eventually(lambda: [p for p in locks.glob("*.lock") if p.read_text()] != [])
        [lock] = locks.glob("*.lock")
        second = _started(shop, str(ASSETS), "materialize", "-q")
        assert eventually(lambda: len(Command(shop.root).json("runs", "ls")["runs"]) == 2)
        over = float(lock.read_text()) + 5.0
        assert eventually(lambda: float(lock.read_text()) > over), "renewed from outside"
        assert second.poll() is None, "it waits"
        assert shop.calls() == []
        os.close(os.open(shop.root / "go", os.O_WRONLY))  # which may end before anything is written
        ends = [run.communicate() for run in (first, second)]
        assert [first.returncode, second.returncode] == [0, 0], ends
        assert shop.calls() == ["value"]
    finally:
        for run in (first, second):
            if run is not None:
                run.kill()
                run.communicate()


def _started(shop: Shop, *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, cwd=shop.root, env=environment(), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_a_keeper_that_is_killed_is_started_again_and_the_lease_goes_on(tmp_path: Path) -> None:
    path = lock_path(tmp_path, "run-1")
    with RunLock(path), Keeping("no-such-mark", path, 30.0) as keeping:
        first = keeping.process
        assert first is not None
        assert eventually(lambda: path.read_text() != "")
        path.write_text("0000000000000.000001")
        assert not holds_leases(tmp_path, "run-1")
        first.kill()
        assert eventually(lambda: bool(holds_leases(tmp_path, "run-1")))
        last = keeping.process
        assert last is not None
        assert last is not first
    assert gone(last.pid)


KEPT = """
import sys
from pathlib import Path
from assets_core.execution import keeper
from assets_core.execution.keeping import Keeping
from assets_core.store.liveness import RunLock, lock_path

path = lock_path(Path(sys.argv[1]), "run-1")
with RunLock(path), Keeping("no-such-mark", path, 0.3):
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_a_keeper_renews_only_while_its_run_is_not_stopped(tmp_path: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", KEPT, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert run.stdout is not None
    assert run.stdout.readline() == "ready\n"
    lock = lock_path(tmp_path, "run-1")
    assert eventually(lambda: lock.read_text() != "")
    run.send_signal(signal.SIGSTOP)
    assert eventually(lambda: not holds_leases(tmp_path, "run-1"))
    assert is_alive(tmp_path, "run-1"), "stopped is not dead"
    run.send_signal(signal.SIGCONT)
    assert eventually(lambda: bool(holds_leases(tmp_path, "run-1")))
    run.communicate()
    assert holds_leases(tmp_path, "run-1") is False


STARTS = """
import sys

started = []
sys.addaudithook(lambda name, what: started.append(str(what[1])) if name == "subprocess.Popen" else None)

from assets_core import Project

for _ in range(2):
    Project.load().materialize()
    print(sum("keeper" in command for command in started), flush=True)
"""


def test_a_run_with_nothing_to_do_has_no_keeper(shop: Shop) -> None:
    (shop.root / "second").touch()
    shop.write("starts.py", STARTS)
    out, err = _started(shop, sys.executable, "starts.py").communicate()
    assert out.split() == ["1", "1"], err


def test_a_keeper_loads_next_to_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "run.lock"
    lock.touch()
    arguments = [keeper.__file__, str(os.getpid()), str(lock), "3600", "no-such-mark"]
    process = subprocess.Popen(
        [sys.executable, "-P", "-X", "importtime", *arguments],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert eventually(lambda: lock.read_text() != "")
    process.kill()
    bare = [sys.executable, "-P", "-X", "importtime", "-c", ""]
    without = subprocess.run(bare, capture_output=True, text=True, check=True).stderr
    assert _imports(process.communicate()[1]) - _imports(without) <= {"__future__", "select"}


def _imports(text: str) -> set[str]:
    return {line.rpartition("|")[2].strip() for line in text.splitlines()}
