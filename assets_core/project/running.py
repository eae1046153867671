"""Wiring one run: executor, state, runner, the run's proof of life, and what is recorded before the first claim."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assets_core.errors import UsageError
from assets_core.execution.frontier import Frontier
from assets_core.execution.paths import new_id
from assets_core.execution.runner import Runner, RunSettings
from assets_core.execution.state import RunState
from assets_core.execution.tally import RunResult
from assets_core.model.conflicts import OnConflict
from assets_core.model.events import Event
from assets_core.model.plans import Plan
from assets_core.model.records import RunRecord
from assets_core.partitions import PartitionSet
from assets_core.planning.planner import PlanOptions, plan
from assets_core.planning.staleness import Rebuilder
from assets_core.ports import Executor, StateStore
from assets_core.project.dead_runs import end_dead_runs
from assets_core.project.observing import observation_records
from assets_core.project.registry import INLINE, executor_factory
from assets_core.project.stored_data import require_data
from assets_core.versioning.parts import parts_text

if TYPE_CHECKING:
    from assets_core.project.facade import Planned, Project


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run a plan. ``jobs`` None is the configured number, else the usable CPUs."""

    executor: str | None = None
    jobs: int | None = None
    fail_fast: bool = False
    checks_only: bool = False
    """Evaluate checks and compute nothing, whatever they make due."""
    timeout_s: float | None = None
    """How long the run may take before what is running is stopped."""
    on_conflict: OnConflict | None = None
    """What to do about what another live run holds; None: the setting."""
    retry_of: str | None = None
    on_runner: Callable[[Runner], None] = lambda runner: None
    """Gets the runner before it starts: what a signal handler needs to stop it."""


def run_plan(
    project: Project,
    planned: Planned,
    store: StateStore,
    options: RunOptions,
    on_event: Callable[[Event], None],
) -> RunResult:
    """Execute a plan to its end and close what was opened for it."""
    from assets_core.execution.keeping import kept
    from assets_core.store.heartbeat import kept_alive
    from assets_core.store.liveness import RunLock, lock_path

    if not planned.wish.force:
        require_data(project, store)
    run = new_id()
    executor, settings = make_executor(project, options), project.definitions.settings
    keep = None if planned.plan.is_empty else executor.token
    with (
        closing(executor),
        RunLock(lock_path(project.definitions.home.root, run)) as lock,
        kept(keep, lock.path, settings.lease),
        kept_alive(settings.store, run),
        closing(executor),  # before its keeper, which ends what is left where we are killed here
    ):
        end_dead_runs(project, store)
        _record_first(project, planned, store)
        runner = _runner(project, planned, store, executor, run, options, on_event)
        options.on_runner(runner)
        result = runner.run(planned.plan, _run_record(project, planned, run, options))
    store.compact(project.env, [(s.key, s.partitions) for s in planned.graph.specs])
    return result


def make_executor(project: Project, options: RunOptions) -> Executor:
    """The executor that is named, configured, or the default."""
    settings = project.definitions.settings
    name = options.executor or settings.executor
    if name == INLINE:
        from assets_core.execution.inline import InlineExecutor

        return InlineExecutor(project.definitions.runtime)
    if project.definitions.ref.config_file is None:
        raise UsageError(
            "E432",
            f"the `{name}` executor cannot load definitions that are given as values",
            help="leave `executor` out, or put them into the project's module",
        )
    jobs = options.jobs or settings.jobs
    executor: Executor = executor_factory(name)(project.definitions.ref, jobs)
    return executor


def _run_record(project: Project, planned: Planned, run: str, options: RunOptions) -> RunRecord:
    members: dict[str, PartitionSet] = {}
    for asset in planned.wanted:
        members.update(planned.graph.specs[asset].partitions.dynamic_members)
    document = {
        **planned.wish.document(),
        "overrides": list(project.definitions.overrides),
        "on_conflict": _on_conflict(project, options).value,
        **(
            {"dynamic": {name: those.to_text() for name, those in members.items()}}
            if members
            else {}
        ),
    }
    return RunRecord(
        run, project.env, project.clock.now(), planned.plan.now, document, options.retry_of
    )


def _on_conflict(project: Project, options: RunOptions) -> OnConflict:
    return options.on_conflict or OnConflict(project.definitions.settings.on_conflict)


def _runner(
    project: Project,
    planned: Planned,
    store: StateStore,
    executor: Executor,
    run: str,
    options: RunOptions,
    on_event: Callable[[Event], None],
) -> Runner:
    graph, versions = planned.graph, project.definitions.versions
    lineage = planned.lineage
    forced = dict(planned.wanted) if planned.wish.force else {}
    state = RunState(
        run=run,
        env=project.env,
        now=planned.plan.now,
        graph=graph,
        versions=versions,
        lineage=lineage,
        rebuilder=Rebuilder(graph, versions, lineage),
        frontier=Frontier(lineage, planned.plan),
        home=project.definitions.home,
        clock=project.clock,
        project=project.definitions.ref,
        emit=on_event,
        tokens={a: dict(t) for a, t in planned.tokens.items()},
        values_of=project.definitions.values_of,
        grace_s=project.definitions.settings.grace,
        needs=project.definitions.needs,
        forced={a: p for a, p in forced.items() if p},
    )
    settings = RunSettings(
        fail_fast=options.fail_fast,
        checks_only=options.checks_only,
        timeout_s=options.timeout_s,
        on_conflict=_on_conflict(project, options),
    )
    return Runner(state, store, executor, settings, lambda: _replan(project, planned))


def _replan(project: Project, planned: Planned) -> Plan:
    """The same wish, unforced, against the snapshot as the run has advanced it."""
    wanted: dict[int, PartitionSet] = dict(planned.wanted)
    options = PlanOptions(env=project.env)
    return plan(
        planned.graph,
        wanted,
        project.definitions.versions,
        planned.lineage,
        planned.plan.now,
        options,
    )


def _record_first(project: Project, planned: Planned, store: StateStore) -> None:
    """The texts behind today's digests and what was observed: facts that records refer to."""
    graph, versioner = planned.graph, project.definitions.versioner
    assets = {s.index for s in planned.plan.steps}
    texts: dict[str, str] = {}
    for asset in assets:
        texts[graph.shape(asset)] = graph.shape_text(asset)
        definition = graph.definitions[graph.definition_of[asset]]
        fingerprint = versioner.code(definition)
        texts[fingerprint.version] = parts_text(fingerprint.parts)
        config = versioner.config(definition, graph.keys[asset])
        texts[config] = project.definitions.config_text(definition, graph.keys[asset])
    with store.writing() as tx:
        tx.document(texts)
        tx.observe(
            observation_records(
                project.definitions, {a: dict(t) for a, t in planned.tokens.items()}, project.env
            )
        )
