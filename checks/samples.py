"""Failing rows as JSON: at most ten, of at most thirty columns, with every value made safe to store and to show.

Dates and times are ISO 8601 (zoned ones in UTC), decimals and integers beyond 64 bits text, NaN and infinities the
text ``NaN``, ``Infinity``, ``-Infinity``, bytes hexadecimal; long texts and lists end in a mark that says what is
left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from typing import TYPE_CHECKING

from assets_core.model.json import JSON

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyRelation, Expression

ROWS = 10
COLUMNS = 30
TEXT = 200
ITEMS = 10
DEPTH = 4

_CARRIED = frozenset(
    {
        *("boolean", "tinyint", "smallint", "integer", "bigint"),
        *("utinyint", "usmallint", "uinteger", "ubigint", "float", "double", "decimal"),
        *("varchar", "blob", "date", "time", "timestamp", "timestamp_s", "timestamp_ms"),
        *("timestamp_ns", "timestamp with time zone", "list", "struct", "array", "null"),
    }
)
"""Types that reach Python as they are. Others (intervals, 128-bit integers, maps, unions) come as DuckDB's text."""


def sample(
    relation: DuckDBPyRelation, names: Mapping[str, str], first: Sequence[str] = ()
) -> tuple[Mapping[str, JSON], ...]:
    """The first rows of ``relation``; ``names`` maps its columns to how rows call them, ``first`` lead."""
    chosen = [name for name in first if name in names]
    chosen += [name for name in names if name not in chosen]
    types = dict(zip(relation.columns, relation.types, strict=True))
    shown, left = chosen[:COLUMNS], len(chosen) - COLUMNS
    few = relation.limit(ROWS)
    rows = _fetched(few, shown, {name: str(types[name].id) for name in shown})
    labels = [names[name] for name in shown]
    note: dict[str, JSON] = {"…": f"{left} more columns"} if left > 0 else {}
    return tuple({**dict(zip(labels, row, strict=True)), **note} for row in rows)


def _fetched(few: DuckDBPyRelation, shown: list[str], types: dict[str, str]) -> list[list[JSON]]:
    carried = few.project(*(_projected(name, types[name] in _CARRIED) for name in shown))
    try:
        return _rows(carried.to_arrow_table())
    except (OverflowError, ValueError):  # a time beyond what Python's datetime can hold
        return _rows(
            few.project(*(_projected(name, carried=False) for name in shown)).to_arrow_table()
        )


def _projected(name: str, carried: bool) -> Expression:
    from duckdb import ColumnExpression

    column = ColumnExpression(name)
    return column if carried else column.cast("VARCHAR").alias(name)


def _rows(table: pa.Table) -> list[list[JSON]]:
    columns = [[json_value(value) for value in column.to_pylist()] for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def json_value(value: object, depth: int = DEPTH) -> JSON:
    """Any value that DuckDB or Arrow hands out, as JSON without NaN."""
    match value:
        case None | bool():
            return value
        case int():
            return value if -(2**63) <= value < 2**64 else str(value)
        case float():
            return value if math.isfinite(value) else _not_finite(value)
        case str():
            return _shortened(value)
        case bytes():
            return _hexadecimal(value)
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
    if depth and isinstance(value, Mapping):
        return _mapping(value, depth)
    if depth and isinstance(value, Sequence):
        return _sequence(value, depth)
    return _shortened(str(value))


def _not_finite(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _shortened(text: str) -> str:
    return text if len(text) <= TEXT else f"{text[:TEXT]}… ({len(text)} characters)"


def _hexadecimal(value: bytes) -> str:
    kept = TEXT // 2
    return value.hex() if len(value) <= kept else f"{value[:kept].hex()}… ({len(value)} bytes)"


def _mapping(value: Mapping[object, object], depth: int) -> JSON:
    items = list(value.items())
    short = {_shortened(str(key)): json_value(item, depth - 1) for key, item in items[:ITEMS]}
    return {**short, "…": f"{len(items) - ITEMS} more"} if len(items) > ITEMS else short


def _sequence(value: Sequence[object], depth: int) -> JSON:
    short = [json_value(item, depth - 1) for item in value[:ITEMS]]
    return [*short, f"… {len(value) - ITEMS} more"] if len(value) > ITEMS else short
