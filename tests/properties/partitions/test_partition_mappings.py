"""Both directions of every mapping agree with each other, with their row-wise forms and with a brute-force oracle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets_core.partitions import (
    All,
    DailyPartitions,
    DimensionOf,
    HourlyPartitions,
    Identity,
    Last,
    MonthlyPartitions,
    Multi,
    MultiPartitions,
    PartitionMapping,
    PartitionSet,
    Specific,
    Static,
    StaticPartitions,
    TimePartitions,
    TimeWindow,
    Unpartitioned,
    WeeklyPartitions,
)

NOW = datetime(2013, 4, 20, tzinfo=UTC)
WEEKENDS = ("0 0 * * SAT,SUN",)
ZONES = ["UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Kiritimati"]
zones = st.sampled_from(ZONES)
march = st.integers(1, 28).map(lambda day: f"2013-03-{day:02d}")
april = st.one_of(st.none(), st.integers(1, 18).map(lambda day: f"2013-04-{day:02d}"))
exclusions = st.sampled_from([(), (), (), WEEKENDS, ("2013-03-31", "2013-04-01", "2013-03-10")])

days = st.builds(
    DailyPartitions,
    march,
    april,
    timezone=zones,
    hour_offset=st.sampled_from([0, 5]),
    exclusions=exclusions,
)
weeks = st.builds(WeeklyPartitions, march, timezone=zones, day_offset=st.integers(0, 6))
months = st.builds(MonthlyPartitions, st.just("2013-02"), timezone=zones)
hours = st.builds(HourlyPartitions, st.just("2013-03-30"), st.just("2013-04-08"), timezone=zones)
crons = st.builds(
    TimePartitions,
    st.sampled_from(["0 9 * * MON-FRI", "15,45 2 * * *", "0 */6 * * *", "0 0 1,15 * *"]),
    march,
    timezone=zones,
)
timed = st.one_of(days, days, weeks, months, hours, crons)
offsets = st.tuples(st.integers(-3, 3), st.integers(0, 3)).map(
    lambda pair: (pair[0], pair[0] + pair[1])
)
lists = st.lists(st.sampled_from("abcdef"), min_size=1, unique=True).map(StaticPartitions)


KINDS = (
    "window",
    "shifted",
    "weekdays",
    "dim",
    "multi",
    "all",
    "last",
    "static",
    "specific",
    "same",
    "own",
)


def of_every_kind(function):
    return pytest.mark.parametrize("kind", KINDS)(function)


def draw_case(draw, kind: str):
    """Two definitions and a mapping of this kind that can be bound between them."""
    if kind == "shifted":
        return (
            draw(days),
            draw(days),
            TimeWindow(*draw(offsets.filter(lambda pair: pair != (0, 0)))),
        )
    if kind == "weekdays":
        zone = draw(zones)
        up = DailyPartitions("2013-03-01", timezone=zone)
        return (
            up,
            DailyPartitions("2013-03-05", timezone=zone, exclusions=WEEKENDS),
            TimeWindow(*draw(offsets)),
        )
    if kind == "window":
        return draw(timed), draw(timed), TimeWindow(*draw(offsets))
    if kind in {"all", "last"}:
        either = st.one_of(timed, lists, st.just(Unpartitioned()))
        return draw(either), draw(either), All() if kind == "all" else Last()
    if kind == "same":
        one = draw(st.one_of(timed, lists))
        return one, one, Identity()
    if kind == "dim":
        day, region = draw(days), draw(lists)
        both, other = MultiPartitions({"day": day, "region": region}), draw(days)
        return draw(
            st.sampled_from(
                [
                    (both, region, DimensionOf("region")),
                    (region, both, DimensionOf("region")),
                    (both, other, DimensionOf("day", TimeWindow(-1, 0))),
                    (other, both, DimensionOf("day")),
                ]
            )
        )
    if kind == "multi":
        region, model = draw(lists), draw(lists)
        up = MultiPartitions({"day": draw(days), "region": region})
        down = MultiPartitions({"when": draw(days), "area": region, "model": model})
        links = {"when": ("day", TimeWindow(*draw(offsets))), "area": ("region", Identity())}
        return (
            up,
            down,
            Multi(draw(st.sampled_from([links, {"when": links["when"]}, {"area": links["area"]}]))),
        )
    up, down = draw(lists), draw(lists)
    if kind == "specific":
        return up, down, Specific([draw(st.sampled_from(up.names))])
    table = draw(
        st.dictionaries(
            st.sampled_from(up.names), st.lists(st.sampled_from(down.names), min_size=1), min_size=1
        )
    )
    return (
        up,
        down,
        Static(table) if kind == "static" else ByTable(tuple((u, *d) for u, d in table.items())),
    )


@dataclass(frozen=True)
class ByTable(PartitionMapping):
    """A user's own mapping."""

    rows: tuple[tuple[str, ...], ...]

    def upstream_keys(self, key):
        return [row[0] for row in self.rows if key in row[1:]]

    def downstream_keys(self, key):
        return [one for row in self.rows if row[0] == key for one in row[1:]]


