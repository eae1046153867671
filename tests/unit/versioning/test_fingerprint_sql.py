"""The fingerprint of queries: what counts, and what a query that cannot be parsed says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assets_core.declare.loader import project_in_place
from assets_core.errors import AssetsError
from assets_core.versioning.cache import FingerprintCache
from assets_core.versioning.fingerprint import Fingerprinter

BASE = "select carrier, avg(dep_delay) as delay from flights where origin <> 'JFK' group by carrier"


def version(text: str, dialect: str = "duckdb", folder: Path | None = None, **options: str) -> str:
    cache = FingerprintCache(folder) if folder is not None else None
    fingerprinter = Fingerprinter(project_in_place("."), cache=cache)
    found = fingerprinter.sql(text, dialect, name="q", file="q.sql", line=4, options=options)
    fingerprinter.save()
    (part,) = found.parts
    assert part[:3] == ("q", "q.sql", 4)
    return found.version


@pytest.mark.parametrize(
    "text",
    [
        BASE.replace("select", "SELECT").replace(" from", "\nFROM"),
        BASE + " -- a comment",
        "/* a comment */ " + BASE + ";",
        BASE.replace("avg", "AVG"),
        BASE.replace("<>", "!="),
        BASE.replace(" as delay", " delay"),
    ],
)
def test_formatting_and_comments_do_not_count(text: str) -> None:
    assert version(text) == version(BASE)


@pytest.mark.parametrize(
    "text",
    [
        BASE.replace("avg", "max"),
        BASE.replace("JFK", "jfk"),
        BASE.replace("delay from", "Delay from"),
        BASE.replace("carrier, ", "carrier, carrier, "),
        BASE.replace("avg(dep_delay)", "avg(distinct dep_delay)"),
        BASE + " order by carrier",
        BASE + " limit 1",
        BASE.replace("flights", "main.flights"),
        BASE.replace("flights", '"flights"'),
        BASE + "; select 1",
    ],
)
def test_everything_else_counts(text: str) -> None:
    assert version(text) != version(BASE)


def test_options_and_dialect_count() -> None:
    text = "select a || b as c from t"
    assert len({version(text), version(text, threads="2"), version(text, "mysql")}) == 3


def test_the_cache_gives_the_same_versions(tmp_path: Path) -> None:
    assert version(BASE) == version(BASE, folder=tmp_path) == version(BASE, folder=tmp_path)


def test_a_query_that_cannot_be_parsed_is_placed_in_its_file() -> None:
    with pytest.raises(AssetsError) as caught:
        version("select a,\n  (b + from t")
    assert caught.value.code == "E122"
    assert str(caught.value.place) == "q.sql:5:8"
    assert caught.value.message.startswith("the query cannot be parsed: ")


def test_a_query_as_deep_as_a_thousand_unions() -> None:
    text = " union all ".join(f"select {n} as n" for n in range(1_000))
    assert version(text) != version(text.replace("999", "1000"))


@pytest.mark.parametrize(
    ("before", "after", "proven"),
    [
        ("select id from orders", "select id from sales", True),
        ("select orders.id from orders", "select sales.id from sales", True),
        ("select o.id from orders as o, orders", "select o.id from sales as o, sales", True),
        ("select orders.* from orders", "select sales.* from sales", True),
        ("select * from orders join (select orders.a from orders) using (a)",
         "select * from sales join (select sales.a from sales) using (a)", True),
        ("select orders.id from orders", "select id from sales", False),
        ("select orders from orders", "select sales from sales", False),
        ("select x.id from orders as x", "select orders.id from sales as orders", False),
        ("with orders as (select 1) select * from orders", "with sales as (select 1) select * from sales", False),
        ("select 'orders' from orders", "select 'sales' from sales", False),
        ("select max(orders.id) from orders", "select max(sales.id) from sales", False),
        ("select max(orders.id) as id from orders", "select max(sales.id) as id from sales", True),
        ("select (select max(id) from orders)", "select (select max(id) from sales)", False),
        ("with Sales as (select 99 as id) select id from orders",
         "with Sales as (select 99 as id) select id from sales", False),
        ("select id from orders where exists (select 1 from other as Sales where orders.id > 1)",
         "select id from sales where exists (select 1 from other as Sales where sales.id > 1)", False),
        ("select * from a.orders, orders", "select * from a.sales, sales", False),
    ],
)  # fmt: skip
def test_a_table_under_its_former_name(before: str, after: str, proven: bool) -> None:
    fingerprinter = Fingerprinter(project_in_place("."))

    def digest(text: str, **more: Any) -> str:
        return fingerprinter.sql(text, "duckdb", name="q", file="q.sql", line=1, **more).version

    assert digest(after) != digest(before)
    assert (digest(after, former={"sales": "orders"}) == digest(before)) is proven


def test_a_table_with_a_prefix_under_its_former_name() -> None:
    fingerprinter = Fingerprinter(project_in_place("."))

    def digest(text: str, **more: Any) -> str:
        return fingerprinter.sql(text, "duckdb", name="q", file="q.sql", line=1, **more).version

    former = {"mart/sales": "raw/orders"}
    before = digest("select orders.id, raw.orders.at from raw.orders")
    assert digest("select sales.id, mart.sales.at from mart.sales", former=former) == before
    assert (
        digest("select sales.id, mart.sales.at from mart.sales", former={"sales": "orders"})
        != before
    )
