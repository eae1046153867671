"""Which mapping is meant when none is given, what impossible ones say, and what wide ones cost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assets_core.errors import DefinitionError
from assets_core.partitions import (
    All,
    DailyPartitions,
    DimensionOf,
    DynamicPartitions,
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
    infer_mapping,
)
from assets_core.partitions.mappings import CHOICES

NOW = datetime(2026, 11, 20, tzinfo=UTC)
NONE = PartitionSet.EMPTY
DAYS = DailyPartitions("2013-01-01", "2014-01-01", timezone="America/New_York")
MONTHS = MonthlyPartitions("2013-01", "2014-01", timezone="America/New_York")
REGIONS = StaticPartitions(["eu", "us"])
BOTH = MultiPartitions({"day": DAYS, "region": REGIONS})


@pytest.mark.parametrize(
    ("up", "down", "canonical"),
    [
        (DAYS, MONTHS, "time_window(0,0)"),
        (DAYS, DAYS, "time_window(0,0)"),
        (REGIONS, StaticPartitions(["eu", "us"]), "identity"),
        (Unpartitioned(), Unpartitioned(), "identity"),
        (BOTH, BOTH, "identity"),
        (DynamicPartitions("x"), DynamicPartitions("x").resolve([(0, "a")]), "identity"),
        (DAYS, Unpartitioned(), "all"),
        (Unpartitioned(), BOTH, "all"),
        (BOTH, REGIONS, "dimension_of(region)"),
        (DAYS, BOTH, "dimension_of(day)"),
    ],
)
def test_the_obvious_mapping_is_inferred(up, down, canonical):
    mapping = infer_mapping(up, down)
    assert mapping.canonical() == canonical
    mapping.bind(up, down)


@pytest.mark.parametrize(
    ("up", "down", "why"),
    [
        (DAYS, REGIONS, "they have nothing in common"),
        (REGIONS, StaticPartitions(["eu"]), "they have nothing in common"),
        (BOTH, MONTHS, "they have nothing in common"),
        (
            MultiPartitions({"a": REGIONS, "b": REGIONS}),
            REGIONS,
            "it could follow any of the dimensions a, b",
        ),
    ],
)
def test_where_no_mapping_is_obvious_the_choices_are_named(up, down, why):
    with pytest.raises(DefinitionError) as caught:
        infer_mapping(up, down)
    assert caught.value.code == "E206"
    assert caught.value.message.endswith(why)
    assert caught.value.help == CHOICES


@pytest.mark.parametrize(
    ("mapping", "up", "down", "message"),
    [
        (
            TimeWindow(),
            DAYS,
            REGIONS,
            "time_window(0,0) can't map daily to static partitions: both sides must be partitioned by time",
        ),
        (
            Identity(),
            DAYS,
            Unpartitioned(),
            "identity can't map daily to unpartitioned partitions: only one side is partitioned",
        ),
        (
            Identity(),
            REGIONS,
            StaticPartitions(["eu", "uk"]),
            "identity can't map static to static partitions: `uk` is not one of the static partitions",
        ),
        (
            Specific(["uk"]),
            REGIONS,
            DAYS,
            "specific names `uk`, which is not a partition of the upstream",
        ),
        (
            Static({"eu": "x"}),
            REGIONS,
            StaticPartitions(["y"]),
            "static names `x`, which is not a partition of the downstream",
        ),
        (
            DimensionOf("region"),
            DAYS,
            REGIONS,
            (
                "dimension_of(region) can't map daily to static partitions: "
                "exactly one side must be multi-dimensional; between two, use Multi"
            ),
        ),
        (DimensionOf("zone"), BOTH, REGIONS, "there is no dimension `zone`"),
        (
            Multi({"day": ("day", Identity())}),
            BOTH,
            REGIONS,
            "multi(day:(day,identity)) can't map multi to static partitions: both sides must be multi-dimensional",
        ),
    ],
)
def test_impossible_mappings_say_why(mapping, up, down, message):
    with pytest.raises(DefinitionError) as caught:
        mapping.bind(up, down)
    assert caught.value.code == "E205"
    assert caught.value.message == message
    assert caught.value.help


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: TimeWindow(1, 0), "is after `end_offset=0`"),
        (lambda: TimeWindow(0.5, 1), "whole number"),
        (lambda: Specific("a"), "takes a list"),
        (lambda: Specific([]), "takes a list"),
        (lambda: Static({}), "at least one pair"),
        (
            lambda: Multi({"a": ("x", All()), "b": ("x", All())}),
            "each upstream dimension at most once",
        ),
    ],
)
def test_mappings_refuse_bad_arguments(make, says):
    with pytest.raises(DefinitionError) as caught:
        make()
    assert caught.value.code == "E202"
    assert says in caught.value.message


@pytest.mark.parametrize(
    ("mapping", "definition"),
    [
        (Identity(), DAYS),
        (All(), DAYS),
        (TimeWindow(-1, 0), DAYS),
        (TimeWindow(-2, -1), REGIONS),
        (PartitionMapping(), DAYS),
    ],
)
def test_an_asset_depends_on_itself_only_through_strictly_earlier_windows(mapping, definition):
    with pytest.raises(DefinitionError) as caught:
        mapping.bind(definition, definition, self_dependency=True)
    assert caught.value.code == "E207"


def test_a_product_depends_on_itself_through_its_time_dimension():
    yesterday = Multi({"day": ("day", TimeWindow(-1, -1)), "region": ("region", Identity())})
    bound = yesterday.bind(BOTH, BOTH, self_dependency=True)
    existing = BOTH.existing(NOW)
    assert not bound.upstream_of(existing.take(2), NONE)
    assert BOTH.keys(bound.upstream_of(existing.slice(3, 4), NONE)) == ["day=2013-01-01,region=us"]
    assert not bound.outside_of(existing)
    with pytest.raises(DefinitionError):
        Multi({"region": ("region", Identity())}).bind(BOTH, BOTH, self_dependency=True)


def test_needs_before_the_upstreams_start_are_an_error_unless_they_may_be_missing():
    earlier = DailyPartitions("2012-12-30", "2014-01-01", timezone="America/New_York")
    bound = TimeWindow().bind(DAYS, earlier)
    existing = earlier.existing(NOW)
    assert earlier.keys(bound.unmet(existing)) == ["2012-12-30", "2012-12-31"]
    assert earlier.keys(bound.outside_of(existing)) == ["2012-12-30", "2012-12-31"]
    tolerant = TimeWindow(allow_missing=True).bind(DAYS, earlier)
    assert not tolerant.outside_of(existing)
    assert tolerant.upstream_of(existing, NONE) == DAYS.existing(NOW)


def test_excluded_windows_among_others_are_simply_not_there_but_alone_they_are_outside():
    weekdays = DailyPartitions("2013-01-01", "2014-01-01", exclusions=["0 0 * * SAT,SUN"])
    everyday = DailyPartitions("2013-01-01", "2014-01-01")
    monthly = TimeWindow().bind(weekdays, MonthlyPartitions("2013-01", "2014-01"))
    assert not monthly.outside_of(PartitionSet.range(516, 528))
    assert monthly.upstream_of(PartitionSet.range(516, 517), NONE).count == 23
    daily = TimeWindow().bind(weekdays, everyday)
    assert daily.unmet(everyday.existing(NOW)).count == 104
    before = TimeWindow(-1, -1).bind(weekdays, weekdays, self_dependency=True)
    monday = weekdays.ordinal("2013-01-07")
    assert weekdays.keys(before.upstream_of(PartitionSet.range(monday, monday + 1), NONE)) == [
        "2013-01-04"
    ]


def test_all_ranges_over_materialized_partitions_and_a_new_empty_window_changes_nothing():
    bound = All().bind(DAYS, Unpartitioned())
    there = DAYS.existing(NOW).take(10)
    one = PartitionSet.range(0, 1)
    assert not bound.needs_every
    assert bound.uniform
    assert bound.upstream_of(one, there) == there
    assert bound.downstream_of(there.take(1), there) & one == one
    assert All().bind(Unpartitioned(), DAYS).needs_every
    assert All().bind(Unpartitioned(), DAYS).upstream_of(there, NONE) == one


def test_last_is_the_latest_materialized_and_only_it_or_later_ones_affect():
    bound = Last().bind(DAYS, Unpartitioned())
    there = DAYS.existing(NOW).take(10)
    one = PartitionSet.range(0, 1)
    assert list(bound.upstream_of(one, there)) == [there.last]
    assert not bound.downstream_of(there.take(9), there)
    assert (
        bound.downstream_of(PartitionSet.range(there.last + 1, there.last + 2), there) & one == one
    )
    assert not bound.upstream_of(one, NONE)


def test_an_unlisted_list_is_needed_whole_and_unlisted_time_as_far_as_materialized():
    by_region = DimensionOf("region").bind(BOTH, REGIONS)
    assert not by_region.needs_every
    some = BOTH.existing(NOW).take(10)
    assert by_region.upstream_of(PartitionSet.range(0, 1), some).count == 5
    by_day = infer_mapping(BOTH, DAYS).bind(BOTH, DAYS)
    assert by_day.needs_every
    assert by_day.upstream_of(DAYS.existing(NOW).take(1), NONE) == BOTH.existing(NOW).take(2)


def test_a_dimension_mapped_by_all_is_needed_as_far_as_materialized():
    links = {"day": ("day", TimeWindow()), "region": ("region", All())}
    bound = Multi(links).bind(BOTH, BOTH)
    existing = BOTH.existing(NOW)
    assert not bound.needs_every
    assert bound.upstream_of(existing.take(1), existing) == existing.take(2)
    assert bound.upstream_of(existing.take(1), existing.slice(1, 9)) == existing.slice(1, 2)


@pytest.mark.parametrize(
    ("up", "down", "mapping"),
    [
        (
            DailyPartitions("2000-01-01"),
            TimePartitions("0 0 1 1 *", "2000-01-01", fmt="%Y"),
            TimeWindow(),
        ),
        (
            HourlyPartitions("2010-01-01", timezone="Europe/Zurich"),
            DailyPartitions("2010-01-02", timezone="Europe/Zurich"),
            TimeWindow(),
        ),
        (HourlyPartitions("2010-01-01"), DailyPartitions("2010-01-08"), TimeWindow(-6, 0)),
        (StaticPartitions([str(i) for i in range(50_000)]), Unpartitioned(), All()),
        (Unpartitioned(), StaticPartitions([str(i) for i in range(50_000)]), All()),
    ],
)
def test_wide_mappings_cost_one_range_per_downstream_partition(up, down, mapping):
    bound = mapping.bind(up, down)
    downs, ups = down.existing(NOW), up.existing(NOW)
    table = bound.ranges_of(downs.to_array(), ups)
    assert table.starts.size == len(downs)
    assert table.counts().min() >= 1
    assert table.union().issubset(ups)
    assert bound.upstream_of(downs, ups).starts.size == 1


def test_a_users_own_mapping_is_asked_key_by_key():
    class Shout(PartitionMapping):
        def upstream_keys(self, key):
            return [key.lower(), "nowhere"] if key == "B" else [key.lower()]

        def downstream_keys(self, key):
            return [key.upper()]

    small, large = StaticPartitions(["a", "b"]), StaticPartitions(["A", "B"])
    bound = Shout().bind(small, large)
    assert small.keys(bound.upstream_of(PartitionSet.range(0, 1), NONE)) == ["a"]
    assert large.keys(bound.downstream_of(PartitionSet.range(1, 2), NONE)) == ["B"]
    assert large.keys(bound.unmet(PartitionSet.range(0, 2))) == ["B"]


def test_a_users_mapping_has_a_stable_text_or_is_refused():
    class Plain(PartitionMapping):
        pass

    class Hidden(PartitionMapping):
        def __init__(self):
            self.step = 3

    assert Plain().canonical() == Plain().canonical()
    assert "0x" not in Plain().canonical()
    with pytest.raises(DefinitionError, match="would go unseen"):
        Hidden().canonical()


def test_a_users_mapping_that_answers_with_text_is_refused():
    class Wrong(PartitionMapping):
        def upstream_keys(self, key):
            return "eu"

    bound = Wrong().bind(REGIONS, REGIONS)
    with pytest.raises(DefinitionError, match="answered `eu` for `us`, not a list of keys"):
        bound.upstream_of(PartitionSet.range(1, 2), NONE)
