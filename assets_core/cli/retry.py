"""``assets retry``: go on with a run that failed or was stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from assets_core.cli.selecting import ExecutorName, FailFast, Jobs, RunRetries
from assets_core.cli.session import session_of

if TYPE_CHECKING:
    from assets_core.cli.executing import OnEvent, OnPlan, OnRunner
    from assets_core.execution.tally import RunResult

Run = Annotated[
    str | None, typer.Argument(metavar="[RUN]", help="A run's number or id; default: the latest.")
]
JsonLines = Annotated[bool, typer.Option("--jsonl", help="Stream events as lines of JSON.")]


def run(
    ctx: typer.Context,
    run: Run = None,
    jobs: Jobs = None,
    executor: ExecutorName = None,
    fail_fast: FailFast = False,
    run_retries: RunRetries = None,
    jsonl: JsonLines = False,
) -> int:
    """Go on with a run that failed or was stopped.

    Plans again with the selection and options of that run, and leaves out what it and the runs that it retried have
    recorded. With nothing left, nothing is run.
    """
    from assets_core.cli.executing import Execution
    from assets_core.project.retrying import overrides_of, retry, run_to_retry
    from assets_core.project.run_retries import run_with_retries
    from assets_core.project.running import RunOptions

    session = session_of(ctx)
    flags = {"jobs": jobs, "executor": executor, "run_retries": run_retries}
    project = session.project(flags=flags)
    with project.reading() as reader:
        record, _ = run_to_retry(reader, project.env, run)
    overrides = overrides_of(record)
    if overrides or record.env != project.env:
        session.use_env(record.env)
        project = session.project(overrides=overrides, flags=flags)
    inline = project.definitions.settings.executor == "inline"
    execution = Execution(session, inline=inline, jsonl=jsonl)

    def start(on_plan: OnPlan, on_event: OnEvent, on_runner: OnRunner) -> RunResult | None:
        options = RunOptions(fail_fast=fail_fast, on_runner=on_runner)
        return run_with_retries(
            project,
            lambda chosen: retry(project, record, chosen, on_event=on_event, planned=on_plan),
            options,
            on_event=on_event,
            planned=on_plan,
            on_retry=execution.say_again,
        )

    return execution.run(start)
