"""What a SQL text reads: its tables, the columns it takes of each, and whether it can give another result tomorrow.

Everything comes from sqlglot's tree (loading it takes 0.08 s, a query 0.3 ms), so results are kept by digest and a
caller may keep them between processes. Columns are named only where no schema is needed to be sure of them: one doubt
and the table counts as a whole, which makes an asset run too often and never too seldom.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from assets_core.model.json import JSON
from assets_core.model.versions import digest

if TYPE_CHECKING:
    from sqlglot import exp

MAX_SQL = 1_000_000
_VERSION = "1"

VOLATILE = frozenset(
    [
        "current_date",
        "current_localtime",
        "current_localtimestamp",
        "current_setting",
        "current_time",
        "current_timestamp",
        "currval",
        "gen_random_uuid",
        "get_current_time",
        "get_current_timestamp",
        "getvariable",
        "localtime",
        "localtimestamp",
        "nextval",
        "now",
        "rand",
        "random",
        "setseed",
        "today",
        "transaction_timestamp",
        "txid_current",
        "uuid",
        "uuidv4",
        "uuidv7",
    ]
)
"""Functions of DuckDB whose result is not decided by their arguments."""

Table: TypeAlias = "tuple[str, tuple[str, ...] | None]"
"""An upstream's name (``a.b`` is ``a/b``) and the columns taken of it, None for the whole of it."""


@dataclass(frozen=True, slots=True)
class SqlReading:
    """What one query reads."""

    tables: tuple[Table, ...]
    volatile: str | None
    """The first thing in it that is not repeatable."""


class UnreadableSql(Exception):
    """The text is not one query; ``line`` and ``column`` are 1-based positions in it, 0 where unknown."""

    def __init__(
        self, problem: str, line: int = 0, column: int = 0, help: str | None = None
    ) -> None:
        super().__init__(problem)
        self.problem, self.line, self.column, self.help = problem, line, column, help


def read_sql(text: str, dialect: str, memo: MutableMapping[str, JSON]) -> SqlReading:
    """The reading of a query, from ``memo`` where it was read before; raises UnreadableSql."""
    key = digest("sql", _VERSION, dialect, text)
    known = _from_memo(memo.get(key))
    if known is None:
        known = _read(parsed(text, dialect))
        memo[key] = [[[n, c and list(c)] for n, c in known.tables], known.volatile]
    return known


def _from_memo(kept: JSON) -> SqlReading | None:
    match kept:
        case [list(tables), (str() | None) as volatile]:
            return SqlReading(
                tuple((str(n), None if c is None else tuple(c)) for n, c in tables), volatile
            )
        case _:
            return None


def parsed(text: str, dialect: str) -> exp.Query:
    """The tree of the one query that ``text`` is; raises UnreadableSql."""
    import sqlglot
    from sqlglot import exp

    if len(text) > MAX_SQL:
        raise UnreadableSql(f"it has {len(text)} characters, at most {MAX_SQL} are allowed")
    try:
        statements = [tree for tree in sqlglot.parse(text, dialect=dialect) if tree is not None]
    except sqlglot.errors.ParseError as error:
        first = error.errors[0] if error.errors else {}
        problem = str(first.get("description") or _first_line(error)).rstrip(".").lower()
        raise UnreadableSql(problem, first.get("line") or 0, _start(first)) from None
    except sqlglot.errors.SqlglotError as error:
        raise UnreadableSql(_first_line(error)) from None
    except RecursionError:
        raise UnreadableSql("it is nested too deeply") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise UnreadableSql("it is not one SELECT")
    _refuse_files(statements[0])
    return statements[0]


def table_position(text: str, dialect: str, name: str) -> tuple[int, int, int]:
    """1-based line and column of the first reference to a table, and its length; zeros where there is none."""
    for table in _tables(parsed(text, dialect)):
        if table_name(table) == name:
            first, last = table.parts[0].meta, table.parts[-1].meta
            length = last["end"] - first["start"] + 1
            return first["line"], first["col"] - (first["end"] - first["start"]), length
    return 0, 0, 0


def table_name(table: exp.Table) -> str:
    """``a.b`` is the asset ``a/b``."""
    return "/".join(part.name for part in table.parts)


def _tables(query: exp.Query) -> list[exp.Table]:
    """References to tables in the order of the text: not to CTEs, subqueries or table functions."""
    from sqlglot import exp
    from sqlglot.optimizer.scope import traverse_scope

    found = {
        id(source): source
        for scope in traverse_scope(query)
        for source in scope.sources.values()
        if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier)
    }
    return [node for node in query.walk(bfs=False) if id(node) in found]  # type: ignore[misc]


def _read(query: exp.Query) -> SqlReading:
    from assets_core.declare.sql_columns import columns_by_table

    tables = _tables(query)
    columns = columns_by_table(query)
    taken: dict[str, set[str] | None] = {}
    for table in tables:
        name, found = table_name(table), columns.get(id(table))
        before = taken.get(name, set())
        taken[name] = None if before is None or not found else before | found
    listed = tuple((n, None if c is None else _distinct(c)) for n, c in taken.items())
    return SqlReading(listed, _volatile(query))


def _distinct(columns: set[str]) -> tuple[str, ...]:
    """Sorted; of spellings that differ in case, which DuckDB does not tell apart, one."""
    return tuple(sorted({column.casefold(): column for column in sorted(columns)}.values()))


def _volatile(query: exp.Query) -> str | None:
    from sqlglot import exp

    for node in query.find_all(exp.Func, exp.TableSample):
        if isinstance(node, exp.TableSample):
            return "a sample"
        if isinstance(node, exp.Func) and (name := function_name(node)) in VOLATILE:
            return f"{name}()"
    return None


def function_name(function: exp.Func) -> str:
    """A function's name in lower case."""
    from sqlglot import exp

    return (function.name if isinstance(function, exp.Anonymous) else function.sql_name()).lower()


def _refuse_files(query: exp.Query) -> None:
    from sqlglot import exp

    for function in query.find_all(exp.Func):
        name = function_name(function)
        if name.startswith(("read_", "parquet_", "sniff_")) or name == "glob":
            raise UnreadableSql(
                f"`{name}` reads files that nobody observes",
                help="declare the file with `source(...)` and read that",
            )


def _start(error: dict[str, object]) -> int:
    """The first column of the token that sqlglot stumbled over, of which it gives the last."""
    column, token = error.get("col"), error.get("highlight")
    return (
        max(1, column - len(token) + 1) if isinstance(column, int) and isinstance(token, str) else 0
    )


def _first_line(error: Exception) -> str:
    text = str(error).partition("\n")[0]
    return re.sub(r"\x1b\[[0-9;]*m", "", text).strip().rstrip(".")
