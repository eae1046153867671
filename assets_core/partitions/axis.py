"""The time line of a definition without start, end and exclusions: ordinals, their windows and their labels.

Two kinds exist. On a *wall* axis (days, weeks, months, cron at fixed times) ordinals follow the calendar and a window
begins at the first instant whose local time has reached its label. On an *elapsed* axis (hours, cron with ``*``)
ordinals count real time in UTC, so that the hour repeated when clocks are set back has an ordinal of its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Protocol

from assets_core.partitions.sets import PartitionSet
from assets_core.partitions.zones import FIRST_WALL, LAST_WALL, Spans, spans_between

if TYPE_CHECKING:
    from assets_core.partitions.sets import Bools, Ints


class Axis(ABC):
    """Windows are non-empty, disjoint and ascending with their ordinals; together they cover all time."""

    zone: str

    @property
    @abstractmethod
    def span(self) -> tuple[int, int]:
        """Half-open bounds of the ordinals whose windows lie within the years 1 to 9999."""

    @abstractmethod
    def near(self, wall: int) -> int:
        """An ordinal within two days of a wall time, by arithmetic alone: it bounds ordinals before numpy is loaded."""

    @abstractmethod
    def valid(self, lo: int, hi: int) -> PartitionSet:
        """Of the ordinals ``lo <= x < hi`` those that have a window."""

    def has(self, ordinals: Ints) -> Bools:
        """Whether each ordinal has a window."""
        if ordinals.size == 0:
            return ordinals.astype("bool")
        lo, hi = max(int(ordinals.min()), self.span[0]), min(int(ordinals.max()) + 1, self.span[1])
        return self.valid(lo, hi).contains(ordinals)

    @abstractmethod
    def starts(self, ordinals: Ints) -> Ints:
        """The instant at which each window begins."""

    @abstractmethod
    def ends(self, ordinals: Ints) -> Ints:
        """The instant at which each window ends, which is where the next begins."""

    @abstractmethod
    def covering(self, instants: Ints) -> Ints:
        """The ordinal whose window contains each instant."""

    @abstractmethod
    def labels(self, ordinals: Ints) -> tuple[Ints, Bools]:
        """The wall time that names each window, and whether an earlier window has the same name."""

    @abstractmethod
    def labelled(self, last_seconds: Ints) -> Ints:
        """The first ordinal whose label is in the period that ends with this wall second; a guess where none is."""

    def spans(self, *moments: Ints) -> Spans:
        """The zone's stretches around these instants or wall times."""
        lows = [int(moment.min()) for moment in moments if moment.size]
        highs = [int(moment.max()) for moment in moments if moment.size]
        return spans_between(self.zone, min(lows, default=0), max(highs, default=0))

    def covering_one(self, instant: int) -> int:
        """The ordinal whose window contains one instant."""
        import numpy as np

        return int(self.covering(np.array([instant], dtype=np.int64))[0])

    def from_instant(self, instant: int) -> int:
        """The smallest ordinal whose window begins at or after ``instant`` (a bound: it may have no window)."""
        import numpy as np

        ordinal = self.covering_one(instant)
        start = int(self.starts(np.array([ordinal], dtype=np.int64))[0])
        return ordinal if start >= instant else ordinal + 1

    def step(self, ordinal: int, windows: int) -> int:
        """The ordinal of the window that many windows later (earlier when negative)."""
        import numpy as np

        lo, hi = self.span
        pad = abs(windows) + 2
        while True:
            begin, end = max(lo, ordinal - pad), min(hi, ordinal + pad + 1)
            near = self.valid(begin, end)
            rank = int(near.rank(np.array([ordinal], dtype=np.int64))[0]) + windows
            if 0 <= rank < near.count:
                return int(near.at(np.array([rank], dtype=np.int64))[0])
            if begin == lo and end == hi:
                return hi if windows > 0 else lo
            pad *= 4


class Grid(Protocol):
    """Labels of a wall axis: ordinals and wall times, without any zone."""

    def walls(self, ordinals: Ints) -> Ints:
        """The label of each ordinal."""

    def floor(self, walls: Ints) -> Ints:
        """The last ordinal whose label is not after each wall time."""

    def near(self, wall: int) -> int:
        """As ``Axis.near``."""

    def following(self, ordinals: Ints) -> Ints:
        """The next ordinal that has a label."""

    def members(self, lo: int, hi: int) -> PartitionSet:
        """Of the ordinals ``lo <= x < hi`` those that have a label."""


