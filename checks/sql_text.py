"""Which tables a query reads, found by parsing it, so that the assets among them become relations.

sqlglot is loaded (0.06 s) only when the text can name another table than ``this``: a query with one ``from this`` and
no join, comma, subquery or CTE after it can't, which is how most checks are written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assets_core.errors import DefinitionError, Place

if TYPE_CHECKING:
    from sqlglot import exp

_ONLY_THIS = re.compile(
    r"""[^'"-]*?\bfrom\s+this\s*(?:;?\s*$|\b(?:where|group\s+by|having|qualify|order\s+by|limit)\b)""",
    re.IGNORECASE,
)
_ANOTHER = re.compile(
    r"\b(?:from|join|table|with|union|except|intersect|pivot|unpivot)\b|--|/\*", re.IGNORECASE
)
MAX_SQL = 100_000


def tables_read(sql: str, place: Place | None = None) -> tuple[str, ...]:
    """Every table by name, ``this`` included, in order of first appearance; raises DefinitionError E332."""
    if _reads_only_this(sql):
        return ("this",)
    query = parse_query(sql, place)
    _refuse_files(query, place)
    names = tuple(dict.fromkeys(table_key(table) for table in tables(query)))
    if "this" not in {name.casefold() for name in names}:
        raise _refused("it does not read `this`, the version under judgement", place)
    return names


def parse_query(sql: str, place: Place | None = None) -> exp.Query:
    """The one SELECT that ``sql`` is; raises DefinitionError E332."""
    import sqlglot
    from sqlglot import exp

    if len(sql) > MAX_SQL:
        raise _refused(f"it has {len(sql)} characters, at most {MAX_SQL} are allowed", place)
    try:
        statements = [tree for tree in sqlglot.parse(sql, dialect="duckdb") if tree is not None]
    except sqlglot.errors.SqlglotError as error:
        raise _refused(_first_line(error), place) from None
    except RecursionError:
        raise _refused("it is nested too deeply", place) from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise _refused("it is not one SELECT", place)
    return statements[0]


def tables(query: exp.Query) -> list[exp.Table]:
    """The references to tables: not to CTEs, subqueries or table functions."""
    from sqlglot import exp
    from sqlglot.optimizer.scope import traverse_scope

    found = [
        source
        for scope in traverse_scope(query)
        for source in scope.sources.values()
        if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier)
    ]
    order = {id(node): position for position, node in enumerate(query.walk(bfs=False))}
    return sorted(
        {id(table): table for table in found}.values(), key=lambda table: order[id(table)]
    )


def table_key(table: exp.Table) -> str:
    """``a.b`` is the asset ``a/b``."""
    return "/".join(part.name for part in table.parts)


def _reads_only_this(sql: str) -> bool:
    found = _ONLY_THIS.match(sql)
    if found is None:
        return False
    head, tail = sql[: found.start() + found.group().lower().rindex("from")], sql[found.end() :]
    return not _ANOTHER.search(head) and not _ANOTHER.search(tail)


def _refuse_files(query: exp.Query, place: Place | None) -> None:
    """DuckDB refuses them too when the check is evaluated; here the place is known."""
    from sqlglot import exp

    for call in query.find_all(exp.Func):
        name = (call.name if isinstance(call, exp.Anonymous) else call.sql_name()).lower()
        if name.startswith(("read_", "parquet_", "sniff_")) or name == "glob":
            raise _refused(f"`{name}` reads files, a check reads tables", place)


def _refused(problem: str, place: Place | None) -> DefinitionError:
    return DefinitionError(
        "E332",
        f"the SQL of a check can't be read: {problem}",
        place=place,
        help="write one SELECT in DuckDB's dialect that returns the failing rows",
    )


def _first_line(error: Exception) -> str:
    text = str(error).partition("\n")[0]
    return re.sub(r"\x1b\[[0-9;]*m", "", text).strip()
