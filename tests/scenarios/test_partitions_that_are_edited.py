"""A definition of partitions that is edited: what is still valid is kept, and what is not says why."""

from __future__ import annotations

import pytest

from assets_core.model.plans import PartitionsChanged
from tests.scenarios.shops import Shop

DAYS = """
days = DailyPartitions(start="2026-01-03", end="2026-01-06")


@asset(partitions=days, code_version="1")
def daily(context: AssetContext) -> str:
    ran("daily", context.partition.key)
    return str(context.partition.start)


@asset(code_version="1")
def everything(daily: dict[str, str]) -> list[str]:
    ran("everything")
    return list(daily)
"""
SPRING = """
days = DailyPartitions(start="2025-03-28", end="2025-04-02", timezone="UTC")


@asset(partitions=days, code_version="1")
def daily(context: AssetContext) -> str:
    ran("daily", context.partition.key)
    return str(context.partition.start.astimezone(__import__("datetime").UTC))


@asset(partitions=days, code_version="1")
def copy(context: AssetContext, daily: str) -> str:
    ran("copy", context.partition.key)
    return daily
"""


@pytest.fixture
def days(shop: Shop) -> Shop:
    """Three days and what reads all of them, built."""
    shop.define(DAYS)
    assert len(shop.build()) == 4
    return shop


def moved(shop: Shop, asset: str) -> list[PartitionsChanged]:
    """The moves of windows that a plan gives as reasons."""
    reasons = [r for s in shop.plan().plan.steps if s.asset == asset for r in s.reasons]
    return [r for r in reasons if isinstance(r, PartitionsChanged)]


def test_an_earlier_start_adds_partitions_and_keeps_the_others(days: Shop) -> None:
    days.edit('start="2026-01-03"', 'start="2026-01-01"')
    assert days.build() == ["daily@2026-01-01", "daily@2026-01-02", "everything"]
    assert days.value("everything") == [f"2026-01-0{n}" for n in range(1, 6)]


def test_a_later_start_takes_partitions_from_what_reads_all_and_moving_it_back_finds_them(
    days: Shop,
) -> None:
    days.edit('start="2026-01-03"', 'start="2026-01-05"')
    assert days.todo() == ["everything run input_changed"]
    assert days.build() == ["everything"]
    assert days.value("everything") == ["2026-01-05"]
    days.edit('start="2026-01-05"', 'start="2026-01-03"')
    assert days.build() == ["everything"]
    assert days.value("everything") == ["2026-01-03", "2026-01-04", "2026-01-05"]


def test_an_end_that_moves_asks_for_what_is_new_or_leaves_out_what_is_gone(days: Shop) -> None:
    days.edit('end="2026-01-06"', 'end="2026-01-07"')
    assert days.build() == ["daily@2026-01-06", "everything"]
    days.edit('end="2026-01-07"', 'end="2026-01-04"')
    assert days.build() == ["everything"]
    assert days.value("everything") == ["2026-01-03"]


def test_an_excluded_day_is_read_no_more_and_kept(days: Shop) -> None:
    days.edit('end="2026-01-06"', 'end="2026-01-06", exclusions=["2026-01-04"]')
    assert days.build() == ["everything"]
    assert days.value("everything") == ["2026-01-03", "2026-01-05"]
    days.edit(', exclusions=["2026-01-04"]', "")
    assert days.build() == ["everything"]


def test_another_format_of_keys_is_other_partitions(days: Shop) -> None:
    days.edit('end="2026-01-06"', 'end="2026-01-06", fmt="%Y%m%d"')
    assert days.todo() == [
        "daily@20260103,20260104,20260105 run never_materialized",
        "everything run input_changed",
    ]
    assert len(days.build()) == 4
    days.edit(', fmt="%Y%m%d"', "")
    assert days.build() == ["everything"], "the records of the old keys are still there"


def test_another_time_zone_keeps_the_days_that_are_the_same_in_both(shop: Shop) -> None:
    shop.define(SPRING)
    assert len(shop.build()) == 10
    shop.edit('timezone="UTC"', 'timezone="Europe/London"')
    # Summer time began on the 30th at one o'clock: that day is shorter, and those after it begin an hour earlier.
    gone = "2025-03-30,2025-03-31,2025-04-01"
    assert shop.todo() == [
        f"daily@{gone} run partitions_changed",
        f"copy@{gone} run partitions_changed",
    ]
    assert moved(shop, "daily") == [PartitionsChanged("daily 0:0 UTC", "daily 0:0 Europe/London")]
    assert shop.attempt("daily", partitions=["2025-03-30"]) == ["daily@2025-03-30"]
    assert shop.build() == [f"{a}@2025-{d}" for a in ("copy", "daily") for d in
                            ("03-30", "03-31", "04-01") if (a, d) != ("daily", "03-30")]  # fmt: skip
    assert shop.value("daily", partition="2025-04-01") == "2025-03-31 23:00:00+00:00"
    assert shop.todo() == []
    shop.edit('timezone="Europe/London"', 'timezone="Asia/Tokyo"')
    assert len(shop.build()) == 10


