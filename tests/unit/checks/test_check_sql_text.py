"""Which tables a query of a check reads."""

from __future__ import annotations

import pytest

from assets_core.errors import DefinitionError
from checks.sql_text import tables_read

QUERIES = {
    "select * from this": "this",
    "from THIS": "this",
    "select * from this where a = 'from x, y'": "this",
    "select a -- from this where\n from this, other": "this other",
    "select a /* from this where */ from this join b using (x)": "this b",
    "select * from this t, other": "this other",
    "select * from this where x in (select y from b.c)": "this b/c",
    "with orders as (select * from orders) select * from orders join this using (id)": "orders this",
    "with o as (select * from a), p as (select * from o) select * from p, this": "a this",
    "select * from this, unnest([1])": "this",
    "select * from this, range(10)": "this",
    'select * from this anti join "a/b" using (x)': "this a/b",
    "select * from a.b.c union all select * from this": "a/b/c this",
    "select (select max(x) from m) from this": "m this",
    "select * from this where exists (select 1 from o where o.x = this.x)": "this o",
    "select * from this t join this u on t.id = u.p": "this",
    "select * from (select * from this) s where s.x > (select avg(x) from o)": "this o",
    "select * from this qualify row_number() over (partition by a) > 1": "this",
    "select a from this group by a having count(*) > 1": "this",
}


@pytest.mark.parametrize("query", QUERIES)
def test_tables_are_found_in_order_and_ctes_are_not_tables(query: str) -> None:
    assert " ".join(sorted(tables_read(query))) == " ".join(sorted(QUERIES[query].split()))


@pytest.mark.parametrize(
    "query",
    ["select 1, 2 from other", "drop table this", "this", "select * from this where ((", "(" * 5000 + "from this, b"],
)  # fmt: skip
def test_what_is_not_one_select_of_this_is_refused(query: str) -> None:
    if query == "select * from this where ((":
        assert tables_read(query) == (
            "this",
        )  # nothing else can be read: its syntax is judged later
        return
    with pytest.raises(DefinitionError) as caught:
        tables_read(query)
    assert caught.value.code == "E332"
    assert "\x1b" not in caught.value.message
