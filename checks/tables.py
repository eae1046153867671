"""The version under judgement as DuckDB sees it: exact column names, their types, and what is missing.

DuckDB folds the case of names, so a Parquet file with the columns ``a`` and ``A`` reads as ``a`` and ``A_1``. A check
of ``A`` must not judge ``a``: names are taken from the files and mapped by position.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from assets_core.errors import StepError

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation, Expression

FLOATS = frozenset({"float", "double"})
INTEGERS = frozenset(
    {
        *("tinyint", "smallint", "integer", "bigint", "hugeint"),
        *("utinyint", "usmallint", "uinteger", "ubigint", "uhugeint"),
    }
)
NUMBERS = FLOATS | INTEGERS | {"decimal"}
TIMESTAMPS = frozenset({"timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"})
ZONED = frozenset({"timestamp with time zone", "timestamp_tz"})


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its name in the file, its name in DuckDB, and its type's id and full spelling."""

    name: str
    sql_name: str
    type_id: str
    type: str

    @property
    def value(self) -> Expression:
        """The column as an expression; the library quotes the name."""
        from duckdb import ColumnExpression

        return ColumnExpression(self.sql_name)

    @property
    def missing(self) -> Expression:
        """Whether a row has no value here: NULL, or NaN, which pandas stores for it in floating-point columns."""
        from duckdb import FunctionExpression

        null = self.value.isnull()
        return null | FunctionExpression("isnan", self.value) if self.type_id in FLOATS else null


@dataclass(frozen=True, slots=True)
class Table:
    """``rows`` is known only of a table without columns, which DuckDB can't read: there ``relation`` is None."""

    label: str
    columns: Mapping[str, Column]
    relation: DuckDBPyRelation | None
    rows: int = 0

    def column(self, name: str) -> Column:
        """The column of exactly this name; raises StepError E340 that names the nearest."""
        found = self.columns.get(name)
        if found is not None:
            return found
        raise StepError(
            "E340", f"{self.label} has no column `{name}`", help=_nearest(name, list(self.columns))
        )

    def scan(self) -> DuckDBPyRelation:
        """All rows; raises StepError E340 where there are no columns to read."""
        if self.relation is None:
            raise StepError("E340", f"{self.label} has no columns")
        return self.relation


def any_missing(columns: list[Column]) -> Expression:
    """Whether a row lacks a value in at least one of these columns."""
    return reduce(or_, (column.missing for column in columns))


def described(relation: DuckDBPyRelation, names: list[str], label: str) -> Table:
    """``names`` are the columns' names in the file, in its order."""
    columns = {
        name: Column(name, sql_name, str(kind.id), str(kind))
        for name, sql_name, kind in zip(names, relation.columns, relation.types, strict=True)
    }
    return Table(label, columns, relation)


def _nearest(name: str, names: list[str]) -> str:
    if not names:
        return "it has no columns at all"
    folded = [other for other in names if other.casefold() == name.casefold()]
    near = folded or get_close_matches(name, names, 1)
    if near:
        return f"did you mean `{near[0]}`?"
    shown = ", ".join(f"`{other}`" for other in names[:10])
    return f"its columns are {shown}{' ...' if len(names) > 10 else ''}"
