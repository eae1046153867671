"""The calendar's grids: days, weeks, months and cron times, as arithmetic between ordinals and wall times.

Ordinals are anchored in 1970, never at a definition's start, so that a moved start keeps every ordinal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from math import gcd
from typing import TYPE_CHECKING

from assets_core.errors import DefinitionError
from assets_core.partitions.formats import month_starts, months_of
from assets_core.partitions.sets import PartitionSet
from assets_core.partitions.zones import DAY

if TYPE_CHECKING:
    from assets_core.partitions.sets import Bools, Ints

_EPOCH = date(1970, 1, 1)
_FIRST_SUNDAY = 3
_FIRST_DECADE, _LAST_DECADE = 0, 999


@dataclass(frozen=True, slots=True)
class DayGrid:
    """``days`` consecutive days per label, the first label ``anchor`` days and ``offset`` seconds after the epoch."""

    days: int
    anchor: int
    offset: int

    def walls(self, ordinals: Ints) -> Ints:
        return (ordinals * self.days + self.anchor) * DAY + self.offset

    def floor(self, walls: Ints) -> Ints:
        return (walls - self.offset - self.anchor * DAY) // (self.days * DAY)

    def near(self, wall: int) -> int:
        return (wall // DAY - self.anchor) // self.days

    def following(self, ordinals: Ints) -> Ints:
        return ordinals + 1

    def members(self, lo: int, hi: int) -> PartitionSet:
        return PartitionSet.range(lo, hi)


def week_grid(weekday: int, offset: int) -> DayGrid:
    """Weeks that begin on ``weekday`` (0 is Sunday)."""
    return DayGrid(7, _FIRST_SUNDAY + weekday, offset)


@dataclass(frozen=True, slots=True)
class MonthGrid:
    """Months that begin ``offset`` seconds after the midnight of their first day (less than 28 days)."""

    offset: int

    def walls(self, ordinals: Ints) -> Ints:
        return month_starts(ordinals) * DAY + self.offset

    def floor(self, walls: Ints) -> Ints:
        return months_of((walls - self.offset) // DAY)

    def near(self, wall: int) -> int:
        day = _EPOCH + timedelta(days=wall // DAY)
        return (day.year - 1970) * 12 + day.month - 1

    def following(self, ordinals: Ints) -> Ints:
        return ordinals + 1

    def members(self, lo: int, hi: int) -> PartitionSet:
        return PartitionSet.range(lo, hi)


@dataclass(frozen=True, slots=True)
class Cron:
    """A parsed cron expression (five fields, or six with seconds first)."""

    text: str
    times: tuple[int, ...]
    """Seconds of the day, ascending."""

    at_fixed_times: bool
    """Neither minute nor hour begins with ``*``: runs once a day at each time whatever clocks do, as Debian's cron."""

    coarsest: str
    """The coarsest resolution at which no two ticks are alike."""

    @property
    def every(self) -> int:
        """Seconds that divide the distance of any two ticks, at most an hour."""
        return gcd(3_600, *(time - self.times[0] for time in self.times))

    def allows(self, walls: Ints) -> Bools:
        """Whether each wall time is one of the expression's."""
        import numpy as np

        days = walls // DAY
        if days.size == 0:
            return np.zeros(0, dtype=np.bool_)
        matching = self.days(int(days.min()), int(days.max()))
        times = np.array(self.times, dtype=np.int64)
        allowed: Bools = np.isin(walls - days * DAY, times) & np.isin(days, matching)
        return allowed

    def days(self, lo: int, hi: int) -> Ints:
        """The days with ticks in all decades that ``lo`` to ``hi`` touch, in days since the epoch."""
        import numpy as np

        decades = range(_decade(lo), _decade(hi) + 1)
        return np.concatenate([_matching_days(self.text, decade) for decade in decades])

    def days_around(self, lo: int, hi: int) -> Ints:
        """As ``days``, and at least one day at or before ``lo`` and one after ``hi`` where the calendar has them."""
        import numpy as np

        first, last = _decade(lo), _decade(hi)
        found = self.days(lo, hi)
        while (found.size == 0 or int(found[0]) > lo) and first > _FIRST_DECADE:
            first -= 1
            found = np.concatenate((_matching_days(self.text, first), found))
        while (found.size == 0 or int(found[-1]) <= hi) and last < _LAST_DECADE:
            last += 1
            found = np.concatenate((found, _matching_days(self.text, last)))
        return found


