"""Runs whose process died: what they held is told as lost, and the end that they could not record is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assets_core.errors import ConflictError
from assets_core.execution.lost import lost_attempts, lost_completions
from assets_core.model.records import AttemptRecord, AttemptStatus, RunEnd, RunRecord, RunStatus
from assets_core.observe.documents import counts_of_attempts
from assets_core.ports import StateReader, StateStore

if TYPE_CHECKING:
    from assets_core.project.facade import Project


def end_dead_runs(project: Project, store: StateStore) -> None:
    """Record the end of every run of this environment that holds something and is known to be dead.

    Where several state directories share a SQLite file, nobody can tell of a run that another of them began.
    """
    from assets_core.store.liveness import lock_path
    from assets_core.store.opening import is_shared

    settings = project.definitions.settings
    for run in dict.fromkeys(lease.run for lease in store.leases(project.env)):
        told = is_shared(settings.store) or lock_path(settings.home, run).exists()
        found = store.run(run)
        if told and found is not None and not store.is_alive(run):
            end_dead_run(project, store, found[0])


def end_dead_run(project: Project, store: StateStore, record: RunRecord) -> bool:
    """Record that a run died, and free what it held; False where somebody else does so at this moment.

    Its lock says that nobody else will.
    """
    from assets_core.store.liveness import RunLock, lock_path

    run = record.run
    try:
        with RunLock(lock_path(project.definitions.settings.home, run)):
            lost = lost_by(project, store, record)
            counts = counts_of_attempts([*store.attempts(run), *lost])
            with store.writing() as tx:
                tx.record(lost_completions(lost))
                tx.end_run(RunEnd(run, RunStatus.DIED, project.clock.now(), counts))
    except ConflictError:
        return False
    return True


def lost_by(project: Project, reader: StateReader, record: RunRecord) -> Sequence[AttemptRecord]:
    """The attempts that a run which is not alive held when it died, where nobody recorded that yet."""
    recorded = {attempt.attempt for attempt in reader.attempts(record.run)}
    held = [
        lease
        for lease in reader.leases(record.env)
        if lease.run == record.run and lease.attempt not in recorded
    ]
    return lost_attempts(held, AttemptStatus.DIED, "its run died", project.clock.now())
