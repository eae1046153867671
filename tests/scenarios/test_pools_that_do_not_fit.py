"""A pool or a rate limit that is misspelt, or too small, is an error before anything runs: the whole message."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets_core import asset, load, materialize
from assets_core.errors import AssetsError
from assets_core.testing import memory_project
from tests.scenarios.shops import Shop

TWO = "[tool.assets.pools]\nwarehouse = 2\n"
ASSET = "\n@asset(POOL)\ndef rows() -> int:\n    return 1\n"
CASES = {
    "misspelt": (
        TWO,
        ASSET.replace("POOL", 'group="x", pool="warehose"'),
        (
            "E146: asset `rows` needs pool `warehose`, which is not configured (shop.py:3:24); "
            "a similar pool exists: `warehouse`; or give it slots: `warehose = 1` under [tool.assets.pools]"
        ),
    ),
    "one of several": (
        TWO,
        ASSET.replace("POOL", 'pool={"warehouse": 1, "other": 1}'),
        (
            "E146: asset `rows` needs pool `other`, which is not configured (shop.py:3:30); "
            "give it slots: `other = 1` under [tool.assets.pools]"
        ),
    ),
    "of a query": (
        "",
        '\nrows = sql_asset("rows", "select 1 as n", pool="duckdb")\n',
        (
            "E146: asset `rows` needs pool `duckdb`, which is not configured (shop.py:3:48); "
            "give it slots: `duckdb = 1` under [tool.assets.pools]"
        ),
    ),
    "too small": (
        TWO,
        ASSET.replace("POOL", 'pool={"warehouse": 3}'),
        (
            "E147: asset `rows` needs 3 slots of pool `warehouse`, which has 2 (shop.py:3:14); "
            "it would never start: need fewer, or set `pools.warehouse` to 3 or more"
        ),
    ),
    "a default": (
        'pool = "nothing"\n',
        ASSET.replace("(POOL)", ""),
        (
            "E146: the setting `pool` names `nothing`, which is not configured (pyproject.toml:4:8); "
            "give it slots: `nothing = 1` under [tool.assets.pools]"
        ),
    ),
    "a limit of no asset": (
        '[tool.assets.rate_limits]\nrow = "1/second"\n',
        ASSET.replace("(POOL)", ""),
        (
            "E413: the rate limit `row` is for no asset of this project (pyproject.toml:5:1); "
            "did you mean `rows`?"
        ),
    ),
    "a limit of no tag": (
        '[tool.assets.rate_limits]\n"tag:api=github" = "1/second"\n',
        ASSET.replace("(POOL)", ""),
        (
            "E413: the rate limit `tag:api=github` is for no asset of this project (pyproject.toml:5:1); "
            "name an asset by its whole key, or write `tag:name=value`"
        ),
    ),
    "no name of a pool": (
        "",
        ASSET.replace("POOL", 'pool="Duck DB"'),
        (
            "E102: `pool` takes names of pools (lower-case letters, digits and `-`, at most 64), "
            "not 'Duck DB' (shop.py:3:13)"
        ),
    ),
    "no number of slots": (
        TWO,
        ASSET.replace("POOL", 'pool={"warehouse": 0}'),
        "E102: `pool` takes a number of slots from 1 for `warehouse`, not 0 (shop.py:3:13)",
    ),
    "no pool": (
        TWO,
        ASSET.replace("POOL", "pool=3"),
        "E102: `pool` takes the name of a pool or several, not 3 (shop.py:3:13)",
    ),
    "no priority": (
        TWO,
        ASSET.replace("POOL", 'priority="high"'),
        "E102: `priority` takes a whole number, not 'high' (shop.py:3:17)",
    ),
}


@pytest.mark.parametrize(("config", "text", "message"), CASES.values(), ids=CASES)
def test_it_is_located(config: str, text: str, message: str, tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project", config)
    shop.write("shop.py", f"from assets_core import asset, sql_asset\n{text}")
    with pytest.raises(AssetsError) as caught:
        shop.plan()
    assert str(caught.value) == message


def test_definitions_without_a_project_are_not_limited(tmp_path: Path) -> None:
    """There is nowhere to configure a pool: what a unit test materializes runs as it stands."""

    @asset(pool={"warehouse": 3}, priority=1)
    def rows() -> int:
        return 1

    project = memory_project([rows], root=tmp_path)
    assert materialize(project).ok
    assert load("rows", project=project) == 1


def test_a_default_pool_is_for_assets_that_name_none(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project", f'pool = ["warehouse"]\n{TWO}duckdb = 1\n')
    shop.define(
        ASSET.replace("(POOL)", "") + ASSET.replace("POOL", 'pool="duckdb"').replace("rows", "own")
    )
    graph = shop.project().graph
    assert {d.key: d.pool for d in graph.definitions} == {
        "rows": (("warehouse", 1),),
        "own": (("duckdb", 1),),
    }
