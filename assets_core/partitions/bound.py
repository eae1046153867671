"""Mappings bound to two definitions: which upstream partitions do these downstream ones need, and the way back.

Both directions work on whole arrays. A wide mapping (a year of days, all of 50,000 partitions) is one range per
downstream partition; pairs are never listed. ``bound_boxes.py`` combines these per dimension.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from assets_core.errors import DefinitionError
from assets_core.partitions.definitions import PartitionsDefinition
from assets_core.partitions.keys import shown
from assets_core.partitions.ranges import RangeTable
from assets_core.partitions.sets import PartitionSet

if TYPE_CHECKING:
    from assets_core.partitions.sets import Bools, Ints


class BoundMapping(ABC):
    """One edge's mapping. ``materialized`` is always the upstream's set of materialized partitions."""

    needs_every: bool = True
    """Whether every upstream ordinal given must be materialized; False where only materialized ones are given."""

    uniform: bool = False
    """Whether every downstream partition needs the same set, so that asking once is enough."""

    def __init__(self, upstream: PartitionsDefinition, downstream: PartitionsDefinition) -> None:
        self.upstream = upstream
        self.downstream = downstream

    @abstractmethod
    def ranges_of(self, down: Ints, materialized: PartitionSet) -> RangeTable:
        """For each downstream ordinal the upstream ranges it needs, whether they exist yet or not."""

    @abstractmethod
    def ranges_to(
        self, up: Ints, materialized: PartitionSet, within: PartitionSet | None = None
    ) -> RangeTable:
        """For each upstream ordinal the downstream ranges it affects; clip them to what exists.

        ``within`` names the downstream partitions of interest; a mapping may leave out others when that is cheaper.
        """

    def upstream_of(self, down: PartitionSet, materialized: PartitionSet) -> PartitionSet:
        """All upstream partitions that any of these downstream ones needs."""
        asked = down.take(1) if self.uniform else down
        return self.ranges_of(asked.to_array(), materialized).union() if down else down

    def downstream_of(
        self, up: PartitionSet, materialized: PartitionSet, within: PartitionSet | None = None
    ) -> PartitionSet:
        """All downstream partitions that any of these upstream ones affects, of those ``within``.

        Without ``within`` the answer may hold partitions that don't exist (``All`` answers everything): clip it.
        """
        found = self._affected_by(up, materialized, within)
        return found if within is None else found & within

    def _affected_by(
        self, up: PartitionSet, materialized: PartitionSet, within: PartitionSet | None
    ) -> PartitionSet:
        return self.ranges_to(up.to_array(), materialized, within).union() if up else up

    def outside_of(self, down: PartitionSet) -> PartitionSet:
        """Upstream ordinals that are needed and can never exist; always empty where that is allowed."""
        return PartitionSet.empty()

    def unmet(self, down: PartitionSet) -> PartitionSet:
        """The downstream partitions with a need that can't be met today (also one that has no upstream ordinal)."""
        return PartitionSet.empty()

    def without_key(self, down: PartitionSet) -> PartitionSet:
        """The downstream partitions that need an upstream key which is not there, where keys come and go."""
        is_open = self.upstream.is_open or self.downstream.is_open
        return self.unmet(down) if is_open else PartitionSet.empty()


class BoundSame(BoundMapping):
    """The same ordinal on both sides."""

    def __init__(
        self,
        upstream: PartitionsDefinition,
        downstream: PartitionsDefinition,
        *,
        drop_outside: bool = False,
    ) -> None:
        super().__init__(upstream, downstream)
        self._drop_outside = drop_outside

    def ranges_of(self, down: Ints, materialized: PartitionSet) -> RangeTable:
        table = RangeTable.one_per_row(down, down + 1)
        return table.clip(self.upstream.clip(table.union()))

    def ranges_to(
        self, up: Ints, materialized: PartitionSet, within: PartitionSet | None = None
    ) -> RangeTable:
        return RangeTable.one_per_row(up, up + 1)

    def upstream_of(self, down: PartitionSet, materialized: PartitionSet) -> PartitionSet:
        return self.upstream.clip(down)

    def _affected_by(
        self, up: PartitionSet, materialized: PartitionSet, within: PartitionSet | None
    ) -> PartitionSet:
        return up

    def outside_of(self, down: PartitionSet) -> PartitionSet:
        return PartitionSet.empty() if self._drop_outside else down - self.upstream.clip(down)

    def unmet(self, down: PartitionSet) -> PartitionSet:
        return self.outside_of(down)


