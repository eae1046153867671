"""DuckDB connections for checks: what runs text of the user can read its own Parquet files and nothing else.

``allowed_paths`` is bound and external access switched off before any such text is seen, and the configuration is
locked after that; Python variables are not tables here (``python_enable_replacements``). Such a connection is made for
one evaluation (13 ms). Checks without text of the user are made of expressions only, and share one connection per
process (a cursor: 0.2 ms), which makes a small partition's checks three times cheaper.
"""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets_core.errors import StepError
from checks.tables import Table, described

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection, DuckDBPyRelation
    from duckdb.sqltypes import DuckDBPyType

    from assets_core.ports import RelatedTable, Staged


@contextmanager
def opened(paths: Sequence[Path], *, user_sql: bool) -> Iterator[DuckDBPyConnection]:
    """An in-memory connection; with ``user_sql`` one that reads only ``paths``. Times are shown in UTC."""
    connection = _restricted(paths) if user_sql else _shared().cursor()
    try:
        yield connection
    finally:
        connection.close()


@cache
def _shared() -> DuckDBPyConnection:
    atexit.register(_shared.cache_clear)  # one that outlives the interpreter is reported as leaked
    return _connection()


def _restricted(paths: Sequence[Path]) -> DuckDBPyConnection:
    connection = _connection()
    connection.execute("SET allowed_paths = ?", [[str(path) for path in paths]])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _connection() -> DuckDBPyConnection:
    import duckdb

    spill = Path(tempfile.gettempdir(), f"assets-checks-{os.getpid()}")  # made when needed
    connection = duckdb.connect(
        ":memory:", config={"python_enable_replacements": False, "temp_directory": str(spill)}
    )
    connection.execute("SET enable_external_file_cache = false")  # no bytes of collected files
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    return connection


def staged_table(connection: DuckDBPyConnection, staged: Staged) -> Table:
    """The version under judgement; raises StepError E341 where it is not a table."""
    label = f"`{staged.asset}@{staged.partition}`" if staged.partition else f"`{staged.asset}`"
    if staged.tables is None:
        kinds = ", ".join(sorted({part.written.value_type for part in staged.parts})) or "value"
        raise StepError(
            "E341",
            f"{label} is not a table but {kinds}: this check needs Parquet",
            help="return a DataFrame or Arrow table, or judge the value in a @check function",
        )
    return parquet_table(connection, staged.tables, label)


def related_table(
    connection: DuckDBPyConnection, related: RelatedTable, column: str | None
) -> Table:
    """Another asset's current table; ``column`` is the only one needed, or None for all."""
    label = f"`{related.asset}`"
    if related.tables:
        return parquet_table(connection, related.tables, label)
    if related.value is None:
        raise StepError("E342", f"{label} has no stored table to compare with")
    return _table_in_memory(connection, related.value, label, column)


def parquet_table(connection: DuckDBPyConnection, paths: Sequence[Path], label: str) -> Table:
    """The rows of these files; columns that some of them lack are NULL there."""
    import duckdb

    if not paths:
        raise StepError("E342", f"{label} has no stored table")
    try:
        return _scan(connection, paths, label)
    except duckdb.Error as error:
        readable = _with_columns(paths, label, error)
        if readable == list(paths):
            raise StepError("E343", f"{label} can't be read: {first_line(error)}") from error
        return _scan(connection, readable, label) if readable else _bare(paths, label)


def first_line(error: BaseException) -> str:
    """What DuckDB says, without the excerpt of the query and its stack."""
    return str(error).partition("\n")[0].strip()


def _scan(connection: DuckDBPyConnection, paths: Sequence[Path], label: str) -> Table:
    texts = [str(path) for path in paths]
    relation = connection.read_parquet(texts, union_by_name=len(texts) > 1, hive_partitioning=False)
    names = _names(connection, texts[0])
    if len(names) != len(relation.columns):
        names = relation.columns  # files of several shapes: the union's own names
    return described(_opaque(relation), names, label)


def _opaque(relation: DuckDBPyRelation) -> DuckDBPyRelation:
    """Hide floating-point columns from DuckDB's statistics.

    Writers leave NaN out of a Parquet column's minimum and maximum, and DuckDB 2.0 concludes from these that there is
    none: `isnan`, and `> x` of what it orders above all numbers, then miss rows (seen by the property tests; also
    through arithmetic, coalesce and struct fields). A CASE carries no statistics. Other types keep theirs.
    """
    from duckdb import CaseExpression, ColumnExpression, ConstantExpression

    if not any(map(_holds_floats, relation.types)):
        return relation
    columns = []
    for name, kind in zip(relation.columns, relation.types, strict=True):
        column = ColumnExpression(name)
        if _holds_floats(kind):
            nothing = ConstantExpression(None)
            column = CaseExpression(column.isnull(), nothing).otherwise(column).alias(name)
        columns.append(column)
    return relation.select(*columns)


def _holds_floats(kind: DuckDBPyType) -> bool:
    return "FLOAT" in (text := str(kind)) or "DOUBLE" in text


def _names(connection: DuckDBPyConnection, path: str) -> list[str]:
    """Top-level columns as spelled in the file: the schema is a tree in preorder with child counts."""
    nodes = connection.execute(
        "SELECT name, coalesce(num_children, 0) FROM parquet_schema(?)", [path]
    ).fetchall()
    names: list[str] = []
    position = 1
    for _ in range(nodes[0][1]):
        names.append(nodes[position][0])
        open_nodes = 1
        while open_nodes:
            open_nodes += nodes[position][1] - 1
            position += 1
    return names


def _with_columns(paths: Sequence[Path], label: str, error: Exception) -> list[Path]:
    """The files that have columns at all: DuckDB refuses one without, which an empty frame is stored as."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return [path for path in paths if pq.read_metadata(path).num_columns]
    except (OSError, pa.ArrowException):
        raise StepError("E343", f"{label} can't be read: {first_line(error)}") from error


def _bare(paths: Sequence[Path], label: str) -> Table:
    import pyarrow.parquet as pq

    return Table(label, {}, None, sum(pq.read_metadata(path).num_rows for path in paths))


def _table_in_memory(
    connection: DuckDBPyConnection, value: object, label: str, column: str | None
) -> Table:
    import pyarrow as pa

    try:
        table = _arrow(value, column)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise StepError("E342", f"{label} can't be read as a table: {first_line(error)}") from error
    if table is None:
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        raise StepError("E342", f"{label} is not a table but a {kind}")
    if not table.num_columns:
        return Table(label, {}, None, table.num_rows)
    return described(connection.from_arrow(table), list(table.column_names), label)


def _arrow(value: Any, column: str | None) -> pa.Table | None:
    import pyarrow as pa

    if isinstance(value, pa.Table):
        return value
    if type(value).__module__.partition(".")[0] == "pandas" and hasattr(value, "columns"):
        chosen = [column] if column is not None and column in value.columns else list(value.columns)
        return pa.Table.from_pandas(value[chosen], preserve_index=False)
    if hasattr(value, "to_arrow_table"):
        exported: pa.Table = value.to_arrow_table()
        return exported
    if hasattr(value, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(value).read_all()
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        return pa.Table.from_pylist(value)
    return None
