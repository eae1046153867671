"""A partition that fails, or fails its check, stops what would read it and nothing that reads another one."""

from __future__ import annotations

import pytest

from tests.scenarios.shops import Shop

LATEST = """
days = DailyPartitions(start="2026-01-01", end="2026-01-04")
BAD = ()


@asset(partitions=days, code_version="1")
def daily(context: AssetContext) -> int:
    ran("daily", context.partition.key)
    assert context.partition.key not in BAD
    return int(context.partition.key[-2:])


@asset(code_version="1")
def latest(daily: Annotated[int, Input("daily", mapping=Last())]) -> int:
    ran("latest")
    return daily
"""
CHAIN = """
days = DailyPartitions(start="2026-01-01", end="2026-01-05")
FIRST = 1


@asset(partitions=days, code_version="1")
def balance(
    context: AssetContext,
    balance: Annotated[dict[str, int], Input("balance", mapping=TimeWindow(-1, -1))],
) -> int:
    ran("balance", context.partition.key)
    return (sum(balance.values()) or FIRST) + 1
"""


def checked(shop: Shop, asset: str, good: str, scope: str = "partition") -> None:
    """Add a check: ``good`` is an expression over ``value``."""
    text = (shop.root / "shop.py").read_text(encoding="utf-8")
    kind = "dict[str, int]" if scope == "asset" else "int"
    shop.write(
        "shop.py",
        f"{text}\n\n@check(asset={asset}, scope={scope!r})\ndef rule({asset}: {kind}) -> bool:\n"
        f"    value = {asset}\n    return {good}\n",
    )


def test_an_older_day_that_fails_does_not_stop_a_reader_of_the_last_one(shop: Shop) -> None:
    shop.define(LATEST)
    shop.edit("BAD = ()", 'BAD = ("2026-01-01",)')
    shop.attempt()
    assert shop.outcomes()["daily@2026-01-01"] == "failed"
    assert shop.value("latest") == 3


def test_the_last_day_that_fails_stops_its_reader(shop: Shop) -> None:
    shop.define(LATEST)
    shop.edit("BAD = ()", 'BAD = ("2026-01-03",)')
    shop.attempt()
    assert shop.outcomes()["latest"] == "blocked"


@pytest.mark.parametrize(("bad", "outcome"), [(1, "materialized"), (3, "blocked")])
def test_a_day_found_to_fail_its_check_stops_a_reader_of_the_last_one_only_if_it_is_that(
    shop: Shop, bad: int, outcome: str
) -> None:
    shop.define(LATEST)
    shop.build()
    shop.edit('code_version="1")\ndef latest', 'code_version="2")\ndef latest')
    checked(shop, "daily", f"value != {bad}")
    assert shop.attempt() == (["latest"] if outcome == "materialized" else [])
    assert shop.outcomes()["latest"] == outcome


def test_a_day_found_to_fail_its_check_stops_the_next_one_of_its_own_asset(shop: Shop) -> None:
    shop.define(CHAIN)
    shop.build(partitions=["2026-01-01", "2026-01-02"])
    checked(shop, "balance", "value != 3")
    assert shop.attempt() == []
    assert shop.outcomes()["balance@2026-01-03"] == "blocked"
    assert shop.todo() == ["balance@2026-01-03,2026-01-04 blocked upstream_blocked"]


def test_a_check_of_the_whole_that_fails_does_not_stop_the_day_that_would_mend_it(
    shop: Shop,
) -> None:
    shop.define(CHAIN)
    shop.build(partitions=["2026-01-01", "2026-01-02", "2026-01-03"])
    checked(shop, "balance", "len(value) == 4", scope="asset")
    shop.attempt(partitions=["2026-01-01"])
    assert shop.todo() == ["balance@2026-01-04 run never_materialized"]
    assert shop.build() == ["balance@2026-01-04"]
    assert shop.todo() == []


def test_a_day_without_another_input_says_so_and_not_that_the_whole_fails_its_check(
    shop: Shop,
) -> None:
    shop.define(CHAIN)
    rate = '@asset(partitions=days, code_version="1")\ndef rate() -> int:\n    return 1\n\n\n'
    shop.edit("@asset(", f"{rate}@asset(")
    shop.edit("context: AssetContext,", "context: AssetContext,\n    rate: int,")
    three = ["2026-01-01", "2026-01-02", "2026-01-03"]
    shop.build(partitions=three)
    checked(shop, "balance", "len(value) == 4", scope="asset")
    shop.attempt(partitions=three)
    assert shop.todo("balance") == ["balance@2026-01-04 blocked input_missing"]


def test_a_day_that_was_kept_back_is_decided_when_the_one_before_it_has_run(shop: Shop) -> None:
    shop.define(CHAIN)
    checked(shop, "balance", "value != 3")
    assert shop.attempt() == ["balance@2026-01-01", "balance@2026-01-02"]
    assert shop.todo() == [
        "balance@2026-01-02 blocked check_blocked",
        "balance@2026-01-03,2026-01-04 blocked upstream_blocked",
    ]
    assert shop.attempt(partitions=["2026-01-01"], force=True) == ["balance@2026-01-01"]
    shop.edit("FIRST = 1", "FIRST = 5")
    shop.edit('code_version="1"', 'code_version="2"')
    assert shop.build() == [f"balance@2026-01-0{n}" for n in range(1, 5)]
    assert shop.value("balance", partition="2026-01-04") == 9
    assert shop.todo() == []
