"""Turns a stored table into what an annotation asks for.

pandas: text is ``str`` (pandas 3), categoricals keep their categories, times keep unit and zone, dates and decimals are
objects. Integers that are partly missing become ``float64`` as everywhere in pandas, unless the column was produced as
``Int64`` or a value would lose digits: then it is ``Int64``. DuckDB relations live on DuckDB's default connection, so
that a query over several of them, ``duckdb.sql("select ... from a join b ...")``, can name them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from materializers.annotations import ARROW, DUCKDB, PANDAS, POLARS
from materializers.arrow import ChunkedArray, DataType, Table, pa, pc, pt
from materializers.logical import Column
from materializers.refusals import not_loadable

if TYPE_CHECKING:
    import pandas as pd

EXACT = 1 << 53
"""The largest integer up to which float64 has every one."""


def loaded_as(family: str, columns: Sequence[Column], table: Table) -> Any:
    """The table as ``family``, one of ``annotations.TABLES``."""
    if family == ARROW:
        return table
    if family == PANDAS:
        return _to_pandas(columns, table)
    if family == POLARS:
        return _to_polars(columns, table)
    return _to_relation(columns, table)


def _to_polars(columns: Sequence[Column], table: Table) -> Any:
    """Ordered categories are an ``Enum``, others a ``Categorical``."""
    polars = import_module("polars")
    frame = polars.from_arrow(table)
    enums = {
        column.name: polars.Enum(column.categories.to_pylist())
        for column in columns
        if column.categories is not None and column.ordered
    }
    return frame.cast(enums)


def _to_relation(columns: Sequence[Column], table: Table) -> Any:
    import duckdb

    try:
        relation = duckdb.from_arrow(table)
    except duckdb.NotSupportedError as error:
        raise not_loadable("parquet", f"{DUCKDB}: {error}", (PANDAS, ARROW)) from error
    if all(column.flavour != "hugeint" for column in columns):
        return relation
    values = [duckdb.ColumnExpression(column.name) for column in columns]
    return relation.select(
        *(
            value.cast("HUGEINT").alias(column.name) if column.flavour == "hugeint" else value
            for value, column in zip(values, columns, strict=True)
        )
    )


def _to_pandas(columns: Sequence[Column], table: Table) -> pd.DataFrame:
    """The plain columns in one go, which consolidates them into blocks that can be changed in place."""
    import pandas as pd

    table = _with_integers(columns, table)
    special = {
        column.name: series
        for column in columns
        if (series := _special(column, table.column(column.name))) is not None
    }
    names = [column.name for column in columns]
    plain: pd.DataFrame = table.select([n for n in names if n not in special]).to_pandas()
    if not special:
        return plain
    parts = {name: special[name] if name in special else plain[name] for name in names}
    return pd.DataFrame(parts)


def _with_integers(columns: Sequence[Column], table: Table) -> Table:
    """128-bit integers as int64 where every value fits."""
    for at, column in enumerate(columns):
        if column.flavour == "hugeint":
            try:
                values = table.column(at).cast(pa.int64())
            except pa.ArrowInvalid:
                continue
            table = table.set_column(at, column.name, values)
    return table


def _special(column: Column, array: ChunkedArray) -> pd.Series[Any] | None:
    """A column with a pandas dtype that Arrow's own conversion would not choose."""
    import pandas as pd

    if column.flavour == "arrow":
        return pd.Series(array, dtype=pd.ArrowDtype(array.type))
    masked = column.flavour == "masked" or _loses_digits(array)
    dtype = _masked_dtype(array.type) if masked else None
    return None if dtype is None else pd.Series(dtype.__from_arrow__(array))


def _loses_digits(array: ChunkedArray) -> bool:
    if not array.null_count or not pt.is_integer(array.type) or array.type.bit_width < 64:
        return False
    bounds = pc.min_max(array).as_py()
    values = [value for value in bounds.values() if value is not None]
    return any(abs(value) > EXACT for value in values)


def _masked_dtype(found: DataType) -> Any:
    import pandas as pd

    if pt.is_string(found):
        return pd.StringDtype(na_value=pd.NA)
    if pt.is_boolean(found):
        return pd.BooleanDtype()
    if pt.is_integer(found):
        return pd.api.types.pandas_dtype(str(found).replace("uint", "UInt").replace("int", "Int"))
    if found in {pa.float32(), pa.float64()}:
        return pd.Float32Dtype() if found == pa.float32() else pd.Float64Dtype()
    return None
