"""``assets cancel``: end a run from another terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from assets_core.cli.session import session_of
from assets_core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assets_core.model.records import AttemptRecord
    from assets_core.project.run_history import RunView

FAILED = 1
Run = Annotated[
    str | None,
    typer.Argument(metavar="[RUN]", help="A run's number or id; default: the one that goes on."),
]
Grace = Annotated[
    float | None,
    typer.Option("--grace", metavar="S", help="Seconds to clean up before what runs is killed."),
]


def run(ctx: typer.Context, run: Run = None, grace: Grace = None) -> int:
    """End a run from another terminal.

    It starts nothing more. What is running is asked to stop and killed after the grace period, with everything that it
    started. What was recorded stays, and `assets retry` goes on from there. A run whose process died is recorded as
    ended.
    """
    from assets_core.project.cancelling import cancel, run_to_cancel

    if grace is not None and not 0 <= grace < float("inf"):
        raise UsageError("E901", f"`--grace {grace:g}` is not a number of seconds from 0")
    session = session_of(ctx)
    project = session.project()
    with project.reading() as reader:
        before = run_to_cancel(project, reader, run)
    seconds = project.definitions.settings.grace if grace is None else grace
    view = cancel(project, before, seconds)
    with project.reading() as reader:
        attempts = reader.attempts(view.record.run)
    if session.as_json:
        from assets_core.observe.documents import recorded_run_document

        document = recorded_run_document(view.record, view.end, attempts)
        session.document({**document, "status": view.status.value})
    else:
        for text in _told(view, attempts, ended=before.end is not None):
            session.out.line(text)
    return 0 if _is_over(view) else FAILED


def _is_over(view: RunView) -> bool:
    from assets_core.model.records import RunStatus

    return view.status not in {RunStatus.RUNNING, RunStatus.CANCEL_FAILED}


def _told(view: RunView, attempts: Sequence[AttemptRecord], *, ended: bool) -> list[str]:
    from assets_core.model.records import RunStatus

    number = view.record.number
    if ended:
        return [f"Run {number} had ended already: {view.status.value}."]
    match view.status:
        case RunStatus.RUNNING:
            return [
                (
                    f"Run {number} is told to end but has not yet: its process is stopped, or runs a step"
                    " inline. It claims nothing more."
                )
            ]
        case RunStatus.CANCEL_FAILED:
            failures = [a.failure.message for a in attempts if a.failure is not None]
            left = [text for text in failures if "still running" in text]
            return [f"Run {number} has ended, but not everything that it started:", *left]
        case RunStatus.DIED:
            return [
                f"Run {number} had died; it is recorded as ended.   Next: assets retry {number}"
            ]
        case _:
            return [f"Run {number} {view.status.value}.   Next: assets retry {number}"]
