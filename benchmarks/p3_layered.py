"""P3: 1,000 and 10,000 layered assets with pandas outputs, from nothing, all recorded durably."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.limits import fresh
from benchmarks.measuring import RUNS, Figure, measure
from benchmarks.projects import forget, write_layered

LONG = 10_000
"""Assets from which on one run is measured and not several: each takes minutes, so the spread tells less."""


def figures(work: Path, command: str, count: int) -> Iterator[Figure]:
    """The bare loop, then both executors, over so many assets; the last state is left for P4."""
    here, loop = Path(__file__).parents[1], work / "layered-limit"
    bare = [sys.executable, "-m", "benchmarks.limits", "layered", str(loop), str(count)]
    title = f"{count:,} layered"
    runs = RUNS if count < LONG else 1
    reset = partial(fresh, loop)
    yield measure("P3", title, "bare loop", bare, here, runs=runs, before_each=reset)
    project = write_layered(work / f"layered-{count}", count)
    for executor in ("processes", "inline"):
        argv = [command, "materialize", "--executor", executor]
        reset = partial(forget, project)
        what = f"{title}, {executor}"
        yield measure("P3", what, "assets", argv, project, runs=runs, before_each=reset)
