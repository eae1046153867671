"""Fault 5: the disk is full, broken, read-only or closed, or no file can be opened: a failure that says so (G1, G5)."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assets_core.execution.capture import captured_descriptors, captured_streams
from tests.faces.command import ASSETS, Command, environment
from tests.faults.test_kill_sweep import PROJECT
from tests.scenarios.shops import Shop
from tests.small_disks import free, resize, small_disk

# --- every call, by injection ---------------------------------------------------------------------------------------


def swept(tmp_path: Path, stride: int, *, again: bool) -> dict[str, Any]:
    """What the sweep found, from nothing or over an earlier version."""
    shop = Shop.at(tmp_path / "template")
    shop.define(PROJECT)
    if again:
        shop.build()
        (shop.root / "calls.log").unlink()
        shop.edit("VERSION = 1", "VERSION = 2")
    arguments = [str(shop.root), str(tmp_path), "2" if again else "1", str(stride)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.error_sweep", *arguments],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["bad"] == {}, done.stderr[-3000:]
    return report


def test_whatever_call_fails_the_run_says_so_and_the_next_one_goes_on(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    report = swept(tmp_path, 60, again=False)
    record_property(
        "sizes", f"{report['swept']} of {report['pairs']} pairs of a call and an error swept"
    )
    assert report["pairs"] > 300
    assert report["swept"] > 5


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("again", [False, True], ids=["from nothing", "over a version"])
def test_whatever_call_fails_in_any_way_the_next_run_goes_on(
    tmp_path: Path, record_property: Callable[[str, object], None], *, again: bool
) -> None:
    report = swept(tmp_path, 1, again=again)
    record_property("sizes", f"{report['swept']} pairs of a call and an error swept")


# --- who is to blame ------------------------------------------------------------------------------------------------

BLAME = """
@asset
def reads() -> str:
    return Path("/nowhere/at/all").read_text()


@asset
def writes() -> str:
    return "x"


@asset
def bystander() -> int:
    return 1
"""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop.at(tmp_path / "project")
    shop.define(BLAME)
    return shop


def refuse(
    monkeypatch: pytest.MonkeyPatch, name: str, part: str, number: int, *, named: bool
) -> None:
    """Every call of a function of ``os`` fails for paths that contain ``part``."""
    original = getattr(os, name)

    def called(target: Any, *args: Any, **kwargs: Any) -> Any:
        path = str(
            Path(f"/proc/self/fd/{target}").readlink() if isinstance(target, int) else target
        )
        if part in path:
            raise OSError(number, os.strerror(number), *([path] if named else []))
        return original(target, *args, **kwargs)

    monkeypatch.setattr(os, name, called)


def test_what_user_code_meets_is_its_own_exception(shop: Shop) -> None:
    shop.attempt()
    failure = shop.failure("reads")
    assert failure.kind == "FileNotFoundError"
    assert f'{shop.root / "shop.py"}", line' in failure.traceback
    assert shop.outcomes() == {
        "reads": "failed",
        "writes": "materialized",
        "bystander": "materialized",
    }


def test_a_version_that_cannot_be_written_is_a_failed_step_of_its_own(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        refuse(broken, "open", "data/writes/~", errno.EMFILE, named=True)
        shop.attempt("writes", "bystander")
    failure = shop.failure("writes")
    assert failure.kind == "E560"
    assert failure.message == (
        "`writes` cannot be stored: Too many open files; "
        "raise the limit of open files (`ulimit -n`), or use fewer jobs and run it again"
    )
    assert failure.file.endswith("shop.py")
    assert failure.traceback == ""
    assert shop.outcomes() == {"writes": "failed", "bystander": "materialized"}
    assert shop.build("writes") == []
    assert shop.todo("writes", "bystander") == []


@pytest.mark.parametrize("part", ["value.txt", "data/writes/~", "data/writes"])
def test_a_version_that_cannot_be_synced_does_not_count(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    with monkeypatch.context() as broken:
        refuse(broken, "fsync", part, errno.EIO, named=False)
        shop.attempt("writes", "bystander")
    failure = shop.failure("writes")
    assert failure.kind == "E561"
    assert "`writes` was written but could not be made durable: Input/output error on /" in (
        failure.message
    )
    assert "check the disk and run it again; nothing of it was published" in failure.message
    assert shop.outcomes() == {"writes": "failed", "bystander": "materialized"}
    assert shop.todo("writes") == ["writes run never_materialized"]


def test_a_folder_that_cannot_be_listed_is_not_passed_over_when_it_is_synced(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        refuse(broken, "scandir", "data/writes/~", errno.EMFILE, named=True)
        shop.attempt("writes")
    assert shop.failure("writes").kind == "E561"


def test_a_data_folder_that_cannot_be_written_to_ends_the_run_with_what_to_do(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("in the way")
    shop = Shop.at(tmp_path / "project", f"data = '{tmp_path / 'file' / 'data'}'\n")
    shop.define(BLAME)
    done = Command(shop.root)("materialize")
    assert done.code == 6
    assert "error[E625]: the data folder cannot be written to: Not a directory" in done.err
    assert "help: correct its permissions and run the command again; what was recorded is kept" in (
        done.err
    )
    assert "failed" in Command(shop.root)("runs", "ls").out


LEAKING = """
import resource

