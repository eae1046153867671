"""What each definition says about its keys, ordinals, windows and bounds, and what it refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from assets_core.errors import DefinitionError, UsageError
from assets_core.partitions import (
    DailyPartitions,
    DynamicPartitions,
    HourlyPartitions,
    MonthlyPartitions,
    MultiPartitions,
    PartitionSet,
    StaticPartitions,
    TimePartitions,
    Unpartitioned,
    WeeklyPartitions,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
YEAR_2013 = DailyPartitions(start="2013-01-01", end="2014-01-01", timezone="America/New_York")


def keys_at(definition, now=NOW):
    return definition.keys(definition.existing(now))


def test_the_unpartitioned_asset_has_one_partition_with_an_empty_key():
    none = Unpartitioned()
    assert not none.is_partitioned
    assert list(none.existing(NOW)) == [0]
    assert keys_at(none) == [""]
    assert none.ordinal("") == 0


def test_a_year_of_days_is_one_range():
    existing = YEAR_2013.existing(NOW)
    assert list(existing.ranges()) == [(15706, 16071)]
    assert keys_at(YEAR_2013)[:2] == ["2013-01-01", "2013-01-02"]
    assert keys_at(YEAR_2013)[-1] == "2013-12-31"


def test_a_window_exists_once_its_end_has_come_in_its_own_zone():
    days = DailyPartitions("2013-01-01", timezone="America/New_York")
    midnight = datetime(2013, 1, 3, 5, tzinfo=UTC)
    assert keys_at(days, midnight) == ["2013-01-01", "2013-01-02"]
    assert keys_at(days, midnight - timedelta(seconds=1)) == ["2013-01-01"]
    assert keys_at(days, datetime(2012, 1, 1, tzinfo=UTC)) == []


def test_end_offset_adds_or_withholds_the_latest_windows_within_the_end():
    now = datetime(2013, 1, 4, tzinfo=UTC)
    assert keys_at(DailyPartitions("2013-01-01", end_offset=1), now)[-1] == "2013-01-04"
    assert keys_at(DailyPartitions("2013-01-01", end_offset=-1), now)[-1] == "2013-01-02"
    assert (
        keys_at(DailyPartitions("2013-01-01", "2013-01-03", end_offset=5), now)[-1] == "2013-01-02"
    )


def test_only_windows_that_lie_within_start_and_end_are_partitions():
    assert keys_at(MonthlyPartitions("2013-01-15", "2013-04-20")) == ["2013-02", "2013-03"]
    assert keys_at(WeeklyPartitions("2013-01-01", "2013-01-20")) == ["2013-01-06", "2013-01-13"]


def test_exclusions_are_keys_periods_moments_or_cron_expressions():
    days = DailyPartitions(
        "2013-01-01",
        "2013-03-01",
        exclusions=["2013-01-03", "2013-02", date(2013, 1, 10), "0 0 * * SAT,SUN"],
    )
    left = keys_at(days)
    assert left[:4] == ["2013-01-01", "2013-01-02", "2013-01-04", "2013-01-07"]
    assert not {"2013-01-03", "2013-01-10", "2013-01-05"} & set(left)
    assert left[-1] == "2013-01-31"
    assert days.ordinal("2013-01-03") not in days.existing(NOW)


def test_a_moved_start_keeps_every_ordinal_and_the_codec():
    moved = DailyPartitions(
        "1999-06-01", "2030-01-01", timezone="America/New_York", exclusions=["2013-02-02"]
    )
    assert moved.codec == YEAR_2013.codec
    assert moved.ordinal("2013-05-05") == YEAR_2013.ordinal("2013-05-05")


def test_a_new_zone_format_offset_or_list_is_another_codec():
    codecs = {
        YEAR_2013.codec,
        DailyPartitions("2013-01-01").codec,
        DailyPartitions("2013-01-01", fmt="%Y/%m/%d").codec,
        DailyPartitions("2013-01-01", hour_offset=5).codec,
        WeeklyPartitions("2013-01-01").codec,
        StaticPartitions(["a", "b"]).codec,
        StaticPartitions(["b", "a"]).codec,
        HourlyPartitions("2013-01-01", timezone="Europe/Zurich").codec,
        HourlyPartitions("2013-01-01", timezone="Europe/London").codec,
        DynamicPartitions("x").codec,
        MultiPartitions({"a": YEAR_2013, "b": StaticPartitions(["a"])}).codec,
        MultiPartitions({"a": YEAR_2013, "b": StaticPartitions(["b"])}).codec,
    }
    assert len(codecs) == 12


def test_equal_arguments_in_different_spelling_make_equal_definitions():
    assert DailyPartitions(date(2013, 1, 1)) == DailyPartitions("2013-01-01")
    assert TimePartitions("0  0 * * mon", "2013") == TimePartitions("0 0 * * MON", "2013")
    one, other = StaticPartitions(["a"]), YEAR_2013
    assert MultiPartitions({"x": one, "y": other}) == MultiPartitions({"y": other, "x": one})
    assert hash(MultiPartitions({"x": one, "y": other})) == hash(
        MultiPartitions({"y": other, "x": one})
    )


def test_the_repeated_hour_carries_its_offset_and_the_missing_one_has_no_key():
    hours = HourlyPartitions("2013-01-01", timezone="America/New_York")
    keys = keys_at(hours)
    fold = keys.index("2013-11-03T01:00")
    assert keys[fold : fold + 3] == [
        "2013-11-03T01:00",
        "2013-11-03T01:00-05:00",
        "2013-11-03T02:00",
    ]
    gap = keys.index("2013-03-10T01:00")
    assert keys[gap + 1] == "2013-03-10T03:00"
    with pytest.raises(UsageError, match="is not one of the hourly partitions"):
        hours.ordinal("2013-03-10T02:00")
    with pytest.raises(UsageError):
        hours.ordinal("2013-11-03T01:00-04:00")
    window = hours.window(hours.ordinal("2013-11-03T01:00-05:00"))
    assert window.start.utcoffset() == timedelta(hours=-5)
    assert window.end.astimezone(UTC) - window.start.astimezone(UTC) == timedelta(hours=1)


def test_days_have_23_24_or_25_hours():
    lengths = {
        key: YEAR_2013.window(YEAR_2013.ordinal(key))
        for key in ("2013-03-10", "2013-05-05", "2013-11-03")
    }
    hours = {
        key: (w.end.astimezone(UTC) - w.start.astimezone(UTC)) // timedelta(hours=1)
        for key, w in lengths.items()
    }
    assert hours == {"2013-03-10": 23, "2013-05-05": 24, "2013-11-03": 25}


def test_a_day_that_never_was_has_no_key():
    samoa = DailyPartitions("2011-12-28", "2012-01-02", timezone="Pacific/Apia")
    assert keys_at(samoa) == ["2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01"]
    assert not samoa.find(["2011-12-30"])[1][0]


def test_iso_weeks_are_named_up_to_week_53():
    weeks = WeeklyPartitions("2020-01-01", "2022-01-10", day_offset=1, fmt="%G-W%V")
    keys = keys_at(weeks)
    at = keys.index("2020-W53")
    assert keys[at - 1 : at + 2] == ["2020-W52", "2020-W53", "2021-W01"]
    assert weeks.ordinals(keys).tolist() == list(weeks.existing(NOW))
    assert not weeks.find(["2021-W53", "2021-W00", "2020-W54"])[1].any()


@pytest.mark.parametrize(
    ("fmt", "key"),
    [
        ("%Y%m%d", "20130105"),
        ("%Y/%m/%d", "2013/01/05"),
        ("%Y-%j", "2013-005"),
        ("d%d%%%m.%Y", "d05%01.2013"),
    ],
)
def test_formats_of_fixed_width_name_days(fmt, key):
    days = DailyPartitions("2013-01-01", "2014-01-01", fmt=fmt)
    assert days.key(YEAR_2013.ordinal("2013-01-05")) == key
    assert days.ordinals(keys_at(days)).tolist() == list(days.existing(NOW))


def test_unknown_keys_are_found_out_in_bulk_and_named_with_the_nearest():
    found, known = YEAR_2013.find(
        ["2013-02-29", "2013-02-28", "", "x", "2013-2-28", "2013-02-28 ", "９013-02-28"]
    )
    assert known.tolist() == [False, True, False, False, False, False, False]
    assert YEAR_2013.key(int(found[1])) == "2013-02-28"
    with pytest.raises(UsageError) as caught:
        YEAR_2013.ordinals(["2013-02-28", "2013-02-30"])
    assert caught.value.code == "E203"
    assert "`2013-02-30` is not one of the daily partitions" in caught.value.message
    with pytest.raises(UsageError) as caught:
        StaticPartitions(["europe", "asia"]).ordinal("eurpe")
    assert caught.value.help == "the nearest: `europe`"


def test_an_ordinal_without_a_partition_has_no_key():
    with pytest.raises(UsageError, match="ordinal 7 is not one of the static partitions"):
        StaticPartitions(["a"]).key(7)
    with pytest.raises(UsageError, match="is not one of the daily partitions"):
        YEAR_2013.key(2**40)


def test_dynamic_partitions_keep_the_ordinals_the_store_gave_them():
    customers = DynamicPartitions("customers")
    with pytest.raises(DefinitionError, match="were not read") as caught:
        customers.existing(NOW)
    assert caught.value.code == "E204"
    bound = customers.resolve([(4, "zoe"), (0, "ann")])
    assert keys_at(bound) == ["ann", "zoe"]
    assert bound.ordinal("zoe") == 4
    assert list(bound.existing(NOW)) == [0, 4]
    assert bound.codec == customers.codec
    both = MultiPartitions({"day": YEAR_2013, "who": customers})
    assert both.dynamic_names == ("customers",)
    resolved = both.resolve_with(lambda name: [(3, name)])
    assert resolved.existing(NOW).count == 365
    assert resolved.codec == both.codec
    with pytest.raises(DefinitionError, match="occurs twice"):
        customers.resolve([(0, "a"), (1, "a")])


def test_three_dimensions_with_two_of_time_pack_into_one_ordinal():
    cube = MultiPartitions(
        {
            "ran": HourlyPartitions("2013-01-01", "2013-01-02", timezone="Australia/Lord_Howe"),
            "day": DailyPartitions("2013-01-01", "2013-01-04"),
            "region": StaticPartitions(["eu", "us"]),
        }
    )
    existing = cube.existing(NOW)
    keys = cube.keys(existing)
    assert existing.count == len(set(keys)) == 24 * 3 * 2
    assert keys[0] == "day=2013-01-01,ran=2013-01-01T00:00,region=eu"
    assert cube.ordinals(keys).tolist() == list(existing)
    assert cube.ordinal("region=us,ran=2013-01-01T05:00,day=2013-01-03") in existing
    assert cube.dims(existing.last) == {
        "day": "2013-01-03",
        "ran": "2013-01-01T23:00",
        "region": "us",
    }
    assert cube.window(existing.first) is None


def test_all_regions_of_all_days_are_one_range():
    both = MultiPartitions(
        {"region": StaticPartitions([f"r{i}" for i in range(100)]), "day": YEAR_2013}
    )
    existing = both.existing(NOW)
    assert existing.starts.size == 1
    assert existing.count == 36_500
    assert both.window(existing.first) == YEAR_2013.window(YEAR_2013.ordinal("2013-01-01"))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda: DailyPartitions("2013-01-01", timezone="America/NewYork"),
            "`America/NewYork` is not a time zone",
        ),
        (lambda: DailyPartitions("2013-01-01", timezone="../etc"), "is not a time zone"),
        (lambda: DailyPartitions("2013-13-01"), "it is not a date such as"),
        (lambda: DailyPartitions("2013-01-01", "2013-01-01"), "it is not after the start"),
        (lambda: DailyPartitions("2013-01-01", hour_offset=24), "a whole number from 0 to 23"),
        (
            lambda: DailyPartitions("2013-01-01", fmt="%Y-%m"),
            "several partitions would have the same key",
        ),
        (lambda: DailyPartitions("2013-01-01", fmt="%y%m%d"), "`%y` has no fixed width"),
        (lambda: DailyPartitions("2013-01-01", fmt="%d %b %Y"), "depends on the language"),
        (lambda: DailyPartitions("2013-01-01", fmt="day"), "don't name one date"),
        (lambda: DailyPartitions("2013-01-01", fmt="%Y-%m-%d\n"), "control character"),
        (lambda: DailyPartitions("2013-01-01", exclusions="2013-01-02"), "it takes a list"),
        (lambda: DailyPartitions("2013-01-01", exclusions=["whenever"]), "it is not a date"),
        (lambda: DailyPartitions(20130101), "neither text nor a date"),
        (lambda: HourlyPartitions("2013-01-01", fmt="%Y-%m-%d"), "it must name the hour"),
        (lambda: MonthlyPartitions("2013-01", day_offset=31), "not every month has that day"),
        (lambda: WeeklyPartitions("2013-01-01", day_offset=7), "a whole number from 0 to 6"),
        (lambda: TimePartitions("61 * * * *", "2013"), "is not a cron expression: Bad minute"),
        (lambda: TimePartitions("0 0 31 2 *", "2013"), "is not a cron expression"),
        (lambda: TimePartitions("0 0 1,15 * *", "2013", fmt="%Y-%m"), "it must name the day"),
        (lambda: StaticPartitions("abc"), "takes a list of keys, not one text"),
        (lambda: StaticPartitions([]), "needs at least one key"),
        (lambda: StaticPartitions(["a", "a"]), "`a` is listed twice"),
        (lambda: StaticPartitions(["a\x1b[31m"]), "it holds the control character U+001B"),
        (lambda: MultiPartitions({"a": YEAR_2013}), "it needs at least two"),
        (
            lambda: MultiPartitions({"a b": YEAR_2013, "c": YEAR_2013}),
            "`a b` can't name a dimension",
        ),
        (lambda: MultiPartitions({"a": Unpartitioned(), "c": YEAR_2013}), "can't be unpartitioned"),
        (lambda: MultiPartitions({"a": "day", "c": YEAR_2013}), "is not a partitions definition"),
        (
            lambda: MultiPartitions({f"h{i}": HourlyPartitions("2013") for i in range(4)}),
            "more combinations than fit 62 bits",
        ),
        (lambda: MultiPartitions({"a": DailyPartitions("1700"), "c": YEAR_2013}), "begins in 1700"),
        (
            lambda: MultiPartitions({n: StaticPartitions(["x" * 300]) for n in "ab"}),
            "together exceed 512 bytes",
        ),
        (lambda: YEAR_2013.existing(datetime(2013, 1, 1)), "has no time zone"),
    ],
)
def test_impossible_arguments_are_refused_with_the_reason(make, says):
    with pytest.raises(DefinitionError) as caught:
        make()
    assert says in caught.value.message


def test_a_misspelt_zone_names_the_nearest():
    with pytest.raises(DefinitionError) as caught:
        DailyPartitions("2013-01-01", timezone="America/New_Yrok")
    assert caught.value.help is not None
    assert "`America/New_York`" in caught.value.help


def test_a_million_hours_are_listed_named_and_found_by_column_operations():
    hours = HourlyPartitions("1900-01-01", timezone="America/New_York")
    million = hours.existing(NOW).take(1_000_000)
    assert million.starts.size == 1
    keys = hours.keys(million)
    assert np.array_equal(hours.ordinals(keys), million.to_array())
    assert keys[-1] == "2014-01-29T15:00"


def test_definitions_describe_themselves_as_plain_json():
    import json

    for definition in (
        YEAR_2013,
        HourlyPartitions("2013-01-01", exclusions=["2013-02"]),
        StaticPartitions(["a"]),
        DynamicPartitions("x"),
        Unpartitioned(),
        MultiPartitions({"day": YEAR_2013, "region": StaticPartitions(["eu"])}),
    ):
        assert json.loads(json.dumps(definition.describe()))["kind"] == definition.kind


def test_clipping_keeps_what_exists_at_some_time():
    around = PartitionSet.range(YEAR_2013.ordinal("2012-12-30"), YEAR_2013.ordinal("2013-01-03"))
    assert YEAR_2013.keys(YEAR_2013.clip(around)) == ["2013-01-01", "2013-01-02"]
    assert YEAR_2013.clip(PartitionSet.EMPTY) == PartitionSet.EMPTY
