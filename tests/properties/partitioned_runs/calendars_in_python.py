"""The oracle of partitions in plain Python: which keys exist, and which upstream keys a downstream key needs.

Nothing of the partitions library is used here. Time is counted from Monday 26 January 2026, 00:00 UTC; a window is a
pair of datetimes, and needing is comparing them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

ORIGIN = datetime(2026, 1, 26, tzinfo=UTC)
LETTERS = ("a", "b", "c")
DAY = timedelta(days=1)
NINE = timedelta(hours=9)

Window: TypeAlias = tuple[datetime, datetime]


@dataclass(frozen=True)
class Timed:
    """One kind of time windows: ``start(i)`` for any i; those from 0 on are defined, and exist once they end."""

    length: timedelta
    fmt: str
    ahead: timedelta = timedelta()
    """How much later the local clock is than UTC."""
    extra: int = 0
    """``end_offset``: windows that exist although they have not ended."""

    def start(self, index: int) -> datetime:
        return ORIGIN + index * self.length - self.ahead

    def window(self, index: int) -> Window:
        return self.start(index), self.start(index + 1)

    def key(self, index: int) -> str:
        return (self.start(index) + self.ahead).strftime(self.fmt)

    def existing(self, now: datetime) -> list[int]:
        count = 0
        while self.start(count + 1) <= now:
            count += 1
        return list(range(max(0, count + self.extra)))


class Months(Timed):
    """Months, the first being January 2026."""

    def start(self, index: int) -> datetime:
        return datetime(2026 + index // 12, index % 12 + 1, 1, tzinfo=UTC)


TIMES: dict[str, Timed] = {
    "day": Timed(DAY, "%Y-%m-%d"),
    "today": Timed(DAY, "%Y-%m-%d", extra=1),
    "tokyo": Timed(DAY, "%Y-%m-%d", NINE),
    "quarter": Timed(DAY / 4, "%Y-%m-%dT%H:%M"),
    "week": Timed(7 * DAY, "%Y-%m-%d"),
    "month": Months(31 * DAY, "%Y-%m"),
}
KINDS = ("none", *TIMES, "letter", "multi")


def keys(kind: str, now: datetime) -> list[str]:
    """The keys that exist at ``now``, in order."""
    if kind == "none":
        return [""]
    if kind == "letter":
        return list(LETTERS)
    if kind == "multi":
        return [pair(day, letter) for day in keys("day", now) for letter in LETTERS]
    times = TIMES[kind]
    return [times.key(i) for i in times.existing(now)]


def pair(day: str, letter: str) -> str:
    return f"day={day},region={letter}"


def split(key: str) -> tuple[str, str]:
    day, letter = key.split(",")
    return day.removeprefix("day="), letter.removeprefix("region=")


def index_of(kind: str, key: str) -> int:
    times = TIMES[kind]
    return next(i for i in range(-60, 400) if times.key(i) == key)


@dataclass(frozen=True)
class Link:
    """How one asset reads another, as data: ``name`` and what it takes."""

    name: str = "infer"
    first: int = 0
    last: int = 0
    optional: bool = False

    @property
    def takes_what_is_there(self) -> bool:
        """Whether only materialized partitions are read, however many those are."""
        return self.name in {"all", "last", "days_of"}


def needed(link: Link, up: str, down: str, key: str, there: Iterable[str]) -> list[str]:
    """The upstream keys that ``key`` reads, those of ``there`` where only what is there is read."""
    match link.name:
        case "infer" if up == "none":
            return [""]
        case "infer" | "identity" if up == down:
            return [key]
        case "all":
            return sorted(there)
        case "last":
            return sorted(there)[-1:]
        case "specific":
            return ["a", "b"]
        case "table":
            return [letter for letter, downs in TABLE.items() if key in downs]
        case "window":
            return list(_overlapping(up, down, key, link))
        case "regions_of":  # the day's regions, for a downstream without regions
            return [pair(d, x) for d in _overlapping("day", down, key, link) for x in LETTERS]
        case "days_of":  # the letter's days, all that are there
            return [k for k in sorted(there) if split(k)[1] == key]
        case "day_of":
            return list(_overlapping(up, "day", split(key)[0], link))
        case "region_of":
            return [split(key)[1]]
        case "both":
            day, letter = split(key)
            return [pair(d, letter) for d in _overlapping("day", "day", day, link)]
        case "any_region":
            return [
                pair(d, x) for d in _overlapping("day", "day", split(key)[0], link) for x in LETTERS
            ]
    raise AssertionError((link, up, down))


TABLE = {"a": ("a", "b"), "b": ("b",)}
"""The static mapping: ``c`` downstream needs nothing, ``c`` upstream is needed by nothing."""


def _overlapping(up: str, down: str, key: str, link: Link) -> Iterator[str]:
    """Upstream windows that overlap the window from ``first`` to ``last`` windows later, as far as they are defined."""
    own, other = TIMES[down], TIMES[up]
    at = index_of(down, key)
    begin, end = own.start(at + link.first), own.start(at + link.last + 1)
    for index in range(400):
        start, stop = other.window(index)
        if start >= end:
            return
        if stop > begin:
            yield other.key(index)


def links_between(up: str, down: str) -> list[Link]:
    """Every way the oracle knows to read ``up`` from ``down``."""
    if up == "none":
        return [Link()]
    whole = [Link("all"), Link("last")]
    if up in TIMES and down in TIMES:
        windows = [(0, 0), (0, 0), (-1, 0), (-1, -1), (-2, -1), (-3, -2)]
        ahead = [Link("window", 0, 1, optional=True)]
        return [Link("window", a, b) for a, b in windows] + ahead + whole
    if up == "letter" == down:
        return [Link(), Link("table"), Link("specific"), *whole]
    if up == "letter" and down in TIMES:
        return [Link("specific"), *whole]
    if up == "letter" and down == "multi":
        return [Link("region_of"), Link("region_of"), *whole]
    if up in TIMES and down == "multi":
        return [Link("day_of"), Link("day_of", -1, 0), Link("day_of", -1, -1), *whole]
    if up == "multi" and down in TIMES:
        return [Link("regions_of"), Link("regions_of", -1, 0), *whole]
    if up == "multi" and down == "letter":
        return [Link("days_of"), Link("days_of"), *whole]
    if up == "multi" == down:
        return [Link(), Link("both"), Link("both", -1, 0), Link("any_region", -1, -1), *whole]
    return whole


def links_to_itself(kind: str) -> list[Link]:
    """The ways an asset may read its own earlier partitions."""
    if kind in TIMES:
        return [Link("window", -1, -1), Link("window", -1, -1), Link("window", -3, -2)]
    if kind == "multi":
        return [Link("both", -1, -1), Link("any_region", -2, -1)]
    return []