KEPT = []


@asset
def leaks() -> int:
    if Path("leaking").exists():
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
        try:
            while True:
                KEPT.append(open("/dev/null"))
        except OSError:
            pass
    return 1


@asset
def other() -> int:
    return 1
"""


@pytest.mark.parametrize("executor", ["inline", "processes"])
def test_a_process_that_has_too_many_files_open_says_so(tmp_path: Path, executor: str) -> None:
    shop = Shop.at(tmp_path / "project", "jobs = 1\n")
    shop.define(LEAKING)
    (shop.root / "leaking").touch()
    command = Command(shop.root)
    done = command("materialize", "--executor", executor)
    assert done.code == 1, done.err
    limit = re.escape("Too many open files; raise the limit of open files (`ulimit -n`)")
    met = "(E560: `leaks` cannot be stored|E561: `leaks` was written but could not be made durable)"
    assert re.search(f"{met}: {limit}", done.err), done.err  # by how many files were closed since
    assert "other failed: E5" in done.err
    assert "Traceback" not in done.err
    (shop.root / "leaking").unlink()
    assert "2 materialized" in command("materialize").out


@pytest.mark.strace
@pytest.mark.parametrize(
    ("call", "error", "code", "said"),
    [
        (
            "fdatasync",
            "EIO",
            "E611",
            "the state store cannot be read or written: disk I/O error on /",
        ),
        ("pwrite64", "ENOSPC", "E610", "the disk that holds the state store is full: "),
    ],
)
def test_an_error_of_the_kernel_under_sqlite_ends_the_run_and_the_next_one_goes_on(
    shop: Shop, call: str, error: str, code: str, said: str
) -> None:
    """Past the seam, which does not see what SQLite asks for: the log of the state store, from its third use on."""
    log = shop.root / ".assets" / "state.sqlite-wal"
    argv = [
        "strace", "-f", "-o", os.devnull, "-P", str(log), "-e", f"inject={call}:error={error}:when=3+",
        str(ASSETS), "materialize", "bystander", "writes",
    ]  # fmt: skip
    done = subprocess.run(
        argv, cwd=shop.root, env=environment(), capture_output=True, check=False, text=True
    )
    assert done.returncode == 6, done.stderr
    assert f"error[{code}]: {said}" in done.stderr
    assert "Traceback" not in done.stderr
    command = Command(shop.root)
    again = command("materialize", "bystander", "writes")
    assert again.code == 0, again.err
    assert "whole" in command("db", "status").out


# --- logs ---------------------------------------------------------------------------------------------------------


def test_no_step_fails_because_its_log_cannot_be_written(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project")
    shop.define('@asset\ndef talks() -> int:\n    print("hello")\n    return 1\n')
    home = shop.root / ".assets"
    home.mkdir()
    (home / "logs").write_text("in the way")
    assert shop.build() == []
    assert shop.outcomes() == {"talks": "materialized"}


@pytest.mark.parametrize("captured", [captured_streams, captured_descriptors])
def test_a_log_that_cannot_be_kept_says_so_and_stops_nobody(tmp_path: Path, captured: Any) -> None:
    (tmp_path / "logs").write_text("in the way")
    with captured(tmp_path / "logs" / "call.log", str) as log:
        print("first")
        for _ in range(40):  # more than a pipe holds: somebody has to go on reading
            os.write(log.fileno(), b"x" * 65_000 + b"\n") if log._descriptor else print(
                "x" * 65_000
            )
    assert log.path is None
    assert log.tail[-1] == "[output is no longer kept: Not a directory]"


# --- a disk that is really full -------------------------------------------------------------------------------------

FILLING = """
SIZE = 3_000_000


