"""Windows and keys against a brute-force oracle that asks zoneinfo for one local time after another (row 35).

By default every known oddity and a sample of zones and years; ``HYPOTHESIS_PROFILE=soak`` draws thousands more.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets_core.partitions import DailyPartitions, HourlyPartitions, PartitionSet, TimePartitions
from assets_core.partitions.zones import Spans, spans

EPOCH = datetime(1970, 1, 1)
ODDITIES = [
    ("America/New_York", "2013-03-10"),
    ("America/New_York", "2013-11-03"),
    ("Australia/Lord_Howe", "2013-04-07"),  # half an hour back
    ("Australia/Lord_Howe", "2013-10-06"),
    ("Pacific/Apia", "2011-12-30"),  # a day that never was
    ("Pacific/Kwajalein", "1993-08-21"),
    ("Pacific/Kiritimati", "1979-10-01"),  # forty minutes forward
    ("America/Sao_Paulo", "2017-10-15"),  # midnight does not exist
    ("America/Sao_Paulo", "2018-02-18"),  # 23:00 comes twice
    ("America/St_Johns", "2006-10-29"),  # at one minute past midnight
    ("America/St_Johns", "1988-04-03"),  # two hours at once
    ("Antarctica/Troll", "2013-03-31"),
    ("Africa/Monrovia", "1972-01-07"),  # 44 minutes 30 seconds
    ("Africa/Casablanca", "2013-07-07"),
    ("Asia/Pyongyang", "2015-08-15"),
    ("Asia/Kathmandu", "1986-01-01"),
    ("Europe/Amsterdam", "1937-07-01"),
    ("Europe/Dublin", "1916-10-01"),
    ("America/Juneau", "1867-10-18"),  # a day that came twice
    ("Asia/Manila", "1844-12-31"),
    ("Africa/Freetown", "1939-09-05"),  # two changes within four days
    ("Africa/Accra", "1951-01-01"),  # half past one twice within one hour of UTC
    ("Africa/Accra", "1920-01-01"),
    ("UTC", "2016-12-31"),
]
EVERYWHERE = sorted(available_timezones())
ON_THE_HOUR = [
    "America/New_York",
    "America/Sao_Paulo",
    "Europe/London",
    "Asia/Tokyo",
    "Africa/Cairo",
    "America/Santiago",
]


def on_oddities(function):
    return pytest.mark.parametrize(("zone", "day"), ODDITIES)(function)


@st.composite
def change_days(draw, first_year=1845, among=EVERYWHERE) -> tuple[str, str]:
    """A zone and a day on which its clocks were changed, or any day of a zone that never did."""
    zone = draw(st.sampled_from(among))
    begins = spans(zone, first_year // 10, 204).begins[1:].tolist()
    days = [(EPOCH + timedelta(seconds=begin)).strftime("%Y-%m-%d") for begin in begins]
    return zone, draw(st.sampled_from(days or ["2000-02-28"]))


def offset_at(zone: ZoneInfo, instant: int) -> int:
    local = (EPOCH + timedelta(seconds=instant)).replace(tzinfo=UTC).astimezone(zone)
    return int(local.utcoffset().total_seconds())


def instants_of(zone: ZoneInfo, wall: datetime) -> list[int]:
    """Every instant that shows this local time: none in a gap, two where it is repeated."""
    found = set()
    for fold in (0, 1):
        offset = wall.replace(tzinfo=zone, fold=fold).utcoffset()
        instant = int((wall - EPOCH - offset).total_seconds())
        if wall_at(zone, instant) == wall:
            found.add(instant)
    return sorted(found)


def wall_at(zone: ZoneInfo, instant: int) -> datetime:
    return EPOCH + timedelta(seconds=instant + offset_at(zone, instant))


def first_instant(zone: ZoneInfo, wall: datetime) -> int:
    """The first instant at which the local time is ``wall`` or later, found minute by minute, then second by second."""
    near = int((wall - EPOCH).total_seconds())
    lo = near - max(offset_at(zone, near + day * 86_400) for day in (-2, 0, 2)) - 60
    minute = next(t for t in range(lo, lo + 60 * 3_600, 60) if wall_at(zone, t) >= wall)
    return next(t for t in range(minute - 60, minute + 1) if wall_at(zone, t) >= wall)


def ticks(zone: str, day: str, every: int, phase: int, slot: int) -> dict[int, datetime]:
    """Instants in the three days around ``day`` whose local time is a tick, with that local time; one per slot."""
    info, begin = ZoneInfo(zone), datetime.fromisoformat(day) - timedelta(days=2)
    found: dict[int, datetime] = {}
    for step in range(0, 5 * 86_400, every):
        wall = begin + timedelta(seconds=step + phase)
        found |= dict.fromkeys(instants_of(info, wall), wall)
    kept: dict[int, datetime] = {}
    for instant in sorted(found):
        if not kept or instant // slot != list(kept)[-1] // slot:
            kept[instant] = found[instant]
    return kept


def check_ticks(definition, expected: dict[int, datetime], zone: str) -> None:
    """The definition's windows begin exactly at the expected instants (the outermost are not judged)."""
    begins = list(expected)
    moments = {
        instant: (EPOCH + timedelta(seconds=instant)).replace(tzinfo=UTC) for instant in begins
    }
    existing = definition.existing(moments[begins[-2]])
    ordinals = list(existing)[-len(begins) :]
    windows = [definition.window(ordinal) for ordinal in ordinals]
    seen = {window.start.astimezone(UTC): window.end.astimezone(UTC) for window in windows}
    for begin, end in pairwise(begins[1:-1]):
        assert seen.pop(moments[begin]) == moments[end]
        if end - begin != begins[1] - begins[0] or begin // 3_600 % 6 == 0:
            before_end = definition.existing(moments[end] - timedelta(seconds=1))
            assert definition.existing(moments[end]).count == before_end.count + 1
    assert all(start <= moments[begins[0]] for start in seen)
    keys = definition.keys(existing)
    assert len(set(keys)) == len(keys)
    assert definition.ordinals(keys).tolist() == list(existing)
    by_start = dict(
        zip([w.start.astimezone(UTC) for w in windows], keys[-len(windows) :], strict=True)
    )
    walls: set[datetime] = set()
    for begin in begins[1:-2]:
        plain = expected[begin].strftime("%Y-%m-%dT%H:%M")
        offset = offset_at(ZoneInfo(zone), begin)
        key = by_start[moments[begin]]
        assert key == plain + (offset_text(offset) if expected[begin] in walls else "")
        walls.add(expected[begin])


