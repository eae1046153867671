"""What every executor makes of what user code does: one project, run once by each of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assets_core.model.events import AttemptFailed
from tests.scenarios.shops import Shop

EVERYWHERE = """
import asyncio
import subprocess
import sys
import threading

THREE = DailyPartitions(start="2026-01-01", end="2026-01-04")


class Unpicklable(Exception):
    def __init__(self):
        super().__init__("holds a lock")
        self.lock = threading.Lock()


class BadText(Exception):
    def __str__(self):
        raise RuntimeError("no text")


@asset
def value() -> dict[str, int]:
    return {"n": 1}


@asset
def reader(value: dict[str, int]) -> int:
    return value["n"]


@asset
async def waited() -> int:
    await asyncio.sleep(0)
    return 1


@asset
def raises() -> int:
    raise ValueError("no")


@asset
def after_raises(raises: int) -> int:
    return raises


@asset
def raises_unpicklable() -> int:
    raise Unpicklable


@asset
def raises_without_text() -> int:
    raise BadText


@asset
def leaves() -> int:
    sys.exit("bye")


@asset
def returns_a_lambda() -> object:
    return lambda: 1


@asset(partitions=THREE, batch="all")
def half(context: AssetContext) -> Iterator[Output[int]]:
    yield Output(1, partition="2026-01-01")
    raise ValueError("half way")


@asset
def gives_metadata(context: AssetContext) -> int:
    class Mine(str):
        pass

    context.add_metadata(name=Mine("plain"))
    return 1


@asset
def prints(context: AssetContext) -> int:
    print("to stdout")
    print("to stderr", file=sys.stderr)
    context.log.warning("to the log")
    sys.stdout.write("no newline at the end")
    return 1


@asset
def prints_bytes() -> int:
    sys.stdout.buffer.write(b"\\xff\\xfe raw \\x00 bytes\\n")
    sys.stdout.buffer.flush()
    raise ValueError("after bytes")


@asset
def prints_a_long_line() -> int:
    for _ in range(100):
        sys.stdout.write("x" * 1_000_000)
    print()
    raise ValueError("after the long line")


@asset
def prints_for_ever() -> int:
    for n in range(100_000):
        print("a line of output that says nothing new, many times over and over again" * 10, n)
    return 1


@check(asset=value)
def crashes(value: dict[str, int]) -> bool:
    raise Unpicklable
"""
ONLY_PROCESSES = """

import ctypes
import os
import signal
import time


@asset
def ends_at_once() -> int:
    os._exit(0)


@asset
def hangs_up() -> int:
    os.closerange(3, 100)
    time.sleep(0.3)
    os._exit(7)


@asset
def segfaults() -> int:
    ctypes.string_at(0)


@asset
def is_killed(context: AssetContext) -> int:
    context.log.warning("last words")
    os.kill(os.getpid(), signal.SIGKILL)


@asset
def c_prints() -> int:
    os.write(1, b"from descriptor 1\\n")
    libc = ctypes.CDLL(None)
    libc.puts(b"from C")
    libc.fflush(None)
    subprocess.run(["echo", "from a child"], check=True)
    raise ValueError("after C")
"""


@pytest.fixture(scope="module", params=["inline", "processes"])
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The project after one run by this executor."""
    shop = Shop.at(tmp_path_factory.mktemp(request.param) / "project")
    shop.define(EVERYWHERE + (ONLY_PROCESSES if request.param == "processes" else ""))
    shop.attempt(executor=request.param, jobs=2)
    return shop


@pytest.fixture
def processes(ran: Shop) -> Shop:
    """The same, where the executor is the one with processes; the inline one promises nothing here."""
    return ran


def told(shop: Shop, asset: str) -> AttemptFailed:
    """How that asset failed."""
    return next(e for e in shop.of(AttemptFailed) if e.asset == asset)


def test_a_result_is_stored_and_read(ran: Shop) -> None:
    outcomes = ran.outcomes()
    assert {outcomes[a] for a in ("waited", "gives_metadata", "prints")} == {"materialized"}
    assert ran.value("gives_metadata") == 1


