"""What every kind of check keeps, and what each of them judges."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Unpack

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from assets_core.errors import StepError
from assets_core.model.checks import CheckResult, CheckSpec
from assets_core.model.keys import AssetKey
from assets_core.model.values import StoredPart, Written
from assets_core.model.versions import DataVersion
from assets_core.ports import RelatedTable, Staged
from checks.builders import (
    accepted_values,
    expression,
    has_columns,
    in_range,
    matches,
    not_null,
    relationship,
    row_count,
    sql_check,
    unique,
)
from checks.evaluators import NotNull, PushedDown, Unique
from checks.options import RowOptions

Judge = Callable[..., CheckResult]

HOSTILE = [
    'a"b',
    "select",
    "💥",
    "'; drop table this; --",
    "a b",
    "%s",
    "A",
    "{x}",
    "[/x]",
    "$1",
    "\\",
]
FAILING = {"v": ["bad"] * 25 + ["ok"] * 5, "g": [1] * 25 + [2] * 5}


def failing_checks(column: str, **options: Unpack[RowOptions]) -> list[CheckSpec]:
    """One check of each row-wise or set kind that all 25 `bad` rows fail and no other row."""
    quoted = column.replace('"', '""')
    return [
        not_null("empty", **options)[0],
        accepted_values(column, values=["ok", "x'y"], **options),
        in_range(column, min="c", **options),
        matches(column, "o.*", **options),
        expression(f"\"{quoted}\" = 'ok'", **options),
        relationship(column, to="known", column="k", **options),
    ]


@pytest.mark.parametrize("column", HOSTILE)
def test_hostile_column_names_are_only_names(judge: Judge, column: str) -> None:
    data = {column: FAILING["v"], "empty": [None] * 25 + [1] * 5}
    for spec in failing_checks(column):
        result = judge(data, spec, known=pa.table({"k": ["ok"]}))
        assert (spec.kind, result.passed, result.count) == (spec.kind, False, 25)
        assert len(result.sample) == 10
        assert all(row[column] == "bad" for row in result.sample)


@pytest.mark.parametrize(
    "value", ["'; drop table this; --", 'a"b', "$1", "?", "\\", "%", "😀", "it's"]
)
def test_hostile_values_are_only_values(judge: Judge, value: str) -> None:
    data = {"v": [value, "other"]}
    assert judge(data, accepted_values("v", values=[value])).count == 1
    assert (
        judge(data, relationship("v", to="known", column="k"), known=pa.table({"k": [value]})).count
        == 1
    )
    assert judge(data, accepted_values("v", values=[value, "other"])).passed


@pytest.mark.parametrize("index", range(6))
def test_where_limits_what_is_judged(judge: Judge, index: int) -> None:
    data = {**FAILING, "empty": [None] * 25 + [1] * 5, "n": list(range(30))}
    spec = failing_checks("v", where="n >= 20 or n is null")[index]
    result = judge(data, spec, known=pa.table({"k": ["ok"]}))
    assert result.count == 5
    assert result.metadata["rows"] == 10
    assert [row["n"] for row in result.sample] == [20, 21, 22, 23, 24]


@pytest.mark.parametrize("index", range(6))
def test_nothing_fails_in_an_empty_table(judge: Judge, index: int) -> None:
    empty = pa.table({"v": pa.array([], pa.string()), "empty": pa.array([], pa.float64())})
    result = judge(empty, failing_checks("v")[index], known=pa.table({"k": ["ok"]}))
    assert (result.passed, result.count, result.sample) == (True, 0, ())


def test_unique_counts_every_row_that_shares_its_key(judge: Judge) -> None:
    data = {"a": [1, 1, 2, None, None, 3, 3, 3], "b": ["x", "x", "x", "y", "y", "p", "p", None]}
    result = judge(data, unique("a", "b"))
    assert (result.passed, result.count) == (False, 4)
    assert [(row["a"], row["b"]) for row in result.sample] == [
        (1, "x"),
        (1, "x"),
        (3, "p"),
        (3, "p"),
    ]
    assert result.message == "4 of 8 rows with a (a, b) that another row has too"
    assert judge(data, unique("a", "b", where="b <> 'p'")).count == 2
    assert judge({"a": [1, 2, None, None]}, unique("a")).passed


def test_the_sample_of_unique_shows_twins_side_by_side(judge: Judge) -> None:
    result = judge({"k": [*range(100), *range(100)], "n": list(range(200))}, unique("k"))
    assert result.count == 200
    assert [row["k"] for row in result.sample] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_case_twins_are_two_columns(judge: Judge) -> None:
    data = {"a": [1, 2], "A": [None, 3], "a_1": [None, None]}
    assert judge(data, not_null("a")).count == 0
    result = judge(data, not_null("A"))
    assert result.count == 1
    assert result.sample == ({"A": None, "a": 1, "a_1": None},)
    assert judge(data, not_null("a_1")).count == 2


def test_nan_counts_as_null_everywhere(judge: Judge) -> None:
    data = pa.table({"x": pa.array([math.nan, None, 1.0, math.nan])})
    assert judge(data, not_null("x")).count == 2 + 1
    for passing in (
        unique("x"),
        in_range("x", min=0, max=1),
        accepted_values("x", values=[1]),
        relationship("x", to="o", column="y"),
    ):
        assert judge(data, passing, o=pa.table({"y": [1.0]})).passed, passing.kind


@pytest.mark.parametrize("rest", [[-1.5], [0.0, 1.0], [0.0, None], []])
def test_nan_is_found_though_the_statistics_of_the_file_deny_it(
    judge: Judge, rest: list[object]
) -> None:
    data = pa.table(
        {
            "x": pa.array([math.nan, *rest], pa.float64()),
            "s": pa.array(
                [{"y": value} for value in (math.nan, *rest)], pa.struct({"y": pa.float64()})
            ),
        }
    )
    for found in (
        not_null("x", where="x is not null"),
        expression("not isnan(x)"),
        expression("not isnan(s.y)"),
        expression("x < 1e308", where="isnan(x)"),
        sql_check("nan", "select * from this where isnan(x)"),
        sql_check("struct", "select * from this where isnan(s.y)"),
        sql_check("above", "select * from this where x > 1e308"),
    ):
        result = judge(data, found)
        assert (result.count, len(result.sample)) == (1, 1), found
        assert result.sample[0]["x"] == "NaN"


def test_bounds_are_inclusive_unless_said(judge: Judge) -> None:
    data = {"n": [1, 2, 3, None]}
    assert judge(data, in_range("n", min=1, max=3)).passed
    assert judge(data, in_range("n", min=1, max=3, inclusive=False)).count == 2
    assert judge(data, in_range("n", min=2)).message == "1 of 4 rows with a `n` below 2"
    assert judge(data, in_range("n", max=2)).count == 1


def test_numbers_compare_by_value_and_not_by_the_type_of_the_column(judge: Judge) -> None:
    assert judge({"n": [1, 2]}, accepted_values("n", values=[1, 1.5])).count == 1
    assert judge({"n": [1, 2]}, in_range("n", max=1.5)).count == 1
    price = pa.table({"p": pa.array([Decimal("1.10"), Decimal("1.20")])})
    assert judge(price, accepted_values("p", values=[Decimal("1.1")])).count == 1
    assert judge(price, accepted_values("p", values=[Decimal("1.104"), Decimal("1.2")])).count == 1


def test_times_compare_as_times(judge: Judge) -> None:
    data = pa.table(
        {
            "d": [date(2013, 1, 1), date(2013, 1, 3)],
            "t": [datetime(2013, 1, 1, 5), datetime(2013, 1, 3, 5)],
            "z": pa.array(
                [datetime(2013, 1, 1, 5, tzinfo=UTC)] * 2, pa.timestamp("us", tz="Asia/Tokyo")
            ),
        }
    )
    assert judge(data, in_range("d", min=date(2013, 1, 2))).count == 1
    assert judge(data, in_range("d", max=datetime(2013, 1, 3, 0, 0, 1))).passed
    assert judge(data, in_range("t", max=date(2013, 1, 3))).count == 1
    assert judge(data, in_range("z", min=datetime(2013, 1, 1, 5, tzinfo=UTC))).passed
    assert judge(data, in_range("z", min=datetime(2013, 1, 1, 5, 0, 1))).count == 2
    assert judge(data, accepted_values("d", values=[date(2013, 1, 1)])).sample == (
        {"d": "2013-01-03", "t": "2013-01-03T05:00:00", "z": "2013-01-01T05:00:00+00:00"},
    )


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (accepted_values("n", values=["a"]), "accepted value 'a' does not compare with column `n` of type BIGINT"),
        (accepted_values("s", values=[1]), "accepted value 1 does not compare with column `s` of type VARCHAR"),
        (in_range("n", min=date(2013, 1, 1)), "`min` '2013-01-01' does not compare with column `n` of type BIGINT"),
        (in_range("s", max=3), "`max` 3 does not compare with column `s` of type VARCHAR"),
        (matches("n", "x"), "column `n` is BIGINT, `matches` judges text"),
        (relationship("s", to="o", column="n"),
         "column `s` of type VARCHAR does not compare with column `n` of `o`, of type BIGINT"),
        (not_null("N")[0], "`orders` has no column `N`; did you mean `n`?"),
        (unique("sx"), "`orders` has no column `sx`; did you mean `s`?"),
        (relationship("n", to="o", column="zzz"), "`o` has no column `zzz`; its columns are `n`"),
        (relationship("n", to="gone"), "`gone` was not handed to the check that reads it"),
        (expression("n > 1, n > 2"), "`n > 1, n > 2` is not a SQL condition"),
        (expression("n > 1) or (true"), "is not a SQL condition"),
        (not_null("n", where="nosuch = 1")[0], 'check `not_null(n) where nosuch = 1` can\'t be evaluated'),
        (sql_check("q", "select nosuch from this"), "check `q` can't be evaluated"),
        (sql_check("q", "select * from this where n = 'a' + 1 order by"), "check `q` can't be evaluated"),
    ],
)  # fmt: skip
def test_what_can_not_be_judged_says_why(judge: Judge, spec: CheckSpec, message: str) -> None:
    with pytest.raises(StepError) as caught:
        judge({"n": [1], "s": ["a"]}, spec, o=pa.table({"n": [1]}))
    assert message in str(caught.value)


def test_matches_judges_the_whole_text(judge: Judge) -> None:
    data = {"s": ["AB-1", "AB-12", "xAB-1", None, ""]}
    assert judge(data, matches("s", r"[A-Z]{2}-\d")).count == 3
    with pytest.raises(StepError, match="can't be evaluated"):
        judge(data, matches("s", "("))


def test_an_expression_that_is_null_passes(judge: Judge) -> None:
    data = {"a": [1, 2, None], "b": [2, 1, 1]}
    result = judge(data, expression("a <= b"))
    assert (result.count, result.message) == (1, "1 of 3 rows where `a <= b` is false")


def test_row_count_counts_rows_and_fails_none(judge: Judge) -> None:
    data = {"n": [1, 2, 3]}
    assert judge(data, row_count(min=3, max=3)).passed
    low = judge(data, row_count(min=1000, max=2000))
    assert (low.passed, low.count, low.sample) == (False, 3, ())
    assert low.message == "3 rows, expected at least 1,000 and at most 2,000"
    assert judge(data, row_count(max=1, where="n > 1")).count == 2


def test_a_relationship_to_itself_needs_no_other_table(judge: Judge) -> None:
    data = {"id": [1, 2, 3], "boss": [None, 1, 9]}
    result = judge(data, relationship("boss", to="this", column="id"))
    assert result.sample == ({"boss": 9, "id": 3},)
    assert result.message == "1 of 3 rows with a `boss` that is not in this.id"


@pytest.mark.parametrize(
    "make",
    [
        lambda: pd.DataFrame({"k": ["a", None], "other": [object(), object()]}),
        lambda: pa.table({"k": ["a"]}),
        lambda: duckdb.connect().sql("select 'a' as k"),
        lambda: [{"k": "a"}],
    ],
    ids=["pandas", "arrow", "duckdb", "rows"],
)
def test_a_source_may_be_a_table_in_memory(judge: Judge, make: Callable[[], object]) -> None:
    spec = relationship("v", to="o", column="k")
    assert judge({"v": ["a", "b", None]}, spec, o=make()).count == 1


@pytest.mark.parametrize("value", [None, 3, [], "text"])
def test_a_related_value_that_is_no_table_is_named(judge: Judge, value: object) -> None:
    with pytest.raises(StepError, match="E342: `o` "):
        judge({"v": ["a"]}, relationship("v", to="o", column="k"), o=value)


def test_a_query_returns_the_failing_rows(judge: Judge) -> None:
    data = {"id": [1, 2, 3], "total": [1.0, -1.0, math.inf]}
    assert judge(data, sql_check("ok", "select * from this where total < -5;")).passed
    result = judge(data, sql_check("negative", "from this where total < 0 or total > 1e9 -- both"))
    assert result.sample == ({"id": 2, "total": -1.0}, {"id": 3, "total": "Infinity"})
    assert result.message == "the query returned 2 rows"


def test_a_query_may_read_other_assets_by_key(judge: Judge) -> None:
    query = "select this.id from this anti join mart.people on this.id = mart.people.id anti join plain using (id)"
    spec = sql_check("known", query)
    assert [relation.upstream for relation in spec.relations] == ["mart/people", "plain"]
    result = judge(
        {"id": [1, 2, 3]}, spec, mart__people=pa.table({"id": [1]}), plain=pd.DataFrame({"id": [2]})
    )
    assert result.sample == ({"id": 3},)


@pytest.mark.parametrize(
    "query",
    [
        "select * from this where exists (select 1 from read_text('/etc/hostname'))",
        "select * from this union all by name select content as n from read_text('/etc/hostname')",
        "copy this to '/tmp/never'",
        "select 1 from this; drop view this",
        "set enable_external_access = true",
        "attach '/tmp/never.db'",
        "select * from this where n in (select n from frame)",
    ],
)
def test_a_query_reaches_nothing_but_its_tables(judge: Judge, query: str) -> None:
    frame = pd.DataFrame({"n": [1]})  # a local that DuckDB could find by name
    spec = CheckSpec("q", "sql", {"sql": query})  # past the builder, which refuses some of them
    with pytest.raises(StepError) as caught:
        judge({"n": list(frame.n)}, spec)
    assert caught.value.code == "E345"


def test_has_columns_judges_the_schema(judge: Judge) -> None:
    data = {"a": [1], "b": [2]}
    assert judge(data, has_columns("b")).passed
    assert judge(data, has_columns("a", "b", exact=True)).passed
    assert judge(data, has_columns("b", "a", exact=True)).message == "in another order: `a`, `b`"
    result = judge(data, has_columns("a", "c", exact=True))
    assert (result.count, result.message) == (2, "missing `c`; not declared `b`")


def test_a_table_without_columns_is_judged_by_its_rows(judge: Judge) -> None:
    nothing = pa.table({})
    assert judge(nothing, row_count(max=0)).passed
    assert not judge(nothing, row_count(min=1)).passed
    assert judge(nothing, has_columns("a")).count == 1
    with pytest.raises(StepError, match="`orders` has no column `a`; it has no columns at all"):
        judge(nothing, not_null("a"))
    with pytest.raises(StepError, match="`orders` has no columns"):
        judge(nothing, sql_check("q", "select * from this"))


def test_partitions_are_judged_together_by_name(judge: Judge) -> None:
    parts = [
        pa.table({"k": [1, 2], "x": pa.nulls(2)}),
        pa.table({"x": ["a"], "k": [2]}),
        pa.table({}),
        pa.table({"k": pa.array([], pa.int32())}),
    ]
    assert judge(parts, unique("k", scope="asset")).count == 2
    assert judge(parts, not_null("x", scope="asset")).count == 2
    assert judge(parts, row_count(min=3, max=3, scope="asset")).passed


def test_a_sample_is_safe_json_of_every_type(judge: Judge) -> None:
    query = """select 1 as n, * from (select 170141183460469231731687303715884105727 as huge, interval 1 day as span,
        map {'a': 1} as m, uuid '00000000-0000-0000-0000-000000000001' as u, 'x\ty' as s, '\\xFF\\x00'::blob as b,
        [1.5, 'nan'::double] as l, {'k': 1.10::decimal(4, 2)} as st, time '01:02:03' as t, repeat('é', 1000) as long,
        timestamp '290000-01-01 00:00:00' as late, '-inf'::float as inf, range(100) as many) where exists (from this)"""
    result = judge({"id": [1]}, sql_check("q", query))
    (row,) = result.sample
    assert json.loads(json.dumps(row, allow_nan=False)) == {
        "n": "1", "huge": "170141183460469231731687303715884105727", "span": "1 day", "m": "{a=1}",
        "u": "00000000-0000-0000-0000-000000000001", "s": "x\ty", "b": "\\xFF\\x00", "l": "[1.5, nan]",
        "st": "{'k': 1.10}", "t": "01:02:03", "long": "é" * 200 + "… (1000 characters)",
        "late": "290000-01-01 00:00:00", "inf": "-inf", "many": row["many"],
    }  # fmt: skip


def test_a_sample_keeps_what_json_can_carry(judge: Judge) -> None:
    query = """select 1 as n, map {'a': 1} as m, '\\xFF\\x00'::blob as b, [1.5, 'nan'::double] as l, null as nothing,
        {'k': 1.10::decimal(4, 2), 'l': [1]} as st, time '01:02:03' as t, '-inf'::float as inf, range(12) as many,
        timestamp_ns '2013-01-01 00:00:00.000000001' as ns, 'a'::enum('a') as e where exists (from this)"""
    (row,) = judge({"id": [1]}, sql_check("q", query)).sample
    assert json.loads(json.dumps(row, allow_nan=False)) == {
        "n": 1, "m": "{a=1}", "b": "ff00", "l": [1.5, "NaN"], "nothing": None, "st": {"k": "1.10", "l": [1]},
        "t": "01:02:03", "inf": "-Infinity", "many": [*range(10), "… 2 more"],
        "ns": "2013-01-01T00:00:00.000000001", "e": "a",
    }  # fmt: skip


def test_a_sample_keeps_to_thirty_columns_the_judged_ones_first(judge: Judge) -> None:
    data = {f"c{n}": [None] for n in range(100)}
    (row,) = judge(data, not_null("c99")).sample
    assert next(iter(row)) == "c99"
    assert len(row) == 31
    assert row["…"] == "70 more columns"


def test_many_checks_are_answered_in_order_and_one_bad_one_spoils_no_other(
    stage: Callable[..., Staged],
) -> None:
    staged = stage(pa.table({"n": [1, None], "s": ["a", "b"]}))
    specs = [
        unique("s"),
        not_null("n")[0],
        expression("s::int > 0"),
        row_count(min=1),
        not_null("gone")[0],
        sql_check("q", "select * from this"),
        CheckSpec("x", "nosuch"),
    ]
    answers = PushedDown.evaluate_many(specs, staged, {})
    told = [a.code if isinstance(a, StepError) else a.passed for a in answers]  # type: ignore[union-attr]
    assert told == [True, False, "E345", True, "E340", False, "E347"]
    assert NotNull().evaluate_many is Unique().evaluate_many


def test_a_value_that_is_no_table_is_an_error_that_says_what_it_is(tmp_path: Path) -> None:
    part = StoredPart("2013", tmp_path, Written("json", DataVersion("0" * 32), (), "json"))
    staged = Staged(AssetKey("model"), "2013", (part,), None)
    with pytest.raises(StepError) as caught:
        NotNull().evaluate(not_null("x")[0], staged, {})
    assert str(caught.value).startswith(
        "E341: `model@2013` is not a table but json: this check needs Parquet; "
    )


def test_a_damaged_file_is_an_error_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1 not really")
    staged = Staged(AssetKey("orders"), "", (), (path,))
    with pytest.raises(StepError, match=r"E343: `orders` can't be read: .*x\.parquet"):
        NotNull().evaluate(not_null("x")[0], staged, {})


def test_related_tables_are_read_from_their_own_files_only(stage: Callable[..., Staged]) -> None:
    staged, other = stage(pa.table({"v": ["a", "b"]})), stage(pa.table({"k": ["a"]}))
    assert other.tables is not None
    related = {"o": RelatedTable(AssetKey("o"), other.tables)}
    spec = relationship("v", to="o", column="k")
    (result,) = PushedDown.evaluate_many([spec], staged, related)
    assert isinstance(result, CheckResult)
    assert result.message == "1 of 2 rows with a `v` that is not in o.k"


def test_every_kind_is_registered_under_its_name() -> None:
    root = next(
        folder for folder in Path(__file__).parents if (folder / "pyproject.toml").is_file()
    )
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    registered = project["entry-points"]["assets_core.checks"]
    kinds = {cls.kind: f"{cls.__module__}:{cls.__name__}" for cls in PushedDown.__subclasses__()}
    assert {name: registered.get(name) for name in kinds} == kinds
