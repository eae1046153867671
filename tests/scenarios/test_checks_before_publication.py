"""Write, audit, publish: what a check on a new version keeps back, and what happens to it afterwards."""

from __future__ import annotations

import pytest

from assets_core.model.events import Blocked, CheckEvaluated
from tests.scenarios.shops import Shop

SHOP = """
@asset(checks=[not_null("id"), row_count(min=1)])
def orders() -> pa.Table:
    ran("orders")
    return pa.table({"id": [1, 2, 3]})


@asset
def count(orders: pa.Table) -> int:
    ran("count")
    return orders.num_rows
"""
GOOD, BAD, WORSE = '{"id": [1, 2, 3]}', '{"id": [1, None]}', '{"id": [None]}'


def test_a_failing_check_keeps_readers_on_the_previous_version(shop: Shop) -> None:
    shop.define(SHOP)
    shop.build()
    shop.edit(GOOD, BAD)
    assert shop.attempt() == ["orders"]
    assert shop.outcomes() == {"orders": "rejected", "count": "blocked"}
    assert shop.value("orders").num_rows == 3
    assert shop.value("count") == 3


def test_a_version_kept_back_is_not_computed_again_by_the_next_run(shop: Shop) -> None:
    shop.define(SHOP)
    shop.build()
    shop.edit(GOOD, BAD)
    shop.attempt()
    assert shop.todo() == ["orders blocked check_blocked"]
    (reason,) = shop.plan().plan.steps[0].reasons
    assert reason.checks == ("not_null(id)",)  # type: ignore[union-attr]
    assert shop.attempt() == []
    assert shop.result is not None
    assert not shop.result.ok
    assert shop.attempt(force=True) == ["orders"]


def test_the_first_version_kept_back_blocks_what_has_nothing_to_read(shop: Shop) -> None:
    shop.define(SHOP.replace(GOOD, BAD))
    assert shop.attempt() == ["orders"]
    assert shop.todo() == ["orders blocked check_blocked", "count blocked upstream_blocked"]
    assert shop.attempt() == []
    shop.edit(BAD, GOOD)
    assert shop.build() == ["count", "orders"]
    assert shop.todo() == []


def test_fixing_only_the_check_publishes_the_candidate_without_computing_it(shop: Shop) -> None:
    shop.define(SHOP)
    shop.build()
    shop.edit(GOOD, BAD)
    shop.attempt()
    shop.edit('not_null("id")', 'not_null("id", where="id = 2")')
    assert shop.todo() == [
        "count maybe upstream_pending",
        "orders checks not_null(id) where id = 2",
    ]
    assert shop.build() == ["count"]
    assert shop.value("orders").num_rows == 2
    assert shop.value("count") == 2
    assert shop.todo() == []


def test_a_fixed_check_that_still_fails_is_not_evaluated_for_ever(shop: Shop) -> None:
    shop.define(SHOP)
    shop.build()
    shop.edit(GOOD, BAD)
    shop.attempt()
    shop.edit('not_null("id")', 'not_null("id", where="id is null")')
    assert shop.attempt() == []
    assert shop.todo() == ["orders blocked check_blocked"]
    assert shop.attempt() == []


def test_an_added_check_that_passes_does_not_excuse_one_that_fails(shop: Shop) -> None:
    shop.define(SHOP)
    shop.build()
    shop.edit(GOOD, BAD)
    shop.attempt()
    shop.edit("row_count(min=1)", "row_count(min=1), row_count(max=99)")
    assert shop.attempt() == []
    assert shop.result is not None
    assert not shop.result.ok
    assert shop.value("orders").num_rows == 3
    assert shop.todo() == ["orders blocked check_blocked"]


@pytest.mark.parametrize(
    "new", ["row_count(min=1)", 'not_null("id", severity=Severity.WARN), row_count(min=1)']
)
def test_removing_or_softening_the_check_publishes_the_candidate(shop: Shop, new: str) -> None:
    shop.define(SHOP)
    shop.build()
    shop.edit(GOOD, BAD)
    shop.attempt()
    shop.edit('not_null("id"), row_count(min=1)', new)
    assert shop.build() == ["count"]
    assert shop.value("orders").num_rows == 2
    assert shop.todo() == []


def test_removing_every_check_publishes_the_candidate(shop: Shop) -> None:
    shop.define(SHOP)
    shop.build()
    shop.edit(GOOD, BAD)
    shop.attempt()
    shop.edit('@asset(checks=[not_null("id"), row_count(min=1)])', "@asset")
    assert shop.build() == ["count"]
    assert shop.value("orders").num_rows == 2
    assert shop.todo() == []


def test_a_version_kept_back_of_other_code_is_computed_again(shop: Shop) -> None:
    shop.define(SHOP)
    shop.build()
    shop.edit(GOOD, BAD)
    shop.attempt()
    shop.edit(BAD, WORSE)
    assert shop.todo() == ["orders run code_changed", "count maybe upstream_pending"]
    assert shop.attempt() == ["orders"]
    shop.edit(WORSE, GOOD)
    assert shop.todo() == []
    assert shop.build() == []