@pytest.mark.parametrize(
    ("asset", "kind", "message"),
    [
        ("raises", "ValueError", "no"),
        ("raises_unpicklable", "shop.Unpicklable", "holds a lock"),
        ("raises_without_text", "shop.BadText", "its message could not be read"),
        ("leaves", "SystemExit", "bye"),
        ("returns_a_lambda", "E511", "function"),
    ],
)
def test_what_user_code_raises_is_a_failure_in_plain_data(
    ran: Shop, asset: str, kind: str, message: str
) -> None:
    assert ran.outcomes()[asset] == "failed"
    failure = ran.failure(asset)
    assert failure.kind == kind
    assert message in failure.message
    if kind != "E511":
        assert failure.file.endswith("shop.py")
        assert failure.line > 0


def test_what_reads_a_failure_is_blocked_and_the_rest_goes_on(ran: Shop) -> None:
    assert ran.outcomes()["after_raises"] == "blocked"


def test_a_check_that_crashes_keeps_its_asset_back(ran: Shop) -> None:
    assert ran.outcomes()["value"] == "rejected"
    assert ran.outcomes()["reader"] == "blocked"


def test_partitions_before_a_failure_are_good(ran: Shop) -> None:
    outcomes = ran.outcomes()
    assert [outcomes[f"half@2026-01-0{n}"] for n in (1, 2, 3)] == [
        "materialized",
        "failed",
        "failed",
    ]


def logs(shop: Shop) -> dict[str, Path]:
    """The log of each attempt of the latest run, by asset."""
    with shop.project().reading() as reader:
        (run, _), *_ = reader.runs("default", 1)
        home = shop.project().definitions.home
        found = {}
        for attempt in reader.attempts(run.run):
            if attempt.log is not None:
                path = Path(attempt.log)
                found[str(attempt.asset)] = path if path.is_absolute() else home.root / path
    return found


def test_output_goes_to_the_log_and_nowhere_else(
    ran: Shop, capfd: pytest.CaptureFixture[str]
) -> None:
    text = logs(ran)["prints"].read_text()
    for expected in ("to stdout\n", "to stderr\n", "WARNING to the log\n", "no newline at the end"):
        assert expected in text
    assert capfd.readouterr() == ("", "")


def test_binary_output_is_kept_as_text(ran: Shop) -> None:
    assert "raw \x00 bytes" in logs(ran)["prints_bytes"].read_text()
    assert ran.failure("prints_bytes").message == "after bytes"


def test_a_long_line_is_cut_and_endless_output_is_capped_with_a_marker(ran: Shop) -> None:
    cut = logs(ran)["prints_a_long_line"]
    assert cut.stat().st_size < 100_000
    assert "[cut]" in cut.read_text()
    assert all(len(line) < 20_000 for line in told(ran, "prints_a_long_line").tail)
    endless = logs(ran)["prints_for_ever"]
    assert endless.stat().st_size < 65 * 1024 * 1024
    with endless.open("rb") as file:
        file.seek(-200, os.SEEK_END)
        assert b"output capped at" in file.read()
    assert ran.outcomes()["prints_for_ever"] == "materialized"


def test_a_worker_that_ends_is_a_failure_with_its_reason(ran: Shop) -> None:
    if "ends_at_once" not in ran.outcomes():
        return  # inline: what ends the process ends the run
    expected = {
        "ends_at_once": "exited with status 0 without giving a result",
        "hangs_up": "exited with status 7 without giving a result",
        "segfaults": "SIGSEGV",
        "is_killed": "SIGKILL",
    }
    for asset, reason in expected.items():
        assert ran.failure(asset).kind == "died", asset
        assert reason in ran.failure(asset).message, asset
    (line,) = told(ran, "is_killed").tail
    assert line.endswith("WARNING last words")
    assert told(ran, "is_killed").log is not None


def test_what_c_and_children_write_is_captured(ran: Shop) -> None:
    if "c_prints" not in ran.outcomes():
        return  # inline: Python's streams only, so that breakpoint() keeps the terminal
    text = logs(ran)["c_prints"].read_text()
    assert [line for line in text.splitlines() if line.startswith("from")] == [
        "from descriptor 1",
        "from C",
        "from a child",
    ]
