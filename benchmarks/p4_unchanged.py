"""P4: the same again with nothing changed, beside ninja on a graph of the same shape.

It is asked at the sizes of P3, and with ``--full`` at 100,000, whose first state takes minutes.
"""

from __future__ import annotations

import shutil
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import CommandFailed, Figure, measure, timed
from benchmarks.projects import layered, write_layered

RUNS = 5


def figures(work: Path, command: str, count: int) -> Iterator[Figure]:
    """Ninja, a plan, and a materialization that finds nothing to do, over so many assets."""
    title = f"{count:,} unchanged"
    ninja = write_ninja(work / f"ninja-{count}", count)
    yield measure("P4", title, "ninja", [ninja_program()], ninja, runs=RUNS)
    project = built(work, command, count)
    for verb in ("plan", "materialize"):
        argv = [command, verb, *(["--exit-code"] if verb == "plan" else [])]
        yield measure("P4", f"{title}, {verb}", "assets", argv, project, runs=RUNS)


def built(work: Path, command: str, count: int) -> Path:
    """The layered project with everything recorded; where P3 left no state, a run makes it."""
    project = work / f"layered-{count}"
    if not (project / ".assets").exists():
        timed([command, "materialize", "--executor", "inline"], write_layered(project, count))
    return project


def ninja_program() -> str:
    """The ninja of this environment, or the system's."""
    found = shutil.which("ninja", path=sysconfig.get_path("scripts")) or shutil.which("ninja")
    if found is None:
        raise CommandFailed("ninja is the limit of P4 and is not installed")
    return found


def write_ninja(folder: Path, count: int) -> Path:
    """A ninja file of the same shape whose outputs all exist and are up to date."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    edges = [
        f"build {node.name}: touch {' '.join(node.upstream)}\n"
        for layer in layered(count)
        for node in layer
    ]
    (folder / "build.ninja").write_text("rule touch\n  command = touch $out\n" + "".join(edges))
    timed([ninja_program()], folder)
    return folder
