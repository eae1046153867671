"""Kill a rollback at its n-th filesystem or store call, for every n, and look at what is left. Run by its test."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from pathlib import Path

from tests.faults.gc_sweep import import_all
from tests.faults.kill_sweep import Countdown, attempts, forked


def moved_back(root: Path, n: int) -> object:
    """The rollback that is to be killed; its points when it was not."""
    from assets_core.project import Project
    from assets_core.project.rolling_back import plan_rollback, roll_back

    countdown = Countdown(root / ".assets", n)
    project = Project.load(root)
    countdown.install()
    roll_back(project, plan_rollback(project, "up", (), None))
    return countdown.names


def aftermath(root: Path) -> object:
    """What readers see, what is held, and what the store says of itself."""
    from assets_core.project import Project

    project = Project.load(root)
    seen = attempts(project)
    with project.reading() as reader:
        problems = list(reader.examine())
    held = [note.asset for note in project.plan().plan.annotations if note.code == "held"]
    return [seen, held, problems]


def main(template: str, scratch: str) -> int:
    root = Path(scratch)
    shutil.copytree(template, root)
    _, before = forked(lambda: aftermath(root))
    _, points = forked(lambda: moved_back(root, 0))
    _, after = forked(lambda: aftermath(root))
    import_all(forked(lambda: [aftermath(root), *sys.modules])[1][1:])
    found: dict[str, int] = {"before": 0, "after": 0}
    bad = {}
    for n, name in enumerate(points, 1):
        shutil.rmtree(root)
        shutil.copytree(template, root)
        ended, _ = forked(lambda n=n: moved_back(root, n))
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
