"""What runs on this machine, as tests of faults see it: by conditions, in a time that only a hang exceeds."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil

DEADLINE_S = 120.0


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether it becomes true in time."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def gone(pid: int) -> bool:
    """Whether no process of that id runs any more; one that nobody asked about yet has ended."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def pids_in(folder: Path) -> dict[str, int]:
    """The processes that user code wrote down, by file name."""
    return {p.name: int(p.read_text()) for p in folder.glob("*.pid")}
