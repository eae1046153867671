"""What is proven to be a renaming: the code version under the former names is the one that was recorded, or it is not.

Each row is a module as it was recorded and as it is today; ``orders`` is called ``sales`` now, in the code of an asset
that reads it.
"""

# ruff: noqa: E501 - a table reads best with a row on a line

from __future__ import annotations

from typing import NamedTuple

import pytest

from assets_core.model.keys import AssetKey
from assets_core.versioning.fingerprint import Fingerprinter
from assets_core.versioning.renaming import FormerFunction, FormerNames
from tests.unit.versioning.conftest import Shop, function_named

HEAD = "from assets_core.declare.assets import asset\n\n"
FORMER = FormerFunction({"made": "build"}, {"sales": "orders"})
PROVEN, CHANGED = True, False


class Row(NamedTuple):
    name: str
    expected: bool
    before: str
    """What the asset was, called ``build``."""
    after: str
    """What it is, called ``made``; its parameter ``orders`` is ``sales``."""


def body(line: str) -> str:
    return f"@asset\ndef build(orders, limit=1):\n    {line}\n    return orders\n"


def renamed(text: str) -> str:
    return text.replace("build(", "made(").replace("orders", "sales")


INNER = "def g(orders=0, **kw): return kw.get('x', orders)"
OTHER = "def other(f): return f\n\n@other\n"

# fmt: off
ROWS = [
    Row("the names alone", PROVEN, body("pass"), renamed(body("pass"))),
    Row("an inner function", PROVEN, body("f = lambda x: orders + x"), renamed(body("f = lambda x: orders + x"))),
    Row("a comprehension", PROVEN, body("f = [orders for x in orders]"), renamed(body("f = [orders for x in orders]"))),
    Row("an f-string", PROVEN, body("f = f'{orders!r}'"), renamed(body("f = f'{orders!r}'"))),
    Row("assigned again", PROVEN, body("orders = orders + 1"), renamed(body("orders = orders + 1"))),
    Row("comments and lines", PROVEN, body("pass"), "# moved\n\n" + renamed(body("pass  # why"))),
    Row("a keyword of a helper", PROVEN, body("f = print(orders=orders)"), renamed(body("f = print(ORDERS=orders)")).replace("ORDERS", "orders")),
    Row("an attribute", PROVEN, body("f = orders.orders"), renamed(body("f = orders.ORDERS")).replace("ORDERS", "orders")),
    Row("only the parameter", PROVEN, body("pass"), body("pass").replace("orders", "sales")),
    Row("only the function", PROVEN, body("pass"), body("pass").replace("build(", "made(")),
    Row("an edit", CHANGED, body("pass"), renamed(body("x = 1"))),
    Row("a default", CHANGED, body("pass"), renamed(body("pass")).replace("limit=1", "limit=2")),
    Row("another parameter", CHANGED, body("pass"), renamed(body("pass")).replace("limit", "bound")),
    Row("a column of that name", CHANGED, body("f = limit['orders']"), renamed(body("f = limit['orders']"))),
    Row("an attribute of that name", CHANGED, body("f = limit.orders"), renamed(body("f = limit.orders"))),
    Row("a keyword of that name", CHANGED, body("f = print(orders=1)"), renamed(body("f = print(orders=1)"))),
    Row("a global of the former name", CHANGED, "orders = 1\n" + body("f = orders"), "orders = 1\n" + renamed(body("f = 1")).replace("f = 1", "f = orders")),
    Row("a handler's name", CHANGED, body("try: pass\n    except E as sales: f = orders"), renamed(body("try: pass\n    except E as sales: f = sales"))),
    Row("an import of that name", CHANGED, body("import sales; f = orders"), renamed(body("import sales; f = sales"))),
    Row("a class body", CHANGED, body("class C: orders = 1"), renamed(body("class C: orders = 1"))),
    Row("locals()", CHANGED, body("f = locals()"), renamed(body("f = locals()"))),
    Row("a debugging f-string", CHANGED, body("f = f'{orders=}'"), renamed(body("f = f'{orders=}'"))),
    Row("nonlocal", CHANGED, body("def g():\n        nonlocal orders"), renamed(body("def g():\n        nonlocal orders"))),
    Row("a text that names it", CHANGED, body("f = limit.sql('from orders')"), renamed(body("f = limit.sql('from ORDERS')")).replace("ORDERS", "orders")),
    Row("an inner parameter", CHANGED, body(f"{INNER}\n    f = g(sales=2)"), renamed(body(f"{INNER}\n    f = g(orders=2)"))),
    Row("a decorator of a reader", CHANGED, OTHER + body("pass"), OTHER + body("pass").replace("orders", "sales")),
    Row("another decorator", CHANGED, OTHER + body("pass"), OTHER + renamed(body("pass"))),
]
# fmt: on


def version(shop: Shop, text: str, name: str, former: FormerFunction | None = None) -> str:
    shop.write({"shop/orders.py": HEAD + text})
    project = shop.load()
    function = function_named(project, f"shop.orders.{name}")
    found = Fingerprinter(project).function(function, former=former).version
    shop.unload()
    return found


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_table(shop: Shop, row: Row) -> None:
    before = version(shop, row.before, "build")
    name = "made" if "made(" in row.after else "build"
    assert version(shop, row.after, name) != before
    assert (version(shop, row.after, name, FORMER) == before) is row.expected


def test_without_former_names_it_is_the_version_of_today(shop: Shop) -> None:
    text = renamed(body("f = [orders for x in orders]"))
    assert version(shop, text, "made", FormerFunction()) == version(shop, text, "made")


def test_only_the_function_of_a_renamed_asset_had_another_name() -> None:
    """``mart/orders`` reads ``stg_orders``, which is ``staging/orders`` now: its own function was called ``orders``."""
    former = FormerNames({AssetKey("staging/orders"): AssetKey("stg_orders")})
    assert former.function([AssetKey("mart/orders")], ()) == FormerFunction()
    assert former.function([AssetKey("staging/orders")], ()).name == {"orders": "stg_orders"}