def offset_text(seconds: int) -> str:
    sign = "-" if seconds < 0 else "+"
    hours, rest = divmod(abs(seconds), 3_600)
    text = f"{sign}{hours:02d}:{rest // 60:02d}"
    return f"{text}:{rest % 60:02d}" if rest % 60 else text


def hourly_case(zone: str, day: str, minute: int) -> None:
    start = datetime.fromisoformat(day) - timedelta(days=2)
    definition = HourlyPartitions(start, timezone=zone, minute_offset=minute)
    check_ticks(definition, ticks(zone, day, 3_600, minute * 60, 3_600), zone)


@on_oddities
def test_hours_are_the_real_hours_where_clocks_are_changed(zone, day):
    hourly_case(zone, day, 0)
    for minute in (30, 40, 45):
        hourly_case(zone, day, minute)


@given(change_days(), st.sampled_from([0, 1, 15, 30, 59]))
def test_hours_are_the_real_hours_in_any_zone(case, minute):
    hourly_case(*case, minute)


@on_oddities
def test_quarter_hours_by_cron_follow_real_time(zone, day):
    start = datetime.fromisoformat(day) - timedelta(days=2)
    definition = TimePartitions("*/15 * * * *", start, timezone=zone)
    check_ticks(definition, ticks(zone, day, 900, 0, 900), zone)


def daily_case(zone: str, day: str, hour: int) -> None:
    """Days begin at the first instant that reaches their local hour; days of no length have no key."""
    info, middle = ZoneInfo(zone), datetime.fromisoformat(day)
    begin, end = middle - timedelta(days=3), middle + timedelta(days=4)
    definition = DailyPartitions(begin, end, timezone=zone, hour_offset=hour)
    labels = [begin + timedelta(days=i, hours=hour) for i in range(7)]
    starts = [first_instant(info, label) for label in labels]
    expected = {
        label.strftime("%Y-%m-%d"): (one, following)
        for label, one, following in zip(labels, starts, starts[1:], strict=False)
        if following > one
    }
    existing = definition.existing(datetime.max.replace(tzinfo=UTC))
    keys = definition.keys(existing)
    assert [key for key in keys if key in expected] == list(expected)
    assert not set(keys) - set(expected) - {labels[-1].strftime("%Y-%m-%d")}
    for key, (one, following) in expected.items():
        window = definition.window(definition.ordinal(key))
        assert (window.end - EPOCH.replace(tzinfo=UTC)) // timedelta(seconds=1) == following
        ended = existing.count - definition.existing(window.end).count
        late = window.end.astimezone(UTC) - timedelta(minutes=20)
        assert existing.count - definition.existing(late).count == ended + 1
        assert (window.start - EPOCH.replace(tzinfo=UTC)) // timedelta(seconds=1) == one


