"""Past and present runs for faces: which one is meant, whether it still lives, and where its logs are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assets_core.errors import NoMatchError
from assets_core.model.records import AttemptRecord, RunEnd, RunRecord, RunStatus
from assets_core.ports import StateReader
from assets_core.project.dead_runs import lost_by

if TYPE_CHECKING:
    from assets_core.project.facade import Project


@dataclass(frozen=True, slots=True)
class RunView:
    """One run as it stands."""

    record: RunRecord
    end: RunEnd | None
    status: RunStatus
    """DIED for a run that has no end and whose process is gone."""


def run_view(reader: StateReader, record: RunRecord, end: RunEnd | None) -> RunView:
    """A recorded run with its true status."""
    if end is not None:
        return RunView(record, end, end.status)
    alive = reader.is_alive(record.run)
    return RunView(record, None, RunStatus.RUNNING if alive else RunStatus.DIED)


def latest_runs(project: Project, reader: StateReader, limit: int) -> Sequence[RunView]:
    """The latest runs of the environment, newest first."""
    return [run_view(reader, *found) for found in reader.runs(project.env, limit)]


def find_run(project: Project, reader: StateReader, name: str | None) -> RunView:
    """The run of that number or id, or the latest; NoMatchError E916."""
    if name is None:
        found = next(iter(reader.runs(project.env, 1)), None)
        if found is None:
            raise NoMatchError(
                "E916", "nothing has run yet", help="start with `assets materialize`"
            )
    else:
        found = reader.run(name)
        if found is None:
            raise NoMatchError("E916", f"there is no run `{name}`", help="see `assets runs ls`")
    return run_view(reader, *found)


def run_numbers(reader: StateReader, runs: Iterable[str]) -> dict[str, int]:
    """What people call these runs, by id."""
    found = {run: reader.run(run) for run in dict.fromkeys(runs)}
    return {run: known[0].number for run, known in found.items() if known is not None}


def attempts_of(project: Project, reader: StateReader, view: RunView) -> Sequence[AttemptRecord]:
    """Every attempt of a run that ended; of a run that died also what it held, though nobody recorded that yet."""
    recorded = reader.attempts(view.record.run)
    if view.status is not RunStatus.DIED or view.end is not None:
        return recorded
    return (*recorded, *lost_by(project, reader, view.record))


def log_folder(project: Project, record: RunRecord) -> Path:
    """Where the output of a run's calls is kept."""
    return project.definitions.home.log(record.run, "x").parent


def log_path(project: Project, attempt: AttemptRecord) -> Path | None:
    """The captured output of an attempt, if it is still there."""
    if attempt.log is None:
        return None
    home = project.definitions.settings.home
    path = (home / attempt.log).resolve()
    return path if path.is_file() and path.is_relative_to(home.resolve()) else None