@dataclass(frozen=True, slots=True)
class CronGrid:
    """Ticks at fixed times: ordinal = day x times per day + index of the time; other days have no ordinals."""

    cron: Cron

    def walls(self, ordinals: Ints) -> Ints:
        import numpy as np

        day, index = np.divmod(ordinals, len(self.cron.times))
        walls: Ints = day * DAY + np.array(self.cron.times, dtype=np.int64)[index]
        return walls

    def floor(self, walls: Ints) -> Ints:
        import numpy as np

        if walls.size == 0:
            return walls
        times = np.array(self.cron.times, dtype=np.int64)
        day = walls // DAY
        index = times.searchsorted(walls - day * DAY, side="right") - 1
        days = self.cron.days_around(int(day.min()) - 1, int(day.max()))
        at = days.searchsorted(np.where(index >= 0, day, day - 1), side="right") - 1
        found = days[np.maximum(at, 0)]
        index = np.where((found == day) & (index >= 0), index, times.size - 1)
        floors: Ints = np.where(at >= 0, found * times.size + index, int(days[0]) * times.size - 1)
        return floors

    def near(self, wall: int) -> int:
        return wall // DAY * len(self.cron.times)

    def following(self, ordinals: Ints) -> Ints:
        import numpy as np

        if ordinals.size == 0:
            return ordinals
        size = len(self.cron.times)
        day, index = np.divmod(ordinals, size)
        days = self.cron.days_around(int(day.min()), int(day.max()))
        after = days.searchsorted(day, side="right")
        next_day = np.append(days, int(days[-1]) + 1)[after]
        return np.where(index + 1 < size, ordinals + 1, next_day * size)

    def members(self, lo: int, hi: int) -> PartitionSet:
        import numpy as np

        if hi <= lo:
            return PartitionSet.empty()
        size = len(self.cron.times)
        days = self.cron.days(lo // size, hi // size)
        return PartitionSet.from_ranges(
            np.maximum(days * size, lo), np.minimum(days * size + size, hi)
        )


@lru_cache(maxsize=256)
def parse_cron(text: str) -> Cron:
    """Read a cron expression with cronsim; DefinitionError E202 says which field is wrong."""
    from cronsim import CronSim, CronSimError

    try:
        sim = CronSim(text, datetime(2000, 1, 1))  # noqa: DTZ001 - only its fields are read
        next(CronSim(text, datetime(2000, 1, 1)))  # noqa: DTZ001
    except (CronSimError, StopIteration) as error:
        why = str(error) or "it never happens"
        raise DefinitionError(
            "E202",
            f"`{text}` is not a cron expression: {why}",
            help="five fields: minute hour day-of-month month day-of-week, such as `0 6 * * MON-FRI`",
        ) from error
    times = sorted(
        h * 3_600 + m * 60 + s for h in sim.hours for m in sim.minutes for s in sim.seconds
    )
    fixed = (
        len(text.split()) == 5
        and not sim.parts[1].startswith("*")
        and not sim.parts[2].startswith("*")
    )
    once_a_month = len(sim.days) == 1 and sim.parts[5] == "*"
    return Cron(text, tuple(times), fixed, _coarsest(times, once_a_month, len(sim.months) == 1))


def _coarsest(times: list[int], once_a_month: bool, one_month: bool) -> str:
    if len(times) == 1:
        return ("year" if one_month else "month") if once_a_month else "day"
    for name, size in (("hour", 3_600), ("minute", 60)):
        if len({time // size for time in times}) == len(times):
            return name
    return "second"


def _decade(day: int) -> int:
    clipped = min(max(day, (date.min - _EPOCH).days), (date.max - _EPOCH).days)
    return (_EPOCH + timedelta(days=clipped)).year // 10


@lru_cache(maxsize=4096)
def _matching_days(text: str, decade: int) -> Ints:
    """The days of a decade that match, asked of cronsim day by day (1 us each)."""
    import numpy as np
    from cronsim import CronSim

    sim = CronSim(text, datetime(2000, 1, 1))  # noqa: DTZ001 - only its fields are read
    first = date(max(decade * 10, 1), 1, 1).toordinal()
    after = (
        date(decade * 10 + 10, 1, 1).toordinal()
        if decade < _LAST_DECADE
        else date.max.toordinal() + 1
    )
    found = [
        ordinal - _EPOCH.toordinal()
        for ordinal in range(first, after)
        if (day := date.fromordinal(ordinal)).month in sim.months and sim.match_day(day)
    ]
    return np.array(found, dtype=np.int64)
