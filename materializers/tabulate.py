"""Turns what users return (pandas, Arrow, DuckDB, Polars) into one form: logical columns and storable Arrow tables.

pandas: unnamed indexes are dropped, named ones become leading columns, ``attrs`` are not kept, and a missing value is
null whichever marker pandas used (``NaN``, ``NaT``, ``None``, ``NA``). What a table cannot hold unchanged is refused
with the column's name (StepError E302). A DuckDB relation is streamed: it is never whole in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from materializers.annotations import ARROW, DUCKDB, PANDAS, family_of
from materializers.arrow import Array, ChunkedArray, DataType, Field, Table, pa, pc, pt
from materializers.digest import BLOCK_ROWS
from materializers.logical import Column, Flavour, logical_type, storable
from materializers.refusals import shorten, unstorable

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

PARALLEL_ROWS = 100_000
"""Frames of this size are converted on every core: Arrow looks at each float for ``NaN``."""
_MASKED = frozenset(
    {f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)}
    | {"Float32", "Float64", "boolean"}
)


@dataclass(frozen=True, slots=True)
class Tabulated:
    """A value as logical columns and the pieces that hold its rows, to be consumed once."""

    family: str
    columns: tuple[Column, ...]
    pieces: Iterable[Table]


def tabulate(value: Any) -> Tabulated:
    """The rows of a supported table; raises StepError E302 naming the column that cannot be stored."""
    family = family_of(value)
    if family == DUCKDB:
        return from_relation(value)
    if family == PANDAS:
        names, arrays, flavours = _pandas_columns(value)
    else:
        table = value if family == ARROW else value.to_arrow()
        names, arrays = table.column_names, table.columns
        flavours = [""] * len(names)
    _check_names(names)
    columns, stored = [], []
    for name, array, flavour in zip(names, arrays, flavours, strict=True):
        column, chunked = _column(name, array, flavour)
        columns.append(column)
        stored.append(chunked)
    return Tabulated(family or "", tuple(columns), (as_table(columns, stored),))


def as_table(columns: Sequence[Column], arrays: Sequence[ChunkedArray]) -> Table:
    """The arrays under their names, nullable and without metadata."""
    fields = [pa.field(c.name, a.type) for c, a in zip(columns, arrays, strict=True)]
    return pa.Table.from_arrays(list(arrays), schema=pa.schema(fields))


def _check_names(names: Sequence[object]) -> None:
    for name in names:
        if not isinstance(name, str):
            raise unstorable(
                f"a column or index is named {shorten(repr(name))}, and a stored table has names of text only",
                help="rename it, for example `frame.columns = [str(name) for name in frame.columns]`",
            )
        try:
            name.encode()
        except UnicodeEncodeError:
            raise unstorable(
                f"the column name {shorten(repr(name))} is not valid Unicode"
            ) from None
    twice = sorted({name for name in names if names.count(name) > 1}, key=str)
    if twice:
        raise unstorable(
            f"there are two columns `{shorten(str(twice[0]))}`", help="rename one of them"
        )


# --- pandas -----------------------------------------------------------------------------------------------------


def _pandas_columns(
    frame: pd.DataFrame,
) -> tuple[list[Any], list[ChunkedArray], list[Flavour]]:
    series: list[tuple[Any, Any]] = []
    for level, name in enumerate(frame.index.names):
        if name is not None:
            series.append((name, frame.index.get_level_values(level)))
    series.extend((name, frame.iloc[:, at]) for at, name in enumerate(frame.columns))
    names = [name for name, _ in series]
    flavours = [_flavour(values.dtype) for _, values in series]
    if len(frame) < PARALLEL_ROWS:
        return names, [_pandas_array(*pair) for pair in series], flavours
    with ThreadPoolExecutor() as threads:
        return names, list(threads.map(_pandas_array, names, [s for _, s in series])), flavours


def _pandas_array(name: object, values: Any) -> ChunkedArray:
    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise unstorable(
            f"column `{shorten(str(name))}` ({values.dtype}) holds values that a stored table cannot: {error}",
            help="give the column one type that Parquet has",
        ) from error
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])


def _flavour(dtype: Any) -> Flavour:
    import pandas as pd

    if isinstance(dtype, pd.ArrowDtype):
        return "arrow"
    masked_text = isinstance(dtype, pd.StringDtype) and dtype.na_value is pd.NA
    return "masked" if masked_text or str(dtype) in _MASKED else ""


# --- Arrow ------------------------------------------------------------------------------------------------------


def _column(name: str, array: ChunkedArray, flavour: Flavour) -> tuple[Column, ChunkedArray]:
    logical = logical_type(array.type, name)
    try:
        if pt.is_dictionary(array.type):
            return _categorical(name, array, logical, flavour)
        chunks = [storable(chunk, logical) for chunk in array.chunks]
        found = chunks[0].type if chunks else logical
        return Column(name, logical, flavour), pa.chunked_array(chunks, type=found)
    except pa.ArrowException as error:
        raise unstorable(f"column `{shorten(name)}` cannot be stored: {error}") from error


def _categorical(
    name: str, array: ChunkedArray, logical: DataType, flavour: Flavour
) -> tuple[Column, ChunkedArray]:
    ordered = array.type.ordered
    unified = array.unify_dictionaries()
    first = unified.chunk(0).dictionary if unified.num_chunks else pa.array([], type=logical)
    listed = first.cast(logical)
    categories = pc.drop_null(pc.unique(listed))
    chunks = [
        pa.DictionaryArray.from_arrays(
            _codes(chunk, listed, categories), categories, ordered=ordered
        )
        for chunk in unified.chunks
    ]
    column = Column(name, logical, flavour, categories, ordered)
    return column, pa.chunked_array(chunks, type=column.arrow_type)


def _codes(chunk: Any, listed: Array, categories: Array) -> Array:
    """Positions in ``categories``; a dictionary may repeat values or hold a null, a list of categories may not."""
    if len(listed) == len(categories):
        return chunk.indices.cast(pa.int32())
    return pc.index_in(listed, value_set=categories).take(chunk.indices)


# --- DuckDB -----------------------------------------------------------------------------------------------------


def from_relation(relation: duckdb.DuckDBPyRelation) -> Tabulated:
    """A relation's rows as they are computed; its query runs while the pieces are consumed."""
    _check_names(relation.columns)
    reader = relation.to_arrow_reader(BLOCK_ROWS)
    columns = tuple(
        _relation_column(field, kind)
        for field, kind in zip(reader.schema, relation.types, strict=True)
    )
    return Tabulated(DUCKDB, columns, _relation_pieces(reader, columns))


