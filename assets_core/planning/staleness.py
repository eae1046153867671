"""Is it stale? The whole answer for single asset-partitions, and nothing about order.

An asset-partition is CURRENT when it has a version whose code, config, input shape and inputs equal today's; what its
upstreams are about to become is the planner's question (MAYBE). Input versions are lane-wise sums of terms, so those
of many partitions are differences of prefix sums: a wide mapping costs one range per downstream partition and never a
list of pairs. Nothing here looks at a clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assets_core.graph import AssetGraph, Edge
from assets_core.lineage import AssetRows, Lineage
from assets_core.model.packed import Flag, check_mark, check_marks
from assets_core.model.versions import InputVersion, Term, sum_versions
from assets_core.partitions import PartitionSet
from assets_core.planning.holds import held_in, made_with
from assets_core.planning.shapes import reads_alike
from assets_core.planning.shared_reads import widen
from assets_core.planning.sums import Sums, row_sums
from assets_core.versioning.current import CheckVersion, CurrentVersions

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OMITTED = np.uint64(Flag.OMITTED)
_ABSENT = np.uint64(Flag.MISSING | Flag.DAMAGED)
_HELD = np.uint64(Flag.HELD)


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """Why each of some partitions of one asset is stale; all arrays are aligned with ``ordinals``."""

    ordinals: NDArray[np.int64]
    never: NDArray[np.bool_]
    code: NDArray[np.bool_]
    config: NDArray[np.bool_]
    shape: NDArray[np.bool_]
    missing: NDArray[np.bool_]
    damaged: NDArray[np.bool_]
    inputs: NDArray[np.bool_]
    """(partitions, inputs): which input versions differ; only meaningful where the shape is today's."""
    sums: Sums
    head: NDArray[Any]
    held: NDArray[np.bool_]
    """Which are held by a rollback, or made together with what is."""

    @property
    def differs(self) -> NDArray[np.bool_]:
        """For which partitions there is at least one reason."""
        flags = self.never | self.code | self.config | self.shape | self.missing | self.damaged
        if self.inputs.shape[1]:
            flags |= self.inputs.any(axis=1)
        return flags

    @property
    def stale(self) -> NDArray[np.bool_]:
        """Which partitions are to be made again: what is held is not, whatever differs."""
        return self.differs & ~self.held

    @property
    def lost(self) -> NDArray[np.bool_]:
        """Which partitions are held, and what is stored of them is missing or damaged."""
        return self.held & (self.missing | self.damaged)


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """Today's versions of one asset as lanes."""

    code: NDArray[np.uint64]
    config: NDArray[np.uint64]
    shape: NDArray[np.uint64]

    def matches(self, candidate: NDArray[Any], inputs: NDArray[Any], sums: Sums, row: int) -> bool:
        """Whether a candidate was made of exactly today's versions; ``row`` of ``sums`` are those of its inputs."""
        return bool(
            (candidate["code"] == self.code).all()
            and (candidate["config"] == self.config).all()
            and (candidate["shape"] == self.shape).all()
            and (inputs["low"] == sums.low[row]).all()
            and (inputs["high"] == sums.high[row]).all()
            and (inputs["count"] == sums.count[row]).all()
        )


