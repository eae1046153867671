"""Kill a run at its n-th filesystem or store call, for every n, and look at what is left. Run by test_kill_sweep.

The calls are counted where they are made, below the project's state directory: the functions of ``os`` and ``open``,
and the beginning and end of each transaction. A process is forked for every n, so that nothing is imported again.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import io
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

NOW = datetime(2026, 1, 10, tzinfo=UTC)
EVERYTHING = ("table", "part@a", "part@b", "total")


class Countdown:
    """Kills the process at the n-th call; counts only when ``n`` is 0."""

    def __init__(self, home: Path, n: int) -> None:
        self.home = str(home)
        self.n = n
        self.count = 0
        self.names: list[str] = []

    def point(self, name: str) -> None:
        self.count += 1
        self.names.append(name)
        if self.count == self.n:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, module: Any, name: str) -> None:
        original = getattr(module, name)

        def called(*args: Any, **kwargs: Any) -> Any:
            if self._is_ours(args[0] if args else None):
                self.point(name)
            return original(*args, **kwargs)

        setattr(module, name, called)

    def _is_ours(self, target: object) -> bool:
        if isinstance(target, int):
            try:
                target = Path(f"/proc/self/fd/{target}").readlink()
            except OSError:
                return False
        return isinstance(target, str | os.PathLike) and os.fspath(target).startswith(self.home)

    def install(self) -> None:
        from sqlalchemy import Engine, event

        for name in ("fsync", "mkdir", "open", "chmod", "replace", "rename", "unlink"):
            self.watch(os, name)
        self.watch(io, "open")
        self.watch(builtins, "open")
        event.listen(Engine, "begin", lambda _: self.point("begin"))
        event.listen(Engine, "commit", lambda _: self.point("commit"))


def forked(body: Callable[[], object]) -> tuple[int, Any]:
    """Run ``body`` in a fork: (status, what it returned as JSON, None where it was killed)."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        status = 1
        try:
            answer = json.dumps(body()).encode()
            os.write(write_end, answer)
            status = 0
        except BaseException as error:
            import traceback

            traceback.print_exception(error)
        finally:
            os._exit(status)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as answers:
        raw = answers.read()
    _, ended = os.waitpid(pid, 0)
    return ended, json.loads(raw) if raw else None


def first_run(root: Path, n: int) -> object:
    """The run that is to be killed; its points when it was not."""
    from assets_core.project import Project

    countdown = Countdown(root / ".assets", n)
    project = Project.load(root)
    countdown.install()
    result = project.materialize(now=NOW)
    return {"ok": result.ok, "names": countdown.names}


def attempts(project: Any) -> dict[str, str]:
    """What readers see: the attempt behind every current asset-partition."""
    found = {}
    with project.reading() as reader:
        for key in project.graph.keys:
            for partition, record in reader.current_of("default", key).items():
                found[f"{key}@{partition}" if partition else str(key)] = record.attempt
                materializer = project.definitions.runtime.materializer(record.written.materializer)
                home = project.definitions.home
                from assets_core.model.values import StoredPart

                location = home.version(record.asset, record.partition, record.attempt)
                materializer.verify(StoredPart(record.partition, location, record.written))
    return found


def values(project: Any) -> dict[str, int]:
    """The number that each current version was made with."""
    from assets_core import load

    found = {}
    for name in attempts(project):
        asset, _, partition = name.partition("@")
        value = load(asset, project=project, partition=partition or None)
        found[name] = value["n"][0].as_py() if asset == "table" else int(value)
    return found


def aftermath(root: Path, before: dict[str, str]) -> object:
    """What is visible after the kill, and what the next run does."""
    from assets_core.project import Project

    project = Project.load(root)
    visible = attempts(project)
    seen = values(project)
    calls = (root / "calls.log").read_text().split() if (root / "calls.log").exists() else []
    result = project.materialize(now=NOW)
    after = (root / "calls.log").read_text().split()
    left = project.plan(now=NOW).plan
    return {
        "ok": result.ok,
        "recorded": [k for k, attempt in visible.items() if before.get(k) != attempt],
        "seen": seen,
        "first": calls,
        "second": after[len(calls) :],
        "empty": left.is_empty,
        "values": values(project),
    }


def problems_at(root: Path, before: dict[str, str], n: int, version: int) -> list[str]:
    """Everything that is wrong after a kill at call ``n``."""
    ended, _ = forked(lambda: first_run(root, n))
    if ended != signal.SIGKILL:
        return [f"it was not killed: {ended}"]
    _, found = forked(lambda: aftermath(root, before))
    if found is None:
        return ["the next run ended with an error"]
    problems = []
    if not found["ok"] or not found["empty"]:
        problems.append("the next run did not make everything current")
    if set(found["second"]) & set(found["recorded"]):
        problems.append(f"recorded work ran again: {found['second']}")
    if len(found["first"]) + len(found["second"]) > len(EVERYTHING) + 1:
        problems.append(f"more than one call was lost: {found['first']} {found['second']}")
    if found["values"] != dict.fromkeys(EVERYTHING, version):
        problems.append(f"wrong values: {found['values']}")
    if before and set(found["seen"]) != set(EVERYTHING):
        problems.append(f"readers lost a version: {found['seen']}")
    if not set(found["seen"].values()) <= {version - 1, version}:
        problems.append(f"readers saw {found['seen']}")
    return problems


def imported(template: Path, scratch: Path) -> list[str]:
    """The modules that a whole run needs: imported before the forks, they cost once."""

    def whole() -> list[str]:
        first_run(scratch, 0)
        aftermath(scratch, {})
        return sorted(sys.modules)

    shutil.copytree(template, scratch)
    _, names = forked(whole)
    own = {"shop", "calls"}
    return [name for name in names if name not in own and name not in sys.modules]


def chosen(names: list[str], stride: int) -> list[int]:
    """Every call that makes something durable or visible, and every ``stride``-th of the others."""
    certain = {"fsync", "commit"}
    return [n for n, name in enumerate(names, 1) if name in certain or n % stride == 0]


def sweep(template: Path, scratch: Path, version: int, stride: int) -> dict[str, Any]:
    """The kill points of the run that ``template`` is about to make."""
    from assets_core.project import Project

    for name in imported(template, scratch / "warm"):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    _, before = forked(lambda: attempts(Project.load(template)))
    whole = scratch / "whole"
    shutil.copytree(template, whole)
    _, counted = forked(lambda: first_run(whole, 0))
    bad: dict[str, list[str]] = {}
    for n in chosen(counted["names"], stride):
        root = scratch / "run"
        shutil.copytree(template, root)
        problems = problems_at(root, before, n, version)
        if problems:
            bad[f"{n} {counted['names'][n - 1]}"] = problems
        shutil.rmtree(root)
    return {"points": counted["names"], "bad": bad}


def main(template: str, scratch: str, version: str, stride: str) -> int:
    print(json.dumps(sweep(Path(template), Path(scratch), int(version), int(stride))))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