def _relation_column(field: Field, kind: Any) -> Column:
    logical = logical_type(field.type, field.name)
    if kind.id == "enum":
        return Column(field.name, logical, "", pa.array(kind.children[0][1], type=logical))
    return Column(field.name, logical, "hugeint" if kind.id in {"hugeint", "uhugeint"} else "")


def _relation_pieces(reader: Any, columns: Sequence[Column]) -> Iterator[Table]:
    for block in in_blocks(reader):
        arrays = []
        for column, array in zip(columns, block.columns, strict=True):
            chunks = [_relation_chunk(chunk, column) for chunk in array.chunks]
            arrays.append(pa.chunked_array(chunks))
        yield as_table(columns, arrays)


def _relation_chunk(chunk: Array, column: Column) -> Array:
    if column.categories is None:
        return storable(chunk, column.type)
    codes = pc.index_in(chunk.dictionary_decode(), value_set=column.categories)
    return pa.DictionaryArray.from_arrays(codes, column.categories)


def in_blocks(reader: Iterable[Any]) -> Iterator[Table]:
    """The batches of a reader, regrouped: DuckDB cuts as it pleases, and every piece becomes a row group.

    Groups of 123,000 rows, as it gives them, cost twice the time to write of groups of a million.
    """
    held: list[Any] = []
    for batch in reader:
        held.append(batch)
        while sum(map(len, held)) >= BLOCK_ROWS:
            table = pa.Table.from_batches(held)
            yield table.slice(0, BLOCK_ROWS)
            held = table.slice(BLOCK_ROWS).to_batches()
    if held:
        yield pa.Table.from_batches(held)
