"""Workers as processes: overlapping, dying alone or with their parent, and loading the project for themselves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing import Pipe
from pathlib import Path
from typing import Any, cast

import psutil
import pytest

from assets_core.errors import UsageError
from assets_core.execution import worker
from assets_core.execution.runner import Runner
from assets_core.model.events import AttemptFailed, StepStarted
from tests.scenarios.shops import Shop

DEADLINE_S = 60.0


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether it becomes true in time."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


MEETING = """
import time


def meet(mine, other):
    Path(mine).touch()
    end = time.monotonic() + 60
    while not Path(other).exists():
        assert time.monotonic() < end, "the other never came"
        time.sleep(0.005)


@asset
def left() -> int:
    meet("left.here", "right.here")
    return 1


@asset
def right() -> int:
    meet("right.here", "left.here")
    return 1
"""


def test_two_independent_assets_overlap(shop: Shop) -> None:
    shop.define(MEETING)
    shop.build(executor="processes", jobs=2)
    started = [e for e in shop.events if isinstance(e, StepStarted)]
    assert {a for e in started for a in e.assets} == {"left", "right"}


def test_with_one_worker_they_follow_one_another(shop: Shop) -> None:
    shop.define(MEETING.replace('meet("left.here", "right.here")', 'ran("left")').replace(
        'meet("right.here", "left.here")', 'assert not Path("running").exists()\n    ran("right")'))  # fmt: skip
    assert shop.attempt(executor="processes", jobs=1) == ["left", "right"]


HANGING = """
import os
import subprocess
import sys
import time


@asset
def hangs() -> int:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path("pids.part").write_text(f"{os.getpid()} {child.pid}")
    os.rename("pids.part", "pids")
    time.sleep(600)
    return 1


@asset
def other() -> int:
    ran("other")
    return 1
"""

RUN = "import sys; from assets_core import Project; Project.load(sys.argv[1]).materialize()"


def pids(shop: Shop) -> list[int]:
    """The worker that hangs, and the child of its own that it started."""
    file = shop.root / "pids"
    assert eventually(file.exists)
    return [int(pid) for pid in file.read_text().split()]


def gone(pid: int) -> bool:
    """Whether no process of that id runs any more."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_workers_die_with_a_runner_that_is_killed(shop: Shop) -> None:
    shop.define(HANGING)
    config = shop.root / "pyproject.toml"
    config.write_text(config.read_text().replace('"inline"', '"processes"'))
    runner = subprocess.Popen([sys.executable, "-c", RUN, str(shop.root)])
    worker, child = pids(shop)
    family = psutil.Process(runner.pid).children(recursive=True)
    assert worker in {p.pid for p in family}
    runner.send_signal(signal.SIGKILL)
    runner.wait()
    end = time.monotonic() + 2.0
    workers = [p.pid for p in family if p.pid != child]
    while not all(map(gone, workers)):
        assert time.monotonic() < end, "a worker outlived its runner by two seconds"
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    shop.edit("time.sleep(600)\n    return 1", "return 1")
    assert "other" in shop.calls() + shop.build()
    assert shop.todo() == []


def test_a_cancelled_call_dies_with_what_it_started_and_the_rest_goes_on(shop: Shop) -> None:
    shop.define(HANGING)
    held: list[Runner] = []

    def stop(event: Any) -> None:
        if isinstance(event, StepStarted) and "hangs" in event.assets:
            threading.Thread(target=cancel, args=(event.call,)).start()

    def cancel(call: str) -> None:
        pids(shop)
        held[0].executor.cancel(call, 0.0)

    calls = shop.attempt(executor="processes", jobs=2, on_runner=held.append, on_event=stop)
    assert calls == ["other"]
    assert shop.outcomes() == {"hangs": "cancelled", "other": "materialized"}
    assert eventually(lambda: all(map(gone, pids(shop))))


def test_closing_twice_is_closing_once_and_leaves_no_process(shop: Shop) -> None:
    shop.define(MEETING)
    held: list[Runner] = []
    before = {p.pid for p in psutil.Process().children()}
    shop.build(executor="processes", jobs=2, on_runner=held.append)
    held[0].executor.close()
    assert {p.pid for p in psutil.Process().children()} <= before


def test_a_worker_that_cannot_load_the_project_fails_its_calls_with_the_place(shop: Shop) -> None:
    shop.define("""
        if Path(__file__).with_name("poison").exists():
            raise RuntimeError("poisoned")


        @asset
        def a() -> int:
            return 1


        @asset
        def b(a: int) -> int:
            return a
        """)
    shop.attempt(executor="processes", jobs=2, planned=lambda _: shop.write("poison", ""))
    assert shop.outcomes() == {"a": "failed", "b": "blocked"}
    assert "poisoned" in shop.failure("a").message
    (shop.root / "poison").unlink()
    assert shop.attempt(executor="processes", jobs=2) == []
    assert shop.result is not None
    assert shop.result.ok


