"""Partition by partition: mappings in both directions, late windows, batches and what fails in them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assets_core.model.events import StepStarted
from tests.scenarios.shops import Shop

DAYS = """
days = DailyPartitions(start="2026-01-30", end="2026-02-04")
months = MonthlyPartitions(start="2026-01-01", end="2026-03-01")


@asset(partitions=days, code_version="1")
def daily(context: AssetContext) -> int:
    ran("daily", context.partition.key)
    extra = __import__("json").loads(Path("extra.json").read_text())
    return extra.get(context.partition.key, 1)


@asset(partitions=months)
def monthly(
    context: AssetContext,
    daily: Annotated[dict[str, int], Input("daily", mapping=TimeWindow(allow_missing=True))],
) -> int:
    ran("monthly", context.partition.key)
    return sum(daily.values())


@asset
def total(monthly: dict[str, int]) -> int:
    ran("total")
    return sum(monthly.values())


@asset(partitions=days)
def share(context: AssetContext, daily: int, total: int) -> float:
    ran("share", context.partition.key)
    return daily / total
"""


@pytest.fixture
def days(shop: Shop) -> Shop:
    """Three and two days of two months, their months, their total, and back to days."""
    shop.now = datetime(2026, 3, 10, tzinfo=UTC)
    shop.write("extra.json", "{}")
    shop.define(DAYS)
    return shop


def test_days_months_the_whole_and_days_again(days: Shop) -> None:
    assert len(days.build()) == 5 + 2 + 1 + 5
    assert days.value("total") == 5
    assert days.todo() == []


def test_one_changed_day_runs_its_chain_and_nothing_beyond(days: Shop) -> None:
    days.build()
    days.write("extra.json", '{"2026-02-02": 5}')
    assert days.build("daily", force=True, partitions=["2026-02-02"]) == ["daily@2026-02-02"]
    assert days.todo() == [
        "monthly@2026-02 run input_changed",
        "total maybe upstream_pending",
        "share@2026-02-02 run input_changed",
        "share@4 maybe upstream_pending",
    ]
    calls = days.build()
    assert calls == ["monthly@2026-02", *[f"share@2026-{d}" for d in
                     ("01-30", "01-31", "02-01", "02-02", "02-03")], "total"]  # fmt: skip


def test_a_change_that_sums_up_equally_ends_at_the_month(days: Shop) -> None:
    days.build()
    days.write("extra.json", '{"2026-02-01": 0, "2026-02-02": 2}')
    days.build("daily", force=True, partitions=["2026-02-01..2026-02-02"])
    assert days.build() == ["monthly@2026-02", "share@2026-02-01", "share@2026-02-02"]


def test_a_first_fill_of_a_window_that_was_empty_is_seen_only_by_what_reads_it(days: Shop) -> None:
    days.attempt("daily", partitions=["2026-01"])
    assert days.outcomes() == {
        "daily@2026-01-30": "materialized",
        "daily@2026-01-31": "materialized",
    }
    assert days.todo("monthly") == [
        "monthly@2026-01 run never_materialized",
        "monthly@2026-02 blocked input_missing",
    ]
    days.attempt("monthly", "total")
    assert days.value("total") == 2
    days.build("daily")
    assert days.build("monthly", "total") == ["monthly@2026-02", "total"]


def test_a_window_that_ends_later_is_a_new_partition_and_makes_nothing_else_stale(
    shop: Shop,
) -> None:
    shop.now = datetime(2026, 1, 3, tzinfo=UTC)
    shop.define("""
        days = DailyPartitions(start="2026-01-01")


        @asset(partitions=days)
        def daily(context: AssetContext) -> str:
            ran("daily", context.partition.key)
            return context.partition.key


        @asset
        def latest(daily: Annotated[str, Input("daily", mapping=Last())]) -> str:
            ran("latest")
            return daily


        @asset
        def everything(daily: dict[str, str]) -> list[str]:
            ran("everything")
            return list(daily)
        """)
    assert shop.build() == ["daily@2026-01-01", "daily@2026-01-02", "everything", "latest"]
    shop.now = datetime(2026, 1, 4, 0, 0, tzinfo=UTC)
    assert shop.todo() == [
        "daily@2026-01-03 run never_materialized",
        "latest maybe upstream_pending",
        "everything maybe upstream_pending",
    ]
    assert shop.todo("everything") == []
    assert shop.build() == ["daily@2026-01-03", "everything", "latest"]
    assert shop.value("latest") == "2026-01-03"
    shop.now = datetime(2026, 1, 2, tzinfo=UTC)
    assert shop.todo() == [], "an earlier now asks for less"


def test_a_moved_start_keeps_what_is_recorded(shop: Shop) -> None:
    shop.define("""
        days = DailyPartitions(start="2026-01-03", end="2026-01-06")


        @asset(partitions=days, code_version="1")
        def daily(context: AssetContext) -> int:
            ran("daily", context.partition.key)
            return 1
        """)
    shop.build()
    shop.edit('start="2026-01-03"', 'start="2026-01-01"')
    assert shop.build() == ["daily@2026-01-01", "daily@2026-01-02"]
    shop.edit('start="2026-01-01"', 'start="2026-01-05"')
    assert shop.todo() == []


def test_identity_specific_and_last_read_what_they_say(shop: Shop) -> None:
    shop.define("""
        regions = StaticPartitions(["eu", "us"])


        @asset(partitions=regions)
        def sales(context: AssetContext) -> str:
            ran("sales", context.partition.key)
            return context.partition.key


        @asset(partitions=regions)
        def same(context: AssetContext, sales: str) -> str:
            ran("same", context.partition.key)
            return sales


        @asset
        def europe(sales: Annotated[dict[str, str], Input("sales", mapping=Specific(["eu"]))]) -> list[str]:
            ran("europe")
            return list(sales)
        """)
    shop.build()
    assert shop.value("europe") == ["eu"]
    shop.edit('ran("sales", context.partition.key)\n    return context.partition.key',
              'ran("sales", context.partition.key)\n    return context.partition.key.replace("us", "usa")')  # fmt: skip
    assert shop.build() == ["sales@eu", "sales@us", "same@us"]


CHAIN = """
days = DailyPartitions(start="2026-01-01", end="2026-01-06")


