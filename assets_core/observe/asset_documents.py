"""One asset in full, and the results of its checks, as the documents of ``show`` and ``check``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from assets_core.graph import AssetGraph
from assets_core.model.checks import CheckOutcome, CheckStatus
from assets_core.model.json import JSON
from assets_core.model.keys import AssetKey
from assets_core.model.plans import Held
from assets_core.model.pools import NO_NEEDS, Needs, PoolNeed
from assets_core.model.records import CheckRecord, MaterializationRecord
from assets_core.observe.documents import (
    Document,
    Statuses,
    asset_document,
    holds_document,
    time_text,
)
from assets_core.ports import SlotHolder
from assets_core.versioning.current import CurrentVersions


def show_document(
    graph: AssetGraph,
    number: int,
    versions: CurrentVersions,
    statuses: Statuses,
    now: datetime,
    *,
    needs: Needs = NO_NEEDS,
    holders: Iterable[SlotHolder] = (),
    materializations: Sequence[MaterializationRecord] = (),
    results: Sequence[CheckRecord] = (),
    holds: Sequence[Held] = (),
) -> Document:
    """``assets.show/1``: declared facts, status, and the given records of its versions and checks.

    ``holders`` are the calls of living runs that hold slots.
    """
    spec = graph.specs[number]
    return {
        "schema": "assets.show/1",
        **asset_document(graph, number, statuses, now),
        "checks": [
            {
                "name": check.name,
                "kind": check.kind,
                "severity": check.severity.value,
                "blocking": check.blocking,
                "scope": check.scope,
            }
            for check in spec.checks
        ],
        "description": spec.description,
        "metadata": dict(spec.metadata),
        "file": spec.place.file,
        "line": spec.place.line or None,
        "downstream": sorted({graph.keys[edge.downstream] for edge in graph.outputs(number)}),
        "pools": [_pool(need, list(holders)) for need in needs.pools],
        "priority": graph.definitions[graph.definition_of[number]].priority,
        "rate_limits": [
            {"name": limit.name, "starts": limit.starts, "window_s": limit.window_s}
            for limit in needs.limits
        ],
        "code_version": versions.code[number],
        "config_version": versions.config[number],
        "materializations": [_materialization(record) for record in materializations],
        "results": [_record(record) for record in results],
        "held": holds_document(holds, graph, now),
    }


def _pool(need: PoolNeed, holders: Sequence[SlotHolder]) -> Document:
    taking = [holder for holder in holders if holder.in_pool(need.pool)]
    return {
        "name": need.pool,
        "slots": need.slots,
        "size": need.size,
        "taken": sum(holder.in_pool(need.pool) for holder in taking),
        "runs": sorted({holder.run for holder in taking}),
    }


def check_document(
    results: Iterable[tuple[AssetKey, str, CheckOutcome, datetime | None]],
) -> Document:
    """``assets.check/1`` of (asset, partition, outcome, when it was evaluated)."""
    documents = [_result(*result) for result in results]
    ended = [document["status"] for document in documents]
    return {
        "schema": "assets.check/1",
        "results": list(documents),
        "counts": {status.value: ended.count(status.value) for status in CheckStatus},
    }


def _record(record: CheckRecord) -> Document:
    return _result(record.asset, record.partition, record.outcome, record.at)


def _result(
    asset: AssetKey, partition: str, outcome: CheckOutcome, at: datetime | None
) -> Document:
    return {
        "asset": asset,
        "partition": partition or None,
        "check": outcome.name,
        "status": outcome.status.value,
        "severity": outcome.severity.value,
        "blocking": outcome.blocking,
        "count": outcome.count,
        "sample": [dict(row) for row in outcome.sample],
        "metadata": dict(outcome.metadata),
        "message": outcome.message,
        "at": None if at is None else time_text(at),
    }


def _materialization(record: MaterializationRecord) -> Document:
    written = record.written
    columns: JSON = None
    if written.columns is not None:
        columns = [{"name": column.name, "type": column.type} for column in written.columns]
    return {
        "partition": record.partition or None,
        "number": record.number,
        "attempt": record.attempt,
        "run": record.run,
        "created": time_text(record.created),
        "data_version": written.data_version,
        "code_version": record.code,
        "config_version": record.config,
        "rows": written.rows,
        "size": written.size,
        "materializer": written.materializer,
        "columns": columns,
        "inputs": [
            {
                "upstream": one.upstream,
                "columns": None if one.columns is None else list(one.columns),
                "terms": one.version.count,
            }
            for one in record.inputs
        ],
        "metadata": dict(record.metadata),
    }


def partitions_changed_document(
    name: str, added: Sequence[str], removed: Sequence[str], count: int
) -> Document:
    """``assets.partitions_changed/1``: what adding and removing keys of dynamic partitions came to."""
    return {
        "schema": "assets.partitions_changed/1",
        "name": name,
        "added": list(added),
        "removed": list(removed),
        "count": count,
    }
