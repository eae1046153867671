"""Time zones as arrays: the stretches of constant UTC offset, and the two maps between local and real time.

``zoneinfo`` answers for one instant at a time (0.3 us) and doesn't list its transitions, so they are found by probing
every second day and bisecting: over all zones of tzdata no two changes of offset are less than 3.9 days apart and the
first is in 1844 (a test checks both). Everything is in whole seconds since 1970-01-01, "wall" meaning local.
"""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from assets_core.errors import DefinitionError

if TYPE_CHECKING:
    from assets_core.partitions.sets import Bools, Ints

DAY = 86_400
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall time has no zone
FAR = 2**60
"""Beyond every representable second, small enough that sums of two stay within int64."""
FIRST_CHANGE_YEAR = 1840
FIRST_WALL = int((datetime(1, 1, 1) - EPOCH).total_seconds())  # noqa: DTZ001
LAST_WALL = int((datetime(9999, 12, 31, 23, 59, 59) - EPOCH).total_seconds())  # noqa: DTZ001

_FIXED = frozenset({"UTC", "Etc/UTC"})
_PROBE = 2 * DAY
_FOUR_CENTURIES = 146_097 * DAY
"""A whole number of weeks: rules repeat exactly, so far decades are copied (probing up to 9999 takes seconds)."""
_PERIODIC_DECADE = 210
"""From 2100 on every zone follows a yearly rule (the longest explicit list, Gaza's, ends in 2086)."""
_EARLIEST = FIRST_WALL + 2 * DAY
_LATEST = LAST_WALL - 2 * DAY


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Stretches of constant offset: ``begins[i] <= t < begins[i + 1]`` has ``offsets[i]``, the outer two being endless.

    ``peaks[i]`` is the least upper bound of the wall time reached before stretch ``i`` ends (it does not fall where
    clocks are set back), which makes both maps below monotone.
    """

    begins: Ints
    offsets: Ints
    peaks: Ints

    def at(self, instants: Ints) -> Ints:
        """For each instant the index of its stretch."""
        index: Ints = self.begins.searchsorted(instants, side="right") - 1
        return index

    def walls(self, instants: Ints) -> Ints:
        """The wall time at each instant."""
        walls: Ints = instants + self.offsets[self.at(instants)]
        return walls

    def peak_walls(self, instants: Ints) -> Ints:
        """The latest wall time shown up to and including each instant."""
        import numpy as np

        index = self.at(instants)
        before = np.where(index > 0, self.peaks[index - 1] - 1, -FAR)
        peak: Ints = np.maximum(before, instants + self.offsets[index])
        return peak

    def first_instants(self, walls: Ints) -> Ints:
        """The first instant at which the wall time is at least this: the second of a gap maps to the gap's end."""
        import numpy as np

        index = self.peaks.searchsorted(walls, side="right")
        instants: Ints = np.maximum(walls - self.offsets[index], self.begins[index])
        return instants

    def repeated(self, instants: Ints) -> Bools:
        """Whether the wall time at each instant was shown before (clocks had been set back)."""
        import numpy as np

        index = self.at(instants)
        before = np.where(index > 0, self.peaks[index - 1], -FAR)
        again: Bools = instants + self.offsets[index] < before
        return again


@lru_cache(maxsize=64)
def zone_info(name: str) -> ZoneInfo:
    """The zone of this IANA name; DefinitionError E202 with the nearest names otherwise."""
    try:
        return ZoneInfo(name)
    except (OSError, KeyError, ValueError, TypeError) as error:
        near = difflib.get_close_matches(str(name), sorted(available_timezones()), n=3)
        raise DefinitionError(
            "E202",
            f"`{name}` is not a time zone",
            help=f"did you mean {' or '.join(f'`{one}`' for one in near)}?"
            if near
            else "use an IANA name such as `Europe/Zurich` or `UTC`",
        ) from error


