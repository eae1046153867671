"""``retry``: a run once more with the options it was started with, minus what its chain of runs already recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assets_core.errors import ConflictError, NoMatchError, UsageError
from assets_core.graph import AssetGraph
from assets_core.model.conflicts import OnConflict
from assets_core.model.events import Event
from assets_core.model.records import AttemptStatus, RunEnd, RunRecord, RunStatus
from assets_core.partitions import DynamicKey, PartitionSet
from assets_core.partitions.keys import shown
from assets_core.planning.planner import PlanOptions, plan
from assets_core.ports import StateReader
from assets_core.project.carrying_out import carry_out
from assets_core.project.running import RunOptions
from assets_core.project.wishes import Wish

if TYPE_CHECKING:
    from assets_core.execution.tally import RunResult
    from assets_core.project.facade import Planned, Project

_LOOK_BACK = 50
_SHOWN = 5


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


def _on_conflict_of(record: RunRecord) -> OnConflict | None:
    """What the run did about conflicts; runs recorded before there was a choice say nothing."""
    known = record.options.get("on_conflict")
    return OnConflict(known) if known in set(OnConflict) else None


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

    chained = replace(options, retry_of=record.run, on_conflict=_on_conflict_of(record))
    return carry_out(project, make, chained, on_event=on_event, planned=planned)


def _left_over(project: Project, reader: StateReader, record: RunRecord) -> Planned:
    wish = Wish.of(record.options)
    known = _dynamic_keys_of(project, reader, record)
    made = project.plan_with(reader, wish, now=record.now)
    _refuse_renamed(project, record, made, known)
    done = _recorded_by_chain(made.graph, reader, record)
    wanted = {
        asset: partitions - done.get(asset, PartitionSet.EMPTY)
        for asset, partitions in made.wanted.items()
    }
    # A key that was added since belongs to the next plan, like a window that ended since.
    for asset in wanted:
        declared = project.graph.specs[asset].partitions
        if declared.dynamic_names:
            then = declared.resolve_with(lambda name: known.get(name, ()))
            wanted[asset] &= then.existing(record.now)
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


def _dynamic_keys_of(
    project: Project, reader: StateReader, record: RunRecord
) -> Mapping[str, Sequence[DynamicKey]]:
    """The keys of dynamic partitions that a run was planned with; ConflictError E918 where some are gone."""
    recorded = record.options.get("dynamic", {})
    if not isinstance(recorded, Mapping) or not recorded:
        return {}
    known: dict[str, Sequence[DynamicKey]] = {}
    today = reader.dynamic_partitions(project.env)
    for name, text in recorded.items():
        then = PartitionSet.from_text(str(text))
        known[name] = [key for key in today.get(name, ()) if key.ordinal in then]
        gone = [shown(key.key) for key in known[name] if not key.live]
        if gone:
            more = f" and {len(gone) - _SHOWN:,} more" if len(gone) > _SHOWN else ""
            raise ConflictError(
                "E918",
                f"run {record.number} was planned with partitions that were removed since from {shown(name)}: "
                f"{', '.join(gone[:_SHOWN])}{more}",
                help="run what is out of date now: `assets materialize`",
            )
    return known


def _refuse_renamed(
    project: Project, record: RunRecord, made: Planned, known: Mapping[str, object]
) -> None:
    """ConflictError E919 where what the run planned has dynamic partitions of another name: none of it would be run."""
    specs = project.graph.specs
    today = {name for asset in made.wanted for name in specs[asset].partitions.dynamic_names}
    gone, fresh = sorted(known.keys() - today), sorted(today - known.keys())
    if gone and fresh:
        raise ConflictError(
            "E919",
            f"run {record.number} was planned with the dynamic partitions {_names(gone)}, which nothing that it "
            f"selects has any more; there is {_names(fresh)} instead",
            help="run what is out of date now: `assets materialize`",
        )


def _names(texts: Sequence[str]) -> str:
    return ", ".join(map(shown, texts))


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