def some_of(draw, members: PartitionSet, most: int = 6) -> PartitionSet:
    if not members:
        return members
    rank = st.integers(0, members.count - 1)
    if draw(st.booleans()):
        begin, end = sorted((draw(rank), draw(rank) + 1))
        return members.slice(max(begin, end - most), end)
    ranks = draw(st.lists(rank, max_size=most))
    return PartitionSet.of(members.at(np.array(ranks, dtype=np.int64)))


@of_every_kind
@given(st.data())
def test_down_needs_up_exactly_if_up_affects_down(kind, data):
    up_def, down_def, mapping = draw_case(data.draw, kind)
    bound = mapping.bind(up_def, down_def)
    ups, downs = up_def.existing(NOW), down_def.existing(NOW)
    there = ups if bound.needs_every else some_of(data.draw, ups, 12)
    up, down = some_of(data.draw, there), some_of(data.draw, downs)
    needs = not bound.upstream_of(down, there).isdisjoint(up)
    affects = not bound.downstream_of(up, there, downs).isdisjoint(down)
    assert needs == affects


@of_every_kind
@given(st.data())
def test_rows_and_sets_give_the_same_answer(kind, data):
    up_def, down_def, mapping = draw_case(data.draw, kind)
    bound = mapping.bind(up_def, down_def)
    ups, downs = up_def.existing(NOW), down_def.existing(NOW)
    up, down = some_of(data.draw, ups, 30), some_of(data.draw, downs, 30)
    needed = bound.ranges_of(down.to_array(), ups)
    affected = bound.ranges_to(up.to_array(), ups, downs)
    assert len(needed) == len(down)
    assert len(affected) == len(up)
    assert needed.union() == bound.upstream_of(down, ups)
    assert affected.union() & downs == bound.downstream_of(up, ups, downs)
    for index, ordinal in enumerate(down):
        one = PartitionSet.range(ordinal, ordinal + 1)
        assert needed.row(index) == bound.upstream_of(one, ups)
    if bound.uniform:
        assert len({needed.row(index) for index in range(len(down))}) <= 1


@of_every_kind
@given(st.data())
def test_what_is_needed_and_can_never_exist_is_outside_and_nothing_else_is(kind, data):
    up_def, down_def, mapping = draw_case(data.draw, kind)
    bound = mapping.bind(up_def, down_def)
    down = some_of(data.draw, down_def.existing(NOW), 20)
    outside, unmet = bound.outside_of(down), bound.unmet(down)
    assert unmet.issubset(down)
    assert not up_def.clip(outside)
    assert bool(unmet) == bool(outside)
    assert not bound.outside_of(down - unmet)
    assert bound.upstream_of(down, PartitionSet.EMPTY) == up_def.clip(
        bound.upstream_of(down, PartitionSet.EMPTY)
    )


@given(timed, timed)
def test_windows_need_exactly_the_windows_they_overlap(up_def, down_def):
    bound = TimeWindow().bind(up_def, down_def)
    ups, downs = up_def.existing(NOW), down_def.existing(NOW).take(40)
    windows = {ordinal: up_def.window(ordinal) for ordinal in ups}
    table = bound.ranges_of(downs.to_array(), ups)
    for index, ordinal in enumerate(downs):
        mine = down_def.window(ordinal)
        overlapping = [
            o
            for o, w in windows.items()
            if w.start.astimezone(UTC) < mine.end.astimezone(UTC)
            and mine.start.astimezone(UTC) < w.end.astimezone(UTC)
        ]
        assert list(table.row(index) & ups) == overlapping


@given(days, st.integers(-4, -1), st.integers(0, 3))
def test_a_self_dependency_needs_only_earlier_partitions_and_nothing_before_the_first(
    day, last, wide
):
    bound = TimeWindow(last - wide, last).bind(day, day, self_dependency=True)
    existing = day.existing(NOW)
    in_order = list(existing)
    assert not bound.outside_of(existing)
    assert not bound.unmet(existing)
    for position, ordinal in enumerate(in_order):
        needed = bound.upstream_of(PartitionSet.range(ordinal, ordinal + 1), existing)
        first = max(position + last - wide, 0)
        assert list(needed) == in_order[first : max(position + last + 1, 0)]


@given(lists, lists, days)
def test_a_box_of_sides_holds_each_combination_once(one, other, day):
    triple = MultiPartitions({"x": one, "y": other, "day": day})
    existing = triple.existing(NOW)
    expected = set(product(one.names, other.names, day.keys(day.existing(NOW))))
    dims = [triple.dims(ordinal) for ordinal in existing.take(300)]
    assert len(existing) == len(expected)
    assert {(d["x"], d["y"], d["day"]) for d in dims} <= expected
    assert triple.ordinals(triple.keys(existing)).tolist() == list(existing)
