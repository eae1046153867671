"""Fault 27: a project whose import raises, exits, prints or hangs, in the command and in a worker alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets_core.execution import processes
from assets_core.project import loading
from tests.faces.conftest import make_shop
from tests.faults.verbs import Verbs
from tests.scenarios.shops import Shop

PROJECT = """
import os
import sys
import threading
import time

if Path("poison").exists():
    {poison}


@asset
def one() -> int:
    return 1


@asset
def two(one: int) -> int:
    return one
"""
POISON = {
    "raises": ('raise ValueError("bad import")', "E114"),
    "exits": ("sys.exit(3)", "E115"),
    "raises what nobody catches": ('raise BaseException("odd")', "E114"),
    "hangs": ("time.sleep(600)", "E116"),
    "waits for a lock": ("threading.Lock().acquire() and threading.Semaphore(0).acquire()", "E116"),
    "spins": ("while True: pass", "E116"),
    "swallows what stops it": (
        "\n        ".join(["try:", "    time.sleep(600)", "except Exception:", "    pass"]).replace(
            "        ", "    "
        ),
        "E116",
    ),
}


def project(tmp_path: Path, poison: str) -> Shop:
    shop = Shop.at(tmp_path / "project")
    shop.define(
        PROJECT.format(poison=poison).replace(
            'Path("poison")', 'Path(__file__).with_name("poison")'
        )
    )
    return shop


@pytest.mark.parametrize("what", POISON)
def test_it_is_a_located_error_of_the_command_before_anything_runs(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    poison, code = POISON[what]
    if code == "E116":
        monkeypatch.setattr(loading, "IMPORT_LIMIT_S", 0.5)
    shop = project(tmp_path, poison)
    shop.write("poison", "")
    done = Verbs(shop.root, capfd)("materialize")
    assert done.code == 2
    assert f"error[{code}]" in done.err
    assert "--> shop.py:" in done.err
    assert done.out == ""
    assert not (shop.root / ".assets" / "state.sqlite").exists()


@pytest.mark.parametrize("what", ["raises", "exits", "hangs", "spins"])
def test_in_a_worker_alone_it_fails_the_calls_and_the_run_ends(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison, code = POISON[what]
    if code == "E116":
        defaults = ("tests.faults.hasty_import:runtime_in_a_second", processes.START_LIMIT_S)
        monkeypatch.setattr(processes.ProcessExecutor.__init__, "__defaults__", defaults)
        monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    shop = project(tmp_path, poison)
    shop.attempt(executor="processes", jobs=1, planned=lambda _: shop.write("poison", ""))
    assert shop.outcomes() == {"one": "failed", "two": "blocked"}
    failure = shop.failure("one")
    assert failure.kind == code
    assert (failure.file, failure.line > 0) == ("shop.py", True)


def test_a_file_of_the_users_folder_stands_in_for_nothing_that_a_worker_needs(
    tmp_path: Path,
) -> None:
    shop = make_shop(tmp_path / "project")
    (shop.folder / "ctypes.py").write_text('raise SystemExit("the wrong one")\n')
    done = shop("materialize", "--executor", "processes", "-j", "1")
    assert done.code == 0, done.err