@asset(partitions=days)
def balance(
    context: AssetContext,
    balance: Annotated[dict[str, int], Input("balance", mapping=TimeWindow(-1, -1))],
) -> int:
    ran("balance", context.partition.key)
    return sum(balance.values()) + 1
"""


def test_a_partition_that_reads_the_one_before_runs_in_order(shop: Shop) -> None:
    shop.define(CHAIN)
    assert shop.attempt() == [f"balance@2026-01-0{n}" for n in range(1, 6)]
    assert shop.value("balance", partition="2026-01-05") == 5
    assert shop.todo() == []
    assert shop.attempt("balance", partitions=["2026-01-03"], force=True) == ["balance@2026-01-03"]
    assert shop.build() == []


def test_a_failure_in_such_a_chain_stops_what_follows(shop: Shop) -> None:
    shop.define(CHAIN)
    shop.edit("    return sum", '    assert context.partition.key != "2026-01-03"\n    return sum')
    assert shop.attempt() == [f"balance@2026-01-0{n}" for n in (1, 2, 3)]
    assert shop.outcomes()["balance@2026-01-05"] == "blocked"


BATCH = """
days = DailyPartitions(start="2026-01-01", end="2026-01-08")
BAD = ()


@asset(partitions=days, batch=3)
def raw(context: AssetContext) -> Iterator[Output[str]]:
    ran("raw", *context.partition.keys)
    for key in context.partition.keys:
        if key in BAD:
            raise ValueError(key)
        yield Output(key, partition=key)


@asset(partitions=days, code_version="1")
def copy(context: AssetContext, raw: str) -> str:
    ran("copy", context.partition.key)
    return raw
