"""P2: 40 chained ``fibo(10)`` assets in one invocation, from nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.limits import fresh
from benchmarks.measuring import Figure, measure
from benchmarks.projects import forget, write_chain

RUNS = 5


def figures(work: Path, command: str) -> Iterator[Figure]:
    """The bare loop, then both executors."""
    loop = work / "chain-limit"
    bare = [sys.executable, "-m", "benchmarks.limits", "chain", str(loop)]
    here = Path(__file__).parents[1]
    yield measure(
        "P2", "40 in a chain", "bare loop", bare, here, runs=RUNS, before_each=partial(fresh, loop)
    )
    project = write_chain(work / "chain")
    for executor in ("inline", "processes"):
        argv = [command, "materialize", "--executor", executor]
        title = f"40 in a chain, {executor}"
        reset = partial(forget, project)
        yield measure("P2", title, "assets", argv, project, runs=RUNS, before_each=reset)
