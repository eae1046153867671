"""The time definitions users write: hours, days, weeks, months, and whatever a cron expression says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property

from assets_core.errors import DefinitionError
from assets_core.partitions.axis import Axis, ElapsedAxis, WallAxis
from assets_core.partitions.grids import Cron, CronGrid, DayGrid, MonthGrid, parse_cron, week_grid
from assets_core.partitions.timed import Moment, TimeDefinition, check_int, zone_codec
from assets_core.partitions.zones import DAY

_DAY = "%Y-%m-%d"
_MINUTE = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True)
class HourlyPartitions(TimeDefinition):
    """Local hours that begin at ``minute_offset``. The second of a repeated hour is named with its UTC offset."""

    start: Moment
    end: Moment | None = None
    _: KW_ONLY
    timezone: str = "UTC"
    minute_offset: int = 0
    end_offset: int = 0
    exclusions: Sequence[Moment] = ()
    fmt: str = _MINUTE

    kind = "hourly"
    coarsest = "hour"

    def __post_init__(self) -> None:
        check_int("minute_offset", self.minute_offset, 0, 59)
        super().__post_init__()

    @property
    def shape(self) -> str:
        return f"{self.minute_offset}"

    @property
    def codec(self) -> str:
        return f"{self.label_codec};{zone_codec(self.timezone)}"

    @property
    def label_codec(self) -> str:
        return f"{super().label_codec};{zone_codec(self.timezone)}"

    @cached_property
    def axis(self) -> Axis:
        return ElapsedAxis(self.timezone, 3_600, self.minute_offset * 60)


@dataclass(frozen=True)
class DailyPartitions(TimeDefinition):
    """Local days of 23 to 25 hours that begin at ``hour_offset:minute_offset``."""

    start: Moment
    end: Moment | None = None
    _: KW_ONLY
    timezone: str = "UTC"
    minute_offset: int = 0
    hour_offset: int = 0
    end_offset: int = 0
    exclusions: Sequence[Moment] = ()
    fmt: str = _DAY

    kind = "daily"
    coarsest = "day"

    def __post_init__(self) -> None:
        _check_time(self.hour_offset, self.minute_offset)
        super().__post_init__()

    @property
    def shape(self) -> str:
        return f"{self.hour_offset}:{self.minute_offset}"

    @cached_property
    def axis(self) -> Axis:
        return WallAxis(
            self.timezone, DayGrid(1, 0, _seconds(self.hour_offset, self.minute_offset))
        )


@dataclass(frozen=True)
class WeeklyPartitions(TimeDefinition):
    """Weeks that begin on weekday ``day_offset`` (0 is Sunday, 1 Monday) and are named by their first day."""

    start: Moment
    end: Moment | None = None
    _: KW_ONLY
    timezone: str = "UTC"
    minute_offset: int = 0
    hour_offset: int = 0
    day_offset: int = 0
    end_offset: int = 0
    exclusions: Sequence[Moment] = ()
    fmt: str = _DAY

    kind = "weekly"
    coarsest = "week"

    def __post_init__(self) -> None:
        _check_time(self.hour_offset, self.minute_offset)
        check_int("day_offset", self.day_offset, 0, 6)
        super().__post_init__()

    @property
    def shape(self) -> str:
        return f"{self.day_offset}:{self.hour_offset}:{self.minute_offset}"

    @cached_property
    def axis(self) -> Axis:
        offset = _seconds(self.hour_offset, self.minute_offset)
        return WallAxis(self.timezone, week_grid(self.day_offset, offset))


@dataclass(frozen=True)
class MonthlyPartitions(TimeDefinition):
    """Months that begin on day ``day_offset`` (1 to 28) and are named by their first day."""

    start: Moment
    end: Moment | None = None
    _: KW_ONLY
    timezone: str = "UTC"
    minute_offset: int = 0
    hour_offset: int = 0
    day_offset: int = 1
    end_offset: int = 0
    exclusions: Sequence[Moment] = ()
    fmt: str = "%Y-%m"

    kind = "monthly"
    coarsest = "month"

    def __post_init__(self) -> None:
        _check_time(self.hour_offset, self.minute_offset)
        if self.day_offset in {29, 30, 31}:
            raise DefinitionError(
                "E202",
                f"`day_offset={self.day_offset}` can't be used: not every month has that day",
                help="use 1 to 28, or TimePartitions with a cron expression",
            )
        check_int("day_offset", self.day_offset, 1, 28)
        super().__post_init__()

    @property
    def shape(self) -> str:
        return f"{self.day_offset}:{self.hour_offset}:{self.minute_offset}"

    @cached_property
    def axis(self) -> Axis:
        days = (self.day_offset - 1) * DAY
        return WallAxis(
            self.timezone, MonthGrid(days + _seconds(self.hour_offset, self.minute_offset))
        )


@dataclass(frozen=True)
class TimePartitions(TimeDefinition):
    """A window from each tick of ``cron`` to the next.

    At fixed times (``30 2 * * *``) there is one tick a day whatever clocks do; with ``*`` in minute or hour ticks
    follow real time, and one in a repeated hour is named with its UTC offset.
    """

    cron: str
    start: Moment
    end: Moment | None = None
    _: KW_ONLY
    timezone: str = "UTC"
    end_offset: int = 0
    exclusions: Sequence[Moment] = ()
    fmt: str = ""

    kind = "cron"

    def __post_init__(self) -> None:
        text = " ".join(self.cron.split()).upper()
        object.__setattr__(self, "cron", text)
        default = {"hour": _MINUTE, "minute": _MINUTE, "second": f"{_MINUTE}:%S"}
        if not self.fmt:
            object.__setattr__(self, "fmt", default.get(self.coarsest, _DAY))
        super().__post_init__()

    @property
    def coarsest(self) -> str:
        return self._parsed.coarsest

    @property
    def shape(self) -> str:
        return self.cron

    @property
    def codec(self) -> str:
        if self._parsed.at_fixed_times:
            return super().codec
        return f"{super().label_codec};{zone_codec(self.timezone)}"

    @property
    def label_codec(self) -> str:
        return super().label_codec if self._parsed.at_fixed_times else self.codec

    @cached_property
    def axis(self) -> Axis:
        parsed = self._parsed
        if parsed.at_fixed_times:
            return WallAxis(self.timezone, CronGrid(parsed))
        every = parsed.every
        return ElapsedAxis(self.timezone, every, parsed.times[0] % every, parsed)

    @property
    def _parsed(self) -> Cron:
        return parse_cron(self.cron)


def _seconds(hour: int, minute: int) -> int:
    return hour * 3_600 + minute * 60


def _check_time(hour: int, minute: int) -> None:
    check_int("hour_offset", hour, 0, 23)
    check_int("minute_offset", minute, 0, 59)
