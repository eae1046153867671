"""``sql``: a query over the current assets, read-only.

Each asset that the query names is a view over the files of its current version; ``a.b`` is the asset ``a/b``. The
connection can read those files and nothing else, and takes one SELECT.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from assets_core.errors import NoMatchError, UsageError
from assets_core.execution.paths import refuse_links
from assets_core.model.values import StoredPart
from assets_core.project.naming import asset_named
from assets_core.project.values import stored_parts

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from sqlglot import exp

    from assets_core.project.facade import Project


def query(project: Project, text: str) -> pa.Table:
    """The rows of one SELECT; raises UsageError E922 for anything else, NoMatchError E912 for an unknown asset."""
    statement = _parsed(text)
    files = {}
    for table in _tables(statement):
        number = asset_named(project.graph, "/".join(part.name for part in table.parts))
        key = project.graph.keys[number]
        if key not in files:
            files[key] = _files(project, number)
        _rename(table, key)
    with _connection([path for paths in files.values() for path in paths]) as connection:
        for key, paths in files.items():
            relation = connection.read_parquet(
                [str(path) for path in paths], union_by_name=True, hive_partitioning=False
            )
            relation.create_view(key)
        return _run(connection, statement.sql("duckdb"))


def _run(connection: duckdb.DuckDBPyConnection, text: str) -> pa.Table:
    import duckdb

    try:
        table: pa.Table = connection.sql(text).to_arrow_table()
    except duckdb.Error as error:
        message = str(error).partition("\n")[0]
        raise UsageError("E922", f"the query cannot be run: {message}") from error
    return table


def _parsed(text: str) -> exp.Query:
    import sqlglot
    from sqlglot import exp

    try:
        statements = sqlglot.parse(text, read="duckdb")
    except sqlglot.errors.SqlglotError as error:
        first = str(error).partition("\n")[0]
        raise UsageError("E922", f"the query cannot be read: {first}") from error
    found = [statement for statement in statements if statement is not None]
    if len(found) != 1 or not isinstance(found[0], exp.Query):
        raise UsageError(
            "E922", "this is not one SELECT", help="nothing can be changed through `sql`"
        )
    return found[0]


def _tables(statement: exp.Query) -> list[exp.Table]:
    """The tables that are read, without the query's own common table expressions and table functions."""
    from sqlglot import exp

    own = {cte.alias_or_name.casefold() for cte in statement.find_all(exp.CTE)}
    return [
        table
        for table in statement.find_all(exp.Table)
        if isinstance(table.this, exp.Identifier)
        and not (len(table.parts) == 1 and table.name.casefold() in own)
    ]


def _rename(table: exp.Table, key: str) -> None:
    """Let a table mean the view called ``key``, still called what it was in the rest of the query."""
    from sqlglot import exp

    if not table.alias:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
    table.set("db", None)
    table.set("catalog", None)
    table.set("this", exp.to_identifier(key, quoted=True))


def _files(project: Project, number: int) -> list[Path]:
    parts = _parts(project, number)
    if project.definition(number).is_source:
        raise UsageError(
            "E923", f"`{project.graph.keys[number]}` is a source: nothing of it is stored"
        )
    if not parts:
        raise NoMatchError(
            "E923",
            f"`{project.graph.keys[number]}` is not materialized",
            help=f"run it: assets materialize {project.graph.keys[number]}",
        )
    tables = _tables_of(project, parts)
    if not tables:
        kind = parts[0].written.value_type
        raise UsageError("E923", f"`{project.graph.keys[number]}` is not a table but {kind}")
    return tables


def _parts(project: Project, number: int) -> list[StoredPart]:
    """What readers see of an asset, in the order of its partitions."""
    with project.reading() as reader:
        return stored_parts(project, reader, number, None)


def _tables_of(project: Project, parts: list[StoredPart]) -> list[Path]:
    materializers = project.definitions.runtime.materializers
    found: list[Path] = []
    for name in dict.fromkeys(part.written.materializer for part in parts):
        mine = [part for part in parts if part.written.materializer == name]
        tables = materializers[name].tables(mine)
        if tables is None:
            return []
        for part in mine:  # DuckDB reads them in place, and verifies nothing
            refuse_links(part.location)
            materializers[name].verify(part)
        found += tables
    return found


@contextmanager
def _connection(paths: list[Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    connection = duckdb.connect(":memory:", config={"python_enable_replacements": False})
    try:
        connection.execute("set allowed_paths = ?", [[str(path) for path in paths]])
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        yield connection
    finally:
        connection.close()
