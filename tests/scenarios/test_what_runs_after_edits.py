"""Edit, build, and say what ran: the code and the configuration of assets."""

from __future__ import annotations

import os

from assets_core.model.events import Unchanged
from tests.scenarios.shops import Shop

CHAIN = """
def tax(amount):
    return amount * 2


@asset
def orders() -> list[int]:
    ran("orders")
    return [1, 2, 3]


@asset
def revenue(orders: list[int]) -> int:
    ran("revenue")
    return tax(sum(orders))


@asset
def report(revenue: int) -> dict[str, bool]:
    ran("report")
    return {"big": revenue > 10}
"""


def test_everything_is_built_once_and_then_nothing(shop: Shop) -> None:
    shop.define(CHAIN)
    assert shop.todo() == [
        "orders run never_materialized",
        "revenue run never_materialized",
        "report run never_materialized",
    ]
    assert shop.attempt() == ["orders", "revenue", "report"]
    assert shop.todo() == []
    assert shop.build() == []
    assert shop.value("report") == {"big": True}


def test_comments_formatting_docstrings_and_descriptions_change_nothing(shop: Shop) -> None:
    shop.define(CHAIN)
    shop.build()
    shop.edit("    return amount * 2", "    # twice\n    return (\n        amount * 2\n    )")
    shop.edit('    ran("orders")\n', '    """Every order."""\n    ran("orders")  # counted\n')
    shop.edit("@asset\ndef report", '@asset(group="mart", owners=["team:x"])\ndef report')
    assert shop.todo() == []
    assert shop.build() == []


def test_an_edited_helper_runs_its_asset_and_an_equal_result_ends_there(shop: Shop) -> None:
    shop.define(CHAIN)
    shop.build()
    shop.edit("amount * 2", "amount + amount")
    assert shop.todo() == ["revenue run code_changed", "report maybe upstream_pending"]
    assert shop.build() == ["revenue"]
    assert [e.asset for e in shop.of(Unchanged)] == ["report"]
    assert shop.outcomes() == {"revenue": "materialized", "report": "unchanged"}
    assert shop.todo() == []


def test_an_edited_helper_with_another_result_goes_on_downstream(shop: Shop) -> None:
    shop.define(CHAIN)
    shop.build()
    shop.edit("amount * 2", "amount * 3")
    assert shop.attempt() == ["revenue", "report"]
    assert shop.value("revenue") == 18


def test_an_edit_of_the_same_size_in_the_same_second_is_seen(shop: Shop) -> None:
    shop.define(CHAIN)
    module = shop.root / "shop.py"
    before = module.stat()
    shop.build()
    shop.edit("amount * 2", "amount * 7")
    os.utime(module, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert module.stat().st_size == before.st_size
    assert shop.build() == ["report", "revenue"]
    assert shop.value("revenue") == 42


def test_an_edit_back_to_what_was_built_before_is_an_edit(shop: Shop) -> None:
    shop.define(CHAIN)
    shop.build()
    shop.edit("amount * 2", "amount * 3")
    shop.build()
    shop.edit("amount * 3", "amount * 2")
    assert shop.build() == ["report", "revenue"]
    assert shop.value("revenue") == 12


def test_an_explicit_code_version_replaces_the_fingerprint(shop: Shop) -> None:
    shop.define(CHAIN.replace("@asset\ndef revenue", '@asset(code_version="1")\ndef revenue'))
    shop.build()
    shop.edit("amount * 2", "amount * 3")
    assert shop.todo() == []
    shop.edit('code_version="1"', 'code_version="2"')
    assert shop.todo() == ["revenue run code_changed", "report maybe upstream_pending"]


CONFIGURED = """
class Limits(Config):
    limit: int = 3
    note: str = "none"


@asset
def orders(limits: Limits) -> list[int]:
    ran("orders")
    return list(range(limits.limit))


@asset
def revenue(orders: list[int]) -> int:
    ran("revenue")
    return sum(orders)
"""


def test_a_changed_config_value_runs_its_asset(shop: Shop) -> None:
    shop.define(CONFIGURED)
    shop.build()
    config = shop.root / "pyproject.toml"
    config.write_text(config.read_text() + "[tool.assets.config.orders]\nlimit = 4\n")
    assert shop.todo() == ["orders run config_changed", "revenue maybe upstream_pending"]
    assert shop.build() == ["orders", "revenue"]
    config.write_text(config.read_text().replace("limit = 4", 'limit = 4\nnote = "none"'))
    assert shop.todo() == []


def test_an_override_for_one_run_leaves_the_record_stale_for_runs_without_it(shop: Shop) -> None:
    shop.define(CONFIGURED)
    shop.build()
    assert shop.build(overrides=["orders.limit=5"]) == ["orders", "revenue"]
    assert shop.build(overrides=["orders.limit=5"]) == []
    assert shop.todo() == ["orders run config_changed", "revenue maybe upstream_pending"]


def test_a_forced_run_runs_what_is_selected_and_an_equal_result_ends_there(shop: Shop) -> None:
    shop.define(CHAIN)
    shop.build()
    assert shop.todo("revenue", force=True) == ["revenue run forced"]
    assert shop.build("orders", force=True) == ["orders"]
    assert shop.todo() == []
    assert shop.build(force=True) == ["orders", "report", "revenue"]
    assert shop.build() == []


def test_a_stale_upstream_that_was_not_selected_counts_as_it_is_and_is_mentioned(
    shop: Shop,
) -> None:
    shop.define(CHAIN)
    shop.build()
    shop.edit("return [1, 2, 3]", "return [4]")
    shop.edit('{"big": revenue > 10}', '{"big": revenue > 5}')
    planned = shop.plan("report").plan
    assert [(s.asset, s.action) for s in planned.steps] == [("report", "run")]
    assert planned.unselected_stale == ("orders",)  # `revenue` is what it is until `orders` ran
    assert shop.build("report") == ["report"]
    assert shop.build() == ["orders", "report", "revenue"]


def test_a_removed_and_returned_asset_keeps_its_record(shop: Shop) -> None:
    shop.define(CHAIN)
    shop.build()
    text = (shop.root / "shop.py").read_text()
    (shop.root / "shop.py").write_text(text[: text.index("@asset\ndef report")])
    assert shop.todo() == []
    (shop.root / "shop.py").write_text(text)
    assert shop.todo() == []
