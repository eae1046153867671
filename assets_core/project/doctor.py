"""``doctor``: everything that could be wrong here, looked at one thing after the other; a failure ends no look."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from assets_core.errors import AssetsError
from assets_core.model.records import RunStatus

if TYPE_CHECKING:
    from assets_core.project.facade import Project
    from assets_core.settings import Settings

_LITTLE_SPACE = 1 << 30
_RUNS = 50


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    status: Literal["ok", "note", "warning", "error"]
    message: str
    help: str | None = None
    exit_code: int = 0
    """Of an error: what a command that meets it exits with."""


def examine(load: Callable[[], Project], settings: Callable[[], Settings]) -> Iterator[Finding]:
    """Look at the machine, the configuration, the definitions, the plugins and the state, in this order."""
    yield from _machine()
    try:
        found = settings()
    except AssetsError as error:
        yield _failed("configuration", error)
        return
    yield Finding("configuration", "ok", f"{found.file.path if found.file else found.root}")
    yield from _variables(found)
    yield from _plugins()
    try:
        project = load()
    except AssetsError as error:
        yield _failed("definitions", error)
        yield from _home(found)
        return
    checks = sum(len(spec.checks) for spec in project.graph.specs)
    yield Finding("definitions", "ok", f"{len(project.graph)} assets, {checks} checks")
    yield from _home(found)
    yield from _state(project)


def _failed(name: str, error: AssetsError) -> Finding:
    where = f"{error.place}: " if error.place else ""
    return Finding(name, "error", f"{where}{error.message}", error.help, error.exit_code)


def _machine() -> Iterator[Finding]:
    system = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.platform in {"linux", "darwin"}:
        yield Finding("machine", "ok", system)
    else:
        yield Finding("machine", "warning", f"{system}: untested")


def _variables(settings: Settings) -> Iterator[Finding]:
    for name, near in settings.unknown_variables:
        help = f"did you mean {near}?" if near else None
        yield Finding("variables", "note", f"{name} is set and means nothing", help)


def _plugins() -> Iterator[Finding]:
    from assets_core.project.registry import (
        CHECKS,
        EXECUTORS,
        MATERIALIZERS,
        executor_names,
        found,
    )

    for group in (MATERIALIZERS, CHECKS, EXECUTORS):
        name = group.partition(".")[2]
        try:
            points = found(group)
        except AssetsError as error:
            yield _failed(name, error)
            continue
        broken = [point for point in points.values() if not _loads(point)]
        for point in broken:
            yield Finding(
                name, "error", f"`{point.name}` ({point.value}) cannot be imported", None, 2
            )
        if not broken:
            names = executor_names() if group == EXECUTORS else sorted(points)
            yield Finding(name, "ok", ", ".join(names) or "none installed")


def _loads(point: object) -> bool:
    try:
        point.load()  # type: ignore[attr-defined]
    except Exception:  # whatever a third party's import raises
        return False
    return True


def _home(settings: Settings) -> Iterator[Finding]:
    home = settings.home
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        help = "set ASSETS_HOME to a folder of your own, or correct the permissions"
        yield Finding("home", "error", f"{there} cannot be written", help, 6)
        return
    free = shutil.disk_usage(there).free
    if free < _LITTLE_SPACE:
        yield Finding("home", "warning", f"only {free >> 20} MB are free below {there}")
    if home.exists() and _mode(home) & 0o077:
        help = f"chmod 700 {home}"
        yield Finding("home", "warning", f"{home} can be read by others", help)
    elif home.exists():
        yield Finding("home", "ok", f"{home}")
    else:
        yield Finding("home", "note", f"{home} does not exist yet: nothing has run")


def _mode(path: Path) -> int:
    return path.stat().st_mode


def _state(project: Project) -> Iterator[Finding]:
    from assets_core.project.run_history import latest_runs

    try:
        with project.reading() as reader:
            sequence = reader.sequence()
            runs = latest_runs(project, reader, _RUNS)
    except AssetsError as error:
        yield _failed("state", error)
        return
    yield Finding("state", "ok", f"{sequence} events")
    for view in runs:
        if view.status is RunStatus.DIED:
            number = view.record.number
            help = f"assets retry {number}"
            yield Finding("runs", "warning", f"run {number} ended without recording why", help)