def test_a_worker_that_exits_while_it_loads_fails_its_calls(shop: Shop) -> None:
    shop.define("""
        import os

        if Path(__file__).with_name("poison").exists():
            os._exit(3)


        @asset
        def a() -> int:
            return 1
        """)
    shop.attempt(executor="processes", jobs=1, planned=lambda _: shop.write("poison", ""))
    assert shop.outcomes() == {"a": "failed"}
    assert "status 3" in shop.failure("a").message


CROWDED = """
import os, resource, sys
from assets_core.errors import StepError
from assets_core.execution.processes import ProcessExecutor
from assets_core.ports import ProjectRef

free = os.dup(0)
os.close(free)
resource.setrlimit(resource.RLIMIT_NOFILE, (free + int(sys.argv[1]), free + int(sys.argv[1])))
try:
    executor = ProcessExecutor(ProjectRef(None, "default"), 1)
    try:
        executor.submit(None).result(60)
    finally:
        executor.close()
except StepError as error:
    print(error.code, error.message, error.help)
"""


@pytest.mark.parametrize("files", range(5))
def test_where_no_file_can_be_opened_the_limit_is_named(files: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CROWDED, str(files)],
        capture_output=True, text=True, check=False, timeout=DEADLINE_S,
    )  # fmt: skip
    assert done.stdout == (
        "E551 no worker process can be started: Too many open files raise the limit of open files "
        "(`ulimit -n 4096`), or run with fewer workers (`-j 1`)\n"
    ), done.stderr


PRINTS = """
import sys
import threading
import time

HEARD = Path(__file__).with_name("heard")  # a worker that imports this stands in the runner's folder

print("while importing")
if sys.argv[0].endswith("worker.py"):
    def noise():
        while True:
            print("behind", flush=True)
            HEARD.touch()
            time.sleep(0.01)

    threading.Thread(target=noise, daemon=True).start()


@asset
def a() -> int:
    while not HEARD.exists():
        time.sleep(0.005)
    return 1


@asset
def b(a: int) -> int:
    print("while running")
    return a
"""


def test_what_a_project_prints_never_reaches_the_runners_stdout(shop: Shop, tmp_path: Path) -> None:
    shop.define(PRINTS)
    config = shop.root / "pyproject.toml"
    config.write_text(config.read_text().replace('"inline"', '"processes"'))
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(shop.root)], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    assert "while running" not in done.stderr


KILLED = """
import os
import signal


@asset
def killed() -> int:
    for number in range(500):
        print("line", number)
    os.kill(os.getpid(), signal.SIGKILL)
    return 1
"""


def test_what_a_step_printed_before_it_was_killed_is_in_its_log(shop: Shop) -> None:
    shop.define(KILLED)
    shop.attempt(executor="processes", jobs=1)
    (failed,) = shop.of(AttemptFailed)
    assert failed.failure.kind == "died"
    assert failed.tail[-1] == "line 499"
    assert failed.log is not None
    assert Path(failed.log).read_text().splitlines() == [f"line {n}" for n in range(500)]


CHILDREN = """
import os
import subprocess
import sys


@asset
def talks() -> int:
    print("itself")
    sys.stdout.buffer.write(b"bytes\\n")
    os.write(1, b"descriptor\\n")
    subprocess.run([sys.executable, "-c", "print('child')"], stdout=sys.stdout, check=True)
    if (pid := os.fork()) == 0:
        print("fork", flush=True)
        os._exit(0)
    os.waitpid(pid, 0)
    return 1
"""


def test_whatever_way_output_takes_it_is_in_the_log(shop: Shop) -> None:
    shop.define(CHILDREN)
    shop.build(executor="processes", jobs=1)
    (log,) = (shop.root / ".assets" / "logs").rglob("*.log")
    said = sorted(log.read_text().splitlines())
    assert said == ["bytes", "child", "descriptor", "fork", "itself"]


def test_a_project_at_hand_cannot_be_run_in_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assets_core import asset, materialize

    @asset
    def here() -> int:
        return 1

    monkeypatch.chdir(tmp_path)  # where its state is kept
    with pytest.raises(UsageError, match="E432"):
        materialize([here], executor="processes")


def test_a_worker_whose_runner_hung_up_ends_without_a_word() -> None:
    ours, theirs = Pipe()
    theirs.send("what the runner never read")
    ours.close()
    worker._serve(theirs, cast(Any, None))
