"""SQL assets: upstreams and columns come from the text, and DuckDB agrees that the columns are enough."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest

from assets_core import CONSTANT, DailyPartitions, Input, Last, source, sql_asset
from assets_core.declare.creations import observe_creations
from assets_core.declare.sql_reading import UnreadableSql, read_sql, table_position
from assets_core.errors import DefinitionError
from assets_core.graph import AssetGraph
from assets_core.model.assets import SqlBody

Load = Callable[..., AssetGraph]

CERTAIN: dict[str, dict[str, tuple[str, ...]]] = {
    "select a, avg(b) as d from t group by a order by d": {"t": ("a", "b")},
    "from t select a": {"t": ("a",)},
    "with x as (select a, b from t) select * from x": {"t": ("a", "b")},
    "select count(*), sum(c) from t where a > 1": {"t": ("a", "c")},
    "select x.a, y.id from t x join s.u y on x.id = y.id": {"t": ("a", "id"), "s/u": ("id",)},
    "select x.a from t x join t y on x.id = y.c": {"t": ("a", "c", "id")},
    "select a from t union all select id from s.u order by a": {"t": ("a",), "s/u": ("id",)},
    "select a, (select max(u.v) from s.u where u.id = t.id) m from t": {
        "t": ("a", "id"),
        "s/u": ("id", "v"),
    },
    "select distinct on (a) a, b from t order by a, b, c": {"t": ("a", "b", "c")},
    "select a, row_number() over w rn from t window w as (partition by b order by c)": {
        "t": ("a", "b", "c")
    },
    "select a from (select a, b from t where c > 0) where b > 1": {"t": ("a", "b", "c")},
    "select A, a from t": {"t": ("a",)},
    "select a from t where exists (select 1 from s.u where u.v > t.b)": {
        "t": ("a", "b"),
        "s/u": ("v",),
    },
    "select date_trunc('month', d) as month, sum(b) from t group by all": {"t": ("b", "d")},
}

DOUBTFUL = [
    "from t",
    "select t.* from t",
    "select * exclude (a) from t",
    "select columns('a') from t",
    "select t from t",
    "select count(*) from t",
    "select rowid from t",
    "select a + 1 as b, b * 2 as e from t",
    "select date_trunc('month', d) as month, sum(b) from t group by month",
    "select a, row_number() over (order by b) rn from t qualify rn = 1",
    "select z.a from t as z(a, b)",
    "select st.f from t",
    "select list_transform([a], lambda x: x + 1) from t",
    "select a from t where t.a in (select s.u.id from s.u where s.u.v > t.b)",
    "select unnest([a]) from t",
    "select [y + 1 for y in [a]] from t",
    "select a, current_schema from t",
    "select * from (select a, b from t) pivot (sum(b) for a in (1, 2))",
]

SCHEMA = """
create schema s;
create table t as
    select i as id, i % 3 as a, i % 5 as b, i % 7 as c, date '2024-01-01' + i::int as d,
        {'f': i} as st, 'x' || i as e
    from range(40) r(i);
