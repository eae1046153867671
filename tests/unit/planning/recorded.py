"""Graphs and snapshots made without a store: everything recorded, so that planning can be counted by itself."""

from __future__ import annotations

import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from assets_core.graph import AssetGraph, build_graph
from assets_core.lineage import Lineage
from assets_core.model.packed import row_dtype
from assets_core.model.plans import Plan
from assets_core.partitions import PartitionSet
from assets_core.planning.planner import PlanOptions, plan
from assets_core.planning.staleness import Rebuilder
from assets_core.ports import LineageRows, PackedRows
from assets_core.versioning.current import CurrentVersions

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Recorded:
    """A graph of which every partition is recorded with today's versions."""

    graph: AssetGraph
    versions: CurrentVersions
    lineage: Lineage

    @property
    def rebuilder(self) -> Rebuilder:
        return Rebuilder(self.graph, self.versions, self.lineage)

    def plan(self) -> Plan:
        return plan(self.graph, self.wanted, self.versions, self.lineage, NOW, PlanOptions())

    @property
    def wanted(self) -> Mapping[int, PartitionSet]:
        return {a: s.partitions.existing(NOW) for a, s in enumerate(self.graph.specs)}

    def change(self, asset: int, ordinals: Any) -> None:
        """Other content, as another run would have published it."""
        rows = self.lineage.rows(asset)
        slots = np.searchsorted(rows.ordinals, np.asarray(ordinals, np.int64))
        rows.head["term"][slots] += np.uint64(1)
        self.lineage._forget(asset)


def recorded(definitions: list[Any], without: Mapping[int, Any] | None = None) -> Recorded:
    """Everything that these definitions make, but for ``without``: asset number -> ordinals."""
    graph = build_graph(definitions)
    size = len(graph.keys)
    versions = CurrentVersions(("1" * 32,) * size, ("2" * 32,) * size, ((),) * size)
    lineage = Lineage(graph, NOW, 1)
    lineage.load(
        LineageRows(1, tuple(_packed(graph, a, without or {}) for a in range(size)), (), {})
    )
    made = Recorded(graph, versions, lineage)
    for asset in range(size):
        rows = lineage.rows(asset)
        sums = made.rebuilder.input_sums(asset, rows.ordinals)
        rows.inputs["low"], rows.inputs["high"], rows.inputs["count"] = (
            sums.low, sums.high, sums.count,
        )  # fmt: skip
    return made


def _packed(graph: AssetGraph, asset: int, without: Mapping[int, Any]) -> PackedRows:
    left_out = PartitionSet.of(np.asarray(without.get(asset, []), np.int64))
    ordinals = (graph.specs[asset].partitions.existing(NOW) - left_out).to_array()
    table = np.zeros(len(ordinals), row_dtype(len(graph.inputs(asset))))
    table["sequence"] = table["number"] = np.arange(1, len(ordinals) + 1)
    table["code"], table["config"] = 0x1111111111111111, 0x2222222222222222
    table["shape"] = np.frombuffer(bytes.fromhex(graph.shape(asset)), "<u8")
    table["term"] = np.random.default_rng(asset).integers(0, 2**64, (len(ordinals), 2), np.uint64)
    positions = np.full(len(ordinals), asset, np.int64)
    return PackedRows(len(graph.inputs(asset)), positions, ordinals, table.tobytes())


@dataclass(frozen=True)
class Cost:
    """What something took, however fast the machine is."""

    calls: int
    """Of Python and C functions."""
    named: Counter[str]
    """The same by name."""
    bytes: int
    """The most memory that was held at once beyond what was held before."""


def cost(work: Callable[[], object]) -> Cost:
    """Count the calls of one round, and the memory of another."""
    named: Counter[str] = Counter()

    def see(frame: Any, event: str, argument: Any) -> None:
        if event == "call":
            named[frame.f_code.co_name] += 1
        elif event == "c_call":
            named[argument.__name__] += 1

    work()  # what is derived once is derived
    before = sys.getprofile()
    sys.setprofile(see)
    try:
        work()
    finally:
        sys.setprofile(before)
    tracemalloc.start()
    try:
        work()
        return Cost(named.total(), named, tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