@asset
def large() -> bytes:
    return b"x" * SIZE


@asset
def small() -> int:
    return 1
"""


@pytest.mark.tmpfs
def test_data_on_a_full_disk_fails_its_step_alone_and_leaves_no_part_of_it(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as spot:
        shop = Shop.at(tmp_path / "project", f"data = '{spot}'\njobs = 1\n")
        shop.define(FILLING)
        command = Command(shop.root)
        done = command("materialize", "--executor", "processes")
        assert done.code == 1
        assert "E560: `large` cannot be stored: No space left on device" in done.err
        assert f"of 1,048,576 bytes are free on {spot}; free some space" in done.err.replace(
            "\n", ""
        )
        assert "needs more than" in done.err
        assert "1 materialized" in done.out
        assert free(spot) > 900_000
        assert "large" in command("plan").out
        resize(spot, "8m")
        again = command("materialize")
        assert (again.code, "1 materialized" in again.out) == (0, True)
        assert "Nothing to do" in command("materialize").out
        assert command("verify").code == 0


@pytest.mark.tmpfs
def test_a_ledger_on_a_full_disk_ends_the_run_and_the_next_one_goes_on(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "2m") as spot:
        data = tmp_path / "data"
        shop = Shop.at(tmp_path / "project", f"data = '{data}'\n")
        shop.define(f"""
        FILLER = Path("{spot}") / "filler"

        @asset
        def first() -> int:
            ran("first")
            return 1

        @asset
        def second(first: int) -> int:
            ran("second")
            try:
                with FILLER.open("wb", buffering=0) as file:
                    while Path("full").exists():
                        file.write(b"x" * 4096)
            except OSError:
                pass
            return 2
        """)
        (shop.root / "full").touch()
        command = Command(shop.root)
        done = command("materialize", ASSETS_HOME=str(spot / "home"))
        assert done.code == 6
        assert "error[E610]: the disk that holds the state store is full: 0 of 2,097,152 bytes" in (
            done.err
        )
        assert f"are free on {spot}" in done.err.replace("\n", "")
        assert "what was recorded is kept" in done.err
        assert "Traceback" not in done.err
        (spot / "filler").unlink()
        (shop.root / "full").unlink()
        again = command("materialize", ASSETS_HOME=str(spot / "home"))
        assert again.code == 0, again.err
        assert shop.calls() == ["first", "second", "second"]
        assert "Nothing to do" in command("materialize", ASSETS_HOME=str(spot / "home")).out


@pytest.mark.tmpfs
def test_a_log_on_a_full_disk_is_cut_off_and_its_step_goes_on(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as spot:
        store = tmp_path / "state.sqlite"
        shop = Shop.at(
            tmp_path / "project",
            f"data = '{tmp_path / 'data'}'\nstore = 'sqlite:///{store}'\njobs = 1\n",
        )
        shop.define("""
        @asset
        def talks() -> int:
            print("first of all")
            for _ in range(400):
                print("x" * 10_000)
            return 1
        """)
        command = Command(shop.root)
        home = str(spot / "home")
        done = command("materialize", "--executor", "processes", ASSETS_HOME=home)
        assert done.code == 0, done.err
        assert free(spot) < 100_000
        shown = command("runs", "logs", ASSETS_HOME=home)
        assert shown.code == 0
        assert "first of all" in shown.out