def test_a_warning_is_told_and_keeps_nothing_back(shop: Shop) -> None:
    shop.define(
        SHOP.replace(GOOD, BAD).replace('not_null("id")', 'not_null("id", severity=Severity.WARN)')
    )
    assert shop.build() == ["count", "orders"]
    (failed,) = [e for e in shop.of(CheckEvaluated) if not e.passed]
    assert (failed.check, failed.count, failed.blocking) == ("not_null(id)", 1, False)
    assert shop.todo() == []


def test_an_error_that_does_not_block_is_told_and_keeps_nothing_back(shop: Shop) -> None:
    shop.define(SHOP.replace(GOOD, BAD).replace('not_null("id")', 'not_null("id", blocking=False)'))
    assert shop.build() == ["count", "orders"]


@pytest.mark.parametrize("body", ["1 / 0", "raise SystemExit(3)", "return 3", "return None"])
def test_a_check_that_crashes_counts_as_failed(shop: Shop, body: str) -> None:
    shop.define(f"""
        @asset
        def orders() -> int:
            ran("orders")
            return 1


        @check(asset=orders)
        def sensible(orders: int) -> bool:
            {body}
        """)
    assert shop.attempt() == ["orders"]
    assert shop.outcomes() == {"orders": "rejected"}
    assert shop.todo() == ["orders blocked check_blocked"]
    shop.edit(body, "return True")
    assert shop.build() == []
    assert shop.value("orders") == 1
    assert shop.todo() == []


def test_a_check_function_gets_the_new_version_before_anyone_else(shop: Shop) -> None:
    shop.define("""
        @asset
        def orders() -> list[int]:
            ran("orders")
            return [1, 2]


        @check(asset=orders)
        def short(orders: list[int]) -> CheckResult:
            ran("short")
            long = [n for n in orders if n > 2]
            return CheckResult(not long, len(long), tuple({"n": n} for n in long), {"of": len(orders)})
        """)
    assert shop.build() == ["orders", "short"]
    shop.edit("return [1, 2]", "return [1, 2, 3]")
    assert shop.attempt() == ["orders", "short"]
    (told,) = shop.of(CheckEvaluated)
    assert (told.passed, told.count, told.published) == (False, 1, False)
    assert shop.value("orders") == [1, 2]


def test_results_of_check_functions_are_stored_as_plain_data(shop: Shop) -> None:
    shop.define("""
        import datetime
        import numpy as np


        @asset
        def orders() -> int:
            return 1


        @check(asset=orders)
        def typed(orders: int) -> CheckResult:
            rows = ({"at": datetime.date(2026, 1, 1), "n": np.int64(3)},)
            return CheckResult(np.bool_(True), np.int64(1), rows, {"mean": np.float64(0.5)})


        @check(asset=orders, severity=Severity.WARN)
        def hopeless(orders: int) -> CheckResult:
            return CheckResult(True, 0, (), {"x": object()})


        @check(asset=orders, severity=Severity.WARN)
        def endless(orders: int) -> CheckResult:
            return CheckResult(False, 2, tuple({"n": n, "f": float("nan")} for n in range(1000)))
        """)
    shop.build()
    told = {e.check: e for e in shop.of(CheckEvaluated)}
    assert told["typed"].passed
    assert not told["hopeless"].passed
    assert "x" in told["hopeless"].message
    with shop.project().reading() as reader:
        records = {r.outcome.name: r.outcome for r in reader.checks("default", "orders", 10)}  # type: ignore[arg-type]
    assert records["typed"].sample == ({"at": "2026-01-01", "n": 3},)
    assert records["typed"].metadata == {"mean": 0.5}
    assert len(records["endless"].sample) <= 10


def test_inputs_that_change_run_what_was_kept_back_in_the_same_run(shop: Shop) -> None:
    shop.define("""
        @asset
        def raw() -> list[int | None]:
            ran("raw")
            return [1, None]


        @asset(checks=[not_null("id")])
        def orders(raw: list[int | None]) -> pa.Table:
            ran("orders")
            return pa.table({"id": raw})


        @asset
        def count(orders: pa.Table) -> int:
            ran("count")
            return orders.num_rows
        """)
    assert shop.attempt() == ["raw", "orders"]
    shop.edit("return [1, None]", "return [1, 2]")
    assert shop.todo() == [
        "raw run code_changed",
        "orders maybe upstream_pending",
        "count run never_materialized",
    ]
    assert shop.build() == ["count", "orders", "raw"]
    assert shop.todo() == []


def test_inputs_that_come_out_equal_leave_blocked_what_was_kept_back(shop: Shop) -> None:
    shop.define("""
        @asset
        def raw() -> list[int | None]:
            ran("raw")
            return [1, None]


        @asset(checks=[not_null("id")])
        def orders(raw: list[int | None]) -> pa.Table:
            ran("orders")
            return pa.table({"id": raw})


        @asset
        def count(orders: pa.Table) -> int:
            ran("count")
            return orders.num_rows
        """)
    shop.attempt()
    shop.edit("return [1, None]", "return [1] + [None]")
    assert shop.attempt() == ["raw"]
    assert shop.outcomes() == {"raw": "materialized", "orders": "blocked", "count": "blocked"}
    assert {e.asset for e in shop.of(Blocked)} == {"orders", "count"}
    assert shop.todo() == ["orders blocked check_blocked", "count blocked upstream_blocked"]