class BoundSameKey(BoundMapping):
    """The same key on both sides, where its ordinals differ."""

    def ranges_of(self, down: Ints, materialized: PartitionSet) -> RangeTable:
        return self._translate(down, self.downstream, self.upstream)

    def ranges_to(
        self, up: Ints, materialized: PartitionSet, within: PartitionSet | None = None
    ) -> RangeTable:
        return self._translate(up, self.upstream, self.downstream)

    def _translate(
        self, ordinals: Ints, source: PartitionsDefinition, target: PartitionsDefinition
    ) -> RangeTable:
        found, known = target.find(source.keys(ordinals))
        table = RangeTable.one_per_row(found, found + known)
        return table.clip(target.clip(table.union()))

    def unmet(self, down: PartitionSet) -> PartitionSet:
        array = down.to_array()
        return PartitionSet.of(array[self.ranges_of(array, PartitionSet.empty()).counts() == 0])

    def outside_of(self, down: PartitionSet) -> PartitionSet:
        found, known = self.upstream.find(self.downstream.keys(down))
        named = PartitionSet.of(found[known])
        return named - self.upstream.clip(named)


class BoundAll(BoundMapping):
    """Every materialized upstream partition; for an unpartitioned upstream simply that one, which must be there."""

    uniform = True

    def __init__(self, upstream: PartitionsDefinition, downstream: PartitionsDefinition) -> None:
        super().__init__(upstream, downstream)
        self.needs_every = not upstream.is_partitioned

    def _needed(self, materialized: PartitionSet) -> PartitionSet:
        return PartitionSet.range(0, 1) if self.needs_every else self.upstream.clip(materialized)

    def ranges_of(self, down: Ints, materialized: PartitionSet) -> RangeTable:
        return RangeTable.same_in_each_row(down.size, self._needed(materialized))

    def ranges_to(
        self, up: Ints, materialized: PartitionSet, within: PartitionSet | None = None
    ) -> RangeTable:
        return RangeTable.same_in_each_row(up.size, PartitionSet.everything())

    def upstream_of(self, down: PartitionSet, materialized: PartitionSet) -> PartitionSet:
        return self._needed(materialized) if down else down

    def _affected_by(
        self, up: PartitionSet, materialized: PartitionSet, within: PartitionSet | None
    ) -> PartitionSet:
        return PartitionSet.everything() if up else up


class BoundLast(BoundAll):
    """The last materialized upstream partition."""

    def _needed(self, materialized: PartitionSet) -> PartitionSet:
        there = super()._needed(materialized)
        return PartitionSet.range(there.last, there.last + 1) if there else there

    def ranges_to(
        self, up: Ints, materialized: PartitionSet, within: PartitionSet | None = None
    ) -> RangeTable:
        import numpy as np

        last = self._needed(materialized)
        newest = np.full(up.size, last.first if last else -(2**63), dtype=np.int64)
        everything = PartitionSet.everything()
        hits = up >= newest
        return RangeTable.one_per_row(
            np.where(hits, everything.first, 0), np.where(hits, everything.last + 1, 0)
        )

    def _affected_by(
        self, up: PartitionSet, materialized: PartitionSet, within: PartitionSet | None
    ) -> PartitionSet:
        last = self._needed(materialized)
        hit = up and (not last or up.last >= last.first)
        return PartitionSet.everything() if hit else PartitionSet.empty()


class BoundSpecific(BoundMapping):
    """The same named upstream partitions for every downstream one."""

    uniform = True

    def __init__(
        self,
        upstream: PartitionsDefinition,
        downstream: PartitionsDefinition,
        keys: tuple[str, ...],
    ) -> None:
        super().__init__(upstream, downstream)
        self._keys = keys

    @cached_property
    def _found(self) -> tuple[Ints, Bools]:
        return self.upstream.find(self._keys)

    @cached_property
    def _named(self) -> PartitionSet:
        found, known = self._found
        return PartitionSet.of(found[known])

    def ranges_of(self, down: Ints, materialized: PartitionSet) -> RangeTable:
        return RangeTable.same_in_each_row(down.size, self.upstream.clip(self._named))

    def ranges_to(
        self, up: Ints, materialized: PartitionSet, within: PartitionSet | None = None
    ) -> RangeTable:
        import numpy as np

        hits = self._named.contains(up)
        everything = PartitionSet.everything()
        return RangeTable.one_per_row(
            np.where(hits, everything.first, 0), np.where(hits, everything.last + 1, 0)
        )

    def outside_of(self, down: PartitionSet) -> PartitionSet:
        return self._named - self.upstream.clip(self._named) if down else down

    def unmet(self, down: PartitionSet) -> PartitionSet:
        lacking = not self._found[1].all() or self.outside_of(down)
        return down if lacking else PartitionSet.empty()


