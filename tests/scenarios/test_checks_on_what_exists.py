"""Checks of versions that readers see already: what is evaluated when, and what a failure blocks."""

from __future__ import annotations

import pytest

from assets_core.model.events import CheckEvaluated
from assets_core.model.plans import CheckFailing
from tests.scenarios.shops import Shop

SHOP = """
@asset
def orders() -> pa.Table:
    ran("orders")
    return pa.table({"id": [1, 2, None]})


@asset
def count(orders: pa.Table) -> int:
    ran("count")
    return orders.num_rows


@asset
def other() -> int:
    ran("other")
    return 1
"""


def evaluated(shop: Shop) -> list[str]:
    """The checks that were evaluated in the latest run, with their answers."""
    told = shop.of(CheckEvaluated)
    return sorted(
        f"{e.asset}{'@' + e.partition if e.partition else ''} {e.check} {e.passed}" for e in told
    )


def test_an_added_check_is_evaluated_on_what_exists_and_computes_nothing(shop: Shop) -> None:
    shop.define(SHOP)
    shop.build()
    shop.edit("@asset\ndef orders", "@asset(checks=[row_count(min=1)])\ndef orders")
    assert shop.todo() == ["orders checks row_count(min=1)"]
    assert shop.build() == []
    assert evaluated(shop) == ["orders row_count(min=1) True"]
    assert shop.todo() == []
    assert shop.build() == []
    assert evaluated(shop) == []


def test_only_the_check_that_was_added_is_evaluated(shop: Shop) -> None:
    shop.define(SHOP.replace("@asset\ndef orders", "@asset(checks=[row_count(min=1)])\ndef orders"))
    shop.build()
    shop.edit("checks=[row_count(min=1)]", "checks=[row_count(min=1), row_count(max=9)]")
    assert shop.todo() == ["orders checks row_count(max=9)"]
    assert shop.build() == []
    assert evaluated(shop) == ["orders row_count(max=9) True"]


def test_removing_a_check_that_passed_leaves_nothing_to_do(shop: Shop) -> None:
    shop.define(
        SHOP.replace(
            "@asset\ndef orders", "@asset(checks=[row_count(min=1), row_count(max=9)])\ndef orders"
        )
    )
    shop.build()
    shop.edit(", row_count(max=9)", "")
    assert shop.todo() == []
    shop.edit("(checks=[row_count(min=1)])", "")
    assert shop.todo() == []
    assert shop.build() == []


def test_a_blocking_check_that_fails_on_what_readers_see_unpublishes_nothing_and_blocks_what_is_new(
    shop: Shop,
) -> None:
    shop.define(SHOP)
    shop.build()
    shop.edit("@asset\ndef orders", '@asset(checks=[not_null("id")])\ndef orders')
    shop.edit("return orders.num_rows", "return orders.num_rows * 10")
    shop.edit("    return 1\n", "    return 2\n")
    assert shop.attempt() == ["other"]
    assert shop.outcomes() == {"count": "blocked", "other": "materialized"}
    assert shop.result is not None
    assert not shop.result.ok
    assert [c.check for c in shop.result.failed_checks] == ["not_null(id)"]
    assert shop.value("orders").num_rows == 3
    assert shop.value("count") == 3
    planned = shop.plan().plan
    assert shop.todo() == ["count blocked upstream_blocked"]
    assert [type(a) for a in planned.annotations] == [CheckFailing]
    assert shop.attempt() == []
    assert evaluated(shop) == []
    assert not shop.result.ok


def test_what_is_current_stays_current_behind_a_failing_check_and_the_run_still_fails(
    shop: Shop,
) -> None:
    shop.define(SHOP)
    shop.build()
    shop.edit("@asset\ndef orders", '@asset(checks=[not_null("id")])\ndef orders')
    assert shop.attempt() == []
    assert shop.result is not None
    assert not shop.result.ok
    assert shop.todo() == []
    assert shop.attempt() == []
    assert not shop.result.ok, "it fails for as long as readers see it"


@pytest.mark.parametrize(
    "new",
    ["@asset\n", "@asset(checks=[row_count(min=1)])\n",
     '@asset(checks=[not_null("id", severity=Severity.WARN)])\n'],
)  # fmt: skip
def test_removing_or_softening_the_failing_check_unblocks_in_the_same_run(
    shop: Shop, new: str
) -> None:
    shop.define(SHOP)
    shop.build()
    shop.edit("@asset\ndef orders", '@asset(checks=[not_null("id")])\ndef orders')
    shop.edit("return orders.num_rows", "return orders.num_rows * 10")
    shop.attempt()
    shop.edit('@asset(checks=[not_null("id")])\n', new)
    assert shop.build() == ["count"]
    assert shop.value("count") == 30
    assert shop.todo() == []
    assert shop.build() == []


def test_hardening_a_warning_judges_what_exists_again(shop: Shop) -> None:
    warn = '@asset(checks=[not_null("id", severity=Severity.WARN)])\ndef orders'
    shop.define(SHOP.replace("@asset\ndef orders", warn))
    assert shop.build() == ["count", "orders", "other"]
    shop.edit(", severity=Severity.WARN", "")
    assert shop.attempt() == []
    assert shop.result is not None
    assert not shop.result.ok


