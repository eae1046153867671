"""What was wiped was never materialized: it is made again, and what reads it where it comes out otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets_core.project.wiping import versions_to_wipe, wipe
from tests.scenarios.shops import Shop

PARTS = """
keys = StaticPartitions(["a", "b", "c"])


@asset(partitions=keys)
def up(context: AssetContext) -> int:
    ran("up", context.partition.key)
    return 1


@asset
def total(up: dict[str, int]) -> int:
    ran("total")
    return sum(up.values())


@asset
def last(total: int) -> int:
    ran("last")
    return total
"""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop.at(tmp_path / "project")
    shop.define(PARTS)
    shop.build()
    return shop


def wiped(shop: Shop, name: str, *terms: str) -> list[str]:
    project = shop.project()
    _, found = versions_to_wipe(project, name, terms)
    return [one.partition for one in wipe(project, found)]


def test_only_what_was_wiped_runs_where_it_comes_out_the_same(shop: Shop) -> None:
    assert wiped(shop, "up", "b") == ["b"]
    assert shop.build() == ["up@b"]
    assert shop.build() == []


def test_nothing_is_built_on_it_until_it_is_made_again(shop: Shop) -> None:
    assert wiped(shop, "total") == [""]
    assert shop.attempt("last") == []
    assert shop.outcomes()["last"] == "blocked"
    assert shop.build() == ["total"]


def test_all_partitions_go_without_a_term_also_those_that_are_no_more(shop: Shop) -> None:
    shop.edit('["a", "b", "c"]', '["a", "b"]')
    assert sorted(wiped(shop, "up")) == ["a", "b", "c"]
    assert wiped(shop, "up") == []
    shop.edit('["a", "b"]', '["a", "b", "c"]')
    assert sorted(shop.build()) == ["up@a", "up@b", "up@c"]
