"""``assets mv``: what was recorded of an asset that has another name in the code now."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faces.command import Command
from tests.faces.test_wipe import actions, lease_of_a_live_run


def edit(shop: Command, *replacements: tuple[str, str]) -> None:
    """Rename in the code, as a person with an editor does."""
    edit_file(shop.folder / "shop" / "orders.py", *replacements)


def edit_file(path: Path, *replacements: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def rename_orders(shop: Command) -> None:
    edit(shop, ("def orders(", "def sales("), ("def total(orders:", "def total(sales:"))
    edit(shop, ("in orders.values()", "in sales.values()"))


def test_a_renamed_asset_and_what_reads_it_stay_current(built: Command) -> None:
    rename_orders(built)
    assert actions(built) == {"sales": "run", "total": "run", "label": "maybe"}
    done = built("mv", "orders", "sales", "-y")
    assert (done.code, done.err) == (0, "")
    assert done.out == "Renamed orders to sales: 3 current versions kept, read by 1 asset.\n"
    assert actions(built) == {}
    assert built("materialize").out.startswith("Nothing to do")
    assert built("verify").code == 0
    assert len(built.json("show", "sales@eu")["materializations"]) == 1
    assert built("sql", "select 1").code == 0


def test_its_data_is_where_it_was_and_is_read_kept_and_collected_there(built: Command) -> None:
    data = built.folder / ".assets" / "data"
    before = sorted(data.glob("orders/**/*"))
    rename_orders(built)
    assert built("mv", "orders", "sales", "-y").code == 0
    assert sorted(data.glob("orders/**/*")) == before
    assert not (data / "sales").exists()
    edit(built, ("return sum(sum(rows)", "return 1 + sum(sum(rows)"))
    assert built("materialize").code == 0  # reads what was written under the former name
    assert built("materialize", "sales", "--force").code == 0
    settings = built.folder / "assets.toml"
    settings.write_text(settings.read_text() + "[gc]\nkeep = 1\ngrace = 0\n")
    assert built("gc", "-y").code == 0
    assert not any(path.is_file() for path in data.glob("orders/**/*"))
    assert built("verify").code == 0


def test_a_renamed_source_makes_nothing_stale(built: Command) -> None:
    edit(built, ("raw_orders", "order_files"))
    assert set(actions(built)) == {"orders", "total", "label"}
    assert built("mv", "raw_orders", "order_files", "-y").code == 0
    assert actions(built) == {}
    (built.folder / "data" / "orders.json").write_text('{"eu": [5], "us": [3], "asia": []}')
    assert actions(built)["orders"] == "run"


def test_what_changed_by_more_than_the_name_is_out_of_date(built: Command) -> None:
    rename_orders(built)
    edit(built, ("in sales.values())", "in sales.values()) + 1"))
    done = built("mv", "orders", "sales", "-y")
    assert done.out.splitlines()[1:] == [
        "note: the code of total changed by more than the name; see `assets why total`"
    ]
    assert actions(built) == {"total": "run", "label": "maybe"}
    (step,) = [s for s in built.json("plan")["steps"] if s["asset"] == "total"]
    assert [reason["code"] for reason in step["reasons"]] == ["code_changed"]


def test_what_was_out_of_date_stays_so(built: Command) -> None:
    edit(built, ("if row > 0", "if row > 4"))
    rename_orders(built)
    done = built("mv", "orders", "sales", "-y")
    assert "the code of sales changed by more than the name" in done.out
    assert actions(built) == {"sales": "run", "total": "maybe", "label": "maybe"}


def test_back_and_forth_is_where_it_began(built: Command) -> None:
    rename_orders(built)
    assert built("mv", "orders", "sales", "-y").code == 0
    edit(built, ("def sales(", "def orders("), ("def total(sales:", "def total(orders:"))
    edit(built, ("in sales.values()", "in orders.values()"))
    assert built("mv", "sales", "orders", "-y").code == 0
    assert actions(built) == {}
    assert built("verify").code == 0


def test_its_history_goes_with_it(built: Command) -> None:
    assert built("materialize", "total", "--force").code == 0
    edit(built, ("def total(", "def sum_of_all("), ("def label(total", "def label(sum_of_all"))
    edit(built, ("if total > 100", "if sum_of_all > 100"))
    edit(built, ("check(asset=total)", "check(asset=sum_of_all)"))
    edit(
        built,
        (
            "positive(total: int) -> bool:\n    return total",
            "positive(sum_of_all: int) -> bool:\n    return sum_of_all",
        ),
    )
    assert built("mv", "total", "sum_of_all", "-y").code == 0
    assert len(built.json("show", "sum_of_all")["materializations"]) == 2
    assert built("rollback", "sum_of_all", "-y").code == 0
    assert built("verify").code == 0


def test_what_is_asked_and_refused(built: Command) -> None:
    still = built("mv", "orders", "total", "-y")
    assert (still.code, "error[E934]: `orders` is still declared" in still.err) == (2, True)
    assert "shop/orders.py:" in still.err
    rename_orders(built)
    unknown = built("mv", "orders", "sale", "-y")
    assert (unknown.code, "did you mean `sales`?" in unknown.err) == (4, True)
    nothing = built("mv", "order", "sales", "-y")
    assert (nothing.code, "error[E935]: nothing is recorded of `order`" in nothing.err) == (4, True)
    twice = built("mv", "orders", "label", "-y")
    assert (twice.code, "error[E936]" in twice.err) == (5, True)
    nobody = built("mv", "orders", "sales")
    assert (nobody.code, "error[E930]" in nobody.err) == (2, True)
    bad = built("mv", "../orders", "sales", "-y")
    assert (bad.code, "error[E101]" in bad.err) == (2, True)
    odd = built("mv", "orders", "-y")
    assert (odd.code, "error[E901]: `orders` has no new name" in odd.err) == (2, True)
    double = built("mv", "orders", "sales", "orders", "sales", "-y")
    assert (double.code, "error[E901]: an asset is named twice" in double.err) == (2, True)
    assert actions(built) == {"sales": "run", "total": "run", "label": "maybe"}


def test_nothing_is_renamed_while_a_run_goes_on(built: Command) -> None:
    rename_orders(built)
    with lease_of_a_live_run(built.folder, "sales"):
        refused = built("mv", "orders", "sales", "-y")
    assert (refused.code, "error[E627]" in refused.err) == (5, True)
    assert built("mv", "orders", "sales", "-y").code == 0


def test_as_json(built: Command) -> None:
    rename_orders(built)
    assert built.json("mv", "orders", "sales", "-y") == {
        "schema": "assets.mv/1",
        "env": "default",
        "dry_run": False,
        "renamed": [{"from": "orders", "to": "sales", "versions": 3}],
        "readers": ["total"],
        "edited": [],
    }


NAMED = """\
from assets_core import AssetContext, asset


