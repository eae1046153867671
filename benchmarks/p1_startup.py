"""P1: what it costs to start: ``--help``, and listing 10 and 1,000 assets of modules that import nothing heavy."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Figure, measure
from benchmarks.projects import write_layered

RUNS = 7


def figures(work: Path, command: str) -> Iterator[Figure]:
    """The floor first, then ours."""
    bare = [sys.executable, "-c", "pass"]
    yield measure("P1", "start", "python -c pass", bare, work, runs=RUNS)
    importing = [sys.executable, "-c", "import assets_core"]
    yield measure("P1", "import", "assets", importing, work, runs=RUNS)
    yield measure("P1", "--help", "assets", [command, "--help"], work, runs=RUNS)
    for count in (10, 1_000):
        project = write_layered(work / f"list-{count}", count)
        yield measure("P1", f"list {count:,}", "assets", [command, "ls"], project, runs=RUNS)
