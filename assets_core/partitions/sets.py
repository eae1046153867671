"""``PartitionSet``: an immutable set of partition ordinals held as sorted, disjoint, half-open int64 ranges.

A definition's partitions are mostly contiguous, so a million of them is usually one range: every operation is
vectorised over the ranges and never over the members. Ranges that touch are merged, so a set has exactly one form
and equality is equality of the arrays. Bitmaps (roaring) were rejected: 32-bit members, slow runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from assets_core.errors import CorruptionError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Bools = npt.NDArray[np.bool_]

LOWEST = -(2**63)
HIGHEST = 2**63 - 1
"""The bounds of ``everything()``; HIGHEST itself can't be a member because ranges are half-open."""


class _Empty:
    """``PartitionSet.EMPTY`` without importing numpy when the class is created."""

    def __get__(self, instance: object, owner: type[PartitionSet]) -> PartitionSet:
        return owner.empty()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PartitionSet:
    """Ordinals as ranges ``starts[i] <= ordinal < stops[i]``; build one with ``of``, ``range`` or ``from_ranges``."""

    starts: Ints
    stops: Ints

    EMPTY = _Empty()

    @classmethod
    def empty(cls) -> PartitionSet:
        """The set without members (one shared value)."""
        return _empty()

    @classmethod
    def everything(cls) -> PartitionSet:
        """Every int64 ordinal; too large for ``len`` (use ``count``), meant to be clipped by ``&``."""
        return cls.range(LOWEST, HIGHEST)

    @classmethod
    def range(cls, lo: int, hi: int) -> PartitionSet:
        """The ordinals ``lo <= x < hi``."""
        import numpy as np

        if hi <= lo:
            return _empty()
        if lo == 0 and hi == 1:
            return _whole()
        return _frozen(np.array([lo], dtype=np.int64), np.array([hi], dtype=np.int64))

    @classmethod
    def of(cls, ordinals: Iterable[int] | Ints) -> PartitionSet:
        """The set of these ordinals, in any order and with repeats."""
        import numpy as np

        values = ordinals if isinstance(ordinals, np.ndarray) else list(ordinals)
        array = np.asarray(values, dtype=np.int64).ravel()
        if array.size == 0:
            return _empty()
        if array.size == 1:
            return cls.range(int(array[0]), int(array[0]) + 1)
        if not bool((array[1:] > array[:-1]).all()):
            array = np.unique(array)
        breaks = np.flatnonzero(array[1:] - 1 != array[:-1])
        starts = array[np.concatenate(([0], breaks + 1))]
        stops = array[np.concatenate((breaks, [array.size - 1]))] + 1
        return _frozen(starts, stops)

    @classmethod
    def from_ranges(cls, starts: Iterable[int] | Ints, stops: Iterable[int] | Ints) -> PartitionSet:
        """The union of half-open ranges that may be unsorted, overlapping or empty."""
        import numpy as np

        lows = np.asarray(starts if isinstance(starts, np.ndarray) else list(starts), np.int64)
        highs = np.asarray(stops if isinstance(stops, np.ndarray) else list(stops), np.int64)
        return _normal(lows.ravel(), highs.ravel())

    def __or__(self, other: PartitionSet) -> PartitionSet:
        import numpy as np

        if not other or self is other:
            return self
        if not self:
            return other
        if self.starts.size == 1 == other.starts.size:
            (low, high), (start, stop) = self._only, other._only
            if low <= stop and start <= high:
                return PartitionSet.range(min(low, start), max(high, stop))
        return _normal(
            np.concatenate((self.starts, other.starts)), np.concatenate((self.stops, other.stops))
        )

    def __and__(self, other: PartitionSet) -> PartitionSet:
        import numpy as np

        if self is other:
            return self
        if not self or not other:
            return _empty()
        if self.starts.size == 1 == other.starts.size:
            (low, high), (start, stop) = self._only, other._only
            return PartitionSet.range(max(low, start), min(high, stop))
        mine, theirs = overlaps(self.starts, self.stops, other)
        if mine.size == 0:
            return _empty()
        return _frozen(
            np.maximum(self.starts[mine], other.starts[theirs]),
            np.minimum(self.stops[mine], other.stops[theirs]),
        )

    def __sub__(self, other: PartitionSet) -> PartitionSet:
        if not self or not other:
            return self
        if self.starts.size == 1 == other.starts.size:
            (low, high), (start, stop) = self._only, other._only
            if start <= low or high <= stop:
                return _remainder(low, high, start, stop)
        return self & other._complement()

    def __xor__(self, other: PartitionSet) -> PartitionSet:
        return (self | other) - (self & other)

    @property
    def _only(self) -> tuple[int, int]:
        """The bounds of a set of one range: arithmetic on them is ten times faster than on arrays."""
        return int(self.starts[0]), int(self.stops[0])

    def _complement(self) -> PartitionSet:
        import numpy as np

        starts = np.concatenate((np.array([LOWEST], dtype=np.int64), self.stops))
        stops = np.concatenate((self.starts, np.array([HIGHEST], dtype=np.int64)))
        keep = starts < stops
        return _frozen(starts[keep], stops[keep])

    @property
    def count(self) -> int:
        """The number of members, also where it exceeds what ``len`` can return."""
        import numpy as np

        if self.starts.size == 1:
            low, high = self._only
            return high - low
        return int((self.stops - self.starts).view(np.uint64).sum(dtype=np.uint64))

    def __len__(self) -> int:
        return self.count

    def __bool__(self) -> bool:
        return self.starts.size > 0

    def __contains__(self, ordinal: object) -> bool:
        if not isinstance(ordinal, int) or not LOWEST <= ordinal < HIGHEST:
            return False
        at = int(self.starts.searchsorted(ordinal, side="right")) - 1
        return at >= 0 and ordinal < int(self.stops[at])

    def __iter__(self) -> Iterator[int]:
        for lo, hi in self.ranges():
            yield from range(lo, hi)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PartitionSet):
            return NotImplemented
        import numpy as np

        return np.array_equal(self.starts, other.starts) and np.array_equal(self.stops, other.stops)

    def __hash__(self) -> int:
        return hash((self.starts.tobytes(), self.stops.tobytes()))

    def __repr__(self) -> str:
        text = self.take_ranges(6).to_text()
        return f"PartitionSet({text}{',...' if self.starts.size > 6 else ''})"

    def ranges(self) -> Iterator[tuple[int, int]]:
        """The maximal half-open ranges, ascending."""
        return zip(self.starts.tolist(), self.stops.tolist(), strict=True)

    def to_array(self) -> Ints:
        """All members, ascending."""
        return expand(self.starts, self.stops)

    @property
    def first(self) -> int:
        """The smallest member; ValueError when empty."""
        if not self:
            raise ValueError("an empty PartitionSet has no first member")
        return int(self.starts[0])

    @property
    def last(self) -> int:
        """The largest member; ValueError when empty."""
        if not self:
            raise ValueError("an empty PartitionSet has no last member")
        return int(self.stops[-1]) - 1

    def isdisjoint(self, other: PartitionSet) -> bool:
        """Whether no ordinal is in both."""
        return not self & other

    def issubset(self, other: PartitionSet) -> bool:
        """Whether every member of this set is in the other."""
        return not self - other

    def contains(self, ordinals: Ints) -> Bools:
        """For each ordinal of an array, whether it is a member."""
        import numpy as np

        if not self:
            return np.zeros(ordinals.shape, dtype=np.bool_)
        at = self.starts.searchsorted(ordinals, side="right") - 1
        found: Bools = (at >= 0) & (ordinals < self.stops[np.maximum(at, 0)])
        return found

    def mask(self, lo: int, hi: int) -> Bools:
        """A bool array of length ``hi - lo``: element ``i`` says whether ``lo + i`` is a member."""
        import numpy as np

        inside = self & PartitionSet.range(lo, hi)
        steps = np.zeros(max(hi - lo, 0) + 1, dtype=np.int8)
        steps[inside.starts - lo] = 1
        steps[inside.stops - lo] = -1
        return steps[:-1].cumsum(dtype=np.int8).astype(np.bool_)

    def rank(self, ordinals: Ints) -> Ints:
        """For each ordinal, how many members are smaller (it need not be a member)."""
        import numpy as np

        if not self:
            return np.zeros(ordinals.shape, dtype=np.int64)
        before = self._before()
        at = np.maximum(self.starts.searchsorted(ordinals, side="right") - 1, 0)
        inside = np.minimum(ordinals, self.stops[at]) - self.starts[at]
        ranks: Ints = before[at] + np.maximum(inside, 0)
        return ranks

    def at(self, ranks: Ints) -> Ints:
        """The members at these ranks, each ``0 <= rank < count``: the inverse of ``rank`` on members."""
        before = self._before()
        index = before.searchsorted(ranks, side="right") - 1
        members: Ints = self.starts[index] + (ranks - before[index])
        return members

    def _before(self) -> Ints:
        import numpy as np

        lengths = self.stops - self.starts
        return np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(lengths)[:-1]))

    def slice(self, begin: int, end: int) -> PartitionSet:
        """The members whose rank is ``begin <= rank < end``."""
        import numpy as np

        begin, end = max(begin, 0), min(end, self.count)
        if end <= begin:
            return _empty()
        lo, hi = self.at(np.array([begin, end - 1], dtype=np.int64)).tolist()
        return self & PartitionSet.range(lo, hi + 1)

    def take(self, n: int) -> PartitionSet:
        """The ``n`` smallest members (all when there are fewer)."""
        return self.slice(0, n)

    def take_ranges(self, n: int) -> PartitionSet:
        """The first ``n`` maximal ranges."""
        return _frozen(self.starts[:n], self.stops[:n])

    def digest(self) -> str:
        """32 hex characters (BLAKE2b) that name the set's members."""
        state = hashlib.blake2b(digest_size=16)
        state.update(self.starts.astype("<i8").tobytes())
        state.update(self.stops.astype("<i8").tobytes())
        return state.hexdigest()

    def to_text(self) -> str:
        """``start+count`` per range, joined by commas; a count of 1 is left out (``15706+365,16100``)."""
        return ",".join(f"{lo}+{hi - lo}" if hi - lo != 1 else str(lo) for lo, hi in self.ranges())

    @classmethod
    def from_text(cls, text: str) -> PartitionSet:
        """The set that ``to_text`` wrote; CorruptionError E290 for anything else."""
        if not text:
            return _empty()
        try:
            pairs = [part.split("+") for part in text.split(",")]
            starts = [int(pair[0]) for pair in pairs]
            counts = [int(pair[1]) if len(pair) == 2 else 1 for pair in pairs]
            read = cls.from_ranges(starts, [lo + n for lo, n in zip(starts, counts, strict=True)])
        except (ValueError, OverflowError, IndexError):
            read = _empty()
        if read.to_text() != text:
            raise CorruptionError("E290", f"`{text[:80]}` is not a recorded set of partitions")
        return read