@asset
def orders(context: AssetContext) -> str:
    context.log.info("made")
    return EXPRESSION
"""


@pytest.mark.parametrize(
    ("expression", "stale"),
    [
        ("str(context.run.id)", False),
        ("str(context.asset)", True),
        ("str(context)", True),
        ("str(getattr(context, 'asset'))", True),
    ],
)
def test_what_asks_for_its_own_key_is_another_asset_under_another_key(
    tmp_path: Path, expression: str, stale: bool
) -> None:
    shop = Command(tmp_path)
    (tmp_path / "assets.toml").write_text('module = "shop"\nexecutor = "inline"\n')
    (tmp_path / "shop.py").write_text(NAMED.replace("EXPRESSION", expression))
    assert shop("materialize").code == 0
    edit_file(tmp_path / "shop.py", ("def orders(", "def sales("))
    done = shop("mv", "orders", "sales", "-y")
    assert ("the code of sales changed" in done.out) is stale
    assert actions(shop) == ({"sales": "run"} if stale else {})
    assert shop("why", "sales").code == 0


def made(folder: Path, text: str) -> Command:
    """A project of one file after its first run."""
    (folder / "assets.toml").write_text('module = "shop"\nexecutor = "inline"\n')
    (folder / "shop.py").write_text(text)
    shop = Command(folder)
    done = shop("materialize")
    assert done.code == 0, done.err
    return shop


TWO = """\
from assets_core import asset

@asset
def orders() -> int:
    return 1

@asset
def prices() -> int:
    return 2

@asset
def total(orders: int, prices: int) -> int:
    return orders + prices
"""


def test_a_reader_of_two_stays_current_whatever_their_order(tmp_path: Path) -> None:
    shop = made(tmp_path, TWO)
    edit_file(tmp_path / "shop.py", ("orders", "sales"))
    assert shop("mv", "orders", "sales", "-y").out.count("note:") == 0
    assert actions(shop) == {}


def test_two_that_are_renamed_at_once(tmp_path: Path) -> None:
    shop = made(tmp_path, TWO)
    edit_file(tmp_path / "shop.py", ("orders", "zorders"), ("prices", "aprices"))
    done = shop("mv", "orders", "zorders", "prices", "aprices", "-y")
    assert done.out.splitlines() == [
        "Renamed orders to zorders: 1 current version kept.",
        "Renamed prices to aprices: 1 current version kept, read by 1 asset.",
    ]
    assert actions(shop) == {}


MULTI = """\
from assets_core import multi_asset

@multi_asset(outputs=["orders", "items"])
def split():
    return 1, 2
