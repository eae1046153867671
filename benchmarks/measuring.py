"""Whole processes, timed: wall clock from spawn to exit and the peak of resident memory, medians of several runs.

Wall clock of a whole process is what a person waits for; it includes the interpreter's start, our imports and the exit.
``os.wait4`` gives the peak memory of that child alone (``RUSAGE_CHILDREN`` would give the peak over all of them).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

RUNS = 3


@dataclass(frozen=True, slots=True)
class Figure:
    """What one tool needs for one piece of work; ``seconds`` holds every run, in the order taken."""

    row: str
    work: str
    who: str
    seconds: tuple[float, ...]
    peak_mb: float | None = None

    @property
    def median(self) -> float:
        """The median of the runs, in seconds."""
        return statistics.median(self.seconds)


class CommandFailed(Exception):
    """A measured command did not exit 0; the message ends with what it printed last."""


def timed(
    argv: Sequence[str], cwd: Path, env: Mapping[str, str] | None = None
) -> tuple[float, float]:
    """Run one process to its end; gives (seconds, peak MB) and raises CommandFailed unless it exits 0."""
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        child = subprocess.Popen(
            list(argv),
            cwd=cwd,
            env={**_usual(os.environ), **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            output.seek(0)
            tail = output.read().decode(errors="replace")[-1500:]
            raise CommandFailed(f"{' '.join(argv)} exited {child.returncode}:\n{tail}")
    unit = 1 if sys.platform == "darwin" else 1024
    return seconds, usage.ru_maxrss * unit / 1e6


def _usual(environment: Mapping[str, str]) -> dict[str, str]:
    """Without the switch that keeps Python from storing compiled modules: installed tools have theirs."""
    return {k: v for k, v in environment.items() if k != "PYTHONDONTWRITEBYTECODE"}


def measure(
    row: str,
    work: str,
    who: str,
    argv: Sequence[str],
    cwd: Path,
    *,
    runs: int = RUNS,
    before_each: Callable[[], object] = lambda: None,
    env: Mapping[str, str] | None = None,
) -> Figure:
    """Time ``runs`` runs of one command; ``before_each`` puts the state back and is not timed."""
    taken = []
    for _ in range(runs):
        before_each()
        taken.append(timed(argv, cwd, env))
    figure = Figure(row, work, who, tuple(s for s, _ in taken), max(mb for _, mb in taken))
    print(f"  {row} {work}: {who} {figure.median:.3f} s", file=sys.stderr, flush=True)
    return figure
