"""SQL assets where a mapping selects nothing of an input, or the input is not there."""

from __future__ import annotations

import pyarrow as pa

from tests.scenarios.shops import Shop

DAYS = """
days = DailyPartitions(start="2026-01-01", end="2026-01-04")


@asset(partitions=days)
def orders(context: AssetContext) -> pa.Table:
    return pa.table({"day": [context.partition.key], "amount": [5]})


before = sql_asset(
    "before",
    "select count(*) as n, coalesce(sum(amount), 0) as amount, max(day) as last from orders",
    partitions=days,
    inputs=[Input("orders", mapping=TimeWindow(-1, -1, allow_missing=True))],
)
"""


def test_a_query_reads_an_empty_table_where_its_mapping_selects_nothing(shop: Shop) -> None:
    shop.define(DAYS)
    shop.build()
    assert _rows(shop, "2026-01-01") == [{"n": 0, "amount": 0, "last": None}]
    assert _rows(shop, "2026-01-02") == [{"n": 1, "amount": 5, "last": "2026-01-01"}]
    assert shop.todo() == []


def test_an_optional_input_that_was_never_made_is_no_table_and_says_where(shop: Shop) -> None:
    shop.define("""
@asset(partitions=StaticPartitions(["a"]))
def raw(context: AssetContext) -> pa.Table:
    raise ValueError("no")


total = sql_asset("total", "select count(id) as n from raw", inputs=[Input("raw", optional=True)])
""")
    shop.attempt()
    failure = shop.failure("total")
    assert failure.kind == "E517"
    assert "nothing of `raw` is selected here, and its columns are not known yet" in failure.message
    assert (failure.file, failure.line > 0) == ("shop.py", True)


def test_an_input_that_stored_nothing_is_no_table(shop: Shop) -> None:
    shop.define("""
@asset
def raw() -> None: ...


total = sql_asset("total", "select count(id) as n from raw")
""")
    shop.attempt()
    assert shop.failure("total").kind == "E517"
    assert "`raw` stored nothing: its function returned None" in shop.failure("total").message


def _rows(shop: Shop, day: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = shop.value(
        "before", as_type=pa.Table, partition=day
    ).to_pylist()
    return rows
