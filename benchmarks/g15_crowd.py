"""G15: nobody waits long for a store that many use: each of 16 writers, and a plan of 10,000 assets beside 8 of them.

The first figure has a value per writer, not per run: how long the slowest of a hundred commits took it, while all of
them commit back to back and a watcher polls. The second is a whole ``assets plan``; its limit is the same one alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from math import ceil
from pathlib import Path

from benchmarks.crowd import EVENTS, crowd, said
from benchmarks.limits import fresh
from benchmarks.measuring import Figure, measure
from benchmarks.p4_unchanged import built

RUNS = 5
WRITERS, COMMITS = 16, 4_000
BESIDE, ASSETS = 8, 10_000


def figures(work: Path, command: str) -> Iterator[Figure]:
    """The slowest commits of each writer, then the plan alone and in company."""
    yield _commits(work / "crowd")
    project = built(work, command, ASSETS)
    title, argv = f"plan of {ASSETS:,} assets", [command, "plan", "--exit-code"]
    yield measure("G15", title, "alone", argv, project, runs=RUNS)
    with crowd(f"sqlite:///{project / '.assets' / 'state.sqlite'}", BESIDE, sys.maxsize) as others:
        beside = measure(
            "G15", f"{title} beside {BESIDE} writers", "assets", argv, project, runs=RUNS
        )
        for process in others:
            if process.poll() is not None:
                said(process)
    yield beside


def _commits(folder: Path) -> Figure:
    fresh(folder)
    url = f"sqlite:///{folder / 'state.sqlite'}"
    with crowd(url, WRITERS, WRITERS + EVENTS * COMMITS, watchers=1) as processes:
        found = [said(process) for process in processes]
    slowest = [sorted(took)[ceil(0.99 * len(took)) - 1] for took in found if isinstance(took, list)]
    return Figure(
        "G15", f"slowest of 100 commits, each of {WRITERS} writers", "assets", tuple(slowest)
    )