class Rebuilder:
    """Decides staleness for one graph, one set of today's versions and one snapshot.

    Holds no state but the lanes of today's versions, so the runner keeps one for a whole run while its snapshot
    advances underneath.
    """

    def __init__(self, graph: AssetGraph, versions: CurrentVersions, lineage: Lineage) -> None:
        self.graph = graph
        self.versions = versions
        self.lineage = lineage
        self._flat: dict[int, bool] = {}
        self._code = _lanes(versions.code)
        self._config = _lanes(versions.config)
        self._shape = _lanes([graph.shape(a) for a in range(len(graph.keys))])

    def target(self, asset: int) -> Target:
        """Today's versions of one asset."""
        return Target(self._code[asset], self._config[asset], self._shape[asset])

    def verdict(self, asset: int, ordinals: NDArray[np.int64]) -> Verdict:
        """Judge these partitions of one asset; they need not be recorded."""
        rows = self.lineage.rows(asset)
        head, inputs = _gather(rows, ordinals)
        target = self.target(asset)
        sums = self.sums_as_read(asset, ordinals, head["number"])
        recorded = head["number"] != 0
        flags = head["flags"]
        same_shape = (head["shape"] == target.shape).all(axis=1)
        if not same_shape.all():
            same_shape |= reads_alike(self.lineage, asset, ordinals, head)
        differs = (
            (inputs["low"] != sums.low)
            | (inputs["high"] != sums.high)
            | (inputs["count"] != sums.count)
        )
        return Verdict(
            ordinals,
            ~recorded,
            recorded & (head["code"] != target.code).any(axis=1),
            recorded & (head["config"] != target.config).any(axis=1),
            recorded & ~same_shape,
            recorded & ((flags & np.uint64(Flag.MISSING)) != 0),
            recorded & ((flags & np.uint64(Flag.DAMAGED)) != 0),
            differs & (recorded & same_shape)[:, None],
            sums,
            head,
            self._held(asset, ordinals, flags),
        )

    def _held(
        self, asset: int, ordinals: NDArray[np.int64], flags: NDArray[np.uint64]
    ) -> NDArray[np.bool_]:
        held: NDArray[np.bool_] = (flags & _HELD) != 0
        for other in made_with(self.graph, asset):
            if other != asset:
                held |= held_in(self.lineage, other).contains(ordinals)
        return held

    def input_sums(self, asset: int, ordinals: NDArray[np.int64]) -> Sums:
        """The current version of every input of these partitions."""
        edges = self.graph.inputs(asset)
        if len(ordinals) == 1 and self._is_flat(asset):
            return self._flat_sums(edges)
        sums = Sums.zeros(len(ordinals), len(edges))
        for column, edge in enumerate(edges):
            self._sum_edge(edge, ordinals, sums, column)
        return sums

    def _is_flat(self, asset: int) -> bool:
        """Whether an asset and everything it reads are unpartitioned, and it reads whole values."""
        flat = self._flat.get(asset)
        if flat is None:
            partitioned = self.lineage.partitioned
            flat = self._flat[asset] = asset not in partitioned and all(
                e.columns is None and e.upstream not in partitioned
                for e in self.graph.inputs(asset)
            )
        return flat

    def _flat_sums(self, edges: Sequence[Edge]) -> Sums:
        """One unpartitioned asset's inputs: most assets are like this, and arrays of one element are slow."""
        head = self.lineage.single_head[[e.upstream for e in edges]]
        present = (head["number"] != 0) & ((head["flags"] & _OMITTED) == 0)
        term = np.where(present[:, None], head["term"], np.uint64(0))
        return Sums(term[None, :, 0], term[None, :, 1], present[None, :].astype(np.int64))

    def _sum_edge(self, edge: Edge, ordinals: NDArray[np.int64], sums: Sums, column: int) -> None:
        terms = self.lineage.terms(edge.upstream, edge.columns)
        asked = ordinals[:1] if edge.mapping.uniform else ordinals
        table = edge.mapping.ranges_of(asked, self.lineage.present(edge.upstream))
        low, high, count = row_sums(terms, table)
        sums.low[:, column], sums.high[:, column], sums.count[:, column] = low, high, count

    def sums_as_read(
        self, asset: int, ordinals: NDArray[np.int64], numbers: NDArray[np.int64]
    ) -> Sums:
        """The current versions of what these materializations of these partitions would be made of again."""
        sums = self.input_sums(asset, ordinals)
        if self.graph.shares_inputs(asset):
            widen(self.lineage, asset, ordinals, numbers, sums)
        return sums

    def single_differs(self) -> NDArray[np.bool_]:
        """For every asset without partitions, whether there is a reason by itself; False for the others.

        The flat path: edges between unpartitioned assets without declared columns are compared in one go.
        """
        lineage, graph = self.lineage, self.graph
        head = lineage.single_head
        stale: NDArray[np.bool_] = (head["number"] == 0) | ((head["flags"] & _ABSENT) != 0)
        stale |= (head["code"] != self._code).any(axis=1)
        stale |= (head["config"] != self._config).any(axis=1)
        stale |= (head["shape"] != self._shape).any(axis=1)
        upstream, simple, owner = _flat_edges(graph, lineage)
        present = (head["number"] != 0) & ((head["flags"] & _OMITTED) == 0)
        present = present[upstream]
        recorded = lineage.single_inputs
        wrong = (recorded["low"] != np.where(present, head["term"][upstream, 0], np.uint64(0))) | (
            recorded["high"] != np.where(present, head["term"][upstream, 1], np.uint64(0))
        )
        wrong |= recorded["count"] != present
        stale[owner[wrong & simple]] = True
        for asset in set(owner[~simple].tolist()):  # np.unique would import numpy.ma, 20 ms
            if asset not in lineage.partitioned and not stale[asset]:
                stale[asset] = bool(self.verdict(asset, np.zeros(1, np.int64)).differs[0])
        stale[list(lineage.partitioned)] = False
        return stale

    def single_stale(self) -> NDArray[np.bool_]:
        """The same without what is held."""
        stale = self.single_differs()
        for asset in np.flatnonzero((self.lineage.single_head["flags"] & _HELD) != 0).tolist():
            stale[list(made_with(self.graph, asset))] = False
        return stale

    # --- checks -------------------------------------------------------------------------------------------------

    def related(self, asset: int, check: str) -> InputVersion:
        """The sum of what a check reads of other assets: relations range over whole assets."""
        return sum_versions(
            self.lineage.total(edge.upstream)
            for edge in self.graph.check_inputs(asset)
            if edge.check == check
        )

    def expected_marks(self, asset: int) -> Term:
        """The sum of marks that a version carries on which every check of today was evaluated."""
        marks = [
            check_mark(c.name, c.version, self.related(asset, c.name))
            for c in self.partition_checks(asset)
        ]
        return check_marks(marks)

    def partition_checks(self, asset: int) -> Sequence[CheckVersion]:
        """The checks that judge one partition at a time; on an unpartitioned asset that is all of them."""
        checks = self.versions.checks[asset]
        if not self.graph.specs[asset].partitions.is_partitioned:
            return checks
        return [c for c in checks if c.scope == "partition"]

    def missing_checks(self, asset: int, number: int) -> tuple[str, ...]:
        """The checks of today whose results a version lacks; all of them where its results are not known."""
        known = self.lineage.results.get(number, {})
        return tuple(
            c.name
            for c in self.partition_checks(asset)
            if known.get(c.name) != (c.version, self.related(asset, c.name))
        )

    def whole_checks(self, asset: int) -> Sequence[CheckVersion]:
        """The checks that judge all partitions of an asset together."""
        if not self.graph.specs[asset].partitions.is_partitioned:
            return ()
        return [c for c in self.versions.checks[asset] if c.scope == "asset"]

    def whole_input(self, asset: int, check: str) -> InputVersion:
        """What a check of the whole asset judges now: the sum over its partitions and of what it reads of others."""
        return sum_versions((self.lineage.total(asset), self.related(asset, check)))

    def missing_whole(self, asset: int) -> tuple[str, ...]:
        """The checks of the whole asset without a result for what is there now; none where it cannot be read whole."""
        checks = self.whole_checks(asset)
        if not checks or not self.lineage.readable(asset) or self.lineage.unreadable(asset):
            return ()
        known = self.lineage.whole.get(asset, {})
        return tuple(
            c.name
            for c in checks
            if c.name not in known
            or known[c.name][:2] != (c.version, self.whole_input(asset, c.name))
        )

    def fails_whole(self, asset: int) -> bool:
        """Whether a blocking check of today fails on all partitions of an asset together, as they are now."""
        known = self.lineage.whole.get(asset, {})
        return any(
            c.name in known and known[c.name] == (c.version, self.whole_input(asset, c.name), True)
            for c in self.whole_checks(asset)
        )

    def failing(self, asset: int) -> PartitionSet:
        """The partitions whose published version fails a blocking check of today, alone or with all the others."""
        if self.fails_whole(asset):
            return self.lineage.recorded(asset)
        return self.failing_alone(asset)

    def failing_alone(self, asset: int) -> PartitionSet:
        """The partitions whose published version fails a blocking check of one partition.

        What carries the result of a check that was changed or removed since is judged again before it blocks anything.
        """
        failing = self.lineage.failing(asset)
        if not failing:
            return failing
        rows = self.lineage.rows(asset)
        return failing - PartitionSet.of(rows.ordinals[self.unchecked(asset, rows.head)])

    def unchecked(self, asset: int, head: NDArray[Any]) -> NDArray[np.bool_]:
        """Which recorded versions lack the result of some check of today, or carry one of yesterday's."""
        expected = np.array(self.expected_marks(asset), np.uint64)
        there = (head["number"] != 0) & ((head["flags"] & _OMITTED) == 0)
        missing: NDArray[np.bool_] = there & (head["checks"] != expected).any(axis=1)
        return missing


