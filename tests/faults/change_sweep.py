"""Kill a verb that changes records at its n-th filesystem or store call, for every n, and look at what is left.

Run by its tests: ``change_sweep.py rollback|rename TEMPLATE SCRATCH``.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.gc_sweep import import_all
from tests.faults.kill_sweep import Countdown, attempts, forked

if TYPE_CHECKING:
    from assets_core.project import Project


def rollback(project: Project) -> None:
    from assets_core.project.rolling_back import plan_rollback, roll_back

    roll_back(project, plan_rollback(project, "up", (), None))


def rename(project: Project) -> None:
    from assets_core.project.renaming import plan_rename, rename

    rename(project, plan_rename(project, [("up", "above")]))


CHANGES = {"rollback": rollback, "rename": rename}


def changed(what: str, root: Path, n: int) -> object:
    """The change that is to be killed; its points when it was not."""
    from assets_core.project import Project

    countdown = Countdown(root / ".assets", n)
    project = Project.load(root)
    countdown.install()
    CHANGES[what](project)
    return countdown.names


def aftermath(root: Path) -> object:
    """What readers see, what is held, what is to be made, and what the store says of itself."""
    from assets_core.project import Project

    project = Project.load(root)
    seen = attempts(project)
    with project.reading() as reader:
        problems = list(reader.examine())
    plan = project.plan().plan
    held = [note.asset for note in plan.annotations if note.code == "held"]
    return [seen, held, [step.asset for step in plan.steps], problems]


def main(what: str, template: str, scratch: str) -> int:
    root = Path(scratch)
    shutil.copytree(template, root)
    _, before = forked(lambda: aftermath(root))
    _, points = forked(lambda: changed(what, root, 0))
    _, after = forked(lambda: aftermath(root))
    import_all(forked(lambda: [aftermath(root), *sys.modules])[1][1:])
    found: dict[str, int] = {"before": 0, "after": 0}
    bad = {}
    for n, name in enumerate(points, 1):
        shutil.rmtree(root)
        shutil.copytree(template, root)
        ended, _ = forked(lambda n=n: changed(what, root, n))
        _, left = forked(lambda: aftermath(root))
        if ended == signal.SIGKILL and left in (before, after):
            found["before" if left == before else "after"] += 1
        else:
            bad[f"{n} {name}"] = [ended, left]
    answer = {"points": points, "found": found, "bad": bad, "before": before, "after": after}
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
