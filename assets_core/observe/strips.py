"""A partition strip: the partitions of an asset in order, folded into as many cells as there is room for.

A cell is a bucket of neighbours and shows the worst state among them, or that a live run
holds one of them; it is never a list of keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from assets_core.partitions import PartitionSet

WIDEST = 100
"""More cells say no more."""
WORST_FIRST = ("running", "failed", "blocked", "missing", "stale", "maybe", "held", "current")


@dataclass(frozen=True, slots=True)
class Strip:
    """``cells`` are names of statuses, ``""`` where nothing is known; each stands for ``bucket`` partitions."""

    cells: tuple[str, ...]
    bucket: int


def strip(existing: PartitionSet, by_status: Mapping[str, PartitionSet], width: int) -> Strip:
    """The strip of ``existing`` in at most ``width`` cells."""
    ordinals = existing.to_array()
    if not len(ordinals):
        return Strip((), 1)
    bucket = -(-len(ordinals) // max(1, width))
    rank = np.full(len(ordinals), len(WORST_FIRST), np.int64)
    for place, name in reversed(list(enumerate(WORST_FIRST))):
        members = by_status.get(name)
        if members:
            rank[np.isin(ordinals, members.to_array())] = place
    starts = np.arange(0, len(ordinals), bucket)
    worst = np.minimum.reduceat(rank, starts)
    names = (*WORST_FIRST, "")
    return Strip(tuple(names[place] for place in worst.tolist()), bucket)
