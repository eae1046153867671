"""Reading the store once, before planning: the lineage snapshot, with the details that only some of it needs.

Details (recorded input shapes that are not today's, why candidates were kept back, durations) are fetched in bulk for
what they are shown of, so the number of queries does not depend on the number of assets.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from assets_core.execution.check_results import latest_results, whole_result
from assets_core.graph import AssetGraph
from assets_core.lineage import Lineage
from assets_core.model.keys import AssetPartition
from assets_core.model.packed import Flag, row_number
from assets_core.model.records import CheckRecord
from assets_core.partitions import PartitionSet
from assets_core.planning.shared_reads import note_read
from assets_core.planning.staleness import Rebuilder
from assets_core.ports import StateReader

if TYPE_CHECKING:
    from numpy.typing import NDArray


def take_snapshot(graph: AssetGraph, reader: StateReader, env: str, now: datetime) -> Lineage:
    """Everything recorded of the graph's assets as of one sequence."""
    rows = reader.lineage(env, [(s.key, s.partitions) for s in graph.specs])
    lineage = Lineage(graph, now, rows.sequence)
    lineage.load(rows)
    projected = [k for n, k in enumerate(graph.keys) if any(e.columns for e in graph.outputs(n))]
    if projected:
        lineage.load_columns(reader.columns(env, projected))
    lineage.shape_texts = dict(reader.documents(list(_foreign_shapes(graph, lineage))))
    _add_rejections(lineage, reader)
    _add_reads(lineage, reader, env)
    moves = reader.moves_at(list(_rollbacks(lineage)))
    lineage.moved_at = {move.sequence: move.at for move in moves}
    return lineage


def add_estimates(lineage: Lineage, reader: StateReader, env: str) -> None:
    """Durations and last failures, for plans that are shown."""
    numbers = lineage.graph.numbers
    for key, stats in reader.durations(env, lineage.graph.keys).items():
        lineage.durations[numbers[key]] = stats
    failed: dict[int, list[int]] = {}
    for attempt in reader.last_failures(env, lineage.graph.keys):
        asset = numbers.get(attempt.asset)
        if asset is None:  # a damaged row: it explains nothing, and decides nothing
            continue
        ordinals, known = lineage.graph.specs[asset].partitions.find([attempt.partition])
        if known[0]:
            failed.setdefault(asset, []).append(int(ordinals[0]))
    lineage.failed = {asset: PartitionSet.of(ordinals) for asset, ordinals in failed.items()}


def _foreign_shapes(graph: AssetGraph, lineage: Lineage) -> Iterable[str]:
    """Recorded input shapes that are not the asset's of today."""
    found: set[str] = set()
    today = np.frombuffer(
        bytes.fromhex("".join(graph.shape(n) for n in range(len(graph.keys)))), "<u8"
    ).reshape(-1, 2)
    single = lineage.single_head
    wrong = (single["number"] > 0) & (single["shape"] != today).any(axis=1)
    found.update(_hexes(single["shape"][wrong]))
    for asset, rows in lineage.partitioned.items():
        wrong = (rows.head["number"] > 0) & (rows.head["shape"] != today[asset]).any(axis=1)
        if wrong.any():
            found.update(_hexes(np.unique(rows.head["shape"][wrong], axis=0)))
    return found


def _rollbacks(lineage: Lineage) -> Iterable[int]:
    """The pointer moves of what is held."""
    heads = (rows.head for rows in lineage.partitioned.values())
    for head in (lineage.single_head, *heads):
        held = (head["flags"] & np.uint64(Flag.HELD)) != 0
        if held.any():
            yield from head["sequence"][held].tolist()


def _add_reads(lineage: Lineage, reader: StateReader, env: str) -> None:
    """What the calls read of assets whose batches share their inputs: no packed row holds it."""
    current: list[AssetPartition] = []
    kept: list[AssetPartition] = []
    for asset, key in enumerate(lineage.graph.keys):
        if lineage.graph.shares_inputs(asset):
            partitions = lineage.graph.specs[asset].partitions
            recorded = partitions.keys(lineage.recorded(asset))
            current += [AssetPartition(key, one) for one in recorded]
            candidates = PartitionSet.of(sorted(lineage.candidates.get(asset, {})))
            kept += [AssetPartition(key, one) for one in partitions.keys(candidates)]
    found = [*(reader.current(env, current).values() if current else ()),
             *(reader.candidates(env, kept).values() if kept else ())]  # fmt: skip
    for record in found:
        note_read(lineage, lineage.graph.numbers[record.asset], record.number, record.inputs)


def _hexes(shapes: NDArray[Any]) -> list[str]:
    return [row.astype("<u8").tobytes().hex() for row in shapes]


def _add_rejections(lineage: Lineage, reader: StateReader) -> None:
    numbers = {row_number(row) for rows in lineage.candidates.values() for row in rows.values()}
    if not numbers:
        return
    latest: dict[int, dict[str, CheckRecord]] = {}
    for record in reader.check_results(numbers):
        latest.setdefault(record.materialization, {})[record.outcome.name] = record
    lineage.rejections = {
        number: (
            tuple(name for name, record in records.items() if record.outcome.blocks),
            next(iter(records.values())).run,
        )
        for number, records in latest.items()
    }


def add_results(rebuilder: Rebuilder, reader: StateReader) -> None:
    """Which check results there are on the versions that lack some, so that only those are evaluated."""
    lineage, graph = rebuilder.lineage, rebuilder.graph
    numbers: set[int] = set()
    for asset in range(len(graph.keys)):
        if rebuilder.versions.checks[asset]:
            head = lineage.rows(asset).head
            numbers.update(head["number"][rebuilder.unchecked(asset, head)].tolist())
    numbers.update(row_number(r) for rows in lineage.candidates.values() for r in rows.values())
    anchors = {
        int(rows.head["number"].max()): asset
        for asset, rows in lineage.partitioned.items()
        if rebuilder.whole_checks(asset) and len(rows.ordinals)
    }
    records = list(reader.check_results(numbers | anchors.keys()))
    lineage.results = latest_results(records)
    for record in records:
        if record.outcome.scope == "asset" and record.materialization in anchors:
            known = lineage.whole.setdefault(anchors[record.materialization], {})
            known[record.outcome.name] = whole_result(record)
