"""Kill ``gc`` at its n-th filesystem or store call, for every n, and look at what is left. Run by test_collecting."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from pathlib import Path

from tests.faults.kill_sweep import Countdown
from tests.faults.sweeping import attempts, forked, import_all

TELLING = ("commit", "rmdir", "unlink")
STRIDE = 6


def collected(root: Path, n: int) -> object:
    """The gc that is to be killed; its points when it was not."""
    from assets_core.project import Project
    from assets_core.project.collecting import collect

    countdown = Countdown(root / ".assets", n)
    project = Project.load(root)
    countdown.install()
    collect(project, dry_run=False)
    return countdown.names


def aftermath(root: Path) -> object:
    """What is wrong after the kill, and after the next gc."""
    from assets_core.project import Project
    from assets_core.project.collecting import collect
    from assets_core.project.verifying import verify
    from assets_core.project.wishes import Wish

    project = Project.load(root)
    problems = []
    for when in ("after the kill", "after the next gc"):
        found = verify(project, Wish(), every=True)
        if not found.ok:
            problems.append(f"{when}: {found.store} {found.suspects}")
        if when == "after the kill":
            collect(project, dry_run=False)
    if not collect(project, dry_run=False).nothing:
        problems.append("the next gc left something to do")
    data = root / ".assets" / "data"
    left = {p.name.removeprefix("~") for p in data.glob("*/~*")}
    if left != set(attempts(project).values()):
        problems.append(f"left on disk: {sorted(left)}")
    return problems


def main(template: str, scratch: str) -> int:
    root = Path(scratch)
    shutil.copytree(template, root)
    _, points = forked(lambda: collected(root, 0))
    import_all(forked(lambda: [aftermath(root), *sys.modules])[1][1:])
    bad = {}
    for n, name in enumerate(points, 1):
        if name not in TELLING and n % STRIDE:
            continue
        shutil.rmtree(root)
        shutil.copytree(template, root)
        ended, _ = forked(lambda n=n: collected(root, n))
        _, problems = forked(lambda: aftermath(root))
        if ended != signal.SIGKILL or problems != []:
            bad[f"{n} {name}"] = [ended, problems]
    print(json.dumps({"points": points, "bad": bad}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
