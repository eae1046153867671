"""What rollbacks hold: current versions that are not made again, whatever differs, until that is forced or released."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import numpy as np

from assets_core.graph import AssetGraph
from assets_core.lineage import Lineage
from assets_core.model.packed import Flag
from assets_core.model.plans import Held
from assets_core.partitions import PartitionSet

_HELD = np.uint64(Flag.HELD)


def made_with(graph: AssetGraph, asset: int) -> Sequence[int]:
    """The outputs that no call makes without this one, itself among them: a hold on one holds them all."""
    number = graph.definition_of[asset]
    return graph.outputs_of[number] if graph.definitions[number].makes_all else (asset,)


def held_in(lineage: Lineage, asset: int) -> PartitionSet:
    """The partitions of an asset whose current version is held."""
    rows = lineage.rows(asset)
    return PartitionSet.of(rows.ordinals[(rows.head["flags"] & _HELD) != 0])


def holds(lineage: Lineage, wanted: Mapping[int, PartitionSet]) -> Iterator[Held]:
    """The holds on what is wanted, by asset and time; those on what is made together count for each other."""
    graph, single = lineage.graph, (lineage.single_head["flags"] & _HELD) != 0
    partitioned = (a for a in lineage.partitioned if held_in(lineage, a))
    sources = {*np.flatnonzero(single).tolist(), *partitioned}
    found: dict[int, dict[datetime | None, PartitionSet]] = {}
    for asset in sources:
        for since, partitions in _by_time(lineage, asset).items():
            for other in made_with(graph, asset):
                hit = partitions & wanted.get(other, PartitionSet.EMPTY)
                if hit:
                    known = found.setdefault(other, {})
                    known[since] = known.get(since, PartitionSet.EMPTY) | hit
    for asset in sorted(found):
        for since, partitions in found[asset].items():
            yield Held(graph.keys[asset], partitions, since)


def _by_time(lineage: Lineage, asset: int) -> dict[datetime | None, PartitionSet]:
    rows = lineage.rows(asset)
    slots = np.flatnonzero((rows.head["flags"] & _HELD) != 0)
    by_time: dict[datetime | None, list[int]] = {}
    for slot in slots.tolist():
        since = lineage.moved_at.get(int(rows.head["sequence"][slot]))
        by_time.setdefault(since, []).append(int(rows.ordinals[slot]))
    return {since: PartitionSet.of(ordinals) for since, ordinals in by_time.items()}
