"""Dates as people write them: a date prefix is a period of local time (``2013``, ``2013-01``, ``2013-01-05``)."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from assets_core.partitions.zones import LAST_WALL, wall_of

_PERIOD = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)([T ](?P<hour>\d\d)(:(?P<minute>\d\d))?)?)?)?",
    re.ASCII,
)


def parse_period(text: str) -> tuple[int, int] | None:
    """The half-open wall seconds of a date prefix (down to a minute); None when it is no date of the calendar."""
    match = _PERIOD.fullmatch(text)
    if match is None:
        return None
    given = {name: int(value) for name, value in match.groupdict().items() if value is not None}
    try:
        begin = datetime(  # noqa: DTZ001 - a wall time
            given["year"],
            given.get("month", 1),
            given.get("day", 1),
            given.get("hour", 0),
            given.get("minute", 0),
        )
    except ValueError:
        return None
    return wall_of(begin), _after(begin, given)


def _after(begin: datetime, given: dict[str, int]) -> int:
    if "day" in given:
        length = timedelta(minutes=1) if "minute" in given else timedelta(hours=1)
        return wall_of(begin) + int(
            (length if "hour" in given else timedelta(days=1)).total_seconds()
        )
    year, month = (begin.year, begin.month + 1) if "month" in given else (begin.year + 1, 1)
    if month > 12:
        year, month = year + 1, 1
    return wall_of(date(year, month, 1)) if year <= 9999 else LAST_WALL + 1