@lru_cache(maxsize=256)
def spans(name: str, first_decade: int, last_decade: int) -> Spans:
    """The stretches of a zone from year ``first_decade * 10`` to the end of ``last_decade``."""
    import numpy as np

    lo = min(max(_january(first_decade * 10), _EARLIEST), _LATEST)
    changes = [(-FAR, _offset(zone_info(name), lo))]
    for decade in range(max(first_decade, FIRST_CHANGE_YEAR // 10), last_decade + 1):
        changes.extend(_changes(name, decade))
    begins = np.array([begin for begin, _ in changes], dtype=np.int64)
    offsets = np.array([offset for _, offset in changes], dtype=np.int64)
    ends = np.append(begins[1:] + offsets[:-1], FAR)
    return Spans(begins, offsets, np.maximum.accumulate(ends))


def spans_between(name: str, lo: int, hi: int) -> Spans:
    """The stretches around instants or wall times from ``lo`` to ``hi``, with a year to spare on both sides."""
    return spans(name, year_of(lo - 366 * DAY) // 10, year_of(hi + 366 * DAY) // 10)


@lru_cache(maxsize=64)
def zone_digest(name: str) -> str:
    """8 hex characters over the zone's offsets from 1970 to 2039: they change when its rules do."""
    changes = [change for decade in range(197, 204) for change in _changes(name, decade)]
    return hashlib.blake2b(repr(changes).encode(), digest_size=4).hexdigest()


def year_of(seconds: int) -> int:
    """The calendar year of a wall time, clipped to the years datetime knows."""
    return (EPOCH + timedelta(seconds=min(max(seconds, FIRST_WALL), LAST_WALL))).year


@lru_cache(maxsize=4096)
def _changes(name: str, decade: int) -> tuple[tuple[int, int], ...]:
    zone = zone_info(name)
    if name in _FIXED:
        return ()
    if decade >= _PERIODIC_DECADE + 40:
        shift = _FOUR_CENTURIES * ((decade - _PERIODIC_DECADE) // 40)
        like = _PERIODIC_DECADE + (decade - _PERIODIC_DECADE) % 40
        moved = ((begin + shift, offset) for begin, offset in _changes(name, like))
        return tuple((begin, offset) for begin, offset in moved if begin < _LATEST)
    lo = min(max(_january(decade * 10), _EARLIEST), _LATEST)
    hi = min(max(_january(decade * 10 + 10), _EARLIEST), _LATEST)
    found, before = [], _offset(zone, lo)
    for left in range(lo, hi, _PROBE):
        right = min(left + _PROBE, hi)
        after = _offset(zone, right)
        if after != before:
            found.append((_change(zone, left, right, after), after))
            before = after
    return tuple(found)


def _change(zone: ZoneInfo, left: int, right: int, after: int) -> int:
    while right - left > 1:
        middle = (left + right) // 2
        if _offset(zone, middle) == after:
            right = middle
        else:
            left = middle
    return right


def _offset(zone: ZoneInfo, instant: int) -> int:
    local = zone.fromutc((EPOCH + timedelta(seconds=instant)).replace(tzinfo=zone))
    offset = local.utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _january(year: int) -> int:
    if year > 9999:
        return LAST_WALL
    return (date(max(year, 1), 1, 1) - EPOCH.date()).days * DAY


def instant_of(moment: datetime) -> int:
    """Whole seconds since the epoch of an aware datetime (rounded down)."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)


def wall_of(moment: datetime | date) -> int:
    """Seconds since the epoch of a naive local time, or of a date's midnight."""
    if not isinstance(moment, datetime):
        return (moment - EPOCH.date()).days * DAY
    return (moment.replace(tzinfo=None) - EPOCH) // timedelta(seconds=1)


def aware(wall: int, name: str, *, again: bool) -> datetime:
    """The aware datetime of a wall time; ``again`` picks the second of a repeated hour."""
    naive = EPOCH + timedelta(seconds=wall)
    return naive.replace(tzinfo=zone_info(name), fold=int(again))
