"""The builders that users write in ``checks=[...]``: they describe checks and evaluate nothing.

A builder returns one ``CheckSpec``, or a tuple of them where each column is a check of its own (``not_null``); whoever
takes ``checks=`` flattens. NULL passes every check but ``not_null``, and a floating-point NaN counts as NULL, whether
or not the stored file tells them apart. Loads no DuckDB; sqlglot only for a ``sql_check`` that reads another asset.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Unpack, runtime_checkable

from assets_core.model.checks import CheckSpec, Relation
from assets_core.model.json import JSON
from checks.options import (
    CheckOptions,
    QueryOptions,
    RowOptions,
    Scalar,
    caller,
    check_spec,
    column_name,
    column_names,
    refuse,
    row_check,
    scalar,
    sql_text,
)
from checks.sql_text import tables_read

THIS = "this"
"""What a check calls the version under judgement."""


@runtime_checkable
class HasOutputs(Protocol):
    """An asset definition, as far as naming it goes."""

    @property
    def key(self) -> str: ...

    @property
    def outputs(self) -> Sequence[object]: ...


def not_null(*columns: str, **options: Unpack[RowOptions]) -> tuple[CheckSpec, ...]:
    """No row has NULL (or NaN) in the column: one check per column."""
    names = column_names("not_null", columns)
    if len(names) > 1 and options.get("name") is not None:
        refuse("E330", "`name` names one check, `not_null` of several columns is several")
    return tuple(
        row_check("not_null", f"not_null({name})", {"column": name}, options) for name in names
    )


def unique(*columns: str, **options: Unpack[RowOptions]) -> CheckSpec:
    """No two rows have the same values in these columns together; a row with a NULL among them passes."""
    names = column_names("unique", columns)
    return row_check("unique", f"unique({', '.join(names)})", {"columns": names}, options)


def accepted_values(
    column: str, *, values: Sequence[Scalar], **options: Unpack[RowOptions]
) -> CheckSpec:
    """Every value is one of ``values``."""
    name = column_name("accepted_values", column)
    accepted = _accepted(values)
    return row_check(
        "accepted_values", f"accepted_values({name})", {"column": name, "values": accepted}, options
    )


def in_range(
    column: str,
    *,
    min: Scalar | None = None,
    max: Scalar | None = None,
    inclusive: bool = True,
    **options: Unpack[RowOptions],
) -> CheckSpec:
    """Every value lies between ``min`` and ``max``, themselves allowed unless ``inclusive=False``."""
    name = column_name("in_range", column)
    low, high = _bound("min", min), _bound("max", max)
    if low is None and high is None:
        refuse("E334", "`in_range` needs `min`, `max` or both")
    _ordered("in_range", min, max)
    config: dict[str, JSON] = {
        "column": name,
        "min": low,
        "max": high,
        "inclusive": bool(inclusive),
    }
    return row_check("in_range", f"in_range({name})", config, options)


def matches(column: str, pattern: str, **options: Unpack[RowOptions]) -> CheckSpec:
    """Every text matches the regular expression (RE2 syntax) as a whole; write ``.*`` for a part."""
    name = column_name("matches", column)
    if not pattern:
        refuse("E335", "`pattern` of `matches` is empty", "`.*` matches every text")
    return row_check("matches", f"matches({name})", {"column": name, "pattern": pattern}, options)


def expression(condition: str, **options: Unpack[RowOptions]) -> CheckSpec:
    """The SQL condition is true of every row; as in a CHECK constraint, NULL passes."""
    text = sql_text("condition", condition)
    return row_check("expression", f"expression({text})", {"expression": text}, options)


def row_count(
    *, min: int | None = None, max: int | None = None, **options: Unpack[RowOptions]
) -> CheckSpec:
    """The number of rows is at least ``min`` and at most ``max``."""
    for argument, value in (("min", min), ("max", max)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            refuse("E334", f"`{argument}` of `row_count` must be a whole number, not {value!r}")
        if value is not None and value < 0:
            refuse("E334", f"`{argument}` of `row_count` is below zero: {value}")
    if min is None and max is None:
        refuse("E334", "`row_count` needs `min`, `max` or both", "for example row_count(min=1)")
    _ordered("row_count", min, max)
    bounds = ", ".join(f"{k}={v}" for k, v in (("min", min), ("max", max)) if v is not None)
    return row_check("row_count", f"row_count({bounds})", {"min": min, "max": max}, options)


def relationship(
    child: str,
    /,
    *,
    to: str | HasOutputs,
    column: str | None = None,
    **options: Unpack[RowOptions],
) -> CheckSpec:
    """Every value occurs in ``column`` (default: the same name) of the asset ``to``, or of ``"this"`` itself."""
    name = column_name("relationship", child)
    other = name if column is None else column_name("relationship", column)
    target = _target(to)
    relations = () if target == THIS else (Relation(target, (other,), caller()),)
    return row_check(
        "relationship",
        f"relationship({name}, {target}.{other})",
        {"column": name, "to": target, "to_column": other},
        options,
        relations,
    )


def has_columns(*columns: str, exact: bool = False, **options: Unpack[CheckOptions]) -> CheckSpec:
    """The table has these columns; with ``exact=True`` no others, and in this order."""
    names = column_names("has_columns", columns)
    config: dict[str, JSON] = {"columns": names, "exact": bool(exact)}
    return check_spec("has_columns", f"has_columns({', '.join(names)})", config, options)


def sql_check(name: str, sql: str, **options: Unpack[QueryOptions]) -> CheckSpec:
    """The query returns no rows: what it returns are the failing rows.

    ``this`` is the version under judgement; any other table is an asset by its key (``a.b`` is ``a/b``), which the
    owner's step then waits for. DuckDB's dialect, one SELECT, no files.
    """
    text = sql_text("sql", sql)
    place = caller()
    relations = tuple(
        Relation(table, None, place)
        for table in tables_read(text, place)
        if table.casefold() != THIS
    )
    return check_spec("sql", name, {"sql": text}, {**options, "name": name}, relations)


def _accepted(values: object) -> tuple[JSON, ...]:
    if isinstance(values, str | bytes) or not isinstance(values, Sequence):
        refuse("E333", f"`values` of `accepted_values` must be a list, not {values!r}")
    if not values:
        refuse("E333", "`values` of `accepted_values` is empty", "list at least one value")
    return tuple(scalar("accepted_values", "values", value) for value in values)


def _target(to: object) -> str:
    if isinstance(to, str):
        return to or refuse("E336", "`to` of `relationship` is empty")
    if not isinstance(to, HasOutputs):
        refuse("E336", f"`to` of `relationship` must be an asset or its key, not {to!r}")
    if len(to.outputs) > 1:
        refuse("E336", f"`{to.key}` is one of several outputs", "give the key of the one you mean")
    return str(to.key)


def _bound(argument: str, value: object) -> str | int | float | None:
    if value is None:
        return None
    bound = scalar("in_range", argument, value)
    if isinstance(bound, bool):
        refuse("E334", f"`{argument}` of `in_range` can't be {bound}")
    return bound


def _ordered(kind: str, low: object, high: object) -> None:
    if low is None or high is None:
        return
    try:
        upside_down = low > high  # type: ignore[operator]  # whether they compare is the question
    except TypeError:
        refuse("E334", f"`min` and `max` of `{kind}` don't compare: {low!r} and {high!r}")
    if upside_down:
        refuse("E334", f"`min` of `{kind}` is above `max`: {low!r} > {high!r}")