class WallAxis(Axis):
    """Windows between the first instants that reach consecutive labels of a grid.

    A label in a gap begins where the gap ends; where a gap swallows a whole window (Samoa had no 30 December 2011) that
    window would be empty and its ordinal has no key. A day with a repeated hour is one window of 25 hours.
    """

    def __init__(self, zone: str, grid: Grid) -> None:
        self.zone = zone
        self.grid = grid
        self._span: tuple[int, int] | None = None

    @property
    def span(self) -> tuple[int, int]:
        if self._span is None:
            import numpy as np

            # One call each: a cron grid looks at every day between the walls of one call.
            lo = int(self.grid.floor(np.array([FIRST_WALL], dtype=np.int64))[0])
            hi = int(self.grid.floor(np.array([LAST_WALL], dtype=np.int64))[0])
            first = int(self.grid.walls(np.array([lo], dtype=np.int64))[0])
            self._span = (lo if first >= FIRST_WALL else lo + 1, hi)
        return self._span

    def near(self, wall: int) -> int:
        return self.grid.near(wall)

    def starts(self, ordinals: Ints) -> Ints:
        walls = self.grid.walls(ordinals)
        return self.spans(walls).first_instants(walls)

    def ends(self, ordinals: Ints) -> Ints:
        return self.starts(self.grid.following(ordinals))

    def covering(self, instants: Ints) -> Ints:
        return self.grid.floor(self.spans(instants).peak_walls(instants))

    def labels(self, ordinals: Ints) -> tuple[Ints, Bools]:
        import numpy as np

        return self.grid.walls(ordinals), np.zeros(ordinals.size, dtype=np.bool_)

    def labelled(self, last_seconds: Ints) -> Ints:
        return self.grid.floor(last_seconds)

    def valid(self, lo: int, hi: int) -> PartitionSet:
        import numpy as np

        first, last = self.span
        lo, hi = max(lo, first), min(hi, last)
        members = self.grid.members(lo, hi)
        if not members:
            return members
        ends = self.grid.walls(np.array([members.first, members.last], dtype=np.int64))
        spans = self.spans(ends)
        gap_lo, gap_hi = spans.peaks[:-1], spans.begins[1:] + spans.offsets[1:]
        wide = gap_hi > gap_lo
        swallowed = self.grid.floor(gap_lo[wide] - 1)
        return members - PartitionSet.from_ranges(
            self.grid.following(swallowed), self.grid.floor(gap_hi[wide])
        )