def test_a_fixed_asset_passes_its_check_and_everything_goes_on(shop: Shop) -> None:
    shop.define(SHOP)
    shop.build()
    shop.edit("@asset\ndef orders", '@asset(checks=[not_null("id")])\ndef orders')
    shop.attempt()
    shop.edit("[1, 2, None]", "[1, 2, 3]")
    assert shop.build() == ["count", "orders"]
    assert shop.todo() == []
    assert shop.build() == []


RELATED = """
@asset
def planes() -> pa.Table:
    ran("planes")
    return pa.table({"tail": ["a", "b"]})


@asset(checks=[relationship("tail", to="planes")])
def flights() -> pa.Table:
    ran("flights")
    return pa.table({"tail": ["a", "b", None]})


@asset
def count(flights: pa.Table) -> int:
    ran("count")
    return flights.num_rows
"""


def test_a_relationship_waits_for_the_related_asset(shop: Shop) -> None:
    shop.define(RELATED)
    calls = shop.attempt()
    assert calls.index("planes") < calls.index("flights")
    assert evaluated(shop) == ["flights relationship(tail, planes.tail) True"]
    assert shop.todo() == []


def test_a_relationship_is_judged_again_when_the_related_asset_changed_and_only_then(
    shop: Shop,
) -> None:
    shop.define(RELATED)
    shop.build()
    shop.edit('["a", "b"]})', '["b", "a"]})')
    assert shop.build() == ["planes"]
    assert evaluated(shop) == ["flights relationship(tail, planes.tail) True"]
    assert shop.todo() == []
    assert shop.build("planes", force=True) == ["planes"]
    assert evaluated(shop) == []
    shop.edit('["b", "a"]})', '["b"]})')
    assert shop.attempt() == ["planes"]
    assert evaluated(shop) == ["flights relationship(tail, planes.tail) False"]
    assert shop.result is not None
    assert not shop.result.ok
    assert shop.value("flights").num_rows == 3
    shop.edit('["b"]})', '["a", "b", "c"]})')
    assert shop.build() == ["planes"]
    assert shop.todo() == []


def test_a_related_asset_that_was_not_selected_is_judged_against_as_it_is(shop: Shop) -> None:
    shop.define(RELATED)
    shop.build()
    shop.edit('["a", "b", None]', '["a"]')
    assert shop.build("flights") == ["flights"]
    assert evaluated(shop) == ["flights relationship(tail, planes.tail) True"]


def test_a_check_function_may_read_other_assets(shop: Shop) -> None:
    shop.define(
        RELATED.replace('(checks=[relationship("tail", to="planes")])', "")
        + """

@check(asset=flights)
def known(flights: pa.Table, planes: pa.Table) -> bool:
    ran("known")
    tails = set(planes["tail"].to_pylist())
    return all(t in tails for t in flights["tail"].to_pylist() if t)
"""
    )
    assert shop.attempt() == ["planes", "flights", "known", "count"]
    shop.edit('["a", "b"]})', '["a", "b", "c"]})')
    assert shop.attempt() == ["planes", "known"]
    assert shop.build() == []


DAYS = """
days = DailyPartitions(start="2026-01-01", end="2026-01-04")


@asset(partitions=days, checks=[row_count(max=2)])
def daily(context: AssetContext) -> pa.Table:
    ran("daily", context.partition.key)
    rows = 3 if context.partition.key == "2026-01-02" else 1
    return pa.table({"n": [0] * rows})


@asset(partitions=days)
def copy(context: AssetContext, daily: pa.Table) -> int:
    ran("copy", context.partition.key)
    return daily.num_rows
"""


def test_each_partition_is_kept_back_or_published_by_itself(shop: Shop) -> None:
    shop.define(DAYS)
    shop.attempt()
    assert {k: v for k, v in shop.outcomes().items() if k.startswith("copy")} == {
        "copy@2026-01-01": "materialized",
        "copy@2026-01-02": "blocked",
        "copy@2026-01-03": "materialized",
    }
    assert shop.todo() == [
        "daily@2026-01-02 blocked check_blocked",
        "copy@2026-01-02 blocked upstream_blocked",
    ]
    shop.edit("max=2", "max=3")
    assert shop.build() == ["copy@2026-01-02"]
    assert evaluated(shop) == [f"daily@2026-01-0{n} row_count(max=3) True" for n in (1, 2, 3)]
    assert shop.todo() == []


def test_an_added_check_is_evaluated_on_each_partition_once(shop: Shop) -> None:
    shop.define(DAYS.replace(", checks=[row_count(max=2)]", ""))
    shop.build()
    shop.edit(
        "@asset(partitions=days)\ndef daily",
        "@asset(partitions=days, checks=[row_count(max=2)])\ndef daily",
    )
    assert shop.attempt(partitions=["2026-01-01"]) == []
    assert evaluated(shop) == ["daily@2026-01-01 row_count(max=2) True"]
    shop.attempt()
    assert evaluated(shop) == [
        "daily@2026-01-02 row_count(max=2) False",
        "daily@2026-01-03 row_count(max=2) True",
    ]
    shop.edit("return daily.num_rows", "return -daily.num_rows")
    assert sorted(shop.attempt()) == ["copy@2026-01-01", "copy@2026-01-03"]
