"""Plans, runs and assets as the JSON documents that every face prints, saves or serves.

Each has a name and a number (``assets.plan/1``) and a JSON Schema in ``assets_core.schemas``. Within a number keys are
only ever added. Partitions are ``null`` for an unpartitioned asset, else their count and runs of keys
``[first, last, n]``: never a list of keys.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Protocol, TypeAlias

from assets_core.graph import AssetGraph
from assets_core.model.json import JSON
from assets_core.model.keys import AssetKey
from assets_core.model.plans import Annotation, CheckStep, Held, Plan, Reason, Step
from assets_core.model.records import (
    AttemptRecord,
    AttemptStatus,
    Failure,
    RunEnd,
    RunRecord,
    RunStatus,
)
from assets_core.observe.details import NO_DETAILS, Details
from assets_core.partitions import PartitionsDefinition, PartitionSet, describe_ranges
from assets_core.versioning.current import CurrentVersions

Document: TypeAlias = dict[str, JSON]
Statuses: TypeAlias = Mapping[str, Mapping[int, PartitionSet]]
"""Per status, per asset number, the partitions that have it."""
COUNTS = ("materialized", "unchanged", "restored", "failed", "blocked", "current")
STATUSES = ("current", "stale", "missing", "maybe", "failed", "blocked", "held", "running")


class StepOfRun(Protocol):
    """What became of one asset-partition, as the runner tallies it."""

    @property
    def asset(self) -> AssetKey: ...
    @property
    def partition(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def duration_s(self) -> float | None: ...
    @property
    def failure(self) -> Failure | None: ...
    @property
    def detail(self) -> str: ...


class FinishedRun(Protocol):
    """A run that ended, as the runner returns it."""

    @property
    def run(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def status(self) -> RunStatus: ...
    @property
    def duration_s(self) -> float: ...
    @property
    def counts(self) -> Mapping[str, int]: ...
    @property
    def steps(self) -> Sequence[StepOfRun]: ...


# --- plans ------------------------------------------------------------------------------------------------------


def plan_document(
    plan: Plan,
    graph: AssetGraph,
    versions: CurrentVersions,
    *,
    details: Details = NO_DETAILS,
    options: Mapping[str, JSON] | None = None,
) -> Document:
    """``assets.plan/1``. ``options`` are what was asked for (a wish's document), which a saved plan needs."""
    return {
        "schema": "assets.plan/1",
        "env": plan.env,
        "now": time_text(plan.now),
        "as_of": plan.as_of,
        "options": dict(options or {}),
        "steps": [_step(step, plan, graph, versions, details) for step in plan.steps],
        "checks": [_check_step(step, plan, graph) for step in plan.checks],
        "current": plan.current,
        "unselected_stale": list(plan.unselected_stale),
        "annotations": [_annotation(note, plan, graph) for note in plan.annotations],
    }


def _annotation(note: Annotation, plan: Plan, graph: AssetGraph) -> Document:
    number = graph.numbers[note.asset]
    return {
        "code": note.code,
        "asset": note.asset,
        "partitions": _partitions(graph, number, note.partitions, plan.now),
        **_since(note),
    }


def _since(note: Annotation) -> Document:
    if not isinstance(note, Held):
        return {}
    return {"since": None if note.since is None else time_text(note.since)}


def holds_document(holds: Iterable[Held], graph: AssetGraph, now: datetime) -> list[JSON]:
    """What of one asset is held, and since when."""
    return [
        {"partitions": _partitions(graph, graph.numbers[one.asset], one.partitions, now)}
        | _since(one)
        for one in holds
    ]


def _step(
    step: Step, plan: Plan, graph: AssetGraph, versions: CurrentVersions, details: Details
) -> Document:
    return {
        "asset": step.asset,
        "action": step.action.value,
        "reasons": [reason_document(reason, details) for reason in step.reasons],
        "partitions": _partitions(graph, step.index, step.partitions, plan.now),
        "pins": {"code": versions.code[step.index], "config": versions.config[step.index]},
        "estimate_s": step.estimate_s,
    }


def _check_step(step: CheckStep, plan: Plan, graph: AssetGraph) -> Document:
    return {
        "asset": step.asset,
        "checks": list(step.checks),
        "partitions": _partitions(graph, step.index, step.partitions, plan.now),
        "candidate": step.candidate,
    }


def reason_document(reason: Reason, details: Details = NO_DETAILS) -> Document:
    """A reason by its code and what it names; code and config changes with what changed, where that is known."""
    document: Document = {"code": reason.code}
    for one in fields(reason):
        value = getattr(reason, one.name)
        document[one.name] = list(value) if isinstance(value, tuple) else value
    pair = (str(document.get("old")), str(document.get("new")))
    if pair in details.code:
        document["changes"] = [
            {"kind": edit.kind, "name": edit.name, "file": edit.file, "line": edit.line or None}
            for edit in details.code[pair]
        ]
    if pair in details.config:
        document["keys"] = list(details.config[pair])
    return document


def _partitions(graph: AssetGraph, number: int, members: PartitionSet, now: datetime) -> JSON:
    definition = graph.specs[number].partitions
    if not definition.is_partitioned:
        return None
    return ranges_document(definition, members, definition.existing(now))


# --- runs -------------------------------------------------------------------------------------------------------


def run_document(result: FinishedRun) -> Document:
    """``assets.run/1`` of a run that just ended."""
    return {
        "schema": "assets.run/1",
        "run": result.run,
        "number": result.number,
        "status": result.status.value,
        "duration_s": result.duration_s,
        "counts": dict(result.counts),
        "steps": [
            _step_of_run(s.asset, s.partition, s.outcome, s.duration_s, s.failure, s.detail)
            for s in result.steps
        ],
    }


def nothing_document(plan: Plan) -> Document:
    """``assets.run/1`` where there was nothing to do: no run was recorded, so it has no id."""
    return {
        "schema": "assets.run/1",
        "run": None,
        "number": None,
        "status": RunStatus.SUCCEEDED.value,
        "duration_s": 0.0,
        "counts": {**dict.fromkeys(COUNTS, 0), "current": plan.current},
        "steps": [],
    }


def recorded_run_document(
    record: RunRecord, end: RunEnd | None, attempts: Sequence[AttemptRecord]
) -> Document:
    """``assets.run/1`` from the records: a step per attempt, counts as they stand."""
    counts: Mapping[str, int] = end.counts if end is not None else counts_of_attempts(attempts)
    return {
        "schema": "assets.run/1",
        "run": record.run,
        "number": record.number,
        "status": (end.status if end is not None else RunStatus.RUNNING).value,
        "duration_s": _seconds(record, end),
        "counts": {name: counts.get(name, 0) for name in COUNTS},
        "steps": [
            _step_of_run(a.asset, a.partition, a.status.value, a.duration_s, a.failure, "")
            for a in attempts
        ],
    }


def runs_document(runs: Sequence[tuple[RunRecord, RunEnd | None]]) -> Document:
    """``assets.runs/1``: runs as listed, newest first."""
    return {
        "schema": "assets.runs/1",
        "runs": [
            {
                "run": record.run,
                "number": record.number,
                "env": record.env,
                "status": (end.status if end is not None else RunStatus.RUNNING).value,
                "started": time_text(record.started),
                "ended": None if end is None else time_text(end.ended),
                "duration_s": _seconds(record, end),
                "counts": None
                if end is None
                else {name: end.counts.get(name, 0) for name in COUNTS},
                "retry_of": record.retry_of,
                "options": dict(record.options),
            }
            for record, end in runs
        ],
    }


def _step_of_run(
    asset: AssetKey,
    partition: str,
    outcome: str,
    duration_s: float | None,
    failure: Failure | None,
    detail: str,
) -> Document:
    error: JSON = None
    if failure is not None:
        error = {
            "kind": failure.kind,
            "message": failure.message,
            "file": failure.file,
            "line": failure.line or None,
        }
    return {
        "asset": asset,
        "partition": partition or None,
        "outcome": outcome,
        "duration_s": duration_s,
        "error": error,
        "detail": detail or None,
    }


def counts_of_attempts(attempts: Sequence[AttemptRecord]) -> dict[str, int]:
    """What a run came to that did not say so itself."""
    ended = [attempt.status for attempt in attempts]
    failed = (AttemptStatus.FAILED, AttemptStatus.REJECTED, AttemptStatus.DIED)
    return {
        "materialized": ended.count(AttemptStatus.MATERIALIZED),
        "failed": sum(map(ended.count, failed)),
    }


def _seconds(record: RunRecord, end: RunEnd | None) -> float | None:
    return None if end is None else max((end.ended - record.started).total_seconds(), 0.0)


# --- assets -----------------------------------------------------------------------------------------------------


def list_document(
    graph: AssetGraph, numbers: Iterable[int], statuses: Statuses, now: datetime
) -> Document:
    """``assets.list/1`` of these assets; ``statuses`` has per status, per asset number, its partitions."""
    return {
        "schema": "assets.list/1",
        "assets": [asset_document(graph, number, statuses, now) for number in numbers],
    }


def asset_document(graph: AssetGraph, number: int, statuses: Statuses, now: datetime) -> Document:
    """What ``ls`` and ``show`` say alike of one asset."""
    spec = graph.specs[number]
    return {
        "key": spec.key,
        "kind": spec.kind,
        "group": spec.group,
        "tags": dict(spec.tags),
        "owners": list(spec.owners),
        "partitions": _definition(spec.partitions, now),
        "upstream": sorted({graph.keys[edge.upstream] for edge in graph.inputs(number)}),
        "checks": [check.name for check in spec.checks],
        "status": {name: len(_of(statuses, name, number)) for name in STATUSES},
    }


def partitions_document(
    graph: AssetGraph, number: int, statuses: Statuses, now: datetime, status: str | None = None
) -> Document:
    """``assets.partitions/1``: the strip, and per status the count and the runs of keys; of one ``status`` if given."""
    from assets_core.observe.strips import WIDEST, strip

    spec = graph.specs[number]
    existing = spec.partitions.existing(now)
    shown = STATUSES if status is None else (status,)
    drawn = strip(existing, {name: _of(statuses, name, number) for name in STATUSES}, WIDEST)
    return {
        "schema": "assets.partitions/1",
        "asset": spec.key,
        "partitions": _definition(spec.partitions, now),
        "strip": {"bucket": drawn.bucket, "cells": [cell or None for cell in drawn.cells]},
        "status": {
            name: ranges_document(spec.partitions, _of(statuses, name, number), existing)
            for name in shown
        },
    }


def lineage_document(graph: AssetGraph, numbers: Collection[int]) -> Document:
    """``assets.lineage/1``: these assets and the edges among them, of inputs and of checks."""
    inside = set(numbers)
    edges: list[JSON] = []
    for number in sorted(inside):
        edges.extend(
            {
                "upstream": graph.keys[edge.upstream],
                "downstream": graph.keys[number],
                "relation": "input",
                "parameter": edge.parameter,
                "mapping": edge.mapping_text,
                "columns": None if edge.columns is None else list(edge.columns),
            }
            for edge in graph.inputs(number)
            if edge.upstream in inside
        )
        edges.extend(
            {
                "upstream": graph.keys[edge.upstream],
                "downstream": graph.keys[number],
                "relation": "check",
                "check": edge.check,
                "columns": None if edge.columns is None else list(edge.columns),
            }
            for edge in graph.check_inputs(number)
            if edge.upstream in inside
        )
    nodes = (graph.specs[number] for number in sorted(inside))
    return {
        "schema": "assets.lineage/1",
        "assets": [{"key": spec.key, "kind": spec.kind, "group": spec.group} for spec in nodes],
        "edges": edges,
    }


def _definition(definition: PartitionsDefinition, now: datetime) -> JSON:
    if not definition.is_partitioned:
        return None
    return {"kind": definition.kind, "count": definition.existing(now).count}


def _of(statuses: Statuses, name: str, number: int) -> PartitionSet:
    return statuses.get(name, {}).get(number, PartitionSet.EMPTY)


# --- values -----------------------------------------------------------------------------------------------------


def ranges_document(
    definition: PartitionsDefinition, members: PartitionSet, existing: PartitionSet
) -> Document:
    """A count, and runs without a gap as ``[first key, last key, how many]``; the unpartitioned key is null."""
    runs = describe_ranges(definition, members, existing)
    ranges: list[JSON] = [[first or None, last or None, count] for first, last, count in runs]
    return {"count": members.count, "ranges": ranges}


def time_text(moment: datetime) -> str:
    """ISO 8601 in UTC, to the microsecond where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
