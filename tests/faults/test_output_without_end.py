"""Fault 8: a gigabyte of output, a line without end, bytes that are no text: kept up to a cap, live, and in bounds."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from assets_core.execution.capture import (
    MAX_LINE,
    MAX_LOG_BYTES,
    TAIL_LINES,
    captured_descriptors,
    captured_streams,
)
from tests.faces.command import Command
from tests.scenarios.shops import Shop

MARKER = "[output capped at 64 MB; what follows is not kept]"
PROJECT = """
import os
import sys


@asset
def talks() -> int:
    print("begins")
    (log,) = (Path(__file__).parent / ".assets" / "logs").glob("*/*.log")
    assert log.read_text() == "begins\\n", "whoever follows it sees it now"
    line = b"x" * 16_000 + b"\\n"
    for _ in range({mb} * 1_000_000 // len(line)):
        os.write(1, line)
    print("ends")
    return 1


@asset
def babbles() -> int:
    os.write(1, bytes(range(256)) * 100 + b"\\n")
    sys.stdout.buffer.write(b"\\xff\\xfe\\x00 no text\\n")
    os.write(2, "cut \\N{{SNOWMAN}}".encode()[:-1])
    return 2
"""


def talking(tmp_path: Path, megabytes: int) -> Shop:
    """A project that was materialized by workers."""
    shop = Shop.at(tmp_path / "project", "jobs = 1\n")
    shop.define(PROJECT.format(mb=megabytes))
    done = Command(shop.root)("materialize", "--executor", "processes")
    assert done.code == 0, done.err
    return shop


def is_capped(shop: Shop) -> bool:
    """Whether the log of the one that talks ends with the marker, at the cap."""
    log = max((shop.root / ".assets" / "logs").glob("*/*.log"), key=lambda p: p.stat().st_size)
    size = log.stat().st_size
    with log.open("rb") as file:
        file.seek(-len(MARKER) - 1, os.SEEK_END)
        return file.read().decode() == f"{MARKER}\n" and 0 <= size - MAX_LOG_BYTES < 2 * MAX_LINE


def test_output_is_live_and_capped_with_a_marker(tmp_path: Path) -> None:
    shop = talking(tmp_path, 80)
    assert is_capped(shop)
    shown = Command(shop.root)("runs", "logs")
    assert (shown.code, "\x00" in shown.out, "\x1b" in shown.out) == (0, False, False)
    assert "no text" in shown.out


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_gigabyte_of_output_is_capped(tmp_path: Path) -> None:
    assert is_capped(talking(tmp_path, 1_000))


@pytest.mark.parametrize("captured", [captured_streams, captured_descriptors])
@pytest.mark.parametrize(
    "piece", [b"x" * 100_000, "ä".encode() * 50_000, bytes(range(1, 256)) * 400]
)
def test_a_line_without_end_costs_no_more_memory_than_a_long_one(
    tmp_path: Path, captured: Any, piece: bytes
) -> None:
    piece = piece.replace(b"\n", b" ")
    with captured(tmp_path / "call.log", str) as log:
        write = log.buffer.write if captured is captured_streams else lambda p: os.write(1, p)
        write(piece)
        tracemalloc.start()
        for _ in range(100_000_000 // len(piece)):
            write(piece)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        write(b"\nlast\n")
    first, last, _ = (tmp_path / "call.log").read_bytes().decode("utf-8").split("\n")
    assert last == "last"
    assert first.endswith(" [cut]")
    assert len(first) < MAX_LINE + 10
    assert peak < 4_000_000


def test_one_long_text_is_taken_in_pieces(tmp_path: Path) -> None:
    text = "y" * 50_000_000
    with captured_streams(tmp_path / "call.log", str) as log:
        tracemalloc.start()
        print("a", text)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        for number in range(1000):
            print("z" * MAX_LINE, number)
        kept = sum(map(len, log.tail))
    assert peak < 4_000_000
    assert kept <= TAIL_LINES * (MAX_LINE + 10)