"""


def batches(shop: Shop, asset: str) -> list[int]:
    """How many partitions each call of an asset got in the latest run."""
    return [len(e.partitions) for e in shop.of(StepStarted) if asset in e.assets]


def test_a_batch_gets_contiguous_runs_of_at_most_n(shop: Shop) -> None:
    shop.define(BATCH)
    shop.build()
    assert batches(shop, "raw") == [3, 3, 1]
    shop.edit("batch=3", 'batch="all"')
    assert len(shop.build()) == 7
    assert batches(shop, "raw") == [7]


def test_gaps_split_a_batch(shop: Shop) -> None:
    shop.define(BATCH.replace("batch=3", 'batch="all"'))
    shop.build("raw", partitions=["2026-01-03", "2026-01-06"])
    shop.build("raw")
    assert batches(shop, "raw") == [2, 2, 1]


def test_what_a_batch_yielded_before_it_failed_is_published(shop: Shop) -> None:
    shop.define(
        BATCH.replace("BAD = ()", 'BAD = ("2026-01-05",)').replace("batch=3", 'batch="all"')
    )
    shop.attempt()
    raw = {k[4:]: v for k, v in shop.outcomes().items() if k.startswith("raw@")}
    assert [raw[f"2026-01-0{n}"] for n in range(1, 8)] == ["materialized"] * 4 + ["failed"] * 3
    assert shop.outcomes()["copy@2026-01-04"] == "materialized"
    assert shop.outcomes()["copy@2026-01-06"] == "blocked"
    shop.edit('BAD = ("2026-01-05",)', "BAD = ()")
    shop.edit('batch="all"', 'batch="all", code_version="2"')
    assert len([c for c in shop.build() if c.startswith("copy")]) == 3


def test_a_batch_may_return_a_mapping_and_forget_one(shop: Shop) -> None:
    shop.define("""
        days = DailyPartitions(start="2026-01-01", end="2026-01-04")


        @asset(partitions=days, batch="all")
        def raw(context: AssetContext) -> dict[str, int]:
            return {key: 1 for key in context.partition.keys[:2]}
        """)
    shop.attempt()
    assert shop.outcomes() == {
        "raw@2026-01-01": "materialized",
        "raw@2026-01-02": "materialized",
        "raw@2026-01-03": "failed",
    }
    assert shop.failure("raw").kind == "not_yielded"


def test_a_partition_that_was_not_asked_for_fails_the_call_and_not_what_it_gave(shop: Shop) -> None:
    shop.define("""
        days = DailyPartitions(start="2026-01-01", end="2026-01-04")


        @asset(partitions=days, batch="all")
        def raw(context: AssetContext) -> Iterator[Output[int]]:
            yield Output(1, partition="2026-01-01")
            yield Output(1, partition="2027-01-01")
            yield Output(1, partition="2026-01-02")
        """)
    shop.attempt()
    assert list(shop.outcomes().values()) == ["materialized", "failed", "failed"]
    assert shop.failure("raw").kind == "E524"


def test_an_unchanged_batch_of_a_changed_source_costs_one_call_and_no_day_more(shop: Shop) -> None:
    shop.write("rows.json", '{"2026-01-01": 1, "2026-01-02": 2, "2026-01-03": 3}')
    shop.define("""
        import json

        days = DailyPartitions(start="2026-01-01", end="2026-01-04")


        @source(observe=file_digest("rows.json"))
        def file() -> dict[str, int]:
            return json.loads(Path("rows.json").read_text())


        @asset(partitions=days, batch="all")
        def raw(context: AssetContext, file: dict[str, int]) -> dict[str, int]:
            ran("raw")
            return {key: file[key] for key in context.partition.keys}


        @asset(partitions=days)
        def clean(context: AssetContext, raw: int) -> int:
            ran("clean", context.partition.key)
            return raw
        """)
    assert len(shop.build()) == 4
    shop.write("rows.json", '{"2026-01-01": 1, "2026-01-02": 9, "2026-01-03": 3}')
    assert shop.todo() == [
        "raw@2026-01-01,2026-01-02,2026-01-03 run input_changed",
        "clean@2026-01-01,2026-01-02,2026-01-03 maybe upstream_pending",
    ]
    assert shop.build() == ["clean@2026-01-02", "raw"]


def test_an_empty_partition_is_a_partition(shop: Shop) -> None:
    shop.define("""
        days = DailyPartitions(start="2026-01-01", end="2026-01-03")


        @asset(partitions=days)
        def rows(context: AssetContext) -> pa.Table:
            n = [] if context.partition.key == "2026-01-02" else [1]
            return pa.table({"n": pa.array(n, pa.int64())})


        @asset
        def count(rows: pa.Table) -> int:
            return rows.num_rows
        """)
    shop.build()
    assert shop.value("count") == 1
    assert shop.todo() == []


def test_an_optional_upstream_partition_that_is_missing_is_none(shop: Shop) -> None:
    shop.define("""
        days = DailyPartitions(start="2026-01-01", end="2026-01-03")


        @asset(partitions=days)
        def fx(context: AssetContext) -> int:
            assert context.partition.key == "2026-01-01"
            return 2


        @asset(partitions=days)
        def price(context: AssetContext, fx: Annotated[int | None, Input("fx", optional=True)]) -> int:
            ran("price", context.partition.key)
            return fx or 0
        """)
    shop.attempt()
    assert shop.outcomes()["fx@2026-01-02"] == "failed"
    assert shop.value("price", partition="2026-01-01") == 2
    assert shop.outcomes()["price@2026-01-02"] == "materialized"


def test_a_mapping_that_reaches_outside_is_refused_before_anything_runs(shop: Shop) -> None:
    shop.define("""
        @asset(partitions=DailyPartitions(start="2026-01-02", end="2026-01-04"))
        def late(context: AssetContext) -> int:
            ran("late")
            return 1


        @asset(partitions=DailyPartitions(start="2026-01-01", end="2026-01-04"))
        def early(context: AssetContext, late: int) -> int:
            return late
        """)
    with pytest.raises(Exception, match="2026-01-01") as refused:
        shop.attempt()
    assert refused.value.code == "E250"  # type: ignore[attr-defined]
    place = refused.value.place  # type: ignore[attr-defined]
    line = (shop.root / place.file).read_text().splitlines()[place.line - 1]
    assert line[place.column - 1 :].startswith("late: int")
    assert shop.calls() == []
