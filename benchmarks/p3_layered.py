"""P3: 1,000 and 10,000 layered assets with pandas outputs, from nothing, all recorded durably."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.limits import fresh
from benchmarks.measuring import Figure, measure
from benchmarks.projects import forget, write_layered


def figures(work: Path, command: str, count: int) -> Iterator[Figure]:
    """The bare loop, then both executors, over so many assets; the last state is left for P4."""
    here, loop = Path(__file__).parents[1], work / "layered-limit"
    bare = [sys.executable, "-m", "benchmarks.limits", "layered", str(loop), str(count)]
    title = f"{count:,} layered"
    yield measure("P3", title, "bare loop", bare, here, before_each=partial(fresh, loop))
    project = write_layered(work / f"layered-{count}", count)
    for executor in ("processes", "inline"):
        argv = [command, "materialize", "--executor", executor]
        reset = partial(forget, project)
        yield measure("P3", f"{title}, {executor}", "assets", argv, project, before_each=reset)
