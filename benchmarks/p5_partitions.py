"""P5: planning partitions. Chains of five assets, hourly or in two dimensions, up to a million asset-partitions.

Every figure is one whole ``assets`` process, beside a process that only reads the same packed rows from the same
SQLite file. The states are fabricated through the store's own transactions (``benchmarks.partitioned``), because
running a million steps would take an hour and leave exactly those rows. ``first`` plans a project without any state;
``one dirty`` plans after one partition in the middle of the first asset got another version.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.measuring import Figure, measure, timed
from benchmarks.partitioned import CASES, LARGEST, Case, write_case

RUNS = 5
HERE = Path(__file__).parents[1]


def figures(work: Path, command: str) -> Iterator[Figure]:
    """For each case the limit, then each plan; the largest also through the other faces."""
    for case in CASES:
        new = write_case(work / f"{case.name}-new", case)
        yield _figure(case, "first plan", command, new, ["plan"])
        project = filled(work, case)
        dirty = partial(_publish, project, "other")
        clean = partial(_publish, project, "same")
        clean()
        yield measure("P5", case.title, "packed rows read", _reading(project), HERE, runs=RUNS)
        yield _figure(case, "no-op plan", command, project, ["plan", "--exit-code"])
        dirty()
        yield _figure(case, "one dirty", command, project, ["plan"])
        if case is LARGEST:
            yield _figure(case, "one dirty, plan --json", command, project, ["plan", "--json"])
            yield _figure(case, "first plan --json", command, new, ["plan", "--json"])
            yield _figure(case, "ls", command, project, ["ls"])
            yield _figure(case, "partitions KEY", command, project, ["partitions", "p4"])
        clean()


def filled(work: Path, case: Case) -> Path:
    """The project of a case with everything recorded; made once, since a million takes minutes."""
    project = work / case.name
    if not (project / ".filled").exists():
        write_case(project, case)
        _fabricate(project, "fill")
        (project / ".filled").touch()
    return project


def _figure(case: Case, what: str, command: str, project: Path, arguments: list[str]) -> Figure:
    title = f"{case.title}, {what}"
    return measure("P5", title, "assets", [command, *arguments], project, runs=RUNS)


def _reading(project: Path) -> list[str]:
    return [sys.executable, "-m", "benchmarks.limits", "packed", str(project)]


def _publish(project: Path, version: str) -> None:
    _fabricate(project, version)


def _fabricate(project: Path, what: str) -> None:
    timed([sys.executable, "-m", "benchmarks.partitioned", str(project), what], HERE)
