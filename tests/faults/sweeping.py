"""What sweeps have in common: forks that import nothing, the command inside one, what a project looks like after."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

EVERYTHING = ("table", "part@a", "part@b", "total")


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
            traceback.print_exception(error)
        finally:
            os._exit(status)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as answers:
        raw = answers.read()
    _, ended = os.waitpid(pid, 0)
    return ended, json.loads(raw) if raw else None


def command(root: Path, *arguments: str) -> tuple[int, str, str]:
    """``assets -C root``, the command's own entry point, in this process: (exit code, stdout, stderr)."""
    from assets_core.cli.boundary import run

    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        saved = os.dup(1), os.dup(2)
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        try:
            code = run(["-C", str(root), *arguments])
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for fd, to in zip(saved, (1, 2), strict=True):
                os.dup2(fd, to)
        texts = [(file.seek(0), file.read().decode())[1] for file in (out, err)]
    return code, texts[0], texts[1]


def attempts(project: Any) -> dict[str, str]:
    """What readers see: the attempt behind every current asset-partition, each verified."""
    from assets_core.model.values import StoredPart

    found = {}
    with project.reading() as reader:
        for key in project.graph.keys:
            for partition, record in reader.current_of("default", key).items():
                found[f"{key}@{partition}" if partition else str(key)] = record.attempt
                materializer = project.definitions.runtime.materializer(record.written.materializer)
                home = project.definitions.home
                location = home.version_of(record)
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


def aftermath(root: Path, before: dict[str, str]) -> dict[str, Any]:
    """What is visible after a fault, and what the next run does."""
    from assets_core.project import Project

    project = Project.load(root)
    visible = attempts(project)
    seen = values(project)
    calls = (root / "calls.log").read_text().split() if (root / "calls.log").exists() else []
    code, _, errors = command(root, "materialize")
    after = (root / "calls.log").read_text().split()
    return {
        "code": code,
        "errors": errors,
        "recorded": [k for k, attempt in visible.items() if before.get(k) != attempt],
        "seen": seen,
        "first": calls,
        "second": after[len(calls) :],
        "empty": project.plan().plan.is_empty,
        "values": values(project),
    }


def problems_after(
    found: dict[str, Any] | None, before: dict[str, str], version: int, lost: int = 1
) -> list[str]:
    """Everything that is wrong after a fault that may cost ``lost`` calls."""
    if found is None:
        return ["looking at it, or the next run, ended with an exception"]
    problems = []
    if found["code"] or not found["empty"]:
        problems.append(f"the next run did not make everything current: {found['errors']}")
    if set(found["second"]) & set(found["recorded"]):
        problems.append(f"recorded work ran again: {found['second']}")
    if len(found["first"]) + len(found["second"]) > len(EVERYTHING) + lost:
        problems.append(f"more than {lost} were lost: {found['first']} {found['second']}")
    if found["values"] != dict.fromkeys(EVERYTHING, version):
        problems.append(f"wrong values: {found['values']}")
    if before and set(found["seen"]) != set(EVERYTHING):
        problems.append(f"readers lost a version: {found['seen']}")
    if not set(found["seen"].values()) <= {version - 1, version}:
        problems.append(f"readers saw {found['seen']}")
    return problems


def import_all(names: Sequence[str]) -> None:
    """Before the forks, so that it costs once; the project's own modules are each fork's to import."""
    for name in names:
        if name not in sys.modules and name not in ("shop", "calls"):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a fork that counts references of what it never uses copies the pages they lie on


def warmed(template: Path, scratch: Path, first: Callable[[Path], object]) -> Any:
    """Import what a whole run and a look at it need; what ``first`` gave."""

    def whole() -> object:
        found = first(scratch)
        aftermath(scratch, {})
        return [found, sorted(sys.modules)]

    shutil.copytree(template, scratch)
    _, (found, names) = forked(whole)
    shutil.rmtree(scratch)
    import_all(names)
    return found
