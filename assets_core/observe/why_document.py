"""``assets.why/1``: an explanation as a document."""

from __future__ import annotations

from collections.abc import Sequence

from assets_core.graph import AssetGraph
from assets_core.model.json import JSON
from assets_core.model.keys import AssetKey
from assets_core.model.records import MaterializationRecord
from assets_core.observe.details import Details
from assets_core.observe.documents import Document, ranges_document, reason_document, time_text
from assets_core.partitions import PartitionSet
from assets_core.planning.explain import Cause, Explanation


def why_document(
    asset: AssetKey,
    partition: str | None,
    explanations: Sequence[Explanation],
    built: MaterializationRecord | None,
    built_by: int | None,
    graph: AssetGraph,
    details: Details,
) -> Document:
    """What ``why`` found; ``built`` is null where several partitions were asked for or none is recorded."""
    return {
        "schema": "assets.why/1",
        "asset": asset,
        "partition": partition,
        "explanations": [_explanation(one, graph, details) for one in explanations],
        "built": None if built is None else _built(built, built_by),
    }


def _explanation(one: Explanation, graph: AssetGraph, details: Details) -> Document:
    return {
        "state": one.state,
        "partitions": _partitions(one.asset, one.partitions, graph),
        "of": one.of,
        "causes": [_cause(cause, graph, details) for cause in one.causes],
        **({} if one.since is None else {"since": time_text(one.since)}),
    }


def _cause(cause: Cause, graph: AssetGraph, details: Details) -> Document:
    return {
        "asset": cause.asset,
        "reason": reason_document(cause.reason, details),
        "partitions": _partitions(cause.asset, cause.partitions, graph),
        "of": cause.of,
        "gone": _partitions(cause.asset, cause.gone, graph),
        "causes": [_cause(behind, graph, details) for behind in cause.behind],
    }


def _built(record: MaterializationRecord, number: int | None) -> Document:
    return {
        "run": record.run,
        "number": number,
        "created": time_text(record.created),
        "code": record.code,
        "config": record.config,
        "inputs": [
            {"upstream": one.upstream, "partitions": len(PartitionSet.from_text(one.partitions))}
            for one in record.inputs
        ],
    }


def _partitions(asset: AssetKey, members: PartitionSet, graph: AssetGraph) -> JSON:
    number = graph.numbers.get(asset)
    if number is None or not graph.specs[number].partitions.is_partitioned:
        return None
    definition = graph.specs[number].partitions
    defined = definition.defined(members.first, members.last + 1) if members else members
    return ranges_document(definition, members, defined)
