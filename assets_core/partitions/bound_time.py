"""The time mapping bound: upstream windows that overlap a downstream window, shifted by whole downstream windows.

Everything is decided on instants, so the two sides may have any cadence and any time zone. Windows are ordered alike by
ordinal and by time, hence each downstream partition needs one range and a run of them needs one range too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assets_core.partitions.bound import BoundMapping
from assets_core.partitions.ranges import RangeTable
from assets_core.partitions.sets import PartitionSet
from assets_core.partitions.timed import TimeDefinition

if TYPE_CHECKING:
    from assets_core.partitions.sets import Bools, Ints


class BoundTimeWindow(BoundMapping):
    """From the start of the window ``start_offset`` later to the end of the window ``end_offset`` later."""

    upstream: TimeDefinition
    downstream: TimeDefinition

    def __init__(
        self,
        upstream: TimeDefinition,
        downstream: TimeDefinition,
        offsets: tuple[int, int],
        *,
        drop_outside: bool,
    ) -> None:
        super().__init__(upstream, downstream)
        self._first, self._last = offsets
        self._drop_outside = drop_outside

    def ranges_of(self, down: Ints, materialized: PartitionSet) -> RangeTable:
        return self._defined(RangeTable.one_per_row(*self._needed(down)))

    def upstream_of(self, down: PartitionSet, materialized: PartitionSet) -> PartitionSet:
        return self.upstream.clip(self._needed_by_all(down))

    def ranges_to(
        self, up: Ints, materialized: PartitionSet, within: PartitionSet | None = None
    ) -> RangeTable:
        return RangeTable.one_per_row(*self._affected(up, up))

    def _affected_by(
        self, up: PartitionSet, materialized: PartitionSet, within: PartitionSet | None
    ) -> PartitionSet:
        return PartitionSet.from_ranges(*self._affected(up.starts, up.stops - 1)) if up else up

    def _affected(self, firsts: Ints, lasts: Ints) -> tuple[Ints, Ints]:
        """Half-open downstream ordinals affected by the upstream windows from each first to each last."""
        if firsts.size == 0:
            return firsts, lasts
        begin = self.downstream.axis.covering(self.upstream.axis.starts(firsts))
        end = self.downstream.axis.covering(self.upstream.axis.ends(lasts) - 1)
        near = self._windows(int(begin.min()), int(end.max()))
        return _at_ranks(near, near.rank(begin) - self._last, near.rank(end + 1) - self._first)

    def outside_of(self, down: PartitionSet) -> PartitionSet:
        if self._drop_outside or not down:
            return PartitionSet.empty()
        needed = self._needed_by_all(down)
        windows = self.upstream.axis.valid(needed.first, needed.last + 1) & needed
        outside = windows - PartitionSet.range(*self.upstream.bounds)
        if not self.upstream.exclusions:
            return outside
        array = down.to_array()
        lo, hi = self._needed(array)
        alone = self._alone(lo, hi)
        return outside | (PartitionSet.from_ranges(lo[alone], hi[alone]) & windows)

    def unmet(self, down: PartitionSet) -> PartitionSet:
        if not self.outside_of(down):
            return PartitionSet.empty()
        array = down.to_array()
        lo, hi = self._needed(array)
        first, last = self.upstream.bounds
        outside = (hi > lo) & ((lo < first) | (hi > last))
        return PartitionSet.of(array[outside | self._alone(lo, hi)])

    def _alone(self, lo: Ints, hi: Ints) -> Bools:
        """Rows that need windows of which every one is excluded; excluded ones among others are simply not there."""
        table = self._defined(RangeTable.one_per_row(lo, hi))
        alone: Bools = (hi > lo) & (table.counts() == 0)
        return alone

    def _defined(self, table: RangeTable) -> RangeTable:
        return table.clip(self.upstream.clip(table.union()))

    def _needed(self, down: Ints) -> tuple[Ints, Ints]:
        """Half-open upstream ordinals that each downstream ordinal overlaps, whether they are defined or not."""
        if down.size == 0:
            return down, down
        axis, upstream = self.downstream.axis, self.upstream.axis
        near = None
        if self._first or self._last:
            near = self._windows(int(down.min()), int(down.max()))
        begins = axis.starts(_shifted(near, down, self._first))
        ends = axis.ends(_shifted(near, down, self._last))
        return upstream.covering(begins), upstream.covering(ends - 1) + 1

    def _needed_by_all(self, down: PartitionSet) -> PartitionSet:
        if not down:
            return down
        if self.downstream.exclusions and (self._first or self._last):
            # Across an excluded window a shifted run is no longer one run.
            return PartitionSet.from_ranges(*self._needed(down.to_array()))
        lo, _ = self._needed(down.starts)
        _, hi = self._needed(down.stops - 1)
        return PartitionSet.from_ranges(lo, hi)

    def _windows(self, lo: int, hi: int) -> PartitionSet:
        """The downstream's windows around ``lo`` to ``hi``, with enough of them on both sides to shift."""
        import numpy as np

        wanted = max(abs(self._first), abs(self._last))
        first, last = self.downstream.axis.span
        pad = wanted + 2
        while True:
            begin, end = max(first, lo - pad), min(last, hi + pad + 1)
            near = self.downstream.unbounded(begin, end)
            before, upto = near.rank(np.array([lo, hi + 1], dtype=np.int64)).tolist()
            left = begin == first or before >= wanted
            right = end == last or near.count - upto >= wanted
            if left and right:
                return near
            pad *= 4


def _shifted(near: PartitionSet | None, ordinals: Ints, windows: int) -> Ints:
    import numpy as np

    if near is None or not near:
        return ordinals
    return near.at(np.clip(near.rank(ordinals) + windows, 0, near.count - 1))


def _at_ranks(near: PartitionSet, lo: Ints, hi: Ints) -> tuple[Ints, Ints]:
    """Half-open ordinals of half-open ranks, cut to those that there are."""
    import numpy as np

    if not near:
        return lo, lo
    lo, hi = np.maximum(lo, 0), np.minimum(hi, near.count)
    some = hi > lo
    starts = near.at(np.where(some, lo, 0))
    return starts, np.where(some, near.at(np.where(some, hi - 1, 0)) + 1, starts)
