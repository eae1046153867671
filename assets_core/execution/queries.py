"""Running a SQL asset: its query over tables of the pinned inputs, in an in-memory database of its own.

One thread by default, because parallel float aggregation is not repeatable. The query can read nothing but its inputs:
external access and Python variables are off, and the configuration is locked. Times with a zone are worked with in
UTC, whatever zone the machine is in.

Each query attaches a database to the process's one DuckDB of that many threads (1.5 ms): a connection of its own takes
15 ms, which was most of the time of a small SQL asset.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets_core.declare.sql_assets import table_place
from assets_core.errors import StepError
from assets_core.execution.loading import Loader
from assets_core.execution.runtime import Runtime
from assets_core.model.assets import SqlBody
from assets_core.ports import PinnedInput, StepRequest

if TYPE_CHECKING:
    import duckdb

_NUMBERS = count()


@contextlib.contextmanager
def run_query(
    runtime: Runtime, loader: Loader, body: SqlBody, request: StepRequest, partition: str
) -> Iterator[duckdb.DuckDBPyRelation]:
    """The relation that the query gives for one partition; valid while the context is open.

    In the text, ``$partition_key``, ``$partition_start`` and ``$partition_end`` are bound to the call's partition.
    """
    with _database(body.threads) as connection:
        for pinned in request.inputs:
            table = _table(loader, pinned)
            if table is None:
                raise _no_table(runtime, body, request, pinned)
            _register(connection, pinned.parameter or pinned.upstream, table)
        parameters = _parameters(runtime, request, partition, body.text)
        yield connection.sql(body.text, params=parameters or None)


@contextlib.contextmanager
def _database(threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose current database is new, and gone afterwards."""
    from sqlglot import exp

    shared = _shared(threads)
    name = exp.to_identifier(f"query_{next(_NUMBERS)}")
    attached = exp.alias_(exp.Literal.string(":memory:"), name)
    shared.execute(exp.Attach(this=attached).sql("duckdb"))
    try:
        with shared.cursor() as connection:
            connection.execute(exp.Use(this=name).sql("duckdb"))
            yield connection
    finally:
        shared.execute(exp.Detach(this=name).sql("duckdb"))


@cache
def _shared(threads: int) -> duckdb.DuckDBPyConnection:
    """The process's DuckDB with so many threads, which opens no file but those it spills to."""
    import duckdb

    atexit.register(_shared.cache_clear)  # one that outlives the interpreter is reported as leaked
    spill = Path(tempfile.gettempdir(), f"assets-queries-{os.getpid()}")  # made when needed
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": threads,
            "temp_directory": str(spill),
            "python_enable_replacements": False,
        },
    )
    connection.execute("set global TimeZone = 'UTC'")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def _table(loader: Loader, pinned: PinnedInput) -> object:
    """An input as a table, empty where nothing is selected of it; None where its columns are not known."""
    if pinned.source:
        return loader.load(pinned, None, optional=True)
    shown = pinned.parts or tuple(filter(None, [pinned.like]))
    read = replace(pinned, parts=shown)
    table: Any = loader.load(replace(read, columns=_present(read)), "pyarrow.Table", optional=False)
    return table if pinned.parts or table is None else table.slice(0, 0)


def _no_table(
    runtime: Runtime, body: SqlBody, request: StepRequest, pinned: PinnedInput
) -> StepError:
    name, upstream = pinned.parameter or pinned.upstream, pinned.upstream
    if pinned.parts:
        message, help = f"`{upstream}` stored nothing: its function returned None", None
    else:
        message = f"nothing of `{upstream}` is selected here, and its columns are not known yet"
        help = f"materialize `{upstream}` first" if upstream != request.key else None
    return StepError(
        "E517",
        message,
        place=table_place(body, runtime.definitions[request.key].place, name),
        help=help or "a query reads tables: write an asset that may read nothing in Python",
    )


def _register(connection: duckdb.DuckDBPyConnection, read_as: str, value: object) -> None:
    """Make an input a table under the name by which the query reads it: ``a/b`` is ``b`` in the schema ``a``."""
    from sqlglot import exp

    *schemas, name = read_as.split("/")
    schema = ".".join(schemas)
    if schema:
        database = exp.Table(db=exp.to_identifier(schema, quoted=True))
        connection.execute(exp.Create(this=database, kind="SCHEMA", exists=True).sql("duckdb"))
    connection.register("_input", value)
    target = exp.table_(name, db=schema or None, quoted=True)
    query = exp.select("*").from_("_input")
    connection.execute(exp.Create(this=target, kind="TABLE", expression=query).sql("duckdb"))
    connection.unregister("_input")


def _present(pinned: PinnedInput) -> tuple[str, ...] | None:
    """The stored columns that the query names in whatever case; None, which is all, where that is not known."""
    if pinned.columns is None or pinned.source:
        return None
    wanted = {c.casefold() for c in pinned.columns}
    stored = [p.written.columns for p in pinned.parts]
    if not stored or any(columns is None for columns in stored):
        return None
    names = [c.name for c in stored[0] or () if c.name.casefold() in wanted]
    return tuple(names) or None


def _parameters(
    runtime: Runtime, request: StepRequest, partition: str, text: str
) -> dict[str, object]:
    values: dict[str, object] = {"partition_key": partition}
    definition = runtime.definitions[request.key]
    partitions = definition.outputs[0].partitions.knowing([partition])
    window = partitions.window(partitions.ordinal(partition)) if partitions.is_partitioned else None
    if window is not None:
        values["partition_start"] = window.start.replace(tzinfo=None)
        values["partition_end"] = window.end.replace(tzinfo=None)
    return {name: value for name, value in values.items() if f"${name}" in text}
