"""What makes a row fail, for the checks that judge each row by itself, as one DuckDB expression per check.

Expressions are built by DuckDB's own API: names and values never become text here, and the user's SQL (``where``,
``expression``) is parsed by DuckDB as exactly one expression.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, TypeAlias

from assets_core.errors import StepError
from assets_core.model.json import JSON
from checks.tables import NUMBERS, TIMESTAMPS, ZONED, Column, Table

if TYPE_CHECKING:
    from duckdb import Expression

Config: TypeAlias = Mapping[str, JSON]


def not_null(config: Config, table: Table) -> Expression:
    """No value, or NaN."""
    return table.column(_text(config, "column")).missing


def accepted_values(config: Config, table: Table) -> Expression:
    """A value that is none of those listed."""
    column = table.column(_text(config, "column"))
    accepted = config["values"]
    assert isinstance(accepted, list | tuple)
    values = [constant(column, value, "accepted value") for value in accepted]
    return ~column.missing & ~column.value.isin(*values)


def in_range(config: Config, table: Table) -> Expression:
    """A value outside the bounds."""
    column = table.column(_text(config, "column"))
    inclusive = config.get("inclusive", True)
    outside = []
    if config.get("min") is not None:
        low = constant(column, config["min"], "`min`")
        outside.append(column.value < low if inclusive else column.value <= low)
    if config.get("max") is not None:
        high = constant(column, config["max"], "`max`")
        outside.append(column.value > high if inclusive else column.value >= high)
    return ~column.missing & reduce(or_, outside)


def matches(config: Config, table: Table) -> Expression:
    """A text that the pattern does not match as a whole."""
    from duckdb import ConstantExpression, FunctionExpression

    column = table.column(_text(config, "column"))
    if column.type_id not in {"varchar", "null"}:
        raise StepError("E344", f"column `{column.name}` is {column.type}, `matches` judges text")
    pattern = ConstantExpression(_text(config, "pattern"))
    return ~FunctionExpression("regexp_full_match", column.value.cast("VARCHAR"), pattern)


def expression(config: Config, table: Table) -> Expression:
    """A row for which the user's condition is false."""
    table.scan()
    return ~user_condition(_text(config, "expression"))


ROW_CONDITIONS: Mapping[str, Callable[[Config, Table], Expression]] = {
    "not_null": not_null,
    "accepted_values": accepted_values,
    "in_range": in_range,
    "matches": matches,
    "expression": expression,
}


def where(config: Config) -> Expression | None:
    """The rows to judge, or None for all."""
    text = config.get("where")
    return user_condition(text) if isinstance(text, str) else None


def user_condition(text: str) -> Expression:
    """The user's SQL as one boolean expression; raises StepError E345 with DuckDB's complaint."""
    import duckdb

    try:
        return duckdb.SQLExpression(text).cast("BOOLEAN")
    except duckdb.Error as error:
        complaint = str(error).partition("\n")[0]
        raise StepError("E345", f"`{text}` is not a SQL condition: {complaint}") from None


def constant(column: Column, value: JSON, role: str) -> Expression:
    """``value`` in a form that compares exactly with the column; raises StepError E344 where none does.

    Left to itself DuckDB casts towards one side: 1.5 would equal the integer 2, and comparing text with a number would
    fail on the first row that holds no number.
    """
    from duckdb import ConstantExpression

    fitting = _fitting(column, value)
    if fitting is not None:
        exact = ConstantExpression(fitting)
        return exact.cast("UUID") if column.type_id == "uuid" else exact
    raise StepError(
        "E344",
        f"{role} {value!r} does not compare with column `{column.name}` of type {column.type}",
    )


def _fitting(
    column: Column, value: JSON
) -> str | int | float | bool | Decimal | date | time | None:
    kind = column.type_id
    match value:
        case bool():
            return value if kind in {"boolean", "null"} else None
        case int() | float():
            return value if kind in NUMBERS or kind == "null" else None
        case str():
            return _from_text(kind, value)
    return None


def _from_text(kind: str, text: str) -> str | Decimal | date | time | None:
    try:
        if kind in NUMBERS:
            return Decimal(text)
        if kind == "time":
            return time.fromisoformat(text)
        if kind == "date":
            return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
        if kind in TIMESTAMPS or kind in ZONED:
            return _moment(kind, datetime.fromisoformat(text))
    except (ValueError, InvalidOperation):
        return None
    return text if kind in {"varchar", "null", "uuid", "enum"} else None


def _moment(kind: str, moment: datetime) -> datetime | None:
    """Without an offset it is UTC; with one it says nothing about a column of local times."""
    if kind in ZONED:
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return moment if moment.tzinfo is None else None


def _text(config: Config, name: str) -> str:
    value = config[name]
    assert isinstance(value, str)
    return value
