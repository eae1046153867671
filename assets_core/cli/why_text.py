"""An explanation as people read it: the state, then each cause below what it explains."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from assets_core.cli.errors import Line
from assets_core.cli.reason_text import reason_text
from assets_core.cli.wording import address, counted, local
from assets_core.graph import AssetGraph
from assets_core.model.plans import (
    CodeChanged,
    ConfigChanged,
    InputChanged,
    NeverMaterialized,
    UpstreamPending,
)
from assets_core.partitions import PartitionsDefinition, PartitionSet, describe_ranges
from assets_core.planning.explain import Cause, Explanation

if TYPE_CHECKING:
    from assets_core.project.explaining import Why

_UNITS = {"daily": "day", "hourly": "hour", "weekly": "week", "monthly": "month"}
_RUNS = 3


def why_lines(why: Why, graph: AssetGraph) -> Iterator[Line]:
    """Everything that is known, line by line."""
    for explanation in why.explanations:
        yield from _explanation(explanation, why, graph)
    if why.is_source:
        readers = sorted(
            {graph.keys[e.downstream] for e in graph.outputs(graph.numbers[why.asset])}
        )
        read = f"; it is read by {', '.join(readers)}" if readers else ""
        yield ((why.asset, "bold"), f" is a source: observed, not made{read}")
    elif not why.explanations:
        yield (f"{address(why.asset, why.partition or '')} has no partitions yet",)
    if why.built is not None:
        yield from _built(why, graph)


def _explanation(one: Explanation, why: Why, graph: AssetGraph) -> Iterator[Line]:
    verb = {"maybe": "may be stale"}.get(one.state, f"is {one.state}")
    since = f" since {local(one.since)}, when it was rolled back" if one.since is not None else ""
    definition = graph.specs[graph.numbers[one.asset]].partitions
    where = address(one.asset, why.partition or "")
    if why.partition is None and definition.is_partitioned:
        where += f": {_share(definition, one.partitions, one.of)}"
        verb = {"maybe": "may be stale"}.get(one.state, one.state)
    yield ((where, "bold"), f" {verb}{since}")
    held = one.state == "held"
    for cause in one.causes:
        yield from _cause(cause, why, graph, 1, "although" if held else "because")
    if held:
        yield (f"  `assets rollback {one.asset} --clear` lets it be made again",)


def _cause(
    cause: Cause, why: Why, graph: AssetGraph, depth: int, word: str = "because"
) -> Iterator[Line]:
    yield ("  " * depth, (f"{word} ", "dim"), _said(cause, why, graph))
    for behind in cause.behind:
        yield from _cause(behind, why, graph, depth + 1)


def _said(cause: Cause, why: Why, graph: AssetGraph) -> str:
    details = why.details
    match cause.reason:
        case CodeChanged(old=old, new=new):
            edits = details.code.get((old, new), ())
            if not edits:
                return f"the code of {cause.asset} changed"
            first, more = edits[0], len(edits) - 1
            place = f"{first.file}:{first.line} " if first.line else ""
            verb = {"value": "has another value"}.get(first.kind, f"was {first.kind}")
            return f"{place}{first.name} {verb}" + (f", and {more} more" if more else "")
        case ConfigChanged(old=old, new=new):
            keys = ", ".join(details.config.get((old, new), ())) or "its config"
            return f"{keys} of {cause.asset} changed"
        case InputChanged(upstream=upstream):
            number = graph.numbers.get(upstream)
            definition = None if number is None else graph.specs[number].partitions
            if definition is None or not definition.is_partitioned:
                return f"{upstream} changed"
            said = [_share(definition, cause.partitions, cause.of)] if cause.partitions else []
            said += [f"gone: {_keys(definition, cause.gone)}"] if cause.gone else []
            return f"{upstream} changed" + (f" ({'; '.join(said)})" if said else "")
        case NeverMaterialized():
            return f"{cause.asset} was never materialized before"
        case UpstreamPending(upstreams=upstreams):
            return f"{', '.join(upstreams[:3])} may change"
        case reason:
            text = reason_text(reason, details, lambda run: str(why.runs.get(run, run)))
            return text.removeprefix("blocked: ")


def _share(definition: PartitionsDefinition, members: PartitionSet, of: int) -> str:
    """``2 of 31 days: 2026-11-18, 2026-11-19``."""
    return f"{len(members):,} of {_counted(definition, of)}: {_keys(definition, members)}"


def _counted(definition: PartitionsDefinition, number: int) -> str:
    """``31 days``, ``1 partition``."""
    return counted(number, _UNITS.get(definition.kind, "partition"))


def _keys(definition: PartitionsDefinition, members: PartitionSet) -> str:
    defined = definition.defined(members.first, members.last + 1)
    runs = describe_ranges(definition, members, defined, _RUNS + 1)
    texts = [first if n == 1 else f"{first}..{last}" for first, last, n in runs[:_RUNS]]
    return ", ".join(texts) + (", …" if len(runs) > _RUNS else "")


def _built(why: Why, graph: AssetGraph) -> Iterator[Line]:
    built = why.built
    assert built is not None
    run = f"run {why.runs.get(built.run, built.run)}"
    read: list[str] = []
    for item in built.inputs:
        number = graph.numbers.get(item.upstream)
        definition = graph.specs[number].partitions if number is not None else None
        if definition is None or not definition.is_partitioned:
            read.append(item.upstream)
        else:
            count = len(PartitionSet.from_text(item.partitions))
            read.append(f"{_counted(definition, count)} of {item.upstream}")
    inputs = f", from {', '.join(read)}" if read else ""
    yield (f"  last built by {run} at {local(built.created)}, code {built.code[:6]}{inputs}",)
