"""Makes one table of several partitions, in their order.

Partitions agree on little by themselves: one had no rows, in another every value of a column was missing, a third saw
its integers become floats. Only partitions that hold a value in a column have a say in its type; the others take it on.
Types that differ are widened where Arrow widens without loss, categories are united in order of appearance, a column
that a partition does not have is null there. What cannot be united is StepError E304, naming the column and both types.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from assets_core.errors import StepError
from materializers.arrow import Array, ChunkedArray, DataType, Table, pa, pc, pt
from materializers.logical import Column, Flavour
from materializers.refusals import shorten

Piece: TypeAlias = "tuple[tuple[Column, ...], Table]"


def join(pieces: Sequence[Piece]) -> Piece:
    """The rows of all pieces under one schema; columns in order of first appearance."""
    if len(pieces) == 1:
        return pieces[0]
    names = list(dict.fromkeys(column.name for columns, _ in pieces for column in columns))
    if not names:
        return (), pa.table({"": pa.nulls(sum(t.num_rows for _, t in pieces))}).select([])
    united = [_united(name, pieces) for name in names]
    fields = [pa.field(column.name, column.arrow_type) for column, _ in united]
    arrays = [array for _, array in united]
    return tuple(column for column, _ in united), pa.Table.from_arrays(
        arrays, schema=pa.schema(fields)
    )


def nothing(names: Sequence[str]) -> Piece:
    """No partitions: columns as asked for, without rows or types."""
    columns = tuple(Column(name, pa.null()) for name in names)
    return columns, pa.table({name: pa.nulls(0) for name in names})


def _united(name: str, pieces: Sequence[Piece]) -> tuple[Column, ChunkedArray]:
    cells = [(_named(columns, name), table) for columns, table in pieces]
    target = _target(name, cells)
    chunks: list[Array] = []
    for column, table in cells:
        if column is None or not _speaks(table.column(name)):
            chunks.append(pa.nulls(table.num_rows, target.arrow_type))
        else:
            chunks.extend(_converted(table.column(name), column, target).chunks)
    return target, pa.chunked_array(_same_dictionary(chunks, target), type=target.arrow_type)


def _named(columns: Sequence[Column], name: str) -> Column | None:
    return next((column for column in columns if column.name == name), None)


def _speaks(array: ChunkedArray) -> bool:
    return bool(array.null_count < len(array))


def _target(name: str, cells: Sequence[tuple[Column | None, Table]]) -> Column:
    declared = [column for column, _ in cells if column is not None]
    voices = [
        column for column, table in cells if column is not None and _speaks(table.column(name))
    ]
    if not voices:
        typed = [column for column in declared if not pt.is_null(column.type)]
        return (typed or declared)[0]
    wide = voices[0].type
    for voice in voices[1:]:
        wide = _wider(name, wide, voice.type)
    lists = [voice.categories for voice in voices if voice.categories is not None]
    if len(lists) < len(voices):
        return Column(name, wide, _flavour(voices))
    categories, ordered = _united_categories(
        [c.cast(wide) for c in lists], all(v.ordered for v in voices)
    )
    return Column(name, wide, _flavour(voices), categories, ordered)


def _wider(name: str, left: DataType, right: DataType) -> DataType:
    if left == right:
        return left
    try:
        schemas = [pa.schema([pa.field(name, found)]) for found in (left, right)]
        return pa.unify_schemas(schemas, promote_options="permissive").field(0).type
    except pa.ArrowException:
        raise _conflict(name, left, right) from None


def _conflict(name: str, left: DataType, right: DataType) -> StepError:
    return StepError(
        "E304",
        f"partitions disagree on column `{shorten(name)}`: {left} in one, {right} in another",
        help="make its type the same in every partition, or annotate the parameter as dict[str, ...]",
    )


def _flavour(voices: Sequence[Column]) -> Flavour:
    flavours = {voice.flavour for voice in voices}
    if "masked" in flavours:
        return "masked"
    return flavours.pop() if len(flavours) == 1 else ""


def _united_categories(lists: Sequence[Array], ordered: bool) -> tuple[Array, bool]:
    """All categories in order of appearance; they stay ordered only where every list agrees with the longest."""
    longest = max(lists, key=len)
    if all(_is_within(listed, longest) for listed in lists):
        return longest, ordered
    return pc.unique(pa.concat_arrays(lists)), False


def _is_within(listed: Array, longest: Array) -> bool:
    at = pc.index_in(listed, value_set=longest)
    if at.null_count:
        return False
    positions = at.to_pylist()
    return bool(positions == sorted(positions))


def _converted(array: ChunkedArray, column: Column, target: Column) -> ChunkedArray:
    if (
        column.categories is not None
        and target.categories is not None
        and column.categories.equals(target.categories)
    ):
        return array if column.ordered == target.ordered else _coded(array, column, target)
    if target.categories is not None:
        return _coded(array, column, target)
    plain = array.cast(column.type) if column.categories is not None else array
    try:
        return plain.cast(target.type)
    except pa.ArrowException:
        raise _conflict(target.name, column.type, target.type) from None


def _coded(array: ChunkedArray, column: Column, target: Column) -> ChunkedArray:
    plain = array.cast(column.type).cast(target.type)
    codes = [pc.index_in(chunk, value_set=target.categories) for chunk in plain.chunks]
    chunks = [
        pa.DictionaryArray.from_arrays(c, target.categories, ordered=target.ordered) for c in codes
    ]
    return pa.chunked_array(chunks, type=target.arrow_type)


def _same_dictionary(chunks: list[Array], target: Column) -> list[Array]:
    """Every chunk over the same categories, also the ones that hold nothing but nulls."""
    if target.categories is None:
        return chunks
    return [
        pa.DictionaryArray.from_arrays(chunk.indices, target.categories, ordered=target.ordered)
        for chunk in chunks
    ]
