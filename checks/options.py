"""What every check builder has in common: its options, their rules, and the ``CheckSpec`` that comes of them.

Only what decides a check's answer goes into ``config`` (severity, blocking and the name decide what follows from it),
so that editing the rest re-evaluates nothing. Loads nothing but the standard library.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from difflib import get_close_matches
from typing import NoReturn, TypeAlias, TypedDict

from assets_core.errors import DefinitionError, Place
from assets_core.model.checks import CheckSpec, Relation, Scope, Severity
from assets_core.model.json import JSON

Scalar: TypeAlias = "str | int | float | bool | date | datetime | time | Decimal"
"""What a builder takes to compare a column with."""

MAX_NAME = 200


class QueryOptions(TypedDict, total=False):
    """Options of every builder; ``blocking`` defaults to whether ``severity`` is ERROR."""

    severity: Severity
    blocking: bool | None
    scope: Scope


class CheckOptions(QueryOptions, total=False):
    """``name`` is what plans and ``check:`` selections call it; the default says what is checked."""

    name: str | None


class RowOptions(CheckOptions, total=False):
    """``where`` is a SQL condition: only rows for which it is true are judged."""

    where: str | None


def refuse(code: str, message: str, help: str | None = None) -> NoReturn:
    """Raise a DefinitionError at the line of the user's file that called the builder."""
    raise DefinitionError(code, message, place=caller(), help=help)


def caller() -> Place | None:
    """The first frame outside this package: where the user wrote the check."""
    frame = sys._getframe(1)
    while frame.f_globals.get("__name__", "").partition(".")[0] == __name__.partition(".")[0]:
        if frame.f_back is None:
            return None
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno)


def check_spec(
    kind: str,
    label: str,
    config: Mapping[str, JSON],
    options: Mapping[str, object],
    relations: tuple[Relation, ...] = (),
) -> CheckSpec:
    """Build one check; raises DefinitionError E330 for a bad option."""
    _known(kind, options)
    severity = _severity(options.get("severity", Severity.ERROR))
    blocking = options.get("blocking")
    if blocking is not None and not isinstance(blocking, bool):
        refuse("E330", f"`blocking` of a check must be True, False or None, not {blocking!r}")
    return CheckSpec(
        name=_name(options.get("name"), label),
        kind=kind,
        config=config,
        severity=severity,
        blocking=severity is Severity.ERROR if blocking is None else blocking,
        scope=_scope(options.get("scope", "partition")),
        relations=relations,
        place=caller(),
    )


def row_check(
    kind: str,
    label: str,
    config: Mapping[str, JSON],
    options: Mapping[str, object],
    relations: tuple[Relation, ...] = (),
) -> CheckSpec:
    """Build a check that takes ``where=``, which is part of its config and of its default name."""
    where = options.get("where")
    rest = {name: value for name, value in options.items() if name != "where"}
    if where is None:
        return check_spec(kind, label, config, rest, relations)
    condition = sql_text("where", where)
    return check_spec(
        kind, f"{label} where {condition}", {**config, "where": condition}, rest, relations
    )


def column_name(kind: str, value: object) -> str:
    """A column name as given; raises DefinitionError E331."""
    if not isinstance(value, str) or not value:
        refuse("E331", f"`{kind}` takes column names, got {value!r}", 'for example not_null("id")')
    return value


def column_names(kind: str, values: Sequence[object]) -> tuple[str, ...]:
    """At least one column name, each once; raises DefinitionError E331."""
    if not values:
        refuse("E331", f"`{kind}` needs at least one column", f'for example {kind}("id")')
    names = tuple(column_name(kind, value) for value in values)
    for name in names:
        if names.count(name) > 1:
            refuse("E331", f"`{kind}` names the column `{name}` twice")
    return names


def sql_text(argument: str, value: object) -> str:
    """SQL as given without blanks around it; its syntax is DuckDB's to judge, when the check is evaluated."""
    if not isinstance(value, str) or not value.strip():
        refuse("E332", f"`{argument}` must be SQL text, got {value!r}")
    return value.strip()


def scalar(kind: str, argument: str, value: object) -> str | int | float | bool:
    """A value to compare with, as JSON: dates and times in ISO 8601, decimals as text; raises E333."""
    match value:
        case bool() | int() | str():
            return value
        case float() if math.isfinite(value):
            return value
        case Decimal() if value.is_finite():
            return str(value)
        case date() | time():
            return value.isoformat()
        case None:
            refuse(
                "E333",
                f"`{argument}` of `{kind}` holds None",
                "NULLs always pass this check; pair it with not_null(...)",
            )
    refuse(
        "E333",
        f"`{argument}` of `{kind}` holds {value!r}",
        "use text, finite numbers, booleans, dates, datetimes, times or decimals",
    )


def _known(kind: str, options: Mapping[str, object]) -> None:
    known = [*QueryOptions.__annotations__, *CheckOptions.__annotations__]
    for option in options:
        if option not in known:
            near = get_close_matches(option, [*known, "where"], 1)
            refuse(
                "E330",
                f"`{kind}` has no option `{option}`",
                f"did you mean `{near[0]}`?" if near else f"its options are {', '.join(known)}",
            )


def _severity(value: object) -> Severity:
    if isinstance(value, Severity):
        return value
    refuse("E330", f"`severity` must be Severity.WARN or Severity.ERROR, not {value!r}")


def _scope(value: object) -> Scope:
    if value == "partition":
        return "partition"
    if value == "asset":
        return "asset"
    refuse("E330", f'`scope` must be "partition" or "asset", not {value!r}')


def _name(given: object, label: str) -> str:
    if given is None:
        return " ".join(label.split())[:MAX_NAME]
    if not isinstance(given, str) or not given.strip() or len(given) > MAX_NAME:
        refuse("E330", f"`name` of a check must be 1-{MAX_NAME} characters of text, not {given!r}")
    if not given.isprintable():
        refuse("E330", f"`name` of a check holds a character that can't be printed: {given!r}")
    return given
