"""The whole error of every project whose declarations don't fit together. A module's text starts at line 3."""

# ruff: noqa: E501 - golden text is compared as it is shown
from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

CASES: dict[str, tuple[str, str]] = {
    "a misspelled upstream": (
        """
        import pandas as pd

        @asset
        def orders_clean(): ...

        @asset(group="mart")
        def daily_report(order_clean: pd.DataFrame): ...
        """,
        """
        DefinitionError E103: asset `daily_report` depends on `order_clean`, which is not defined
        at shop/assets.py:9:18+11
        help: a similar asset exists: `orders_clean` (shop/assets.py:6)
        """,
    ),
    "an unknown upstream like nothing": (
        """
        @asset
        def report(
            first: int,
            orders: int,
        ): ...

        @asset
        def first(): ...
        """,
        """
        DefinitionError E103: asset `report` depends on `orders`, which is not defined
        at shop/assets.py:6:5+6
        help: declare an @asset or a source with that name
        """,
    ),
    "an unknown upstream in deps": (
        """
        @asset
        def orders(): ...

        @asset(deps=["orders", "ordrs"])
        def report(): ...
        """,
        """
        DefinitionError E103: asset `report` depends on `ordrs`, which is not defined
        at shop/assets.py:6:24+7
        help: a similar asset exists: `orders` (shop/assets.py:4)
        """,
    ),
    "an ambiguous name": (
        """
        @asset(prefix="eu")
        def orders(): ...

        @asset(prefix="us")
        def orders_us(): ...

        us = source("us/orders", observe=CONSTANT)

        @asset
        def report(orders): ...
        """,
        """
        DefinitionError E104: asset `report` depends on `orders`, which can mean `eu/orders` or `us/orders`
        at shop/assets.py:12:12+6
        help: write the whole key: `Annotated[..., Input("eu/orders")]`
        note: `eu/orders` is defined here at shop/assets.py:4:5+6
        note: `us/orders` is defined here at shop/assets.py:9:13+11
        """,
    ),
    "two definitions of a key": (
        """
        @asset
        def orders(): ...

        @asset(name="orders")
        def other(): ...
        """,
        """
        DefinitionError E105: two definitions have the key `orders`
        at shop/assets.py:7:5+5
        help: rename one of them, or give it a `prefix`
        note: the other one at shop/assets.py:4:5+6
        """,
    ),
    "case twins": (
        """
        @asset
        def orders(): ...

        @asset
        def Orders(): ...
        """,
        """
        DefinitionError E105: the keys `orders` and `Orders` differ only in case
        at shop/assets.py:7:5+6
        help: rename one of them: some filesystems and databases can't tell them apart
        note: the other one at shop/assets.py:4:5+6
        """,
    ),
    "an asset made in a loop": (
        """
        for region in ("eu", "us"):
            @asset(name=f"orders_{region}")
            def orders(): ...
        """,
        """
        DefinitionError E106: the asset `orders_eu` is created here, but no module-level name holds it, so it would not exist
        at shop/assets.py:5:9+6
        help: put it in a list: a module-level list, tuple or dict is searched for definitions
        """,
    ),
    "a check that is lost": (
        """
        @asset
        def orders(): ...

        def make():
            @check(asset=orders)
            def some(orders): ...
        make()
        """,
        """
        DefinitionError E106: the check `some` is created here, but no module-level name holds it, so it would not exist
        at shop/assets.py:8:9+4
        help: put it in a list: a module-level list, tuple or dict is searched for definitions
        """,
    ),
    "a cycle of two": (
        """
        @asset
        def a(b): ...

        @asset
        def b(a): ...
        """,
        """
        DefinitionError E107: assets depend on each other in a cycle: `a` reads `b`, which reads `a`
        at shop/assets.py:4:7+1
        help: remove one of these dependencies
        note: `b` reads `a` at shop/assets.py:7:7+1
        """,
    ),
    "a cycle through a check": (
        """
        @asset
        def flights(): ...

        @asset(deps=[flights])
        def planes(): ...

        @check(asset="flights")
        def known(flights, planes): ...
        """,
        """
        DefinitionError E107: assets depend on each other in a cycle: `flights` is checked against `planes`, which reads `flights`
        at shop/assets.py:10:20+6
        help: remove one of these dependencies
        note: `planes` reads `flights` at shop/assets.py:6:14+7
        """,
    ),
    "a long cycle": (
        """
        assets = [
            sql_asset(f"t{n}", f"select x from t{(n + 1) % 9}") for n in range(9)
        ]
        """,
        """
        DefinitionError E107: assets depend on each other in a cycle: `t0` reads `t1`, which reads `t2`, which reads `t3`, which reads `t4`, which reads `t5`, and so on over 3 more, and `t8` reads `t0`
        at shop/assets.py:4:5+9
        help: remove one of these dependencies
        note: `t1` reads `t2` at shop/assets.py:4:5+9
        note: `t2` reads `t3` at shop/assets.py:4:5+9
        note: `t3` reads `t4` at shop/assets.py:4:5+9
        note: `t4` reads `t5` at shop/assets.py:4:5+9
        note: `t8` reads `t0` at shop/assets.py:4:5+9
        """,
    ),
    "a check of no asset": (
        """
        @asset
        def orders(): ...

        @check(asset="order")
        def some(order): ...
        """,
        """
        DefinitionError E132: the check `some` is of `order`, which is not defined
        at shop/assets.py:6:14+7
        help: a similar asset exists: `orders`
        """,
    ),
    "a check that reads an unknown asset": (
        """
        @asset(
            checks=[relationship("id", to="itms", column="id")],
        )
        def orders(): ...

        @asset
        def items(): ...
        """,
        """
        DefinitionError E103: the check `relationship(id, itms.id)` of `orders` reads `itms`, which is not defined
        at shop/assets.py:4:35+6
        help: a similar asset exists: `items` (shop/assets.py:9)
        """,
    ),
    "a check that reads its own asset": (
        """
        @asset(
            checks=[relationship("boss", to="staff", column="id")],
        )
        def staff(): ...
        """,
        """
        DefinitionError E138: the check `relationship(boss, staff.id)` of `staff` reads itself
        at shop/assets.py:4:37+7
        help: name the version that is judged "this"
        """,
    ),
    "a check that reads a sibling": (
        """
        @multi_asset(outputs=[Out("orders"), Out("items", checks=[relationship("order", to="orders", column="id")])])
        def both(): ...
        """,
        """
        DefinitionError E138: the check `relationship(order, orders.id)` of `items` reads `orders`, which the same call makes
        at shop/assets.py:3:27+8
        help: check it from an asset downstream of both
        """,
    ),
    "two checks of one name": (
        """
        @asset(checks=[not_null("id"), not_null("id")])
        def orders(): ...
        """,
        """
        DefinitionError E137: `orders` has two checks with the name `not_null(id)`
        at shop/assets.py:3+0
        help: give one of them another `name=`
        """,
    ),
    "partitions that can't be mapped": (
        """
        @asset(partitions=StaticPartitions(["eu", "us"]))
        def orders(): ...

        @asset(partitions=DailyPartitions(start="2024-01-01"))
        def report(orders): ...
        """,
        """
        DefinitionError E133: the partitions of `report` can't be mapped to those of `orders`: no mapping can be inferred from static to daily partitions: they have nothing in common
        at shop/assets.py:7:12+6
        help: choose a mapping: All(), Last(), Identity(), TimeWindow(start_offset, end_offset), Specific([keys]), Static({up: down}), DimensionOf(dim), Multi({down_dim: (up_dim, mapping)})
        """,
    ),
    "a mapping to a partition that is not there": (
        """
        from typing import Annotated

        @asset(partitions=StaticPartitions(["eu", "us"]))
        def orders(): ...

        @asset
        def report(x: Annotated[int, Input(orders, mapping=Specific(["asia"]))]): ...
        """,
        """
        DefinitionError E133: the partitions of `report` can't be mapped to those of `orders`: specific names `asia`, which is not a partition of the upstream
        at shop/assets.py:9:12+1
        help: choose a mapping: All(), Last(), Identity(), TimeWindow(start_offset, end_offset), Specific([keys]), Static({up: down}), DimensionOf(dim), Multi({down_dim: (up_dim, mapping)})
        """,
    ),
    "an asset that reads itself": (
        """
        @asset
        def orders(orders): ...
        """,
        """
        DefinitionError E136: asset `orders` depends on itself
        at shop/assets.py:4:12+6
        help: rename the parameter, or partition the asset by time and read only earlier windows
        """,
    ),
    "a timed asset that reads itself": (
        """
        @asset(partitions=DailyPartitions(start="2024-01-01"))
        def stock(deliveries, stock): ...

        @asset
        def deliveries(): ...
        """,
        """
        DefinitionError E136: asset `stock` depends on itself, not only on earlier windows
        at shop/assets.py:4:23+5
        help: write `Annotated[..., Input("stock", mapping=TimeWindow(-1, -1))]` to read the window before
        """,
    ),
    "a timed asset that reads itself and shares its inputs": (
        """
        @asset(partitions=DailyPartitions(start="2024-01-01"), batch=2, batch_inputs="shared")
        def stock(stock): ...
        """,
        """
        DefinitionError E136: asset `stock` depends on itself, and every output of a batch that shares its inputs depends on all of them
        at shop/assets.py:4:11+5
        help: leave out `batch_inputs="shared"`: a batch that reads its own earlier partitions gives each its own
        """,
    ),
    "a multi-asset that reads its own output": (
        """
        @multi_asset(outputs=["a", "b"])
        def both(a): ...
        """,
        """
        DefinitionError E136: asset `a` depends on itself
        at shop/assets.py:4:10+1
        help: rename the parameter, or partition the asset by time and read only earlier windows
        """,
    ),
    "a table that is no asset": (
        '''
        @asset(prefix="staging")
        def items(): ...

        orders = sql_asset(
            "orders",
            """
            select id
            from staging.itms
            """,
        )
        ''',
        """
        DefinitionError E103: asset `orders` depends on `staging/itms`, which is not defined
        at shop/assets.py:10:10+12
        help: a similar asset exists: `staging/items` (shop/assets.py:4)
        """,
    ),
}

SETTINGS = """
from assets_core import Config

class Cleaning(Config):
    limit: int = 1
"""


@pytest.mark.parametrize("name", CASES)
def test_the_error_is_the_golden_one(name: str, refused: Callable[..., str]) -> None:
    text, golden = CASES[name]
    assert refused(text, shop__settings_dot_py=SETTINGS) == textwrap.dedent(golden).lstrip("\n")