def test_hours_of_another_zone_are_other_hours(shop: Shop) -> None:
    shop.define("""
        from assets_core import HourlyPartitions


        @asset(partitions=HourlyPartitions("2025-03-30", "2025-03-30T03:00", timezone="UTC"), code_version="1")
        def hour(context: AssetContext) -> int:
            ran("hour", context.partition.key)
            return 1
        """)
    assert len(shop.build()) == 3
    shop.edit('timezone="UTC"', 'timezone="Europe/London"')
    assert shop.todo() == ["hour@2025-03-30T02:00 run partitions_changed"], "one o'clock is gone"


def test_weeks_named_as_days_were_are_no_days(shop: Shop) -> None:
    shop.define(DAYS.replace("2026-01-03", "2026-01-05").replace("2026-01-06", "2026-01-26"))
    shop.build()
    shop.edit('days = DailyPartitions(start="2026-01-05", end="2026-01-26")',
              'from assets_core import WeeklyPartitions\n\n'
              'days = WeeklyPartitions(start="2026-01-05", end="2026-01-13", day_offset=1)')  # fmt: skip
    shop.now = shop.now.replace(day=20)
    assert "run partitions_changed" in shop.todo()[0]


def test_one_dimension_in_another_zone_keeps_what_is_the_same(shop: Shop) -> None:
    shop.define("""
        from assets_core import MultiPartitions

        days = DailyPartitions(start="2025-03-29", end="2025-03-31", timezone="UTC")
        regions = StaticPartitions(["eu", "us"])


        @asset(partitions=MultiPartitions({"day": days, "region": regions}), code_version="1")
        def sales(context: AssetContext) -> int:
            ran("sales", context.partition.key)
            return 1
        """)
    assert len(shop.build()) == 4
    shop.edit('timezone="UTC"', 'timezone="Europe/London"')
    assert shop.build() == ["sales@day=2025-03-30,region=eu", "sales@day=2025-03-30,region=us"]
    shop.edit('["eu", "us"]', '["asia", "eu", "us"]')
    assert len(shop.build()) == 2, "a name more is no other window"


def test_a_source_whose_windows_move_is_read_again(shop: Shop) -> None:
    shop.define("""
        days = DailyPartitions(start="2025-06-01", end="2025-06-03", timezone="UTC")


        @source(partitions=days, observe=lambda: {"2025-06-01": "a", "2025-06-02": "b"}, code_version="1")
        def rows(context: AssetContext) -> dict[str, str]:
            return dict.fromkeys(context.partition.keys, str(context.partition.start))


        @asset(code_version="1")
        def seen(rows: dict[str, str]) -> list[str]:
            ran("seen")
            return list(rows.values())
        """)
    assert shop.build() == ["seen"]
    shop.edit('timezone="UTC"', 'timezone="Asia/Tokyo"')
    assert shop.build() == ["seen"]
    assert shop.value("seen") == ["2025-06-01 00:00:00+09:00"] * 2


PARTITIONED = """
@asset(partitions=DailyPartitions(start="2026-01-01", end="2026-01-03"), code_version="1")
def rows(context: AssetContext) -> int:
    ran("rows", context.partition.key)
    return 1


@asset(code_version="1")
def total(rows: dict[str, int]) -> int:
    ran("total")
    return sum(rows.values())
"""
WHOLE = """
@asset(code_version="1")
def rows() -> int:
    ran("rows")
    return 7


@asset(code_version="1")
def total(rows: int) -> int:
    ran("total")
    return rows
"""


@pytest.mark.parametrize(
    ("before", "after", "calls", "value"),
    [
        (PARTITIONED, WHOLE, ["rows", "total"], 7),
        (WHOLE, PARTITIONED, ["rows@2026-01-01", "rows@2026-01-02", "total"], 2),
    ],
    ids=["to_whole", "to_partitions"],
)
def test_partitioned_or_not_is_another_asset_partition_and_neither_is_in_the_others_way(
    shop: Shop, before: str, after: str, calls: list[str], value: int
) -> None:
    shop.define(before)
    shop.build()
    old = shop.value("rows") if before == WHOLE else shop.value("rows", as_type=dict[str, int])
    shop.define(after)
    reasons = [[r.code for r in step.reasons] for step in shop.plan().plan.steps]
    assert reasons == [["never_materialized"], ["input_added"]]
    assert shop.build() == calls
    assert shop.value("total") == value
    shop.define(before)
    assert shop.build() == ["total"], "what was recorded before is still there"
    again = shop.value("rows") if before == WHOLE else shop.value("rows", as_type=dict[str, int])
    assert again == old
