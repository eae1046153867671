"""A run's lock: held while its process lives, by whatever means it dies."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from assets_core.errors import ConflictError, InternalError, StoreError
from assets_core.execution.keeper import renew
from assets_core.store.liveness import RunLock, holds_leases, is_alive, lock_path


def test_a_held_lock_is_seen_in_the_same_process(tmp_path: Path) -> None:
    assert not is_alive(tmp_path, "run-1")
    with RunLock(lock_path(tmp_path, "run-1")):
        assert is_alive(tmp_path, "run-1")
        assert is_alive(tmp_path, "run-1")
        assert not is_alive(tmp_path, "run-2")
    assert not is_alive(tmp_path, "run-1")


def test_a_run_can_be_held_only_once(tmp_path: Path) -> None:
    path = lock_path(tmp_path, "run-1")
    with RunLock(path):
        with pytest.raises(ConflictError) as caught:
            RunLock(path)
        assert str(caught.value) == f"E620: this run is already being executed ({path})"
    RunLock(path).close()


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    lock = RunLock(lock_path(tmp_path, "run-1"))
    lock.close()
    lock.close()
    assert not is_alive(tmp_path, "run-1")


HOLD = """
import subprocess, sys
from pathlib import Path
from assets_core.store.liveness import RunLock, lock_path
lock = RunLock(lock_path(Path(sys.argv[1]), "run-1"))
child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
print("ready", flush=True)
sys.stdin.read()
"""


def test_a_killed_process_is_dead_at_once_though_its_child_lives(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert is_alive(tmp_path, "run-1")
    os.kill(process.pid, signal.SIGSTOP)
    assert is_alive(tmp_path, "run-1")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert not is_alive(tmp_path, "run-1")


def test_a_lease_that_ran_out_holds_nothing_though_the_run_lives(tmp_path: Path) -> None:
    path = lock_path(tmp_path, "run-1")
    assert holds_leases(tmp_path, "run-1") is None
    with RunLock(path):
        assert holds_leases(tmp_path, "run-1"), "without a keeper it does not run out"
        renew(str(path), 3600.0)
        assert holds_leases(tmp_path, "run-1")
        path.write_text("no number")
        assert holds_leases(tmp_path, "run-1"), "then the lock decides"
        renew(str(path), -1.0)
        assert holds_leases(tmp_path, "run-1") is False
        assert is_alive(tmp_path, "run-1")
    renew(str(path), 3600.0)
    assert holds_leases(tmp_path, "run-1") is False, "no lease outlives its run"


def test_lock_files_are_private(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        home = tmp_path / "home"
        with RunLock(lock_path(home, "run-1")):
            modes = [p.stat().st_mode for p in (home / "runs", home / "runs" / "run-1.lock")]
    finally:
        os.umask(before)
    assert [stat.S_IMODE(mode) for mode in modes] == [0o700, 0o600]


@pytest.mark.parametrize("run", ["", "../x", "a/b", "a.b", "x" * 65, "a b", "\u00e4"])
def test_what_is_no_run_id_never_becomes_a_path(run: str, tmp_path: Path) -> None:
    with pytest.raises(InternalError) as caught:
        lock_path(tmp_path, run)
    assert caught.value.code == "E690"


def test_a_lock_file_that_cannot_be_made_is_a_located_error(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file in the way")
    path = lock_path(tmp_path, "run-1")
    with pytest.raises(StoreError) as caught:
        RunLock(path)
    assert caught.value.code == "E607"
    assert caught.value.place is not None
    assert caught.value.place.file == str(path)


def test_a_link_in_place_of_a_lock_file_is_not_followed(tmp_path: Path) -> None:
    path = lock_path(tmp_path, "run-1")
    path.parent.mkdir()
    target = tmp_path / "target"
    path.symlink_to(target)
    with pytest.raises(StoreError):
        RunLock(path)
    assert not target.exists()
