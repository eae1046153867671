"""Kill a run at its n-th filesystem or store call, for every n, and look at what is left. Run by test_kill_sweep."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from tests.faults.filesystem_calls import Call, Seam
from tests.faults.sweeping import aftermath, attempts, command, forked, problems_after, warmed

CERTAIN = {"commit"}


class Countdown:
    """Kills the process at the n-th call below a project's state directory; counts only when ``n`` is 0."""

    def __init__(self, home: Path, n: int) -> None:
        self.n = n
        self.names: list[str] = []
        self._seam = Seam(home, self._meet)

    def _meet(self, call: Call) -> None:
        self.names.append(call.name)
        if call.number == self.n:
            os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        """From now on."""
        self._seam.install()


def first_run(root: Path, n: int) -> list[str]:
    """The run that is to be killed; its points when it was not."""
    countdown = Countdown(root / ".assets", n)
    countdown.install()
    code, _, errors = command(root, "materialize")
    assert code == 0, errors
    return list(countdown.names)


def problems_at(root: Path, before: dict[str, str], n: int, version: int) -> list[str]:
    """Everything that is wrong after a kill at call ``n``."""
    ended, _ = forked(lambda: first_run(root, n))
    if ended != signal.SIGKILL:
        return [f"it was not killed: {ended}"]
    _, found = forked(lambda: aftermath(root, before))
    return problems_after(found, before, version)


def chosen(names: list[str], stride: int) -> list[int]:
    """Every commit, before and after which something is visible, and every ``stride``-th of the others."""
    return [n for n, name in enumerate(names, 1) if name in CERTAIN or n % stride == 0]


def sweep(template: Path, scratch: Path, version: int, stride: int) -> dict[str, Any]:
    """The kill points of the run that ``template`` is about to make."""
    from assets_core.project import Project

    _, before = forked(lambda: attempts(Project.load(template)))
    names = warmed(template, scratch / "whole", lambda root: first_run(root, 0))
    points = chosen(names, stride)
    bad: dict[str, list[str]] = {}
    for n in points:
        root = scratch / "run"
        shutil.copytree(template, root)
        problems = problems_at(root, before, n, version)
        if problems:
            bad[f"{n} {names[n - 1]}"] = problems
        shutil.rmtree(root)
    return {"names": names, "swept": len(points), "bad": bad}


def main(template: str, scratch: str, version: str, stride: str) -> int:
    print(json.dumps(sweep(Path(template), Path(scratch), int(version), int(stride))))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
