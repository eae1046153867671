"""``assets materialize``: compute, check and publish what is out of date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from assets_core.cli.selecting import (
    Exclude,
    ExecutorName,
    FailFast,
    Force,
    Jobs,
    OnConflictName,
    Override,
    Partitions,
    RunRetries,
    Select,
    SelectFrom,
    wish_of,
)
from assets_core.cli.session import session_of
from assets_core.errors import UsageError

if TYPE_CHECKING:
    from assets_core.cli.executing import OnEvent, OnPlan, OnRunner
    from assets_core.execution.tally import RunResult
    from assets_core.project.saved_plans import SavedPlan

PlanFile = Annotated[
    str | None, typer.Option("--plan", metavar="FILE", help="Run a plan saved with `plan --out`.")
]
Timeout = Annotated[
    float | None,
    typer.Option(
        "--timeout", metavar="S", help="Stop what is running after S seconds; exit code 1."
    ),
]
JsonLines = Annotated[bool, typer.Option("--jsonl", help="Stream events as lines of JSON.")]


def run(
    ctx: typer.Context,
    select: Select = None,
    plan: PlanFile = None,
    partitions: Partitions = None,
    exclude: Exclude = None,
    select_from: SelectFrom = None,
    force: Force = False,
    jobs: Jobs = None,
    executor: ExecutorName = None,
    fail_fast: FailFast = False,
    timeout: Timeout = None,
    on_conflict: OnConflictName = None,
    run_retries: RunRetries = None,
    config: Override = None,
    jsonl: JsonLines = False,
) -> int:
    """Compute, check and publish what is out of date.

    Without SELECT, the whole project. A version becomes visible only after its checks passed. What failed or was
    stopped is resumed by `assets retry`, or by running this again.
    """
    from assets_core.cli.executing import Execution
    from assets_core.project.carrying_out import carry_out
    from assets_core.project.run_retries import run_with_retries
    from assets_core.project.running import RunOptions
    from assets_core.project.saved_plans import materialize_saved

    session = session_of(ctx)
    if jsonl and session.as_json:
        raise UsageError("E907", "`--json` and `--jsonl` both want stdout", help="leave out one")
    if timeout is not None and not 0 < timeout < float("inf"):
        raise UsageError("E901", f"`--timeout {timeout:g}` is not a number of seconds above 0")
    wish = wish_of(select, select_from, exclude, partitions, force=force)
    saved = None
    if plan is not None:
        given = (select, select_from, exclude, partitions, config, force)
        saved = _saved(plan, alone=not any(given))
        session.use_env(saved.env)
    overrides = saved.overrides if saved is not None else tuple(config or ())
    flags = {
        "jobs": jobs,
        "executor": executor,
        "on_conflict": on_conflict,
        "run_retries": run_retries,
    }
    project = session.project(overrides=overrides, flags=flags)
    inline = project.definitions.settings.executor == "inline"
    execution = Execution(session, inline=inline, jsonl=jsonl)

    def start(on_plan: OnPlan, on_event: OnEvent, on_runner: OnRunner) -> RunResult | None:
        def first(options: RunOptions) -> RunResult | None:
            if saved is not None:
                return materialize_saved(
                    project, saved, options, on_event=on_event, planned=on_plan
                )
            return carry_out(
                project,
                lambda reader: project.plan_with(reader, wish),
                options,
                on_event=on_event,
                planned=on_plan,
            )

        options = RunOptions(fail_fast=fail_fast, timeout_s=timeout, on_runner=on_runner)
        return run_with_retries(
            project, first, options,
            on_event=on_event, planned=on_plan, on_retry=execution.say_again,
        )  # fmt: skip

    return execution.run(start)


def _saved(file: str, *, alone: bool) -> SavedPlan:
    from assets_core.project.saved_plans import read_plan

    if not alone:
        raise UsageError(
            "E907",
            "`--plan` stands alone: a saved plan holds its own selection and options",
            help="leave out the others, or save another plan",
        )
    return read_plan(file)
