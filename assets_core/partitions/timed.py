"""What all time partitions share: an axis of windows, bounded by start and end, less exclusions, named by a format."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from assets_core.errors import DefinitionError
from assets_core.partitions.axis import Axis
from assets_core.partitions.definitions import (
    PartitionsDefinition,
    Window,
    as_array,
    no_ordinal,
    require_aware,
)
from assets_core.partitions.formats import KeyFormat, key_format
from assets_core.partitions.grids import Cron, parse_cron
from assets_core.partitions.periods import parse_period
from assets_core.partitions.sets import PartitionSet
from assets_core.partitions.zones import (
    EPOCH,
    FIRST_WALL,
    LAST_WALL,
    aware,
    instant_of,
    spans_between,
    wall_of,
    zone_digest,
    zone_info,
)

if TYPE_CHECKING:
    from assets_core.partitions.sets import Bools, Ints

Moment: TypeAlias = str | date | datetime
"""A local time: ISO text, a date prefix (its beginning), a date, a naive datetime, or an aware one."""


class TimeDefinition(PartitionsDefinition):
    """Windows of time. Concrete classes are frozen dataclasses that declare these fields and build the axis."""

    start: Moment
    end: Moment | None
    timezone: str
    end_offset: int
    exclusions: Sequence[Moment]
    fmt: str

    @property
    @abstractmethod
    def axis(self) -> Axis:
        """The unbounded time line."""

    @property
    @abstractmethod
    def coarsest(self) -> str:
        """The resolution that keys need at least."""

    @property
    @abstractmethod
    def shape(self) -> str:
        """What distinguishes the axis from others of its kind, without zone and format."""

    def __post_init__(self) -> None:
        """Normalise the arguments (so that equal definitions are equal) and refuse impossible ones."""
        zone_info(self.timezone)
        object.__setattr__(self, "start", _iso(self.start))
        object.__setattr__(self, "end", None if self.end is None else _iso(self.end))
        if isinstance(self.exclusions, str | date):
            raise _wrong("exclusions", self.exclusions, "it takes a list")
        object.__setattr__(self, "exclusions", tuple(_iso(one) for one in self.exclusions))
        check_int("end_offset", self.end_offset, -1_000_000, 1_000_000)
        _ = self.format
        parse_moment("start", str(self.start))
        if self.end is not None:
            _check_order(str(self.start), str(self.end), self.timezone)
        for exclusion in self.exclusions:
            self._check_exclusion(str(exclusion))

    @cached_property
    def format(self) -> KeyFormat:
        """The compiled key format."""
        return key_format(self.fmt, self.coarsest)

    @property
    def label_codec(self) -> str:
        return f"{self.kind}/1;{self.shape};{self.fmt}"

    @property
    def codec(self) -> str:
        return f"{self.label_codec};{self.timezone}"

    @property
    def windows(self) -> str:
        return f"{self.kind} {self.shape} {self.timezone}"

    def same_windows(self, recorded: str, ordinals: Ints) -> Bools:
        """Told apart partition by partition where only the time zone was another, as in winter and in summer."""
        import numpy as np

        same = super().same_windows(recorded, ordinals)
        rest, _, zone = recorded.rpartition(" ")
        before = self._in_zone(zone) if rest == f"{self.kind} {self.shape}" else None
        if before is None or zone == self.timezone:
            return same
        then, known = before.find(self.keys(ordinals))
        then = np.where(known, then, before.bounds[0])
        known &= before.axis.starts(then) == self.axis.starts(ordinals)
        known &= before.axis.ends(then) == self.axis.ends(ordinals)
        return known

    def _in_zone(self, zone: str) -> TimeDefinition | None:
        try:
            return replace(self, timezone=zone)  # type: ignore[type-var]
        except DefinitionError:  # recorded where that zone was known
            return None

    @property
    def span(self) -> tuple[int, int]:
        return self.axis.span

    @cached_property
    def bounds(self) -> tuple[int, int]:
        """Half-open ordinals of the windows that lie within start and end."""
        first, last = self.axis.span
        lo = max(first, self.axis.from_instant(_instant("start", self.start, self.timezone)))
        if self.end is None:
            return lo, last
        end = _instant("end", self.end, self.timezone)
        return lo, min(last, self.axis.covering_one(end))

    def existing(self, now: datetime) -> PartitionSet:
        require_aware(now)
        instant = min(max(instant_of(now), FIRST_WALL), LAST_WALL)
        after = self.axis.covering_one(instant)
        if self.end_offset:
            after = self.axis.step(after, self.end_offset)
        return self.defined(self.bounds[0], after)

    def defined(self, lo: int, hi: int) -> PartitionSet:
        first, last = self.bounds
        return self.unbounded(max(lo, first), min(hi, last))

    def unbounded(self, lo: int, hi: int) -> PartitionSet:
        """Of the ordinals ``lo <= x < hi`` those with a window that is not excluded, whatever start and end are."""
        members = self.axis.valid(lo, hi)
        if not self.exclusions or not members:
            return members
        for cron in self._excluded_times:
            ordinals = members.to_array()
            members = PartitionSet.of(ordinals[~cron.allows(self._start_walls(ordinals))])
        return members - self._excluded

    def keys(self, ordinals: PartitionSet | Ints) -> list[str]:
        array = as_array(ordinals)
        has = self.axis.has(array)
        if not has.all():
            raise no_ordinal(self, int(array[int(has.argmin())]))
        walls, again = self.axis.labels(array)
        keys = self.format.render(walls)
        if again.any():
            offsets = (walls - self.axis.starts(array)).tolist()
            for index in again.nonzero()[0].tolist():
                keys[index] += _offset_text(offsets[index])
        return keys

    def find(self, keys: Sequence[str]) -> tuple[Ints, Bools]:
        import numpy as np

        width = self.format.width
        found = np.zeros(len(keys), dtype=np.int64)
        known = np.zeros(len(keys), dtype=np.bool_)
        lengths = np.fromiter(map(len, keys), dtype=np.int64, count=len(keys))
        for lo in range(0, len(keys), CHUNK):
            index = lo + np.flatnonzero(lengths[lo : lo + CHUNK] == width)
            whole = index.size == min(CHUNK, len(keys) - lo)
            texts = keys[lo : lo + CHUNK] if whole else [keys[i] for i in index.tolist()]
            if texts:
                found[index], known[index] = self._find_plain(texts)
        for at in np.flatnonzero(lengths > width).tolist():
            found[at], known[at] = self._find_repeated(keys[at])
        return found, known

    def _find_plain(self, keys: Sequence[str]) -> tuple[Ints, Bools]:
        import numpy as np

        codes, last_seconds, good = self.format.read(keys)
        ordinals = self.axis.labelled(last_seconds)
        good = good & self.axis.has(ordinals)
        ordinals = np.where(good, ordinals, self.bounds[0])
        walls, again = self.axis.labels(ordinals)
        good &= ~again & (self.format.codes(walls) == codes).all(axis=1)
        return np.where(good, ordinals, 0), good

    def _find_repeated(self, key: str) -> tuple[int, bool]:
        """The ordinal of a key that carries its UTC offset."""
        import numpy as np

        plain, suffix = key[: self.format.width], key[self.format.width :]
        _, last_seconds, good = self.format.read([plain])
        sign = {"+": 1, "-": -1}.get(suffix[:1], 0)
        parts = suffix[1:].split(":")
        if not (good[0] and sign and all(part.isdecimal() for part in parts) and len(parts) <= 3):
            return 0, False
        offset = sign * sum(
            int(part) * size for part, size in zip(parts, (3_600, 60, 1), strict=False)
        )
        ordinals = self.axis.covering(np.array([int(last_seconds[0]) - offset], dtype=np.int64))
        if not self.axis.has(ordinals)[0] or self.keys(ordinals) != [key]:
            return 0, False
        return int(ordinals[0]), True

    def window(self, ordinal: int) -> Window | None:
        import numpy as np

        array = np.array([ordinal], dtype=np.int64)
        if not self.axis.has(array)[0]:
            raise no_ordinal(self, ordinal)
        moments = np.concatenate((self.axis.starts(array), self.axis.ends(array)))
        spans = self.axis.spans(moments)
        walls, again = spans.walls(moments).tolist(), spans.repeated(moments).tolist()
        start, end = (
            aware(wall, self.timezone, again=twice)
            for wall, twice in zip(walls, again, strict=True)
        )
        return Window(start, end)

    def within(self, lo: int, hi: int) -> tuple[int, int]:
        """Half-open ordinals of the windows that intersect the wall times ``lo <= t < hi``, start and end aside."""
        import numpy as np

        walls = np.array([lo, hi], dtype=np.int64)
        begin, end = self.axis.spans(walls).first_instants(walls).tolist()
        first, last = self.axis.covering(np.array([begin, end - 1], dtype=np.int64)).tolist()
        return (first, last + 1) if end > begin else (first, first)

    def suggestions(self, key: str) -> list[str]:
        """The window that the text falls into, if it is a date; else the first one."""
        import numpy as np

        period = parse_period(key[:10])
        at = self.bounds[0] if period is None else self.within(*period)[0]
        near = self.defined(at, self.span[1] if period is None else at + 1).take(1)
        return self.keys(near or np.array([self.bounds[0]], dtype=np.int64))

    def describe(self) -> dict[str, object]:
        arguments = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        return {"kind": self.kind, **arguments, "exclusions": list(self.exclusions)}

    def _start_walls(self, ordinals: Ints) -> Ints:
        starts = self.axis.starts(ordinals)
        return self.axis.spans(starts).walls(starts)

    @cached_property
    def _excluded_times(self) -> tuple[Cron, ...]:
        return tuple(parse_cron(str(one)) for one in self.exclusions if _is_cron(str(one)))

    @cached_property
    def _excluded(self) -> PartitionSet:
        out = PartitionSet.empty()
        for exclusion in self.exclusions:
            text = str(exclusion)
            if not _is_cron(text):
                out |= self._named(text)
        return out

    def _named(self, text: str) -> PartitionSet:
        """The windows an exclusion names: that of a key, of an exact moment, or all that begin in a period."""
        found, known = self.find([text])
        if known[0]:
            return PartitionSet.range(int(found[0]), int(found[0]) + 1)
        period = parse_period(text)
        if period is None:
            at = self.axis.covering_one(_instant("exclusions", text, self.timezone))
            return PartitionSet.range(at, at + 1)
        return PartitionSet.range(*self.within(*period))

    def _check_exclusion(self, text: str) -> None:
        if _is_cron(text):
            parse_cron(text)
        elif parse_period(text) is None and len(text) != self.format.width:
            parse_moment("exclusions", text)


CHUNK = 1 << 17
"""Keys read at once: bounds the scratch memory."""


def check_int(name: str, value: object, lo: int, hi: int) -> None:
    """Refuse an argument that is not a whole number from ``lo`` to ``hi``."""
    if not isinstance(value, int) or isinstance(value, bool) or not lo <= value <= hi:
        raise _wrong(name, value, f"it must be a whole number from {lo} to {hi}")


def zone_codec(zone: str) -> str:
    """The zone's name and rules: where ordinals count real time, new rules give keys other ordinals."""
    return f"{zone};{zone_digest(zone)}"


