"""The whole error of every bad declaration, compared with golden text. A module's text starts at line 3."""

# ruff: noqa: E501 - golden text is compared as it is shown
from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

CASES: dict[str, tuple[str, str]] = {
    "inputs shared with nobody": (
        """
        @asset(batch_inputs="shared")
        def report(): ...
        """,
        """
        DefinitionError E102: `batch_inputs` is 'shared', but every call gets a single partition
        at shop/assets.py:3:21+8
        help: leave it out, or add `batch=`
        """,
    ),
    "a key that is no identifier": (
        """
        @asset(name="daily report")
        def report(): ...
        """,
        """
        DefinitionError E101: `daily report` is not an asset key: `daily report` is not an identifier
        at shop/assets.py:3:13+14
        help: a key is 1-8 parts joined by `/`, each an identifier that may also contain `-`
        """,
    ),
    "a reserved key": (
        """
        @asset
        def context(): ...
        """,
        """
        DefinitionError E101: `context` is not an asset key: `context` is reserved
        at shop/assets.py:4:5+7
        help: a key is 1-8 parts joined by `/`, each an identifier that may also contain `-`
        """,
    ),
    "an output that is no key": (
        """
        @multi_asset(
            outputs=[Out("train"), Out("2nd")],
        )
        def split(): ...
        """,
        """
        DefinitionError E101: `2nd` is not an asset key: `2nd` is not an identifier
        at shop/assets.py:4:32+5
        help: a key is 1-8 parts joined by `/`, each an identifier that may also contain `-`
        """,
    ),
    "a source whose key is no key": (
        """
        raw = source("raw data", observe=CONSTANT)
        """,
        """
        DefinitionError E101: `raw data` is not an asset key: `raw data` is not an identifier
        at shop/assets.py:3:14+10
        help: a key is 1-8 parts joined by `/`, each an identifier that may also contain `-`
        """,
    ),
    "a name of another asset's type": (
        """
        @asset(name=3)
        def report(): ...
        """,
        """
        DefinitionError E102: `name` takes a text, not 3
        at shop/assets.py:3:13+1
        """,
    ),
    "an argument that does not exist": (
        """
        @asset(
            group="mart",
            partition=3,
        )
        def report(): ...
        """,
        """
        DefinitionError E102: there is no argument `partition` here
        at shop/assets.py:5:5+9
        help: did you mean `partitions`?
        """,
    ),
    "an argument of the wrong type": (
        """
        @asset(partitions="daily")
        def report(): ...
        """,
        """
        DefinitionError E102: `partitions` takes a partitions definition, not 'daily'
        at shop/assets.py:3:19+7
        """,
    ),
    "a row key that was meant as a name": (
        """
        @asset(key="report")
        def make(): ...
        """,
        """
        DefinitionError E102: `key` takes a list of column names; to name the asset itself write `name=`
        at shop/assets.py:3:12+8
        """,
    ),
    "metadata that JSON can't hold": (
        """
        @asset(metadata={"limits": [1.0, float("inf")]})
        def report(): ...
        """,
        """
        DefinitionError E102: `metadata` holds inf at `limits[1]`, which JSON can't say
        at shop/assets.py:3:17+31
        """,
    ),
    "a check that is none": (
        """
        @asset(checks=["not_null(id)"])
        def report(): ...
        """,
        """
        DefinitionError E102: `checks` takes checks such as `not_null(...)`, not 'not_null(id)'
        at shop/assets.py:3:15+16
        """,
    ),
    "deps that are a text": (
        """
        @asset(deps="orders")
        def report(): ...
        """,
        """
        DefinitionError E102: `deps` takes a list of assets or keys
        at shop/assets.py:3:13+8
        """,
    ),
    "an asset of a class": (
        """
        @asset
        class Report: ...
        """,
        """
        DefinitionError E102: @asset decorates a function, not the class `Report`
        at shop/assets.py:3+0
        """,
    ),
    "an asset of an asset": (
        """
        @asset
        @asset
        def report(): ...
        """,
        """
        DefinitionError E102: `report` is an asset already
        at shop/assets.py:3+0
        """,
    ),
    "a source with an upstream": (
        """
        @source(observe=CONSTANT)
        def raw(orders): ...
        """,
        """
        DefinitionError E108: the source `raw` takes `orders`, but a source has no upstreams
        at shop/assets.py:4:9+6
        help: sources take a Config, a Connection and the context; make it an @asset to read other assets
        """,
    ),
    "an observer with an upstream": (
        """
        def look(orders): ...

        @source(observe=look)
        def raw(): ...
        """,
        """
        DefinitionError E108: the source `raw` takes `orders`, but a source has no upstreams
        at shop/assets.py:3:10+6
        help: sources take a Config, a Connection and the context; make it an @asset to read other assets
        """,
    ),
    "a source nobody observes": (
        """
        @source
        def raw(): ...
        """,
        """
        DefinitionError E102: the source `raw` has no `observe`: without it no change would ever be seen
        at shop/assets.py:3:2+6
        help: write `observe=file_digest("path")`, a function that returns a token, or CONSTANT
        """,
    ),
    "a source without observe": (
        """
        raw = source("raw")
        """,
        """
        DefinitionError E102: the source `raw` has no `observe`: without it no change would ever be seen
        at shop/assets.py:3:7+6
        help: write `observe=file_digest("path")`, a function that returns a token, or CONSTANT
        """,
    ),
    "a star parameter": (
        """
        @asset
        def report(*orders): ...
        """,
        """
        DefinitionError E109: the parameter `orders` of `report` is `*orders`, which can't be matched with upstreams
        at shop/assets.py:4:13+6
        help: name each upstream as a parameter, or list it in `deps`
        """,
    ),
    "keyword parameters": (
        """
        @asset
        def report(orders, **rest): ...
        """,
        """
        DefinitionError E109: the parameter `rest` of `report` is `**rest`, which can't be matched with upstreams
        at shop/assets.py:4:22+4
        help: name each upstream as a parameter, or list it in `deps`
        """,
    ),
    "a positional-only parameter": (
        """
        @asset
        def report(orders, /, items): ...
        """,
        """
        DefinitionError E109: the parameter `orders` of `report` is positional-only, which can't be matched with upstreams
        at shop/assets.py:4:12+6
        help: remove the `/`: parameters are passed by name
        """,
    ),
    "context that is something else": (
        """
        @asset
        def report(context: int): ...
        """,
        """
        DefinitionError E109: the parameter `context` of `report` is annotated as something other than AssetContext
        at shop/assets.py:4:12+7
        help: annotate it with `AssetContext`, or give it another name
        """,
    ),
    "a default that is also an asset": (
        """
        @asset
        def orders(): ...

        @asset
        def report(limit=3, orders=None): ...
        """,
        """
        DefinitionError E130: the parameter `orders` of `report` has a default, but `orders` is also an asset
        at shop/assets.py:7:21+6
        help: write `Annotated[..., Input("orders")]` to read the asset, or rename the parameter
        """,
    ),
    "an AssetContext for type checkers only": (
        """
        del AssetContext
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from assets_core import AssetContext

        @asset
        def report(orders, ctx: AssetContext): ...
        """,
        """
        DefinitionError E131: `AssetContext`, in the annotation of `ctx`, is not defined at run time
        at shop/assets.py:9:20+3
        help: import `AssetContext` outside `if TYPE_CHECKING:`
        """,
    ),
    "a Config for type checkers only": (
        """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from shop.settings import Cleaning

        @asset
        def report(cleaning: Cleaning): ...
        """,
        """
        DefinitionError E131: `Cleaning`, in the annotation of `cleaning`, is not defined at run time
        at shop/assets.py:8:12+8
        help: import `Cleaning` outside `if TYPE_CHECKING:`
        """,
    ),
    "an Input for type checkers only": (
        """
        from typing import Annotated, TYPE_CHECKING
        del Input
        if TYPE_CHECKING:
            import pandas as pd
            from assets_core import Input

        @asset
        def report(x: Annotated[pd.DataFrame, Input("orders")]): ...
        """,
        """
        DefinitionError E131: `Input`, in the annotation of `x`, is not defined at run time
        at shop/assets.py:10:12+1
        help: import `Input` outside `if TYPE_CHECKING:`
        """,
    ),
    "an Input without its asset": (
        """
        from typing import Annotated, TYPE_CHECKING
        if TYPE_CHECKING:
            import pandas as pd

        @asset
        def report(orders: Annotated[pd.DataFrame, Input(columns=["id"])]): ...
        """,
        """
        DefinitionError E102: `Input(columns=['id'])`, in the annotation of `orders`, can't be evaluated: \
Input.__init__() missing 1 required positional argument: 'asset'
        at shop/assets.py:8:12+6
        help: the asset or its key comes first: `Input("orders", ...)`
        """,
    ),
    "metadata that raises": (
        """
        from typing import Annotated

        @asset
        def report(orders: Annotated[int, 1 / 0]): ...
        """,
        """
        DefinitionError E102: `1 / 0`, in the annotation of `orders`, can't be evaluated: division by zero
        at shop/assets.py:6:12+6
        """,
    ),
    "an Input that is none": (
        """
        from typing import Annotated

        @asset
        def report(x: Annotated[int, Input(3)]): ...
        """,
        """
        DefinitionError E102: `Input` takes an asset or its key, not int
        at shop/assets.py:6:12+1
        """,
    ),
    "an Input of a multi-asset": (
        """
        from typing import Annotated

        @multi_asset(outputs=["a", "b"])
        def both(): ...

        @asset
        def report(x: Annotated[int, Input(both)]): ...
        """,
        """
        DefinitionError E102: `Input` got a multi-asset: name one of its outputs by key
        at shop/assets.py:9:12+1
        """,
    ),
    "SQL that is none": (
        '''
        sql_asset_of_orders = sql_asset("orders", """
            select id
            form items where
        """)
        ''',
        """
        DefinitionError E134: the SQL can't be read: invalid expression / unexpected token
        at shop/assets.py:5:10+0
        help: write one SELECT in DuckDB's dialect
        """,
    ),
    "SQL that changes things": (
        """
        orders = sql_asset("orders", "delete from items")
        """,
        """
        DefinitionError E134: the SQL can't be read: it is not one SELECT
        at shop/assets.py:3:30+19
        help: write one SELECT in DuckDB's dialect
        """,
    ),
    "SQL that reads a file": (
        """
        orders = sql_asset("orders", "select * from read_parquet('items.parquet')")
        """,
        """
        DefinitionError E134: the SQL can't be read: `read_parquet` reads files that nobody observes
        at shop/assets.py:3:30+45
        help: declare the file with `source(...)` and read that
        """,
    ),
    "a SQL file that is not there": (
        """
        orders = sql_asset("orders", file="sql/orders.sql")
        """,
        """
        DefinitionError E135: the SQL file `sql/orders.sql` can't be read: No such file or directory
        at shop/assets.py:3:35+16
        help: the path is relative to the project's root: ROOT/sql/orders.sql
        """,
    ),
    "neither text nor file": (
        """
        orders = sql_asset("orders")
        """,
        """
        DefinitionError E102: `sql_asset` takes either the text of a query or a `file`
        at shop/assets.py:3+0
        """,
    ),
    "an input that the query does not read": (
        """
        orders = sql_asset("orders", "select 1 as id", inputs=[Input("items", mapping=All())])
        """,
        """
        DefinitionError E102: `inputs` describes `items`, which the query does not read
        at shop/assets.py:3:55+31
        """,
    ),
    "a multi-asset of nothing": (
        """
        @multi_asset(outputs=[])
        def split(): ...
        """,
        """
        DefinitionError E102: `outputs` takes at least one output
        at shop/assets.py:3:22+2
        """,
    ),
    "one output twice": (
        """
        @multi_asset(outputs=["a", Out("b"), "a"])
        def split(): ...
        """,
        """
        DefinitionError E102: `outputs` names `a` twice
        at shop/assets.py:3:22+20
        """,
    ),
    "a check without its asset": (
        """
        @check(asset=None)
        def some(orders): ...
        """,
        """
        DefinitionError E102: `asset` takes an asset or its key, not NoneType
        at shop/assets.py:3:14+4
        """,
    ),
    "a check argument that does not exist": (
        """
        @check(asset="orders", level="warn")
        def some(orders): ...
        """,
        """
        DefinitionError E102: there is no argument `level` here
        at shop/assets.py:3:24+5
        help: known: asset, blocking, name, scope, severity
        """,
    ),
    "a severity that is none": (
        """
        @check(asset="orders", severity="warn")
        def some(orders): ...
        """,
        """
        DefinitionError E102: `severity` does not accept 'warn'
        at shop/assets.py:3:33+6
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
