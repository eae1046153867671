"""Let each filesystem and store call of a run fail in each way it can, and look at what is said and what is left.

Run by test_disk_errors. A full and a read-only disk stay so until the run has ended; other errors happen once.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.faults.filesystem_calls import STORE, Call, Seam
from tests.faults.sweeping import aftermath, attempts, command, forked, problems_after, warmed

LASTING = {"ENOSPC", "EROFS"}
STORE_ERRORS = {
    "ENOSPC": (sqlite3.SQLITE_FULL, "database or disk is full"),
    "EIO": (sqlite3.SQLITE_IOERR, "disk I/O error"),
    "EROFS": (sqlite3.SQLITE_READONLY, "attempt to write a readonly database"),
    "EACCES": (sqlite3.SQLITE_CANTOPEN, "unable to open database file"),
}
KINDS = {
    "begin": ("EIO",),
    "commit": ("ENOSPC", "EIO", "EROFS", "EACCES"),
    "fsync": ("EIO", "ENOSPC"),
    "write": ("ENOSPC", "EIO"),
    "open": ("EMFILE", "EACCES", "EIO", "EROFS", "ENOSPC"),
    "scandir": ("EMFILE", "EACCES", "EIO"),
}
OTHERS = ("ENOSPC", "EACCES", "EROFS", "EIO")
READING = {"EMFILE", "EACCES", "EIO"}
UNNEEDED = re.compile(r"cache|logs|\.gitignore$")
"""What a run goes on without: caches cost the next one some time, and no step fails of what it printed."""
ROOM = re.compile(r"\d bytes.* are free on /")


class Failing:
    """Lets the n-th call fail, and for an error that lasts every later one that would change something."""

    def __init__(self, home: Path, n: int, kind: str) -> None:
        self.n = n
        self.kind = kind
        self.calls: list[Call] = []
        self._seam = Seam(home, self._meet)

    def install(self) -> None:
        """From now on."""
        self._seam.install()

    def _meet(self, call: Call) -> None:
        self.calls.append(call)
        lasts = self.kind in LASTING and 0 < self.n < call.number and call.writing
        if call.number != self.n and (not lasts or call.name == "begin"):
            return
        if call.name in STORE:
            code, text = STORE_ERRORS[self.kind]
            error = sqlite3.OperationalError(text)
            error.sqlite_errorcode = code
            raise error
        number = getattr(errno, self.kind)
        named = call.name not in {"fsync", "write", "ftruncate"}
        home = Path(self._seam.folder)
        raise OSError(number, os.strerror(number), *([str(home / call.path)] if named else []))


def run_failing(root: Path, n: int, kind: str) -> dict[str, Any]:
    """The run whose ``n``-th call fails: what it said, and what it met."""
    failing = Failing(root / ".assets", n, kind)
    failing.install()
    code, out, err = command(root, "materialize")
    calls = [[c.name, c.path, c.writing] for c in failing.calls]
    return {"code": code, "said": out + err, "calls": calls}


def kinds_of(call: Call) -> Iterator[str]:
    """The errors that a call can end with."""
    for kind in KINDS.get(call.name, OTHERS):
        if call.writing or kind in READING:
            yield kind


def problems_said(done: dict[str, Any], call: Call, kind: str) -> Iterator[str]:
    """Everything that is wrong with how the run ended."""
    code, said = done["code"], done["said"]
    if "Traceback" in said or "E700" in said or code not in {0, 1, 6}:
        yield f"exit {code}"
        return
    if code == 0 and not (UNNEEDED.search(call.path) or call.name == "scandir"):
        yield "nobody noticed"
    if code == 6 and "help: " not in said:
        yield "no remedy"
    if code != 0 and kind == "ENOSPC" and not ROOM.search(said):
        yield "no room told"


def problems_at(
    root: Path, before: dict[str, str], call: Call, kind: str, version: int
) -> list[str]:
    """Everything that is wrong after this call failed."""
    _, done = forked(lambda: run_failing(root, call.number, kind))
    if done is None:
        return ["the run ended with an exception"]
    _, found = forked(lambda: aftermath(root, before))
    lost = 1 if done["code"] != 1 else len(EVERY_CALL)
    problems = [*problems_said(done, call, kind), *problems_after(found, before, version, lost)]
    return [*problems, done["said"]] if problems else []


EVERY_CALL = range(4)
"""A step that failed is called again by the next run, as are those that were lost with it."""


def sweep(template: Path, scratch: Path, version: int, stride: int) -> dict[str, Any]:
    """Every ``stride``-th pair of a call and an error of the run that ``template`` is about to make."""
    from assets_core.project import Project

    _, before = forked(lambda: attempts(Project.load(template)))
    met = warmed(template, scratch / "whole", lambda root: run_failing(root, 0, ""))["calls"]
    calls = [Call(n, *call) for n, call in enumerate(met, 1)]
    pairs = [(call, kind) for call in calls for kind in kinds_of(call)]
    bad: dict[str, list[str]] = {}
    for call, kind in pairs[::stride]:
        root = scratch / "run"
        shutil.copytree(template, root)
        problems = problems_at(root, before, call, kind, version)
        if problems:
            bad[f"{call} {kind}"] = problems
        shutil.rmtree(root)
    return {"pairs": len(pairs), "swept": len(pairs[::stride]), "bad": bad}


def main(template: str, scratch: str, version: str, stride: str) -> int:
    print(json.dumps(sweep(Path(template), Path(scratch), int(version), int(stride))))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
