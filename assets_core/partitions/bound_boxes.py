"""Mappings between multi-dimensional partitions, bound per dimension and packed as boxes.

Either side may also be one-dimensional; it then counts as a product of one. A dimension of the upstream that no mapping
names is needed whole: every partition where it is a list, every *materialized* one where it is time (which has no end).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from assets_core.partitions.bound import BoundMapping
from assets_core.partitions.definitions import PartitionsDefinition
from assets_core.partitions.multi import Dimension, MultiPartitions
from assets_core.partitions.ranges import RangeTable, product
from assets_core.partitions.sets import PartitionSet
from assets_core.partitions.timed import TimeDefinition

if TYPE_CHECKING:
    from assets_core.partitions.sets import Ints

_SHOWN = 100
"""Downstream partitions whose impossible needs are listed one by one; it only feeds an error message."""


@dataclass(frozen=True, slots=True)
class Link:
    """An upstream dimension, the downstream dimension it follows, and the mapping between the two."""

    up: Dimension
    down: Dimension
    mapping: BoundMapping


class BoundBoxes(BoundMapping):
    """Independent mappings per dimension; the needs of a partition are the product of its dimensions' needs."""

    def __init__(
        self,
        upstream: PartitionsDefinition,
        downstream: PartitionsDefinition,
        links: tuple[Link, ...],
    ) -> None:
        super().__init__(upstream, downstream)
        self._ups, self._downs = sides(upstream), sides(downstream)
        self._by_up: Mapping[str, Link] = {link.up.name: link for link in links}
        self._by_down: Mapping[str, Link] = {link.down.name: link for link in links}
        unlisted = [one for one in self._ups if one.name not in self._by_up]
        self.needs_every = all(link.mapping.needs_every for link in links) and not any(
            isinstance(one.definition, TimeDefinition) for one in unlisted
        )

    def ranges_of(self, down: Ints, materialized: PartitionSet) -> RangeTable:
        tables = {one.name: self._side(one, down, materialized) for one in self._ups}
        table = _packed(self._ups, tables)
        there = self.upstream.clip(table.union() if self.needs_every else materialized)
        return table.clip(there)

    def ranges_to(
        self, up: Ints, materialized: PartitionSet, within: PartitionSet | None = None
    ) -> RangeTable:
        tables = {}
        for one in self._downs:
            link = self._by_down.get(one.name)
            wanted = None if within is None else _projected(one, within)
            if link is None:
                tables[one.name] = _same(one, up.size, wanted)
                continue
            there = _projected(link.up, materialized)
            mapped = partial(link.mapping.ranges_to, materialized=there, within=wanted)
            tables[one.name] = _digits(one, _per_row(link.up, up, mapped))
        return _packed(self._downs, tables)

    def _side(self, one: Dimension, down: Ints, materialized: PartitionSet) -> RangeTable:
        link = self._by_up.get(one.name)
        if link is None and isinstance(one.definition, TimeDefinition):
            return _same(one, down.size, _projected(one, materialized))
        if link is None:
            return _same(one, down.size, one.definition.defined(one.lowest, one.lowest + one.size))
        mapped = partial(link.mapping.ranges_of, materialized=_projected(one, materialized))
        return _digits(one, _per_row(link.down, down, mapped))

    def _example(self, one: Dimension, row: Ints) -> RangeTable:
        """As ``_side``, with the first window standing for time that no mapping names."""
        if one.name not in self._by_up and isinstance(one.definition, TimeDefinition):
            first = one.definition.bounds[0]
            return _same(one, 1, PartitionSet.range(first, first + 1))
        return self._side(one, row, PartitionSet.empty())

    @property
    def _lacks_a_dimension(self) -> bool:
        """Whether a list that is needed whole has no key yet."""
        return any(
            one.definition.is_open and not one.definition.defined(*one.definition.span)
            for one in self._ups
            if one.name not in self._by_up
        )

    def unmet(self, down: PartitionSet) -> PartitionSet:
        if not down:
            return down
        if self._lacks_a_dimension:
            return down
        array = down.to_array()
        found = PartitionSet.empty()
        for link in self._by_up.values():
            side = _side_ordinals(link.down, array)
            lacking = link.mapping.unmet(PartitionSet.of(side))
            found |= PartitionSet.of(array[lacking.contains(side)])
        return found

    def outside_of(self, down: PartitionSet) -> PartitionSet:
        found = PartitionSet.empty()
        for ordinal in self.unmet(down).take(_SHOWN).to_array():
            row = ordinal.reshape(1)
            for link in self._by_up.values():
                outside = link.mapping.outside_of(PartitionSet.of(_side_ordinals(link.down, row)))
                tables = {one.name: self._example(one, row) for one in self._ups}
                tables[link.up.name] = _digits(link.up, RangeTable.same_in_each_row(1, outside))
                found |= _packed(self._ups, tables).union()
        return found


def sides(definition: PartitionsDefinition) -> tuple[Dimension, ...]:
    """The digits of a definition; a one-dimensional one is its own single digit, without an offset."""
    if isinstance(definition, MultiPartitions):
        return definition.layout
    return (Dimension("", definition, 0, 1, 1),)


def _packed(layout: tuple[Dimension, ...], tables: Mapping[str, RangeTable]) -> RangeTable:
    minor, *rest = reversed(layout)
    packed = tables[minor.name]
    for one in rest:
        packed = product(tables[one.name], packed, one.stride)
    return packed


def _same(one: Dimension, rows: int, ordinals: PartitionSet | None) -> RangeTable:
    """In every row these ordinals as digits; when None, a whole list, or time from its start to its end."""
    if ordinals is None:
        bounds = one.definition.bounds if isinstance(one.definition, TimeDefinition) else None
        ordinals = PartitionSet.range(*(bounds or (one.lowest, one.lowest + one.size)))
    return _digits(one, RangeTable.same_in_each_row(rows, ordinals))


def _single(one: Dimension) -> bool:
    return not one.name


def _digits(one: Dimension, table: RangeTable) -> RangeTable:
    """A table of ordinals as digits of a dimension, less those that no digit can hold."""
    if _single(one):
        return table
    inside = table.clip(PartitionSet.range(one.lowest, one.lowest + one.size))
    return RangeTable(inside.indptr, inside.starts - one.lowest, inside.stops - one.lowest)


def _side_ordinals(one: Dimension, packed: Ints) -> Ints:
    return packed if _single(one) else one.ordinals(packed)


def _projected(one: Dimension, members: PartitionSet) -> PartitionSet:
    return PartitionSet.of(_side_ordinals(one, members.to_array()))


def _per_row(one: Dimension, packed: Ints, mapped: Callable[[Ints], RangeTable]) -> RangeTable:
    """Ask a dimension's mapping once per distinct ordinal and spread the answers over the rows."""
    import numpy as np

    distinct, row = np.unique(_side_ordinals(one, packed), return_inverse=True)
    return mapped(distinct).take(row)
