"""Sums of terms over partitions: input versions of many partitions at once, as differences of prefix sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from assets_core.lineage import EdgeTerms
from assets_core.model.versions import InputVersion
from assets_core.partitions import RangeTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

Lanes: TypeAlias = "tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]]"
_FEW_RANGES = 8


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Input versions as arrays: (partitions, inputs)."""

    low: NDArray[np.uint64]
    high: NDArray[np.uint64]
    count: NDArray[np.int64]

    @classmethod
    def zeros(cls, partitions: int, inputs: int) -> Sums:
        """Of nothing."""
        shape = (partitions, inputs)
        return cls(
            np.zeros(shape, np.uint64), np.zeros(shape, np.uint64), np.zeros(shape, np.int64)
        )

    def version(self, row: int, column: int) -> InputVersion:
        """One input version as a value."""
        return InputVersion(
            int(self.low[row, column]), int(self.high[row, column]), int(self.count[row, column])
        )


def row_sums(terms: EdgeTerms, table: RangeTable) -> Lanes:
    """Per row of the table, the sum of the terms in its ranges."""
    lo = terms.ordinals.searchsorted(table.starts, "left")
    hi = terms.ordinals.searchsorted(table.stops, "left")
    return (
        _by_row(terms.low, table, lo, hi),
        _by_row(terms.high, table, lo, hi),
        _by_row(terms.count, table, lo, hi),
    )


def _by_row(
    values: NDArray[Any], table: RangeTable, lo: NDArray[np.int64], hi: NDArray[np.int64]
) -> NDArray[Any]:
    per_range = _over_ranges(values, lo, hi)
    if table.rows == 1:
        total: NDArray[Any] = per_range.sum(dtype=values.dtype, keepdims=True)
        return total
    per_row = _prefix(per_range)
    between: NDArray[Any] = per_row[table.indptr[1:]] - per_row[table.indptr[:-1]]
    return between


def _over_ranges(
    values: NDArray[Any], lo: NDArray[np.int64], hi: NDArray[np.int64]
) -> NDArray[Any]:
    """The sum over each range of positions; a few of them are not worth prefix sums over everything."""
    if len(lo) > _FEW_RANGES:
        prefix = _prefix(values)
        between: NDArray[Any] = prefix[hi] - prefix[lo]
        return between
    bounds = zip(lo.tolist(), hi.tolist(), strict=True)
    sums: NDArray[Any] = np.array([values[a:b].sum() for a, b in bounds], values.dtype)
    return sums


def _prefix(values: NDArray[Any]) -> NDArray[Any]:
    out = np.zeros(len(values) + 1, values.dtype)
    np.cumsum(values, out=out[1:])
    return out
