"""``RangeTable``: for each of many rows, a list of half-open ordinal ranges (compressed sparse rows).

It is how mappings answer "what does each of these partitions need": one year of days is one range, so a wide mapping
costs a range per row and never a list of pairs. Also the runs of a set that are contiguous among existing partitions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assets_core.partitions.sets import PartitionSet, expand, overlaps

if TYPE_CHECKING:
    from assets_core.partitions.sets import Ints


@dataclass(frozen=True, slots=True, eq=False)
class RangeTable:
    """Row ``i`` holds the ranges ``indptr[i] <= k < indptr[i + 1]`` of ``starts``, ``stops``: sorted and disjoint."""

    indptr: Ints
    starts: Ints
    stops: Ints

    @classmethod
    def one_per_row(cls, starts: Ints, stops: Ints) -> RangeTable:
        """A table with at most one range per row; an empty range is an empty row."""
        import numpy as np

        keep = stops > starts
        indptr = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(keep, dtype=np.int64)))
        return cls(indptr, starts[keep], stops[keep])

    @classmethod
    def same_in_each_row(cls, rows: int, members: PartitionSet) -> RangeTable:
        """Every row holds all of ``members``."""
        import numpy as np

        width = members.starts.size
        indptr = np.arange(rows + 1, dtype=np.int64) * width
        return cls(indptr, np.tile(members.starts, rows), np.tile(members.stops, rows))

    @classmethod
    def from_pairs(cls, rows: int, row: Ints, ordinal: Ints) -> RangeTable:
        """From (row, ordinal) pairs in any order; for small or tabular relations only."""
        import numpy as np

        order = np.lexsort((ordinal, row))
        row, ordinal = row[order], ordinal[order]
        fresh = np.ones(row.size, dtype=np.bool_)
        fresh[1:] = (row[1:] != row[:-1]) | (ordinal[1:] > ordinal[:-1] + 1)
        heads = np.flatnonzero(fresh)
        tails = np.append(heads[1:], row.size)[: heads.size] - 1
        counts = np.bincount(row[heads], minlength=rows)
        indptr = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(counts, dtype=np.int64)))
        return cls(indptr, ordinal[heads], ordinal[tails] + 1)

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.indptr.size - 1

    def __len__(self) -> int:
        return self.rows

    def row(self, index: int) -> PartitionSet:
        """The members of one row."""
        lo, hi = int(self.indptr[index]), int(self.indptr[index + 1])
        return PartitionSet.from_ranges(self.starts[lo:hi], self.stops[lo:hi])

    def row_of_range(self) -> Ints:
        """For each range, the row it belongs to."""
        import numpy as np

        return np.repeat(np.arange(self.rows, dtype=np.int64), np.diff(self.indptr))

    def counts(self) -> Ints:
        """For each row, the number of its members."""
        import numpy as np

        before = np.concatenate(
            (np.zeros(1, dtype=np.int64), np.cumsum(self.stops - self.starts, dtype=np.int64))
        )
        totals: Ints = before[self.indptr[1:]] - before[self.indptr[:-1]]
        return totals

    def union(self) -> PartitionSet:
        """The members of all rows."""
        return PartitionSet.from_ranges(self.starts, self.stops)

    def clip(self, within: PartitionSet) -> RangeTable:
        """Each row intersected with ``within``."""
        import numpy as np

        mine, theirs = overlaps(self.starts, self.stops, within)
        counts = np.bincount(self.row_of_range()[mine], minlength=self.rows)
        indptr = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(counts, dtype=np.int64)))
        return RangeTable(
            indptr,
            np.maximum(self.starts[mine], within.starts[theirs]),
            np.minimum(self.stops[mine], within.stops[theirs]),
        )

    def take(self, rows: Ints) -> RangeTable:
        """The table whose row ``i`` is this table's row ``rows[i]``."""
        import numpy as np

        lo, hi = self.indptr[rows], self.indptr[rows + 1]
        index = expand(lo, hi)
        indptr = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(hi - lo, dtype=np.int64)))
        return RangeTable(indptr, self.starts[index], self.stops[index])


def product(outer: RangeTable, inner: RangeTable, size: int) -> RangeTable:
    """Row by row the ordinals ``o * size + i`` for o in outer and i in inner, where ``0 <= i < size``.

    Rows whose inner part is all of ``range(size)`` stay one range per outer range; others cost one range for
    each outer member and inner range.
    """
    import numpy as np

    full = (np.diff(inner.indptr) == 1) & (inner.counts() == size)
    of_range = outer.row_of_range()
    scale = full[of_range]
    widths = np.where(scale, 1, outer.stops - outer.starts)
    repeats = np.where(full, 1, np.diff(inner.indptr))
    outer_rows = np.repeat(of_range, widths)
    unscaled = expand(outer.starts, outer.starts + widths)
    last = np.repeat(np.where(scale, outer.stops, outer.starts), widths)
    row = np.repeat(outer_rows, repeats[outer_rows])
    base = np.repeat(unscaled, repeats[outer_rows]) * size
    end = np.repeat(last, repeats[outer_rows]) * size
    heads = inner.indptr[:-1][outer_rows]
    pick = expand(heads, heads + repeats[outer_rows])
    whole = full[row]
    starts = np.where(whole, base, base + inner.starts[pick])
    stops = np.where(whole, end, base + inner.stops[pick])
    counts = np.bincount(row, minlength=outer.rows)
    indptr = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(counts, dtype=np.int64)))
    return RangeTable(indptr, starts, stops)


def runs_within(
    members: PartitionSet, existing: PartitionSet, size: int | None = None, most: int | None = None
) -> list[PartitionSet]:
    """``members`` cut into runs without a gap among ``existing`` partitions, each of at most ``size``, ascending.

    Ordinals of consecutive partitions may differ by more than one (weekends, hours that don't exist), so contiguity is
    judged by rank. Members that don't exist are left out; ``most`` stops after that many runs.
    """
    import numpy as np

    inside = members & existing
    if not inside:
        return []
    ranks = PartitionSet.from_ranges(
        existing.rank(inside.starts), existing.rank(inside.stops - 1) + 1
    )
    runs = []
    for lo, hi in ranks.ranges():
        for begin in range(lo, hi, size or hi - lo):
            end = min(begin + (size or hi - lo), hi)
            first, last = existing.at(np.array([begin, end - 1], dtype=np.int64)).tolist()
            runs.append(inside & PartitionSet.range(first, last + 1))
            if len(runs) == most:
                return runs
    return runs
