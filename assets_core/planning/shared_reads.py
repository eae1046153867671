"""Batches that share their inputs: each output was made of everything that its call read, and is judged by that.

What was read is the recorded set of partitions; what a partition needs today is said by its mapping. Both count: the
sum is taken over what was read, as far as it still exists, united with what is needed. So a change of anything that
was read is seen, a first fill of anything that is needed too, and right after the call the sum is the recorded one.
Equal sums mean equal keys with equal content, so a set that was recorded under another numbering of the upstream's
keys can only make stale.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from assets_core.graph import AssetGraph, Edge
from assets_core.lineage import Lineage
from assets_core.model.records import InputRecord
from assets_core.partitions import PartitionSet, RangeTable
from assets_core.planning.sums import Sums, row_sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

Read: TypeAlias = tuple[PartitionSet, ...]
"""Per input: the upstream partitions that a call read."""

_UNKNOWN = -1
"""A number of terms that nothing was recorded with: what a version was made of is not known, so it is stale."""


def read_of(inputs: Sequence[InputRecord]) -> Read:
    """What a record says its call read; one value for all outputs of a call."""
    return _parsed(tuple(one.partitions for one in inputs))


def note_read(lineage: Lineage, asset: int, number: int, inputs: Sequence[InputRecord]) -> None:
    """Take note of what the call read that made a materialization, where that counts for it."""
    if lineage.graph.shares_inputs(asset):
        lineage.reads.setdefault(asset, {})[number] = read_of(inputs)


@lru_cache(maxsize=4096)
def _parsed(texts: tuple[str, ...]) -> Read:
    return tuple(PartitionSet.from_text(text) for text in texts)


def call_sums(lineage: Lineage, asset: int, read: Read, partitions: int) -> Sums:
    """The current version of what a call read, for each of its partitions."""
    sums = Sums.zeros(partitions, len(read))
    for column, edge in enumerate(lineage.graph.inputs(asset)):
        terms = lineage.terms(edge.upstream, edge.columns)
        low, high, count = row_sums(terms, RangeTable.same_in_each_row(1, read[column]))
        sums.low[:, column], sums.high[:, column], sums.count[:, column] = low, high, count
    return sums


def widen(
    lineage: Lineage,
    asset: int,
    ordinals: NDArray[np.int64],
    numbers: NDArray[np.int64],
    sums: Sums,
) -> None:
    """Add to ``sums``, which are over what each partition needs, what else the call of its version read."""
    for rows, read in _calls(lineage, asset, numbers):
        if read is None:
            sums.count[rows] = _UNKNOWN
            continue
        for column, edge in enumerate(lineage.graph.inputs(asset)):
            terms = lineage.terms(edge.upstream, edge.columns)
            once = lineage.graph.specs[edge.upstream].partitions.clip(read[column])
            asked = ordinals[rows[:1] if edge.mapping.uniform else rows]
            needed = edge.mapping.ranges_of(asked, lineage.present(edge.upstream))
            all_read = row_sums(terms, RangeTable.same_in_each_row(1, once))
            twice = row_sums(terms, needed.clip(once))
            for lane, added, counted in zip(
                (sums.low, sums.high, sums.count), all_read, twice, strict=True
            ):
                lane[rows, column] += added[0] - counted


def readers(
    lineage: Lineage, edge: Edge, changed: PartitionSet, materialized: PartitionSet
) -> PartitionSet:
    """The downstream partitions that changes of an upstream's reach: by mapping, or because their call read them."""
    hit = edge.mapping.downstream_of(changed, materialized)
    if not lineage.graph.shares_inputs(edge.downstream):
        return hit
    rows, column = lineage.rows(edge.downstream), _column(lineage.graph, edge)
    for members, read in _calls(lineage, edge.downstream, rows.head["number"]):
        if read is not None and not read[column].isdisjoint(changed):
            hit |= PartitionSet.of(rows.ordinals[members])
    return hit


def read_by(
    lineage: Lineage, edge: Edge, partitions: PartitionSet, materialized: PartitionSet
) -> PartitionSet:
    """The materialized upstream partitions that these downstream ones need, and those that their calls read."""
    found = edge.mapping.upstream_of(partitions, materialized)
    if lineage.graph.shares_inputs(edge.downstream):
        rows, column = lineage.rows(edge.downstream), _column(lineage.graph, edge)
        numbers = rows.head["number"][partitions.contains(rows.ordinals)]
        for _, read in _calls(lineage, edge.downstream, numbers):
            found |= read[column] if read is not None else PartitionSet.EMPTY
    return found & materialized


def _calls(
    lineage: Lineage, asset: int, numbers: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], Read | None]]:
    """The positions of recorded versions by the call that made them, with what that read; None: not known."""
    known, arity = lineage.reads.get(asset, {}), len(lineage.graph.inputs(asset))
    groups: dict[int, tuple[list[int], Read | None]] = {}
    for row, number in enumerate(numbers.tolist()):
        if number:
            read = known.get(number)
            fits = read is not None and len(read) == arity
            groups.setdefault(id(read), ([], read if fits else None))[0].append(row)
    for rows, read in groups.values():
        yield np.array(rows, np.int64), read


def _column(graph: AssetGraph, edge: Edge) -> int:
    return next(n for n, e in enumerate(graph.inputs(edge.downstream)) if e is edge)
