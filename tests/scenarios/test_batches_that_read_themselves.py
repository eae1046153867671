"""Batches of an asset that reads its own earlier partitions: ascending, from themselves, up to the first failure."""

from __future__ import annotations

import pytest

from assets_core.model.events import StepStarted
from tests.scenarios.shops import Shop

BALANCE = """
days = DailyPartitions(start="2026-01-01", end="2026-01-07")


@asset(partitions=days, batch="all", code_version="1")
def balance(
    context: AssetContext,
    balance: Annotated[dict[str, int], Input("balance", mapping=TimeWindow(-1, -1))],
) -> Iterator[Output[int]]:
    last = max(balance.values(), default=0)
    ran("given", *balance)
    for key in context.partition.keys:
        ran("balance", key)
        assert key not in Path("bad.txt").read_text()
        last += 1
        yield Output(last, partition=key)


@check(asset=balance)
def plausible(balance: int) -> bool:
    return str(balance) not in Path("implausible.txt").read_text()
"""


@pytest.fixture
def shop(shop: Shop) -> Shop:
    shop.write("bad.txt", "")
    shop.write("implausible.txt", "")
    shop.define(BALANCE)
    return shop


def calls(shop: Shop) -> list[str]:
    """The days of each call of the latest run, from the first to the last."""
    started = [e.partitions for e in shop.of(StepStarted) if "balance" in e.assets]
    return [f"{days[0][-1]}-{days[-1][-1]}" for days in started]


def outcomes(shop: Shop) -> str:
    """A letter for each day: materialized, failed, rejected or blocked."""
    return "".join(found[0] for _, found in sorted(shop.outcomes().items()))


def balances(shop: Shop) -> list[int]:
    return list(shop.value("balance", as_type=dict[str, int]).values())


def test_one_call_makes_them_all_in_order(shop: Shop) -> None:
    ran = shop.attempt()
    assert [c for c in ran if c != "given"] == [f"balance@2026-01-0{n}" for n in range(1, 7)]
    assert calls(shop) == ["1-6"]
    assert balances(shop) == [1, 2, 3, 4, 5, 6]
    assert shop.todo() == []


def test_an_exception_stops_the_batch_and_the_next_run_goes_on_from_the_last_good_one(
    shop: Shop,
) -> None:
    shop.write("bad.txt", "2026-01-04")
    shop.attempt()
    assert outcomes(shop) == "mmmfff"
    shop.write("bad.txt", "")
    ran = shop.attempt()
    assert ran[0] == "given@2026-01-03"
    assert calls(shop) == ["4-6"]
    assert balances(shop) == [1, 2, 3, 4, 5, 6]
    assert shop.todo() == []


def test_what_follows_an_output_that_a_check_kept_back_fails_although_it_was_yielded(
    shop: Shop,
) -> None:
    shop.write("implausible.txt", "3")
    shop.attempt()
    assert outcomes(shop) == "mmrfff"
    assert shop.failure("balance").kind == "stopped"
    assert balances(shop) == [1, 2]
    assert shop.todo() == [
        "balance@2026-01-03 blocked check_blocked",
        "balance@2026-01-04,2026-01-05,2026-01-06 blocked upstream_blocked",
    ]


def test_a_changed_day_in_the_middle_runs_on_to_the_end(shop: Shop) -> None:
    shop.build()
    shop.attempt(partitions=["2026-01-03"], force=True)
    assert calls(shop) == ["3-3"]
    assert shop.todo() == [], "the same content again"
    shop.edit("last += 1", "last += 1 + (key == '2026-01-03' and Path('late').exists())")
    shop.write("late", "")
    shop.attempt(partitions=["2026-01-03"], force=True)
    shop.attempt()
    assert calls(shop) == ["4-6"]
    assert balances(shop) == [1, 2, 4, 5, 6, 7]


def test_a_batch_of_two_is_claimed_call_after_call(shop: Shop) -> None:
    shop.edit('batch="all"', "batch=2")
    assert [c for c in shop.attempt() if c.startswith("given")] == [
        "given",
        "given@2026-01-02",
        "given@2026-01-04",
    ]
    assert calls(shop) == ["1-2", "3-4", "5-6"]
    assert balances(shop) == [1, 2, 3, 4, 5, 6]