def _wrong(name: str, value: object, why: str) -> DefinitionError:
    return DefinitionError("E202", f"`{name}={value!r}` can't be used: {why}")


def _is_cron(text: str) -> bool:
    return len(text.split()) >= 5


def _iso(moment: object) -> str:
    if isinstance(moment, date):
        return moment.isoformat()
    if isinstance(moment, str):
        return moment.strip()
    raise _wrong("start, end or exclusions", moment, "it is neither text nor a date")


def parse_moment(name: str, text: str) -> datetime:
    """A date prefix's beginning or an ISO date and time: naive means local; DefinitionError E202 for anything else."""
    period = parse_period(text)
    if period is not None:
        return EPOCH + timedelta(seconds=period[0])
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _wrong(name, text, "it is not a date such as `2013-01-01`") from None


def _instant(name: str, moment: Moment, zone: str) -> int:
    import numpy as np

    parsed = parse_moment(name, str(moment))
    if parsed.tzinfo is not None:
        return instant_of(parsed)
    wall = wall_of(parsed)
    walls = np.array([wall], dtype=np.int64)
    return int(spans_between(zone, wall, wall).first_instants(walls)[0])


def _check_order(start: str, end: str, zone: str) -> None:
    """Refuse an end at or before the start. Without numpy: definitions are made when a project is imported."""
    first, last = parse_moment("start", start), parse_moment("end", end)
    if (first.tzinfo is None) != (last.tzinfo is None):
        first, last = (
            one if one.tzinfo else one.replace(tzinfo=zone_info(zone)) for one in (first, last)
        )
    if last <= first:
        raise _wrong("end", end, f"it is not after the start `{start}`")


def _offset_text(seconds: int) -> str:
    sign, rest = ("-", -seconds) if seconds < 0 else ("+", seconds)
    text = f"{sign}{rest // 3_600:02d}:{rest // 60 % 60:02d}"
    return f"{text}:{rest % 60:02d}" if rest % 60 else text