"""


def test_what_the_same_call_makes_stays_current(tmp_path: Path) -> None:
    shop = made(tmp_path, MULTI)
    edit_file(tmp_path / "shop.py", ("orders", "sales"))
    done = shop.json("mv", "orders", "sales", "-y")
    assert (done["edited"], done["readers"]) == ([], [])
    assert actions(shop) == {}


SOURCE = """\
from assets_core import StaticPartitions, asset, source

parts = StaticPartitions(["a", "b", "c"])


@source(observe=lambda: {"a": "1", "b": "1", "c": "1"}, partitions=parts)
def files() -> int:
    return 1


@asset
def total(files: int) -> int:
    return files
"""


READS_MORE = """

@asset
def count(more: int) -> int:
    return more
"""


def test_a_source_with_partitions(tmp_path: Path) -> None:
    shop = made(tmp_path, SOURCE)
    edit_file(tmp_path / "shop.py", ("files", "papers"))
    assert shop("mv", "files", "papers", "-y").code == 0
    assert actions(shop) == {}


def test_of_two_sources_the_one_that_was_edited_is_told(tmp_path: Path) -> None:
    other = SOURCE.partition("@source")[2].partition("@asset")[0].replace("files", "more")
    shop = made(tmp_path, SOURCE + "\n\n@source" + other + READS_MORE)
    edit_file(tmp_path / "shop.py", ("files", "papers"), ("more", "others"))
    edit_file(
        tmp_path / "shop.py",
        ("def others() -> int:\n    return 1", "def others() -> int:\n    return 2"),
    )
    done = shop.json("mv", "files", "papers", "more", "others", "-y")
    assert done["edited"] == ["others"]
    assert actions(shop) == {"count": "run"}


def test_a_source_that_lost_a_partition(tmp_path: Path) -> None:
    shop = made(tmp_path, SOURCE)
    edit_file(tmp_path / "shop.py", ("files", "papers"), ('["a", "b", "c"]', '["a", "b"]'))
    done = shop("mv", "files", "papers", "-y")
    assert (done.code, done.err) == (0, "")
    assert actions(shop) == {"total": "run"}


def test_an_asset_that_is_a_source_now_begins_anew(tmp_path: Path) -> None:
    shop = made(tmp_path, TWO)
    edit_file(
        tmp_path / "shop.py",
        ("orders", "sales"),
        ("@asset\ndef sales", "@source(observe=CONSTANT)\ndef sales"),
        ("import asset", "import CONSTANT, asset, source"),
    )
    done = shop("mv", "orders", "sales", "-y")
    assert (done.code, "error[E937]: `orders` was made" in done.err) == (2, True)


FAILING = """\
from assets_core import asset


@asset
def sales() -> int:
    raise ValueError("not yet")
"""


def test_a_failure_of_the_new_name_from_before_is_over(tmp_path: Path) -> None:
    shop = Command(tmp_path)
    (tmp_path / "assets.toml").write_text('module = "shop"\nexecutor = "inline"\n')
    (tmp_path / "shop.py").write_text(FAILING)
    assert shop("materialize").code == 1
    edit_file(
        tmp_path / "shop.py", ("sales", "orders"), ('raise ValueError("not yet")', "return 1")
    )
    assert shop("materialize").code == 0
    edit_file(tmp_path / "shop.py", ("orders", "sales"))
    assert shop("mv", "orders", "sales", "-y").code == 0
    status = shop("db", "status")
    assert (status.code, "whole" in status.out) == (0, True)
    assert shop("verify").code == 0


def test_a_dry_run_says_the_same_and_changes_nothing(built: Command) -> None:
    rename_orders(built)
    done = built("mv", "orders", "sales", "--dry-run")
    assert (done.code, done.out) == (
        0,
        "Would rename orders to sales: 3 current versions kept, read by 1 asset.\n",
    )
    assert actions(built) == {"sales": "run", "total": "run", "label": "maybe"}


SQL = """\
from assets_core import asset, sql_asset
import pandas as pd

@asset
def orders() -> pd.DataFrame:
    return pd.DataFrame({"id": [1, 2], "amount": [3.0, 4.0]})

big = sql_asset("big", "select o.id from orders as o where o.amount > 3")
all_ids = sql_asset("all_ids", "select orders.id from orders")
"""


def test_queries_that_name_it(tmp_path: Path) -> None:
    shop = made(tmp_path, SQL)
    renamed = SQL.replace("def orders", "def sales").replace("from orders", "from sales")
    renamed = renamed.replace("orders.id", "sales.id")
    (tmp_path / "shop.py").write_text(renamed)
    assert shop("mv", "orders", "sales", "-y").code == 0
    assert actions(shop) == {}