def _lanes(versions: Sequence[str]) -> NDArray[np.uint64]:
    raw = bytes.fromhex("".join(v or "0" * 32 for v in versions))
    return np.frombuffer(raw, "<u8").reshape(len(versions), 2)


def _gather(rows: AssetRows, ordinals: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The rows of these partitions, zeros where there is no slot."""
    size = len(rows.ordinals)
    if len(ordinals) == size and np.array_equal(ordinals, rows.ordinals):
        return rows.head, rows.inputs
    slots = np.searchsorted(rows.ordinals, ordinals)
    known = slots < size
    known[known] = rows.ordinals[slots[known]] == ordinals[known]
    head = np.zeros(len(ordinals), rows.head.dtype)
    inputs = np.zeros((len(ordinals), rows.inputs.shape[1]), rows.inputs.dtype)
    head[known] = rows.head[slots[known]]
    inputs[known] = rows.inputs[slots[known]]
    return head, inputs


def _flat_edges(
    graph: AssetGraph, lineage: Lineage
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
    """Per input of every asset: its upstream, whether it is flat (unpartitioned both ways, whole value), its owner."""
    size = int(lineage.indptr[-1])
    upstream = np.fromiter(
        (e.upstream for a in range(len(graph.keys)) for e in graph.inputs(a)), np.int64, size
    )
    whole = np.fromiter(
        (e.columns is None for a in range(len(graph.keys)) for e in graph.inputs(a)), np.bool_, size
    )
    owner = np.repeat(np.arange(len(graph.keys)), lineage.arity)
    partitioned = np.zeros(len(graph.keys), np.bool_)
    partitioned[list(lineage.partitioned)] = True
    return upstream, whole & ~partitioned[upstream] & ~partitioned[owner], owner
