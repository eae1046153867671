"""Builders describe checks as plain data, and refuse at the user's line what can't be meant."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import pytest

from assets_core.errors import DefinitionError
from assets_core.model.checks import Severity
from assets_core.model.versions import canonical_json
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


@dataclass(frozen=True)
class Definition:
    """What a builder needs of an asset definition."""

    key: str
    outputs: tuple[object, ...] = (None,)


def test_not_null_of_two_columns_is_two_checks() -> None:
    assert [spec.name for spec in not_null("a", "b")] == ["not_null(a)", "not_null(b)"]


def test_unique_of_two_columns_is_one_check() -> None:
    spec = unique("a", "b")
    assert (spec.name, spec.kind, spec.config) == (
        "unique(a, b)",
        "unique",
        {"columns": ("a", "b")},
    )


def test_blocking_follows_severity_unless_said() -> None:
    assert [
        unique("a", severity=severity, blocking=blocking).blocking
        for severity, blocking in [
            (Severity.ERROR, None),
            (Severity.WARN, None),
            (Severity.ERROR, False),
            (Severity.WARN, True),
        ]
    ] == [True, False, False, True]


def test_where_is_part_of_the_config_and_of_the_default_name() -> None:
    (spec,) = not_null("a", where="  b >\n 1 ", severity=Severity.WARN)
    assert spec.name == "not_null(a) where b > 1"
    assert spec.config == {"column": "a", "where": "b >\n 1"}
    assert unique("a", where="b > 1", name="mine").name == "mine"


def test_what_decides_nothing_is_no_part_of_the_config() -> None:
    plain = unique("a")
    assert unique("a", severity=Severity.WARN, name="x", scope="asset").config == plain.config


def test_default_names_say_what_is_checked() -> None:
    assert [
        spec.name
        for spec in [
            accepted_values("c", values=["x"]),
            in_range("c", min=1),
            matches("c", "x+"),
            expression("a <= b"),
            row_count(min=1),
            row_count(min=1, max=9),
            relationship("tailnum", to="planes"),
            has_columns("a", "b"),
            sql_check("no orphans", "select * from this"),
        ]
    ] == [
        "accepted_values(c)",
        "in_range(c)",
        "matches(c)",
        "expression(a <= b)",
        "row_count(min=1)",
        "row_count(min=1, max=9)",
        "relationship(tailnum, planes.tailnum)",
        "has_columns(a, b)",
        "no orphans",
    ]


def test_every_config_is_canonical_json() -> None:
    values = ["x", 1, 1.5, True, date(2013, 1, 2), datetime(2013, 1, 2, 3), Decimal("1.10")]
    spec = accepted_values("c", values=values)
    assert canonical_json(spec.config) == (
        '{"column":"c","values":["x",1,1.5,true,"2013-01-02","2013-01-02T03:00:00","1.10"]}'
    )
    for other in [
        in_range("c", max=Decimal(3)),
        row_count(max=3),
        has_columns("a"),
        unique("a", "b"),
    ]:
        assert canonical_json(other.config)


def test_a_relationship_is_an_edge_that_reads_one_column() -> None:
    spec = relationship("tailnum", to=Definition("raw/planes"), column="id", where="tailnum <> ''")
    (relation,) = spec.relations
    assert (relation.upstream, relation.columns) == ("raw/planes", ("id",))
    assert relation.place == spec.place
    assert relationship("boss", to="this", column="id").relations == ()


def test_the_place_is_the_line_that_called_the_builder() -> None:
    (first, _) = not_null("a", "b")
    assert first.place is not None
    assert first.place.file == __file__
    assert first.place.line == sys._getframe().f_lineno - 3


BAD: list[tuple[Callable[[], object], str]] = [
    (not_null, "E331: `not_null` needs at least one column"),
    (lambda: not_null(1), "E331: `not_null` takes column names, got 1"),  # type: ignore[arg-type]
    (lambda: not_null(["a"]), "E331: `not_null` takes column names, got ['a']"),  # type: ignore[arg-type]
    (lambda: not_null("a", "a"), "E331: `not_null` names the column `a` twice"),
    (lambda: not_null("a", "b", name="x"), "E330: `name` names one check, `not_null` of several"),
    (unique, "E331: `unique` needs at least one column"),
    (lambda: unique(""), "E331: `unique` takes column names, got ''"),
    (lambda: unique("a", severty=1), "E330: `unique` has no option `severty`"),  # type: ignore[call-arg]
    (lambda: unique("a", severity="warn"), "E330: `severity` must be"),  # type: ignore[arg-type]
    (lambda: unique("a", blocking=1), "E330: `blocking` of a check must be"),  # type: ignore[arg-type]
    (lambda: unique("a", scope="all"), 'E330: `scope` must be "partition" or "asset", not \'all\''),  # type: ignore[arg-type]
    (lambda: unique("a", name=""), "E330: `name` of a check must be 1-200 characters"),
    (lambda: unique("a", name="a\x1b[0m"), "E330: `name` of a check holds a character that can't be printed"),
    (lambda: unique("a", where=" "), "E332: `where` must be SQL text, got ' '"),
    (lambda: has_columns("a", where="x"), "E330: `has_columns` has no option `where`"),  # type: ignore[call-arg]
    (lambda: accepted_values("a", values=[]), "E333: `values` of `accepted_values` is empty"),
    (lambda: accepted_values("a", values="ab"), "E333: `values` of `accepted_values` must be a list, not 'ab'"),
    (lambda: accepted_values("a", values=[None]), "E333: `values` of `accepted_values` holds None"),  # type: ignore[list-item]
    (lambda: accepted_values("a", values=[math.nan]), "E333: `values` of `accepted_values` holds nan"),
    (lambda: accepted_values("a", values=[b"x"]), "E333: `values` of `accepted_values` holds b'x'"),  # type: ignore[list-item]
    (lambda: in_range("a"), "E334: `in_range` needs `min`, `max` or both"),
    (lambda: in_range("a", min=3, max=1), "E334: `min` of `in_range` is above `max`: 3 > 1"),
    (lambda: in_range("a", min=3, max="x"), "E334: `min` and `max` of `in_range` don't compare: 3 and 'x'"),
    (lambda: in_range("a", min=True), "E334: `min` of `in_range` can't be True"),
    (lambda: matches("a", ""), "E335: `pattern` of `matches` is empty"),
    (lambda: expression(""), "E332: `condition` must be SQL text, got ''"),
    (row_count, "E334: `row_count` needs `min`, `max` or both"),
    (lambda: row_count(min=2, max=1), "E334: `min` of `row_count` is above `max`: 2 > 1"),
    (lambda: row_count(min=-1), "E334: `min` of `row_count` is below zero: -1"),
    (lambda: row_count(max=1.5), "E334: `max` of `row_count` must be a whole number, not 1.5"),  # type: ignore[arg-type]
    (lambda: relationship("a", to=""), "E336: `to` of `relationship` is empty"),
    (lambda: relationship("a", to=3), "E336: `to` of `relationship` must be an asset or its key, not 3"),  # type: ignore[arg-type]
    (lambda: relationship("a", to=Definition("m", (1, 2))), "E336: `m` is one of several outputs"),
    (lambda: relationship("a", to="b", column=""), "E331: `relationship` takes column names, got ''"),
    (lambda: sql_check("q", ""), "E332: `sql` must be SQL text, got ''"),
    (lambda: sql_check("", "from this"), "E330: `name` of a check must be 1-200 characters"),
    (lambda: sql_check("q", "select 1 from other"), "it does not read `this`"),
    (lambda: sql_check("q", "delete from this, that"), "E332: the SQL of a check can't be read"),
    (lambda: sql_check("q", "select 1 from this; drop table this"), "E332: the SQL of a check can't be read: it"),
    (lambda: sql_check("q", "from this, read_csv('/etc/passwd')"), "`read_csv` reads files, a check reads tables"),
]  # fmt: skip


@pytest.mark.parametrize(("build", "message"), BAD)
def test_what_can_not_be_meant_is_refused_at_the_users_line(
    build: Callable[[], object], message: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        build()
    assert message in str(caught.value)
    assert caught.value.place is not None
    assert caught.value.place.file == __file__


def test_a_builder_loads_no_engine() -> None:
    script = """
import sys
from checks.builders import *
import checks.builders as b
b.not_null("a"); b.unique("a"); b.relationship("a", to="b"); b.in_range("a", min=1, where="x > 1")
b.sql_check("q", "select * from this where a > 1 order by a")
heavy = {"duckdb", "sqlglot", "pandas", "pyarrow", "numpy", "pydantic", "sqlalchemy"} & set(sys.modules)
raise SystemExit(", ".join(sorted(heavy)) or 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