@on_oddities
def test_days_are_exact_where_clocks_are_changed(zone, day):
    daily_case(zone, day, 0)
    daily_case(zone, day, 2)


@given(change_days(), st.integers(0, 23))
def test_days_are_exact_in_any_zone(case, hour):
    daily_case(*case, hour)


@given(
    change_days(1980, ON_THE_HOUR),
    st.sampled_from(
        [
            "30 2 * * *",
            "15,45 2 * * *",
            "0 0,1,2,3 * * *",
            "0 3 * * SUN",
            "5 */4 * * *",
            "*/20 1-3 * * *",
        ]
    ),
)
def test_cron_ticks_are_those_of_the_cron_library(case, cron):
    """In zones whose clocks move by whole hours on the hour: after other shifts cronsim skips ticks."""
    from cronsim import CronSim

    zone, day = case
    begin = (datetime.fromisoformat(day) - timedelta(days=9)).replace(tzinfo=ZoneInfo(zone))
    definition = TimePartitions(cron, begin.date(), timezone=zone)
    sim = CronSim(cron, begin - timedelta(seconds=1))
    expected = []
    while not expected or expected[-1] < begin + timedelta(days=18):
        expected.append(next(sim).astimezone(UTC))
    existing = definition.existing(expected[-1])
    found = [definition.window(ordinal).start.astimezone(UTC) for ordinal in existing]
    assert found == expected[:-1]
    assert definition.ordinals(definition.keys(existing)).tolist() == list(existing)


@pytest.mark.parametrize(
    "zone",
    [
        "Africa/Freetown",
        "America/Juneau",
        "Asia/Gaza",
        "Australia/Lord_Howe",
        "Europe/Malta",
        "Pacific/Apia",
    ],
)
def test_probing_every_second_day_finds_every_change_of_offset(zone):
    """Also where far decades are copied from those four hundred years earlier."""
    info = ZoneInfo(zone)
    changes_between(info, spans(zone, 184, 209), 1845, 2099)
    changes_between(info, spans(zone, 251, 254), 2510, 2545)


def changes_between(info: ZoneInfo, found: Spans, first_year: int, last_year: int) -> None:
    step = 12 * 3_600
    first, last = (
        int((datetime(y, 1, 1) - EPOCH).total_seconds()) for y in (first_year, last_year)
    )
    before = offset_at(info, first)
    expected = []
    for instant in range(first, last, step):
        after = offset_at(info, instant + step)
        if after != before:
            exact = bisect_left(
                range(instant, instant + step), True, key=lambda t: offset_at(info, t) == after
            )
            expected.append((instant + exact, after))
            before = after
    ours = list(zip(found.begins.tolist(), found.offsets.tolist(), strict=True))
    assert [change for change in ours if first < change[0] < last] == expected


@pytest.mark.parametrize(
    "zone", ["UTC", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12"]
)
@pytest.mark.parametrize(
    "start", ["0001-01-01", "0001-01-02", "1799-12-31", "9999-12-01", "9999-12-31"]
)
def test_the_first_and_the_last_year_are_defined(zone, start):
    moment = datetime.max.replace(tzinfo=UTC)
    for definition in (
        DailyPartitions(start, timezone=zone),
        HourlyPartitions(start, timezone=zone),
        TimePartitions("0 12 * * *", start, timezone=zone),
    ):
        existing = definition.existing(moment)
        ends = PartitionSet.of([existing.first, existing.last]) if existing else existing
        keys = definition.keys(ends)
        assert definition.ordinals(keys).tolist() == list(ends)
        assert all(
            definition.window(ordinal).start < definition.window(ordinal).end for ordinal in ends
        )


@given(st.sampled_from(EVERYWHERE), st.sampled_from(EVERYWHERE), st.integers(0, 400), st.booleans())
def test_after_a_move_to_another_zone_the_same_windows_are_those_of_the_same_moments(
    old, new, first, hourly
):
    start = (datetime(2012, 12, 1) + timedelta(days=first)).date()
    kind = HourlyPartitions if hourly else DailyPartitions
    before, after = kind(start, timezone=old), kind(start, timezone=new)
    ordinals = after.existing(datetime(2014, 3, 1, tzinfo=UTC)).take(120).to_array()
    same = after.same_windows(before.windows, ordinals)
    for ordinal, key, kept in zip(ordinals.tolist(), after.keys(ordinals), same, strict=True):
        then, known = before.find([key])
        window = before.window(int(then[0])) if known[0] else None
        assert kept == (window is not None and moments(window) == moments(after.window(ordinal)))


def moments(window) -> tuple[datetime, datetime]:
    return window.start.astimezone(UTC), window.end.astimezone(UTC)
