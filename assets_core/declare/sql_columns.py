"""The columns that a query takes of each table, where that is certain without knowing any schema.

A column is certain when it is qualified with a table's alias, or stands unqualified where a single table is in sight. A
table counts as a whole (None) as soon as anything could mean another of its columns: ``*``, the row itself, an
unqualified name with several tables in sight, an alias of the same name, renamed columns, ``using``, pivots, lateral
joins, lambdas. Names are as written: whoever loads or compares columns for a query has to ignore case as DuckDB does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.optimizer.scope import Scope

Columns = dict[int, "set[str] | None"]
"""By the ``id`` of the table's node in the tree."""


def columns_by_table(query: exp.Query) -> Columns:
    """The columns certainly taken of every table in the tree, None where it has to be the whole table."""
    from sqlglot import exp
    from sqlglot.optimizer.scope import traverse_scope

    doubtful = (
        exp.Pivot,
        exp.Lateral,
        exp.Unnest,
        exp.Lambda,
        exp.Comprehension,
        exp.Columns,
        exp.UDTF,
    )
    if query.find(*doubtful) is not None:
        return {}
    taken: Columns = {}
    scopes = list(traverse_scope(query))
    for scope in scopes:
        for table in _tables(scope).values():
            taken.setdefault(id(table), set())
    for scope in scopes:
        _read_scope(scope, taken)
    return taken


def _tables(scope: Scope) -> dict[str, exp.Table]:
    from sqlglot import exp

    return {
        alias.lower(): source
        for alias, source in scope.sources.items()
        if isinstance(source, exp.Table)
    }


def _read_scope(scope: Scope, taken: Columns) -> None:
    tables = _tables(scope)
    if _joins_by_name(scope.expression) or _has_bare_star(scope.expression):
        _all_of(tables, taken)
    _all_of({a: t for a, t in tables.items() if t.alias_column_names}, taken)
    for column in _own_columns(scope):
        _read_column(column, scope, taken)


def _own_columns(scope: Scope) -> Iterator[exp.Column]:
    """The columns written in this scope, without those of the subqueries within it."""
    from sqlglot import exp

    for node in scope.walk():
        if isinstance(node, exp.Column):
            yield node


def _read_column(column: exp.Column, scope: Scope, taken: Columns) -> None:
    from sqlglot import exp

    if column.args.get("db") is not None:
        _doubt_everything(scope, taken)  # a field of a struct, or of a struct in a struct
    elif column.table:
        _qualified(column, scope, taken)
    elif not isinstance(column.this, exp.Star):
        _unqualified(column, scope, taken)


def _qualified(column: exp.Column, scope: Scope, taken: Columns) -> None:
    from sqlglot import exp

    alias = column.table.lower()
    for outer in _outward(scope):
        names = {name.lower(): source for name, source in outer.sources.items()}
        if alias not in names:
            continue
        source = names[alias]
        if isinstance(source, exp.Table):
            whole = isinstance(column.this, exp.Star) or column.name.lower() in _PSEUDO
            _add(source, None if whole else column.name, taken)
        return
    _doubt_everything(scope, taken)


_PSEUDO = frozenset(
    "rowid filename file_row_number user current_user session_user current_role current_schema"  # noqa: SIM905
    " current_catalog current_database".split()
)
"""Names that mean something of DuckDB's where no column is called so."""


def _unqualified(column: exp.Column, scope: Scope, taken: Columns) -> None:
    name = column.name.lower()
    if _is_ordering_by_alias(column, scope):
        return
    sources = [s for outer in _outward(scope) for s in outer.sources.items()]
    if not sources:
        return  # the result of a set operation, ordered by its own columns
    tables = {alias: t for outer in _outward(scope) for alias, t in _tables(outer).items()}
    certain = len(sources) == 1 and name not in tables and name not in _PSEUDO
    if not certain or _is_alias(column, scope):
        _all_of(tables, taken)
        return
    for table in tables.values():
        _add(table, column.name, taken)


def _outward(scope: Scope) -> Iterator[Scope]:
    """The scope and, for a subquery that may be correlated, those around it."""
    current: Scope | None = scope
    while current is not None:
        yield current
        current = current.parent if current.scope_type.name in _CORRELATED else None


_CORRELATED = frozenset({"SUBQUERY", "SET_OPERATION", "UNION"})
"""By name: older releases of sqlglot call set operations unions."""


def _is_alias(column: exp.Column, scope: Scope) -> bool:
    """Whether the name is also given to another expression of the select list."""
    from sqlglot import exp

    name = column.name.lower()
    for item in _selected(scope.expression):
        is_itself = isinstance(item.unalias(), exp.Column) and item.unalias().name.lower() == name
        if item.alias.lower() == name and not is_itself:
            return True
    return False


def _is_ordering_by_alias(column: exp.Column, scope: Scope) -> bool:
    """``order by delay`` means the result's ``delay`` first; in a larger expression it need not."""
    from sqlglot import exp

    ordered = column.parent
    if not isinstance(ordered, exp.Ordered) or ordered.this is not column:
        return False
    is_outer = isinstance(ordered.parent, exp.Order) and ordered.parent.parent is scope.expression
    name = column.name.lower()
    return is_outer and any(i.alias.lower() == name for i in _selected(scope.expression))


def _selected(query: Any) -> list[Any]:
    return list(getattr(query, "expressions", ()))


def _has_bare_star(query: Any) -> bool:
    from sqlglot import exp

    return any(isinstance(item.unalias(), exp.Star) for item in _selected(query))


def _joins_by_name(query: Any) -> bool:
    joins = query.args.get("joins") or []
    return any(j.args.get("using") or j.args.get("method") == "NATURAL" for j in joins)


def _doubt_everything(scope: Scope, taken: Columns) -> None:
    for outer in _outward(scope):
        _all_of(_tables(outer), taken)


def _all_of(tables: dict[str, exp.Table], taken: Columns) -> None:
    for table in tables.values():
        _add(table, None, taken)


def _add(table: exp.Table, column: str | None, taken: Columns) -> None:
    before = taken.get(id(table))
    if column is None or before is None:
        taken[id(table)] = None
    else:
        before.add(column)