class ElapsedAxis(Axis):
    """Windows that begin whenever the local time is ``phase`` modulo ``every`` seconds and the pattern allows it.

    The ordinal is the start's UTC second divided by ``every`` (at most an hour, so that whole-hour shifts keep starts
    apart). Where a shift of less than ``every`` puts two starts into one slot, the first stands and its window goes on.
    """

    def __init__(self, zone: str, every: int, phase: int, pattern: Pattern | None = None) -> None:
        self.zone = zone
        self.every = every
        self.phase = phase
        self.pattern = pattern

    @property
    def span(self) -> tuple[int, int]:
        margin = 3 * 86_400
        return ((FIRST_WALL + margin) // self.every, (LAST_WALL - margin) // self.every)

    def valid(self, lo: int, hi: int) -> PartitionSet:
        import numpy as np

        first, last = self.span
        lo, hi = max(lo, first), min(hi, last)
        if hi <= lo:
            return PartitionSet.empty()
        slots = _Slots(self._around(np.array([lo, hi], dtype=np.int64)), self.every, self.phase)
        every = PartitionSet.from_ranges(np.maximum(slots.lows, lo), np.minimum(slots.highs, hi))
        if self.pattern is None:
            return every
        ordinals = every.to_array()
        return PartitionSet.of(ordinals[self.pattern.allows(slots.walls(ordinals))])

    def near(self, wall: int) -> int:
        return wall // self.every

    def has(self, ordinals: Ints) -> Bools:
        if self.pattern is None:
            return super().has(ordinals)
        slots = _Slots(self._around(ordinals), self.every, self.phase)
        inside = (ordinals >= self.span[0]) & (ordinals < self.span[1])
        allowed: Bools = inside & slots.owned(ordinals) & self.pattern.allows(slots.walls(ordinals))
        return allowed

    def starts(self, ordinals: Ints) -> Ints:
        return _Slots(self._around(ordinals), self.every, self.phase).starts(ordinals)

    def ends(self, ordinals: Ints) -> Ints:
        if self.pattern is None:
            slots = _Slots(self._around(ordinals), self.every, self.phase)
            return slots.starts(slots.following(ordinals))
        if ordinals.size == 0:
            return ordinals
        near = self._reaching(int(ordinals.min()), int(ordinals.max()) + 1)
        return self.starts(near.at(near.rank(ordinals + 1)))

    def covering(self, instants: Ints) -> Ints:
        slots = _Slots(self.spans(instants), self.every, self.phase)
        ordinals = slots.covering(instants)
        if self.pattern is None or ordinals.size == 0:
            return ordinals
        near = self._reaching(int(ordinals.min()), int(ordinals.max()))
        return near.at(near.rank(ordinals + 1) - 1)

    def labels(self, ordinals: Ints) -> tuple[Ints, Bools]:
        spans = self._around(ordinals)
        starts = _Slots(spans, self.every, self.phase).starts(ordinals)
        return spans.walls(starts), spans.repeated(starts)

    def labelled(self, last_seconds: Ints) -> Ints:
        walls = (last_seconds - self.phase) // self.every * self.every + self.phase
        spans = self.spans(walls)
        instants = walls - spans.offsets[spans.peaks.searchsorted(walls, side="right")]
        return _Slots(spans, self.every, self.phase).covering(instants)

    def _around(self, ordinals: Ints) -> Spans:
        return self.spans(ordinals * self.every)

    def _reaching(self, lo: int, hi: int) -> PartitionSet:
        """The valid ordinals from one at or before ``lo`` to one at or after ``hi``."""
        first, last = self.span
        pad = 2 * 86_400 // self.every
        while True:
            near = self.valid(lo - pad, hi + pad)
            if near and near.first <= lo and near.last >= hi:
                return near
            if lo - pad < first and hi + pad >= last:
                bounds = PartitionSet.of([min(first, lo), max(last, hi)])
                return near | bounds
            pad *= 4


class Pattern(Protocol):
    """Which wall times a cron expression names."""

    def allows(self, walls: Ints) -> Bools:
        """Whether each wall time is one of them."""


class _Slots:
    """Slots of ``every`` seconds over a zone's stretches: stretch ``i`` owns ``lows[i] <= ordinal < highs[i]``.

    Where two stretches have a start in one slot, the slot belongs to the first of them.
    """

    def __init__(self, spans: Spans, every: int, phase: int) -> None:
        import numpy as np

        self.spans, self.every = spans, every
        self.residues = (phase - spans.offsets) % every
        self.lows = -((self.residues - spans.begins) // every)
        after = np.append(spans.begins[1:], -spans.begins[0])
        highs = np.maximum.accumulate(-((self.residues - after) // every))
        self.highs = np.maximum(highs, self.lows)

    def starts(self, ordinals: Ints) -> Ints:
        starts: Ints = ordinals * self.every + self.residues[self._owner(ordinals)]
        return starts

    def walls(self, ordinals: Ints) -> Ints:
        walls: Ints = self.starts(ordinals) + self.spans.offsets[self._owner(ordinals)]
        return walls

    def following(self, ordinals: Ints) -> Ints:
        import numpy as np

        after: Ints = np.maximum(ordinals + 1, self.lows[self._owner(ordinals + 1)])
        return after

    def covering(self, instants: Ints) -> Ints:
        import numpy as np

        index = self.spans.at(instants)
        ordinals = (instants - self.residues[index]) // self.every
        lasts = np.maximum.accumulate(np.where(self.highs > self.lows, self.highs - 1, -(2**62)))
        return np.where(ordinals < self.lows[index], lasts[np.maximum(index - 1, 0)], ordinals)

    def owned(self, ordinals: Ints) -> Bools:
        owned: Bools = ordinals >= self.lows[self._owner(ordinals)]
        return owned

    def _owner(self, ordinals: Ints) -> Ints:
        owner: Ints = self.highs.searchsorted(ordinals, side="right")
        return owner
