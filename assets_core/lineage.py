"""The frozen snapshot of what was recorded, laid out for array comparison.

Unpartitioned assets share three flat arrays, so that a project of 100,000 of them is compared in a few numpy calls;
every partitioned asset has arrays of its own over *slots*: the partitions that exist at ``now`` and those recorded,
ascending by ordinal. A slot whose ``number`` is 0 has no version. The planner treats all of this as frozen. The
runner owns a snapshot of its own and advances it with ``put`` as records commit; what is derived from the slots (sets
of partitions, terms) is kept and advanced with them, so that a step costs the same however many partitions there are.

Rows recorded with another number of inputs than today's keep a zero input block: their shape digest differs, so they
are stale whatever their inputs were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from assets_core.graph import AssetGraph
from assets_core.model.packed import HEAD_SIZE, Flag, input_count, row_dtype
from assets_core.model.records import Failure
from assets_core.model.versions import InputVersion, Term
from assets_core.partitions import PartitionSet
from assets_core.ports import ColumnRow, DurationStats, LineageRows, PackedRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEAD = row_dtype(0)
INPUT = np.dtype([("low", "<u8"), ("high", "<u8"), ("count", "<i8"), ("as_of", "<i8")])
_SINGLE = np.zeros(1, dtype=np.int64)
_UNREADABLE = int(Flag.MISSING | Flag.DAMAGED | Flag.OMITTED)
_OMITTED = int(Flag.OMITTED)
_BLOCKING = int(Flag.BLOCKING_FAILED)


@dataclass(frozen=True, slots=True, eq=False)
class AssetRows:
    """One asset's slots: views, so writing to them is visible to every reader of the snapshot."""

    ordinals: NDArray[np.int64]
    head: NDArray[Any]
    """(slots,) of HEAD."""
    inputs: NDArray[Any]
    """(slots, today's inputs) of INPUT."""

    @property
    def recorded(self) -> NDArray[np.bool_]:
        """Which slots have a version."""
        present: NDArray[np.bool_] = self.head["number"] != 0
        return present


@dataclass(frozen=True, slots=True, eq=False)
class EdgeTerms:
    """What each upstream slot adds to an input: two lanes and a term count, zero where absent."""

    ordinals: NDArray[np.int64]
    low: NDArray[np.uint64]
    high: NDArray[np.uint64]
    count: NDArray[np.int64]


