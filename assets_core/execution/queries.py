"""Running a SQL asset: its query over views of the pinned inputs, in an in-memory DuckDB of its own.

One thread by default, because parallel float aggregation is not repeatable. The query can read nothing but its
inputs: external access is confined to the pinned files.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from assets_core.execution.loading import Loader
from assets_core.execution.runtime import Runtime
from assets_core.model.assets import SqlBody
from assets_core.ports import PinnedInput, StepRequest

if TYPE_CHECKING:
    import duckdb


@contextlib.contextmanager
def run_query(
    runtime: Runtime, loader: Loader, body: SqlBody, request: StepRequest, partition: str
) -> Iterator[duckdb.DuckDBPyRelation]:
    """The relation that the query gives for one partition; valid while the context is open.

    In the text, ``$partition_key``, ``$partition_start`` and ``$partition_end`` are bound to the call's partition.
    """
    import duckdb

    with duckdb.connect(":memory:", config={"threads": body.threads}) as connection:
        for pinned in request.inputs:
            _register(runtime, loader, connection, pinned)
        _confine(connection, request)
        parameters = _parameters(runtime, request, partition, body.text)
        yield connection.sql(body.text, params=parameters or None)


def _register(
    runtime: Runtime, loader: Loader, connection: duckdb.DuckDBPyConnection, pinned: PinnedInput
) -> None:
    """Make an input a table under its key: ``a/b`` is the table ``b`` in the schema ``a``."""
    from sqlglot import exp

    schema, _, name = pinned.upstream.rpartition("/")
    target = exp.table_(name, db=schema.replace("/", ".") or None, quoted=True)
    if schema:
        database = exp.to_identifier(schema.replace("/", "."), quoted=True)
        connection.execute(
            exp.Create(this=exp.Table(db=database), kind="SCHEMA", exists=True).sql("duckdb")
        )
    value = loader.load(pinned, "pyarrow.Table" if not pinned.source else None, optional=False)
    connection.register("_input", value)
    query = exp.select("*").from_("_input")
    connection.execute(exp.Create(this=target, kind="TABLE", expression=query).sql("duckdb"))
    connection.unregister("_input")


def _confine(connection: duckdb.DuckDBPyConnection, request: StepRequest) -> None:
    """Everything the query may read is in the connection already."""
    connection.execute("set enable_external_access=false")
    connection.execute("set lock_configuration=true")


def _parameters(
    runtime: Runtime, request: StepRequest, partition: str, text: str
) -> dict[str, object]:
    values: dict[str, object] = {"partition_key": partition}
    definition = runtime.definitions[request.key]
    partitions = definition.outputs[0].partitions
    window = partitions.window(partitions.ordinal(partition)) if partitions.is_partitioned else None
    if window is not None:
        values["partition_start"] = window.start.replace(tzinfo=None)
        values["partition_end"] = window.end.replace(tzinfo=None)
    return {name: value for name, value in values.items() if f"${name}" in text}