create table s.u as select i as id, i * 2 as v, i % 4 as w from range(20) r(i);
"""


def read(text: str) -> dict[str, tuple[str, ...] | None]:
    return dict(read_sql(text, "duckdb", {}).tables)


@pytest.mark.parametrize("text", CERTAIN)
def test_columns_are_named_where_they_are_certain(text: str) -> None:
    found = read(text)
    wanted = CERTAIN[text]
    assert {name: found[name] for name in wanted} == wanted


@pytest.mark.parametrize("text", DOUBTFUL)
def test_a_table_counts_as_a_whole_where_there_is_doubt(text: str) -> None:
    assert read(text)["t"] is None


@pytest.mark.parametrize("text", [*CERTAIN, *DOUBTFUL])
def test_a_query_gives_the_same_with_only_those_columns(text: str) -> None:
    """DuckDB is the oracle: what was not named can be taken away."""
    with duckdb.connect() as whole, duckdb.connect() as part:
        whole.execute(SCHEMA)
        part.execute(SCHEMA)
        for name, columns in read(text).items():
            if columns is not None:
                table = name.replace("/", ".")
                part.execute(f"create table kept as select {', '.join(columns)} from {table}")
                part.execute(f"drop table {table}")
                part.execute(f"create table {table} as from kept")
                part.execute("drop table kept")
        found, wanted = (sorted(map(repr, db.sql(text).fetchall())) for db in (part, whole))
        assert found == wanted


@pytest.mark.parametrize(
    ("text", "tables"),
    [
        ("with flights as (select * from flights) select a from flights", ["flights"]),
        ("with x as (select 1 as n) select n from x", []),
        ("with recursive x as (select 1 n union all select n + 1 from x) select n from x", []),
        ("select a from x.y.z", ["x/y/z"]),
        ('select a from "Mixed"."Case"', ["Mixed/Case"]),
        ("select a from b, c where b.x in (select x from d)", ["b", "c", "d"]),
        ("select i from range(3) r(i)", []),
        ("select a from t -- from u\n", ["t"]),
        ("select a from t;", ["t"]),
    ],
)
def test_upstreams_are_the_tables_and_not_the_ctes(text: str, tables: list[str]) -> None:
    assert list(read(text)) == tables


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is not one SELECT"),
        ("select 1; select 2", "it is not one SELECT"),
        ("insert into t values (1)", "it is not one SELECT"),
        ("select a from (select", "expecting \\)"),
        ("select * from read_csv('x.csv')", "`read_csv` reads files"),
        ("select " + "(" * 3_000 + "1" + ")" * 3_000, "nested too deeply"),
        ("select 'abc", "error tokenizing"),
    ],
)
def test_what_is_no_query_is_refused(text: str, problem: str) -> None:
    with pytest.raises(UnreadableSql, match=f"(?i){problem}"):
        read_sql(text, "duckdb", {})


@pytest.mark.parametrize(
    "text",
    [
        "select now() as a",
        "select random() as a",
        "select current_date as a",
        "select today() as a",
        "select gen_random_uuid() as a",
        "select a from t using sample 10%",
        "select a from (select uuid() as a)",
    ],
)
def test_volatile_queries_are_not_deterministic(text: str) -> None:
    assert not sql_asset("x", text).outputs[0].deterministic


def test_more_threads_are_not_deterministic_and_one_is_the_default() -> None:
    one, two = sql_asset("x", "select 1 a"), sql_asset("x", "select 1 a", threads=2)
    assert isinstance(one.body, SqlBody)
    assert isinstance(two.body, SqlBody)
    assert (one.body.threads, one.outputs[0].deterministic) == (1, True)
    assert (two.body.threads, two.outputs[0].deterministic) == (2, False)
    sure = sql_asset("x", "select 1 a", threads=2, deterministic=True)
    assert sure.outputs[0].deterministic


def test_a_reading_is_kept_and_taken_from_the_memo() -> None:
    memo: dict[str, object] = {}
    first = read_sql("select a from t where now() > d", "duckdb", memo)  # type: ignore[arg-type]
    assert list(memo.values()) == [[[["t", ["a", "d"]]], "now()"]]
    memo[next(iter(memo))] = [[["kept", None]], None]
    again = read_sql("select a from t where now() > d", "duckdb", memo)  # type: ignore[arg-type]
    assert (first.tables[0][0], again.tables) == ("t", (("kept", None),))


def test_a_sql_asset_has_its_arguments_and_dependencies() -> None:
    raw = source("raw", observe=CONSTANT)
    days = DailyPartitions(start="2024-01-01")
    made = sql_asset(
        "totals",
        "select a from t join u on t.id = u.id",
        prefix="mart",
        partitions=days,
        key=["a"],
        deps=[raw],
        inputs=[Input("u", mapping=Last(), optional=True)],
    )
    spec = made.outputs[0]
    assert (spec.key, spec.kind, spec.partitions, spec.row_key) == (
        "mart/totals",
        "sql",
        days,
        ("a",),
    )
    found = [(d.upstream, d.parameter, d.columns, d.mapping, d.optional) for d in made.dependencies]
    assert found == [
        ("t", "t", None, None, False),
        ("u", "u", None, Last(), True),
        ("raw", None, None, None, False),
    ]


def test_a_file_is_read_from_the_projects_root(load: Load) -> None:
    graph = load(
        """
        orders = sql_asset("orders", file="sql/orders.sql")
        items = source("items", observe=CONSTANT)
        """,
        sql__orders_dot_sql="select id from items\n",
    )
    body = graph.definitions[1].body
    assert isinstance(body, SqlBody)
    assert (body.text, body.file, body.line) == ("select id from items\n", "sql/orders.sql", 1)


def test_a_table_is_located_in_the_sql_file(refused: Callable[..., str]) -> None:
    error = refused(
        'orders = sql_asset("orders", file="sql/orders.sql")\n',
        sql__orders_dot_sql="select id\nfrom raw.items\n",
    )
    assert "at sql/orders.sql:2:6+9\n" in error


def test_positions_are_those_of_the_first_mention() -> None:
    assert table_position("select 1\n from  b, a.c", "duckdb", "a/c") == (2, 11, 3)
    assert table_position("select 1", "duckdb", "a/c") == (0, 0, 0)


def test_a_name_that_is_no_text_is_refused() -> None:
    with observe_creations(), pytest.raises(DefinitionError, match="takes the name of the asset"):
        sql_asset(3, "select 1")  # type: ignore[arg-type]
