"""From stored rows to what readers are given: arrays by ordinal instead of keys, one record per check result."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import TypeAlias

from assets_core.model.keys import AssetKey
from assets_core.model.records import CheckRecord
from assets_core.partitions import PartitionsDefinition
from assets_core.ports import PackedRows
from assets_core.store.chunks import group_rows
from assets_core.store.states import Evaluation

PlainRow: TypeAlias = "tuple[int, str, bytes]"
"""An asset's position in the list that was asked for, a partition key, a packed row."""


def packed_rows(
    assets: Sequence[tuple[AssetKey, PartitionsDefinition]],
    rows: Sequence[PlainRow],
    unknown: dict[int, int],
) -> tuple[PackedRows, ...]:
    """Plain rows by ordinal, those of one asset standing together; adds to ``unknown`` per position.

    Column by column, and one ``find`` per partitioned asset: a loop over 100,000 rows took longer than reading them.
    """
    import numpy as np

    if not rows:
        return ()
    places, partitions, data = zip(*rows, strict=True)
    positions = np.fromiter(places, np.int64, len(rows))
    several = np.fromiter((d.is_partitioned for _, d in assets), np.bool_, len(assets))[positions]
    ordinals = np.zeros(len(rows), np.int64)
    known = ~np.fromiter(map(bool, partitions), np.bool_, len(rows))
    starts = np.concatenate(([0], np.flatnonzero(np.diff(positions)) + 1, [len(rows)]))
    for run in np.flatnonzero(several[starts[:-1]]).tolist():
        start, stop = int(starts[run]), int(starts[run + 1])
        found = assets[places[start]][1].find(partitions[start:stop])
        ordinals[start:stop], known[start:stop] = found
    if not known.all():
        strange, counts = np.unique(positions[~known], return_counts=True)
        for position, count in zip(strange.tolist(), counts.tolist(), strict=True):
            unknown[position] = unknown.get(position, 0) + count
        data = tuple(compress(data, known.tolist()))
        positions, ordinals = positions[known], ordinals[known]
    return group_rows(positions, ordinals, data)


def check_records(evaluation: Evaluation) -> list[CheckRecord]:
    """One record per result of an evaluation."""
    return [
        CheckRecord(
            evaluation.env,
            evaluation.asset,
            evaluation.partition,
            evaluation.materialization,
            evaluation.run,
            outcome,
            related,
            evaluation.at,
        )
        for outcome, related in evaluation.results
    ]