class BoundTable(BoundMapping):
    """Pairs of keys listed by the user."""

    def __init__(
        self,
        upstream: PartitionsDefinition,
        downstream: PartitionsDefinition,
        pairs: tuple[tuple[str, str], ...],
    ) -> None:
        super().__init__(upstream, downstream)
        self._pairs = pairs

    @cached_property
    def _found(self) -> tuple[Ints, Bools, Ints, Bools]:
        ups = self.upstream.find([up for up, _ in self._pairs])
        return *ups, *self.downstream.find([down for _, down in self._pairs])

    @cached_property
    def _ordinals(self) -> tuple[Ints, Ints]:
        ups, ups_known, downs, downs_known = self._found
        both = ups_known & downs_known
        return ups[both], downs[both]

    def ranges_of(self, down: Ints, materialized: PartitionSet) -> RangeTable:
        ups, downs = self._ordinals
        table = _looked_up(down, downs, ups)
        return table.clip(self.upstream.clip(table.union()))

    def ranges_to(
        self, up: Ints, materialized: PartitionSet, within: PartitionSet | None = None
    ) -> RangeTable:
        ups, downs = self._ordinals
        return _looked_up(up, ups, downs)

    def outside_of(self, down: PartitionSet) -> PartitionSet:
        ups, downs = self._ordinals
        wanted = PartitionSet.of(ups[down.contains(downs)])
        return wanted - self.upstream.clip(wanted)

    def unmet(self, down: PartitionSet) -> PartitionSet:
        ups, downs = self._ordinals
        outside = PartitionSet.of(downs[self.outside_of(down).contains(ups)])
        _, ups_known, every_down, downs_known = self._found
        return (outside | PartitionSet.of(every_down[downs_known & ~ups_known])) & down


class BoundFunctions(BoundMapping):
    """Two functions from key to keys, given by the user. One call per partition asked about."""

    def __init__(
        self,
        upstream: PartitionsDefinition,
        downstream: PartitionsDefinition,
        upstream_keys: Callable[[str], Iterable[str]],
        downstream_keys: Callable[[str], Iterable[str]],
    ) -> None:
        super().__init__(upstream, downstream)
        self._upstream_keys, self._downstream_keys = upstream_keys, downstream_keys

    def ranges_of(self, down: Ints, materialized: PartitionSet) -> RangeTable:
        rows, found, known = self._needed(down)
        table = RangeTable.from_pairs(down.size, rows[known], found[known])
        return table.clip(self.upstream.clip(table.union()))

    def ranges_to(
        self, up: Ints, materialized: PartitionSet, within: PartitionSet | None = None
    ) -> RangeTable:
        rows, found, known = _called(self.upstream.keys(up), self._downstream_keys, self.downstream)
        return RangeTable.from_pairs(up.size, rows[known], found[known])

    def _needed(self, down: Ints) -> tuple[Ints, Ints, Bools]:
        return _called(self.downstream.keys(down), self._upstream_keys, self.upstream)

    def outside_of(self, down: PartitionSet) -> PartitionSet:
        _, found, known = self._needed(down.to_array())
        named = PartitionSet.of(found[known])
        return named - self.upstream.clip(named)

    def unmet(self, down: PartitionSet) -> PartitionSet:
        array = down.to_array()
        rows, found, known = self._needed(array)
        outside = ~known | self.outside_of(down).contains(found)
        return PartitionSet.of(array[rows[outside]])


def _called(
    keys: list[str], function: Callable[[str], Iterable[str]], target: PartitionsDefinition
) -> tuple[Ints, Ints, Bools]:
    import numpy as np

    answers = [_listed(function(key), key) for key in keys]
    rows = np.repeat(np.arange(len(keys), dtype=np.int64), [len(answer) for answer in answers])
    found, known = target.find([key for answer in answers for key in answer])
    return rows, found, known


def _listed(answer: Iterable[str], key: str) -> list[str]:
    if isinstance(answer, str):
        raise DefinitionError(
            "E205", f"a mapping answered {shown(answer)} for {shown(key)}, not a list of keys"
        )
    return list(dict.fromkeys(answer))


def _looked_up(asked: Ints, keys: Ints, values: Ints) -> RangeTable:
    """For each asked ordinal the values of all pairs with that key."""
    import numpy as np

    distinct, row = np.unique(keys, return_inverse=True)
    by_key = RangeTable.from_pairs(distinct.size + 1, row, values)
    at = np.minimum(distinct.searchsorted(asked), max(distinct.size - 1, 0))
    hit = distinct[at] == asked if distinct.size else np.zeros(asked.size, dtype=np.bool_)
    return by_key.take(np.where(hit, at, distinct.size))
