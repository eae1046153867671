"""Reasons as values: partitions of one asset that are stale for the same reasons become one group.

Grouping looks at the rows of a boolean matrix as bytes, so that it costs one sort however many reasons there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from assets_core.model.keys import AssetKey
from assets_core.model.plans import (
    CodeChanged,
    ConfigChanged,
    InputAdded,
    InputChanged,
    InputRemoved,
    NeverMaterialized,
    OutputDamaged,
    OutputMissing,
    PartitionsChanged,
    Reason,
)
from assets_core.model.versions import CodeVersion, ConfigVersion
from assets_core.partitions import PartitionSet
from assets_core.planning.shapes import Shape
from assets_core.planning.staleness import Rebuilder, Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray


def group_reasons(
    rebuilder: Rebuilder, asset: int, verdict: Verdict, partitions: PartitionSet
) -> Iterator[tuple[tuple[Reason, ...], PartitionSet]]:
    """Every distinct tuple of reasons among ``partitions`` with the partitions it holds for, in partition order."""
    if not partitions:
        return
    if len(verdict.ordinals) == 1:
        yield tuple(_reasons(rebuilder, asset, verdict, 0)), partitions
        return
    rows = np.flatnonzero(np.isin(verdict.ordinals, partitions.to_array(), assume_unique=True))
    alike: dict[tuple[Reason, ...], list[NDArray[np.int64]]] = {}
    for members in _groups(_signatures(verdict, rows)):
        at = rows[members]
        alike.setdefault(tuple(_reasons(rebuilder, asset, verdict, int(at[0]))), []).append(at)
    for reasons, members_of in alike.items():  # several columns of one upstream are one reason
        at = np.sort(np.concatenate(members_of))
        yield reasons, PartitionSet.of(verdict.ordinals[at])


def _signatures(verdict: Verdict, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Per row, bytes that are equal exactly where the reasons are: flags, and the old versions behind them."""
    flags = np.column_stack(
        [
            verdict.never[rows],
            verdict.code[rows],
            verdict.config[rows],
            verdict.shape[rows],
            verdict.missing[rows],
            verdict.damaged[rows],
            verdict.inputs[rows],
        ]
    )
    head = verdict.head[rows]
    old = [
        np.where(verdict.code[rows, None], head["code"], np.uint64(0)),
        np.where(verdict.config[rows, None], head["config"], np.uint64(0)),
        np.where(verdict.shape[rows, None], head["shape"], np.uint64(0)),
    ]
    parts = [np.packbits(flags, axis=1), *(np.ascontiguousarray(o).view(np.uint8) for o in old)]
    return np.ascontiguousarray(np.column_stack(parts))


def _groups(signatures: NDArray[np.uint8]) -> Iterator[NDArray[np.int64]]:
    """Positions of equal signatures, groups in order of their first member."""
    rows = signatures.view([("raw", f"V{signatures.shape[1]}")]).ravel()
    _, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    bounds = np.cumsum(np.bincount(inverse))[:-1]
    members = np.split(order, bounds)
    for group in np.argsort(first):
        yield members[group]


def _reasons(rebuilder: Rebuilder, asset: int, verdict: Verdict, row: int) -> Iterator[Reason]:
    if verdict.never[row]:
        yield NeverMaterialized()
        return
    versions, head = rebuilder.versions, verdict.head[row]
    if verdict.code[row]:
        yield CodeChanged(CodeVersion(_hex(head["code"])), versions.code[asset])
    if verdict.config[row]:
        yield ConfigChanged(ConfigVersion(_hex(head["config"])), versions.config[asset])
    if verdict.shape[row]:
        yield from _shape_reasons(rebuilder, asset, _hex(head["shape"]))
    edges = rebuilder.graph.inputs(asset)
    changed = [edges[column].upstream for column in np.flatnonzero(verdict.inputs[row]).tolist()]
    for upstream in dict.fromkeys(changed):
        yield InputChanged(rebuilder.graph.keys[upstream])
    if verdict.missing[row]:
        yield OutputMissing()
    if verdict.damaged[row]:
        yield OutputDamaged()


def _shape_reasons(rebuilder: Rebuilder, asset: int, recorded: str) -> Iterator[Reason]:
    """What was added, removed or read differently, and whether the asset's own keys stand for another time."""
    old = Shape.read(rebuilder.lineage.shape_texts.get(recorded, "[]"))
    new = Shape.read(rebuilder.graph.shape_text(asset))
    for key in dict.fromkeys(e[0] for e in new.inputs):
        before = [e[1:] for e in old.inputs if e[0] == key]
        after = [e[1:] for e in new.inputs if e[0] == key]
        if [e[0] for e in before] != [e[0] for e in after]:
            yield InputAdded(AssetKey(key), remapped=bool(before))
        elif before != after:
            yield InputChanged(AssetKey(key))
    for key in dict.fromkeys(e[0] for e in old.inputs):
        if all(e[0] != key for e in new.inputs):
            yield InputRemoved(AssetKey(key))
    if old.windows != new.windows:
        yield PartitionsChanged(old.windows, new.windows)


def _hex(value: NDArray[np.uint64]) -> str:
    return value.astype("<u8").tobytes().hex()
