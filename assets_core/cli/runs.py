"""``assets runs``: past and present runs, and what their steps printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assets_core.cli.errors import Line
from assets_core.cli.screen import Piece
from assets_core.cli.session import session_of

if TYPE_CHECKING:
    from datetime import datetime

    from assets_core.model.records import AttemptRecord, Failure
    from assets_core.project.run_history import RunView

_LISTED = 20
_ATTEMPTS = 100
_STYLES = {"succeeded": "ok", "running": "note", "materialized": "ok"}

Run = Annotated[
    str | None, typer.Argument(metavar="[RUN]", help="A run's number or id; default: the latest.")
]
Limit = Annotated[int, typer.Option("-n", "--limit", metavar="N", help="How many runs.")]
Follow = Annotated[bool, typer.Option("-f", "--follow", help="Go on while the run does.")]


def list_runs(ctx: typer.Context, limit: Limit = _LISTED) -> int:
    """The latest runs, newest first."""
    from assets_core.cli.columns import print_columns
    from assets_core.observe.documents import runs_document
    from assets_core.project.run_history import latest_runs, run_numbers

    session = session_of(ctx)
    project = session.project()
    with project.reading() as reader:
        views = latest_runs(project, reader, limit)
        numbers = run_numbers(reader, [v.record.retry_of for v in views if v.record.retry_of])
    if session.as_json:
        document = runs_document([(view.record, view.end) for view in views])
        session.document(
            {**document, "runs": [_as_it_is(*pair) for pair in _pairs(document, views)]}
        )
        return 0
    print_columns(session.out, [_row(view, project.clock.now(), numbers) for view in views])
    if not views:
        session.say("nothing has run yet")
    return 0


def _pairs(
    document: Mapping[str, Any], views: Sequence[RunView]
) -> Iterator[tuple[Mapping[str, Any], RunView]]:
    return zip(document["runs"], views, strict=True)


def _as_it_is(document: Mapping[str, Any], view: RunView) -> dict[str, Any]:
    """With the run's true status: records can't say that a run died."""
    return {**document, "status": view.status.value}


def _row(view: RunView, now: datetime, numbers: Mapping[str, int]) -> Sequence[Piece]:
    from assets_core.cli.wording import age, duration

    record, end = view.record, view.end
    seconds = (end.ended - record.started).total_seconds() if end else None
    counts = ", ".join(f"{n:,} {name}" for name, n in (end.counts if end else {}).items() if n)
    before = record.retry_of
    retry = f"retry of {numbers.get(before, before)}" if before else ""
    return (
        str(record.number),
        (view.status.value, _STYLES.get(view.status.value, "failed")),
        age(record.started, now),
        duration(seconds) if seconds is not None else "-",
        counts,
        retry,
    )


def show_run(ctx: typer.Context, run: Run = None) -> int:
    """One run: its outcome, and every attempt that was recorded."""
    from assets_core.observe.documents import recorded_run_document
    from assets_core.project.run_history import attempts_of, find_run

    session = session_of(ctx)
    project = session.project()
    with project.reading() as reader:
        view = find_run(project, reader, run)
        attempts = attempts_of(project, reader, view)
    if session.as_json:
        session.document(_as_it_is(recorded_run_document(view.record, view.end, attempts), view))
        return 0
    for line in _details(view, attempts):
        session.out.line(*line)
    return 0


def _details(view: RunView, attempts: Sequence[AttemptRecord]) -> Iterator[Line]:
    from assets_core.cli.wording import address, duration, local

    status = view.status.value
    yield (
        (f"run {view.record.number} ", "bold"),
        (status, _STYLES.get(status, "failed")),
        f"  started {local(view.record.started)}",
        (f"  {view.record.run}", "dim"),
    )
    options = [f"{name} {_told(value)}" for name, value in view.record.options.items() if value]
    if options:
        yield (("  options  ", "dim"), "; ".join(options))
    if view.end is not None:
        counts = ", ".join(f"{n:,} {name}" for name, n in view.end.counts.items())
        yield (("  counts   ", "dim"), counts)
    failed = [a for a in attempts if a.failure is not None]
    shown = failed[:_ATTEMPTS] if len(attempts) > _ATTEMPTS else attempts
    for attempt in shown:
        outcome = attempt.status.value
        text = f": {_why(attempt.failure, outcome)}" if attempt.failure else ""
        took = f"  {duration(attempt.duration_s)}" if attempt.duration_s else ""
        yield (
            "  ",
            (f"{outcome:<14}", _STYLES.get(outcome, "failed")),
            address(attempt.asset, attempt.partition) + text.partition("\n")[0],
            (took, "dim"),
        )
    if len(shown) < len(attempts):
        yield ((f"  and {len(attempts) - len(shown):,} more attempts", "dim"),)


def _why(failure: Failure, outcome: str) -> str:
    return failure.message if failure.kind == outcome else f"{failure.kind}: {failure.message}"


def _told(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def logs(ctx: typer.Context, run: Run = None, follow: Follow = False) -> int:
    """What the steps of a run printed, call by call."""
    from assets_core.cli.log_text import print_logs
    from assets_core.project.run_history import find_run

    session = session_of(ctx)
    project = session.project()
    with project.reading() as reader:
        view = find_run(project, reader, run)
    print_logs(session, project, view, follow=follow)
    return 0


COMMANDS: dict[str, Callable[..., int]] = {"ls": list_runs, "show": show_run, "logs": logs}
