"""From stored rows to what readers are given: arrays by ordinal instead of keys, one record per check result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter

from assets_core.model.keys import AssetKey
from assets_core.model.records import CheckRecord
from assets_core.partitions import PartitionsDefinition
from assets_core.ports import PackedRows
from assets_core.store.chunks import group_rows
from assets_core.store.states import Evaluation

PlainRow = tuple[int, str, bytes]
"""An asset's position in the list that was asked for, a partition key, a packed row."""


def packed_rows(
    assets: Sequence[tuple[AssetKey, PartitionsDefinition]],
    rows: Iterable[PlainRow],
    unknown: dict[int, int],
) -> tuple[PackedRows, ...]:
    """Group plain rows, those of one asset standing together; adds to ``unknown`` per position.

    One list append per row and one ``find`` per partitioned asset: 100,000 rows take about 0.06 s.
    """
    positions: list[int] = []
    ordinals: list[int] = []
    data: list[bytes] = []
    single = [not definition.is_partitioned for _, definition in assets]
    for position, group in groupby(rows, itemgetter(0)):
        if single[position]:
            _add_single(position, group, positions, ordinals, data, unknown)
            continue
        mine = list(group)
        found, known = assets[position][1].find([row[1] for row in mine])
        for row, ordinal, is_known in zip(mine, found.tolist(), known.tolist(), strict=True):
            if is_known:
                positions.append(position)
                ordinals.append(ordinal)
                data.append(row[2])
        missing = len(mine) - int(known.sum())
        if missing:
            unknown[position] = unknown.get(position, 0) + missing
    return group_rows(positions, ordinals, data)


def _add_single(
    position: int,
    group: Iterable[PlainRow],
    positions: list[int],
    ordinals: list[int],
    data: list[bytes],
    unknown: dict[int, int],
) -> None:
    for _, partition, row in group:
        if partition:
            unknown[position] = unknown.get(position, 0) + 1
        else:
            positions.append(position)
            ordinals.append(0)
            data.append(row)


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
