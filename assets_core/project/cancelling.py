"""``cancel``: end a run from another process. The request is a fact that its runner finds; a dead run is ended here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from assets_core.errors import UsageError
from assets_core.model.records import CancelRequest, RunStatus
from assets_core.ports import StateReader, StateStore
from assets_core.project.dead_runs import end_dead_run
from assets_core.project.run_history import RunView, find_run, latest_runs, run_view

if TYPE_CHECKING:
    from assets_core.project.facade import Project

PATIENCE_S = 10.0
"""How long a runner may take beyond the grace period before its cancellation counts as not done."""
_LOOK_S = 0.1
_LOOK_BACK = 50
_ENDED_HERE = frozenset({RunStatus.DIED})


def run_to_cancel(project: Project, reader: StateReader, name: str | None) -> RunView:
    """The run of that number or id, else the only one that is running; raises E916, E928 or E929."""
    if name is not None:
        return find_run(project, reader, name)
    running = [v for v in latest_runs(project, reader, _LOOK_BACK) if v.status is RunStatus.RUNNING]
    if len(running) == 1:
        return running[0]
    if not running:
        raise UsageError("E928", "nothing is running", help="see `assets runs ls`")
    numbers = ", ".join(str(v.record.number) for v in running)
    raise UsageError("E929", f"several runs are going on: {numbers}", help="name one of them")


def cancel(project: Project, view: RunView, grace_s: float) -> RunView:
    """Ask for the end of a run and wait for it; the run as it stands then. One that has ended is left as it is."""
    with project.writing() as store:
        if view.end is None and view.status is RunStatus.RUNNING:
            request = CancelRequest(view.record.run, grace_s, project.clock.now())
            with store.writing() as tx:
                tx.request_cancel(request)
            view = _when_ended(project, store, view, grace_s)
        if view.end is None and view.status in _ENDED_HERE:
            view = _end_dead(project, store, view)
    return view


def _when_ended(project: Project, store: StateStore, view: RunView, grace_s: float) -> RunView:
    until = project.clock.monotonic() + grace_s + PATIENCE_S
    while view.status is RunStatus.RUNNING and project.clock.monotonic() < until:
        project.clock.sleep(_LOOK_S)
        found = store.run(view.record.run)
        assert found is not None
        view = run_view(store, *found)
    return view


def _end_dead(project: Project, store: StateStore, view: RunView) -> RunView:
    if not end_dead_run(project, store, view.record):
        return replace(view, status=RunStatus.RUNNING)
    found = store.run(view.record.run)
    assert found is not None
    return run_view(store, *found)
