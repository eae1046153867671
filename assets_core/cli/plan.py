"""``assets plan``: what is out of date and why. Nothing is run."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from assets_core.cli.selecting import (
    Exclude,
    Force,
    Override,
    Partitions,
    Select,
    SelectFrom,
    wish_of,
)
from assets_core.cli.session import Session, session_of

if TYPE_CHECKING:
    from assets_core.observe.details import Details
    from assets_core.project import Planned, Project
    from assets_core.project.wishes import Wish

NOT_EMPTY = 3

Out = Annotated[
    str | None, typer.Option("--out", metavar="FILE", help="Save the plan for materialize --plan.")
]
ExitCode = Annotated[bool, typer.Option("--exit-code", help="Exit 3 where the plan is not empty.")]
Diff = Annotated[bool, typer.Option("--diff", help="Name every function and line that changed.")]
Full = Annotated[bool, typer.Option("--full", help="Every line, however many.")]


def run(
    ctx: typer.Context,
    select: Select = None,
    partitions: Partitions = None,
    exclude: Exclude = None,
    select_from: SelectFrom = None,
    force: Force = False,
    config: Override = None,
    out: Out = None,
    exit_code: ExitCode = False,
    diff: Diff = False,
    full: Full = False,
) -> int:
    """Show what is out of date and why; run nothing.

    Sources are observed; code, config and inputs are compared with what is recorded. Run what is shown with
    `assets materialize` and the same arguments.
    """
    from assets_core.project.explaining import plan_details, run_numbers

    session = session_of(ctx)
    overrides = tuple(config or ())
    project = session.project(overrides=overrides)
    wish = wish_of(select, select_from, exclude, partitions, force=force)
    with project.reading() as reader:
        planned = project.plan_with(reader, wish)
        details = plan_details(project, planned.plan, reader)
        reasons = [reason for step in planned.plan.steps for reason in step.reasons]
        names = run_numbers(reader, reasons)
    if out or session.as_json:
        _give(session, project, planned, details, out)
    if not session.as_json:
        _print(
            session,
            project,
            planned,
            details,
            names,
            _command(wish, overrides, out),
            full=full,
            diff=diff,
        )
    return NOT_EMPTY if exit_code and not planned.plan.is_empty else 0


def _give(
    session: Session, project: Project, planned: Planned, details: Details, out: str | None
) -> None:
    """The plan as a document: in a file, on stdout, or both."""
    from assets_core.project.saved_plans import document_of, write_plan

    document = document_of(project, planned, details)
    if out:
        write_plan(out, document)
    if session.as_json:
        session.document(document)


def _print(
    session: Session,
    project: Project,
    planned: Planned,
    details: Details,
    names: dict[str, int],
    command: str,
    *,
    full: bool,
    diff: bool,
) -> None:
    from assets_core.cli.diff_text import diff_lines
    from assets_core.cli.plan_text import plan_lines
    from assets_core.cli.selection_notes import selection_notes, unobserved_lines

    for line in (*selection_notes(planned), *unobserved_lines(planned)):
        session.say(*line)
    lines = plan_lines(
        planned.plan,
        planned.graph,
        details=details,
        width=session.out.width,
        full=full,
        command=command,
        run_name=lambda run: str(names.get(run, run)),
    )
    for line in lines:
        session.out.line(*line)
    for line in diff_lines(planned.plan, details) if diff else ():
        session.out.line(*line)


def _command(wish: Wish, overrides: Sequence[str], out: str | None) -> str:
    """The command that runs this plan, as one would type it."""
    words = ["assets", "materialize"]
    if out:
        return shlex.join([*words, "--plan", out])
    words += wish.select
    for text in wish.exclude:
        words += ["--exclude", text]
    for text in wish.partitions:
        words += ["-p", text]
    for text in overrides:
        words += ["--config", text]
    return shlex.join(words + ["--force"] * wish.force)
