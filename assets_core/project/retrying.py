"""``retry``: a run once more with the options it was started with, minus what its chain of runs already recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from assets_core.errors import NoMatchError, UsageError
from assets_core.graph import AssetGraph
from assets_core.model.events import Event
from assets_core.model.records import AttemptStatus, RunEnd, RunRecord, RunStatus
from assets_core.partitions import PartitionSet
from assets_core.planning.planner import PlanOptions, plan
from assets_core.ports import StateReader
from assets_core.project.carrying_out import carry_out
from assets_core.project.running import RunOptions
from assets_core.project.wishes import Wish

if TYPE_CHECKING:
    from assets_core.execution.tally import RunResult
    from assets_core.project.facade import Planned, Project

_LOOK_BACK = 50


def run_to_retry(
    reader: StateReader, env: str, name: str | None
) -> tuple[RunRecord, RunEnd | None]:
    """The run of that number or id, else the latest that did not succeed; raises E916 or E917."""
    if name is not None:
        found = reader.run(name)
        if found is None:
            raise NoMatchError("E916", f"there is no run `{name}`", help="see `assets runs ls`")
        return found
    for record, end in reader.runs(env, _LOOK_BACK):
        if end is None or end.status is not RunStatus.SUCCEEDED:
            return record, end
        break
    raise UsageError(
        "E917", "there is nothing to retry: the latest run succeeded", help="see `assets runs ls`"
    )


def overrides_of(record: RunRecord) -> tuple[str, ...]:
    """The ``--config`` overrides that a run was started with."""
    given = record.options.get("overrides", ())
    return tuple(str(text) for text in given) if isinstance(given, list | tuple) else ()


def retry(
    project: Project,
    record: RunRecord,
    options: RunOptions,
    *,
    on_event: Callable[[Event], None],
    planned: Callable[[Planned], None],
) -> RunResult | None:
    """Run what ``record``'s chain of runs left undone; None where that is nothing."""

    def make(reader: StateReader) -> Planned:
        return _left_over(project, reader, record)

    chained = replace(options, retry_of=record.run)
    return carry_out(project, make, chained, on_event=on_event, planned=planned)


def _left_over(project: Project, reader: StateReader, record: RunRecord) -> Planned:
    wish = Wish.of(record.options)
    made = project.plan_with(reader, wish, now=record.now)
    done = _recorded_by_chain(made.graph, reader, record)
    wanted = {
        asset: partitions - done.get(asset, PartitionSet.EMPTY)
        for asset, partitions in made.wanted.items()
    }
    wanted = {asset: partitions for asset, partitions in wanted.items() if partitions}
    forced = frozenset(wanted) if wish.force else frozenset()
    options = PlanOptions(forced, project.env)
    again = plan(
        made.graph,
        wanted,
        project.definitions.versions,
        made.lineage,
        record.now,
        options,
    )
    return replace(made, plan=again, wanted=wanted)


def _recorded_by_chain(
    graph: AssetGraph, reader: StateReader, record: RunRecord
) -> dict[int, PartitionSet]:
    """What the run and those that it retried have materialized."""
    keys: dict[int, list[str]] = {}
    seen: set[str] = set()
    current: RunRecord | None = record
    while current is not None and current.run not in seen:
        seen.add(current.run)
        for attempt in reader.attempts(current.run):
            number = graph.numbers.get(attempt.asset)
            if number is not None and attempt.status is AttemptStatus.MATERIALIZED:
                keys.setdefault(number, []).append(attempt.partition)
        before = reader.run(current.retry_of) if current.retry_of else None
        current = before[0] if before else None
    done: dict[int, PartitionSet] = {}
    for number, partitions in keys.items():
        ordinals, known = graph.specs[number].partitions.find(partitions)
        done[number] = PartitionSet.of(ordinals[known])
    return done
