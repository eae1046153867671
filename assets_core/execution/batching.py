"""Which partitions go into one call: single ones, or runs of neighbours of at most ``batch``.

Found a call at a time and on ranges: tens of thousands of partitions are claimed in as many turns of the runner, so
listing them all for each would cost their square.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assets_core.model.assets import Batch
from assets_core.partitions import PartitionSet


def calls_of(wanted: PartitionSet, existing: PartitionSet, batch: Batch) -> Iterator[PartitionSet]:
    """The partitions of each call, ascending; what exists between two wanted ones and is not wanted is a gap."""
    most = None if batch == "all" else batch
    left = wanted
    while left:
        call = _first(left, existing, most)
        yield call
        left -= call


def _first(wanted: PartitionSet, existing: PartitionSet, most: int | None) -> PartitionSet:
    near = wanted if most is None else wanted.take_ranges(most)
    first, last = existing.rank(near.starts), existing.rank(near.stops - 1)
    gaps = np.flatnonzero(first[1:] - last[:-1] > 1)
    run = near.take_ranges(int(gaps[0]) + 1) if gaps.size else near
    return run if most is None else run.take(most)