@lru_cache(maxsize=1)
def _empty() -> PartitionSet:
    import numpy as np

    return _frozen(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))


@lru_cache(maxsize=1)
def _whole() -> PartitionSet:
    """{0}, the one partition of whatever is unpartitioned: shared, so that most operations on it are ``is``."""
    import numpy as np

    return _frozen(np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64))


def _remainder(low: int, high: int, start: int, stop: int) -> PartitionSet:
    """``[low, high)`` without ``[start, stop)``, which leaves at most one range."""
    if stop <= low or high <= start:
        return PartitionSet.range(low, high)
    return PartitionSet.range(low, start) if low < start else PartitionSet.range(stop, high)


def _frozen(starts: Ints, stops: Ints) -> PartitionSet:
    starts.flags.writeable = False
    stops.flags.writeable = False
    return PartitionSet(starts, stops)


def _normal(starts: Ints, stops: Ints) -> PartitionSet:
    import numpy as np

    keep = stops > starts
    if not keep.all():
        starts, stops = starts[keep], stops[keep]
    if starts.size == 0:
        return _empty()
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], np.maximum.accumulate(stops[order])
    fresh = np.flatnonzero(starts[1:] > ends[:-1]) + 1
    heads = np.concatenate((np.zeros(1, dtype=np.int64), fresh))
    tails = np.concatenate((fresh - 1, np.array([starts.size - 1], dtype=np.int64)))
    return _frozen(starts[heads], ends[tails])


def expand(starts: Ints, stops: Ints) -> Ints:
    """Every integer of the ranges, range by range."""
    import numpy as np

    lengths = stops - starts
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if ends.size else 0
    all_of_them: Ints = np.arange(total, dtype=np.int64) + np.repeat(
        starts - (ends - lengths), lengths
    )
    return all_of_them


def overlaps(starts: Ints, stops: Ints, within: PartitionSet) -> tuple[Ints, Ints]:
    """Index pairs (range, range of ``within``) that intersect, ordered by the first.

    The ranges given may overlap one another and be empty; only those of ``within`` are known to be disjoint.
    """
    import numpy as np

    low = within.stops.searchsorted(starts, side="right")
    high = within.starts.searchsorted(stops, side="left")
    counts = np.where(stops > starts, np.maximum(high - low, 0), 0)
    mine = np.repeat(np.arange(starts.size, dtype=np.int64), counts)
    return mine, expand(low, low + counts)