class Lineage:
    """What was recorded of every asset of a graph, as of one sequence of the store."""

    def __init__(self, graph: AssetGraph, now: datetime, sequence: int) -> None:
        self.graph = graph
        self.now = now
        self.sequence = sequence
        size = len(graph.keys)
        self.arity = np.fromiter((len(graph.inputs(a)) for a in range(size)), np.int64, size)
        self.indptr = np.concatenate(([0], np.cumsum(self.arity)))
        """Asset a's inputs stand at ``indptr[a]:indptr[a + 1]`` of ``single_inputs``."""
        self.single_head = np.zeros(size, HEAD)
        self.single_inputs = np.zeros(int(self.indptr[-1]), INPUT)
        self.partitioned: dict[int, AssetRows] = {}
        self.candidates: dict[int, dict[int, bytes]] = {}
        """Per asset and ordinal, the packed row of the version kept back by a check."""
        self.shape_texts: dict[str, str] = {}
        """Recorded input shapes that are not today's, by digest."""
        self.rejections: dict[int, tuple[tuple[str, ...], str]] = {}
        """Per candidate's materialization number: the blocking checks that failed, and the run that made it."""
        self.results: dict[int, dict[str, tuple[str, InputVersion]]] = {}
        """Per materialization number that lacks some check's result: check -> (version, related) of those it has."""
        self.whole: dict[int, dict[str, tuple[str, InputVersion, bool]]] = {}
        """Per partitioned asset, the latest results on all of it: check -> (version, what it judged, whether it
        blocks)."""
        self.failed: dict[int, PartitionSet] = {}
        """Per asset, where the last attempt failed."""
        self.reads: dict[int, dict[int, tuple[PartitionSet, ...]]] = {}
        """Per asset whose batches share their inputs, by materialization number: what its call read of each input."""
        self.observed: dict[int, dict[str, str]] = {}
        """Per source that was observed for this snapshot, the token at each partition key."""
        self.unobserved: dict[int, Failure] = {}
        """Sources whose observation failed, with what was raised."""
        self.moved_at: dict[int, datetime] = {}
        """When the rollbacks were that hold something, by the sequence of their pointer move."""
        self.durations: dict[int, DurationStats] = {}
        self._columns: dict[int, dict[tuple[str, ...], dict[int, InputVersion]]] = {}
        self._tables: dict[int, NDArray[np.void]] = {}
        """The memory behind ``partitioned``, a row as one value: copied so, rows cost a tenth of field by field."""
        self._sets: dict[int, dict[int, PartitionSet]] = {}
        """Per partitioned asset and flags: what is recorded without any of these flags."""
        self._terms: dict[int, dict[tuple[str, ...] | None, EdgeTerms]] = {}

    # --- reading ------------------------------------------------------------------------------------------------

    def rows(self, asset: int) -> AssetRows:
        """The slots of one asset."""
        rows = self.partitioned.get(asset)
        if rows is not None:
            return rows
        start, stop = int(self.indptr[asset]), int(self.indptr[asset + 1])
        return AssetRows(
            _SINGLE,
            self.single_head[asset : asset + 1],
            self.single_inputs[start:stop].reshape(1, stop - start),
        )

    def recorded(self, asset: int) -> PartitionSet:
        """The partitions that have a version."""
        return self._without(asset, 0)

    def present(self, asset: int) -> PartitionSet:
        """The partitions whose version adds a term to what reads them: all but omitted ones."""
        return self._without(asset, _OMITTED)

    def readable(self, asset: int) -> PartitionSet:
        """The partitions that have a version to read: not omitted, missing or damaged as far as is known."""
        return self._without(asset, _UNREADABLE)

    def unreadable(self, asset: int) -> PartitionSet:
        """The partitions whose version counts as an input but was found missing or damaged: nothing may read them."""
        return self.present(asset) - self.readable(asset)

    def failing(self, asset: int) -> PartitionSet:
        """The partitions whose published version fails a blocking check."""
        return self._without(asset, 0) - self._without(asset, _BLOCKING)

    def _without(self, asset: int, flags: int) -> PartitionSet:
        known = self._sets.get(asset, {}).get(flags)
        if known is not None:
            return known
        rows = self.rows(asset)
        sound = (rows.head["number"] != 0) & ((rows.head["flags"] & np.uint64(flags)) == 0)
        members = PartitionSet.of(rows.ordinals[sound])
        if asset in self.partitioned:
            self._sets.setdefault(asset, {})[flags] = members
        return members

    def single_judged(self) -> NDArray[np.bool_]:
        """For every asset without partitions, whether some check was evaluated on its version."""
        judged: NDArray[np.bool_] = (self.single_head["checks"] != 0).any(axis=1)
        return judged

    def numbers(self, asset: int, ordinals: NDArray[np.int64]) -> NDArray[np.int64]:
        """The materialization numbers of partitions that are recorded."""
        rows = self.rows(asset)
        found: NDArray[np.int64] = rows.head["number"][np.searchsorted(rows.ordinals, ordinals)]
        return found

    def term(self, asset: int, ordinal: int) -> Term | None:
        """The term of one asset-partition, None where nothing is recorded."""
        rows = self.rows(asset)
        slot = int(np.searchsorted(rows.ordinals, ordinal))
        if (
            slot == len(rows.ordinals)
            or rows.ordinals[slot] != ordinal
            or not rows.head["number"][slot]
        ):
            return None
        low, high = rows.head["term"][slot].tolist()
        return Term(low, high)

    def terms(self, asset: int, columns: tuple[str, ...] | None) -> EdgeTerms:
        """What reading these columns (None: everything) of each slot adds to an input version."""
        found = self._terms.get(asset, {}).get(columns)
        if found is not None:
            return found
        rows = self.rows(asset)
        present = rows.recorded & ((rows.head["flags"] & np.uint64(_OMITTED)) == 0)
        low = np.where(present, rows.head["term"][:, 0], np.uint64(0))
        high = np.where(present, rows.head["term"][:, 1], np.uint64(0))
        terms = EdgeTerms(rows.ordinals, low, high, present.astype(np.int64))
        known = self._columns.get(asset, {}).get(columns) if columns is not None else None
        if known:
            for slot in np.flatnonzero(present):
                version = known.get(int(rows.ordinals[slot]))
                if version is not None:
                    terms.low[slot], terms.high[slot], terms.count[slot] = version
        if asset in self.partitioned:
            self._terms.setdefault(asset, {})[columns] = terms
        return terms

    def total(self, asset: int) -> InputVersion:
        """The sum over everything that is recorded of an asset."""
        terms = self.terms(asset, None)
        return InputVersion(
            int(terms.low.sum(dtype=np.uint64)),
            int(terms.high.sum(dtype=np.uint64)),
            int(terms.count.sum()),
        )

    # --- building -----------------------------------------------------------------------------------------------

    def load(self, rows: LineageRows) -> None:
        """Lay one bulk read of the store over the slots."""
        self._add_slots(rows.current)
        for packed in rows.current:
            self._scatter(packed)
        for packed in rows.candidates:
            size = HEAD_SIZE + 32 * packed.inputs
            for n, (asset, ordinal) in enumerate(
                zip(packed.assets.tolist(), packed.ordinals.tolist(), strict=True)
            ):
                row = packed.data[n * size : (n + 1) * size]
                self.candidates.setdefault(asset, {})[ordinal] = row

    def _add_slots(self, current: Iterable[PackedRows]) -> None:
        recorded: dict[int, list[PartitionSet]] = {}
        partitioned = [a for a, s in enumerate(self.graph.specs) if s.partitions.is_partitioned]
        wanted = np.zeros(len(self.graph.keys), dtype=np.bool_)
        wanted[partitioned] = True
        for packed in current:
            for asset, part in _by_asset(packed, wanted):
                known = PartitionSet.of(np.sort(packed.ordinals[part]))
                recorded.setdefault(asset, []).append(known)
        for asset in partitioned:
            existing = self.graph.specs[asset].partitions.existing(self.now)
            sets = [existing, *recorded.get(asset, ())]
            slots = PartitionSet.from_ranges(
                np.concatenate([one.starts for one in sets]),
                np.concatenate([one.stops for one in sets]),
            )
            self._make_slots(asset, slots.to_array())

    def _make_slots(self, asset: int, ordinals: NDArray[np.int64]) -> None:
        """Slots for these partitions, with whatever the asset had; heads and inputs lie in one table as in a store."""
        size, arity = len(ordinals), int(self.arity[asset])
        old = self.partitioned.get(asset)
        table = np.zeros(size, row_dtype(arity))
        self._tables[asset] = table.view(_raw(arity))
        head = np.ndarray(size, HEAD, table, 0, table.strides)
        inputs = table["inputs"] if arity else np.zeros((size, 0), INPUT)
        if old is not None:
            at = np.searchsorted(ordinals, old.ordinals)
            head[at] = old.head
            inputs[at] = old.inputs
        self.partitioned[asset] = AssetRows(ordinals, head, inputs)
        self._forget(asset)

    def _forget(self, asset: int) -> None:
        """Drop what is derived from the slots of an asset."""
        self._sets.pop(asset, None)
        self._terms.pop(asset, None)

    def _scatter(self, packed: PackedRows) -> None:
        """Copy rows to their slots; later rows override earlier ones because assignment is in order."""
        table = np.frombuffer(packed.data, row_dtype(packed.inputs))
        head = np.ndarray(len(table), HEAD, packed.data, 0, (table.dtype.itemsize,))
        is_partitioned = np.zeros(len(self.graph.keys), dtype=np.bool_)
        is_partitioned[list(self.partitioned)] = True
        single = np.flatnonzero(~is_partitioned[packed.assets])
        assets = packed.assets[single]
        self.single_head[assets] = head[single]
        if packed.inputs:
            fits = self.arity[assets] == packed.inputs
            at = self.indptr[assets[fits], None] + np.arange(packed.inputs)
            self.single_inputs[at] = table["inputs"][single[fits]]
        for asset, part in _by_asset(packed, is_partitioned):
            rows = self.partitioned[asset]
            slots = _run(rows.ordinals.searchsorted(packed.ordinals[part]))
            if self.arity[asset] == packed.inputs:
                self._tables[asset][slots] = table.view(_raw(packed.inputs))[_run(part)]
            else:
                rows.head[slots] = head[part]
            self._forget(asset)

    def load_columns(self, rows: Iterable[ColumnRow]) -> None:
        """Lay the column digests of column-aware upstreams over their slots."""
        by_asset: dict[int, list[ColumnRow]] = {}
        for row in rows:
            asset = self.graph.numbers.get(row.asset)
            if asset is not None:
                by_asset.setdefault(asset, []).append(row)
        for asset, mine in by_asset.items():
            found, known = self.graph.specs[asset].partitions.find([r.partition for r in mine])
            for ordinal, there, row in zip(found.tolist(), known.tolist(), mine, strict=True):
                if there:
                    self.put_columns(asset, ordinal, row)

    def put_columns(self, asset: int, ordinal: int, row: ColumnRow) -> None:
        """Set what each declared projection of one partition adds; whole versions keep their own term."""
        for columns in {e.columns for e in self.graph.outputs(asset) if e.columns is not None}:
            known = self._columns.setdefault(asset, {}).setdefault(columns, {})
            known.pop(ordinal, None)
            if row.columns is not None:
                known[ordinal] = row.version(columns)
        if asset in self._terms:
            self._advance(asset, ordinal, self._slot(asset, ordinal))

    def observe(self, asset: int, terms: Mapping[int, Term]) -> None:
        """Lay a source's observed terms (by ordinal) over its slots: what was seen is what is there."""
        if asset in self.partitioned:
            missing = np.setdiff1d(
                np.fromiter(terms, np.int64, len(terms)), self.rows(asset).ordinals
            )
            if len(missing):
                self._make_slots(asset, np.union1d(self.rows(asset).ordinals, missing))
        rows = self.rows(asset)
        rows.head["number"] = 0
        slots = np.searchsorted(rows.ordinals, np.fromiter(terms, np.int64, len(terms)))
        rows.head["number"][slots] = -1
        rows.head["term"][slots] = np.array(list(terms.values()), np.uint64).reshape(-1, 2)
        self._forget(asset)

    # --- advancing (the runner's own snapshot only) ---------------------------------------------------------------

    def put(self, asset: int, ordinal: int, row: bytes) -> None:
        """Make ``row`` the current version of one asset-partition."""
        slot = self._slot(asset, ordinal)
        rows = self.rows(asset)
        rows.head[slot] = np.frombuffer(row, HEAD, 1)[0]
        if input_count(row) == self.arity[asset]:
            rows.inputs[slot] = np.frombuffer(row, INPUT, -1, HEAD_SIZE)
        self._advance(asset, ordinal, slot)

    def put_observed(self, asset: int, ordinal: int, term: Term) -> None:
        """Take note that one partition of a source was seen with another token."""
        slot = self._slot(asset, ordinal)
        head = self.rows(asset).head
        head["number"][slot] = -1
        head["term"][slot] = term
        self._advance(asset, ordinal, slot)

    def _slot(self, asset: int, ordinal: int) -> int:
        """Where a partition stands, making room for one that came into being meanwhile."""
        ordinals = self.rows(asset).ordinals
        slot = int(ordinals.searchsorted(ordinal))
        if slot == len(ordinals) or ordinals[slot] != ordinal:
            self._make_slots(asset, np.insert(ordinals, slot, ordinal))
        return slot

    def _advance(self, asset: int, ordinal: int, slot: int) -> None:
        """Bring what is derived from one slot up to it."""
        if asset not in self.partitioned:
            return
        head = self.rows(asset).head
        number, flags = int(head["number"][slot]), int(head["flags"][slot])
        sets = self._sets.get(asset, {})
        for without, members in sets.items():
            there = number != 0 and not flags & without
            if there != (ordinal in members):
                one = PartitionSet.range(ordinal, ordinal + 1)
                sets[without] = members | one if there else members - one
        low, high = head["term"][slot].tolist()
        added = (low, high, 1) if number and not flags & _OMITTED else (0, 0, 0)
        for columns, terms in self._terms.get(asset, {}).items():
            known = self._columns.get(asset, {}).get(columns) if columns and added[2] else None
            version = known.get(ordinal, added) if known else added
            terms.low[slot], terms.high[slot], terms.count[slot] = version

    def put_candidate(self, asset: int, ordinal: int, row: bytes | None) -> None:
        """Keep ``row`` as the candidate of one asset-partition, or None: it has none any more."""
        if row is None:
            self.candidates.get(asset, {}).pop(ordinal, None)
        else:
            self.candidates.setdefault(asset, {})[ordinal] = row


def _raw(inputs: int) -> np.dtype[np.void]:
    """The dtype of a packed row whose fields nobody looks at."""
    return np.dtype((np.void, HEAD_SIZE + INPUT.itemsize * inputs))


def _run(positions: NDArray[np.int64]) -> NDArray[np.int64] | slice:
    """Consecutive positions as a slice, which copies whole stretches of memory; any others as they are."""
    first, last = int(positions[0]), int(positions[-1])
    if last - first + 1 == len(positions) and bool((np.diff(positions) == 1).all()):
        return slice(first, last + 1)
    return positions


def _by_asset(
    packed: PackedRows, wanted: NDArray[np.bool_]
) -> Iterable[tuple[int, NDArray[np.int64]]]:
    """The rows of each wanted asset, as positions in ``packed``, in order."""
    chosen = np.flatnonzero(wanted[packed.assets])
    if not len(chosen):
        return
    assets = packed.assets[chosen]
    order = np.argsort(assets, kind="stable")
    chosen, assets = chosen[order], assets[order]
    starts = np.concatenate(([0], np.flatnonzero(np.diff(assets)) + 1))
    for start, stop in zip(starts, [*starts[1:], len(chosen)], strict=True):
        yield int(assets[start]), chosen[start:stop]
