"""One Parquet file: how its rows and logical columns are written, and read back without trusting them.

The footer carries, beside Arrow's own schema (so that other readers see the logical types), the flavours and categories
of columns. Page checksums are always written, for every reader of the file. Reading everything compares BLAKE3 of the
whole file, which also covers the footer and page headers that no page checksum covers; a projection of a large file
reads just its columns, with page checksums, and then compares their content digests with the recorded ones.

Measured on 10 million rows of five columns (421 MB in memory): zstd level 1 writes in 1.03 s and 172 MB, level 3 in
1.35 s and 166 MB, snappy in 0.98 s and 216 MB, lz4 in 0.85 s and 223 MB; page checksums add 3 %.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from assets_core.model.values import ColumnDigest, StoredFile, StoredPart
from assets_core.model.versions import DataVersion, digest
from materializers.arrow import Array, ChunkedArray, DataType, Field, Schema, Table, pa, pc, pq, pt
from materializers.digest import BLOCK_ROWS, TableDigest
from materializers.logical import Column, carrier
from materializers.refusals import damaged, no_such_column, shorten, unstorable
from materializers.stored_files import HashingFile, inside, map_file, read_file

WHOLE_BELOW = 1 << 20
"""A projection of a smaller file (bytes) reads it whole: one digest is cheaper than finding the pages."""
_ARROW_SCHEMA = b"ARROW:schema"
_COLUMNS = b"assets:columns"
_DIGEST = b"assets:digest"
"""Of the two others: nothing checks Arrow's serialised arrays, and a flipped bit in one crashed the process."""
_LEVELS = {"zstd": 1}


def write_table(
    location: Path,
    name: str,
    columns: Sequence[Column],
    pieces: Iterable[Table],
    value_type: str,
    compression: str,
) -> tuple[StoredFile, int, DataVersion, tuple[ColumnDigest, ...]]:
    """Write the pieces as one file while digesting them: the file, its rows, data version and column digests.

    What ``pieces`` raises passes through: a relation's query runs while it is written.
    """
    content = TableDigest(columns, value_type)
    rows = 0
    with HashingFile(inside(location, name)) as file:
        with ExitStack() as stack:
            writer = None
            for piece in pieces:
                content.update(piece)
                rows += piece.num_rows
                plain = _parquet_layout(piece)
                writer = writer or _writer(stack, file, plain.schema, columns, compression)
                writer.write_table(plain, row_group_size=BLOCK_ROWS)
            if writer is None:
                empty = pa.schema([pa.field(c.name, carrier(c.type)) for c in columns])
                _writer(stack, file, empty, columns, compression)
        version, digests = content.finish()
    return file.stored(name), rows, version, digests


def _writer(
    stack: ExitStack,
    file: HashingFile,
    schema: Schema,
    columns: Sequence[Column],
    compression: str,
) -> pq.ParquetWriter:
    try:
        writer = pq.ParquetWriter(
            file,
            schema,
            compression=compression,
            compression_level=_LEVELS.get(compression),
            store_schema=False,
            write_page_checksum=True,
        )
    except pa.ArrowException as error:
        raise unstorable(f"Parquet cannot hold this table: {error}") from error
    writer.add_key_value_metadata(_footer(columns))
    return stack.enter_context(writer)


def _parquet_layout(piece: Table) -> Table:
    """The piece with dictionaries of anything but text written out: Arrow's writer takes no others."""
    for at, field in enumerate(piece.schema):
        if pt.is_dictionary(field.type) and not _is_text(field.type.value_type):
            plain = piece.column(at).cast(field.type.value_type)
            piece = piece.set_column(at, pa.field(field.name, plain.type), plain)
    return piece


def _is_text(found: DataType) -> bool:
    return bool(pt.is_string(found) or pt.is_large_string(found))


def _footer(columns: Sequence[Column]) -> dict[bytes, bytes]:
    schema = pa.schema([pa.field(column.name, column.type) for column in columns])
    special = {
        column.name: {
            "flavour": column.flavour,
            "ordered": column.ordered,
            "categories": _packed(column.categories),
        }
        for column in columns
        if column.flavour or column.categories is not None
    }
    arrow = base64.b64encode(schema.serialize().to_pybytes())
    ours = json.dumps(special).encode()
    return {_ARROW_SCHEMA: arrow, _COLUMNS: ours, _DIGEST: digest(arrow, ours).encode()}


def _packed(categories: Array | None) -> str | None:
    if categories is None:
        return None
    sink = pa.BufferOutputStream()
    batch = pa.record_batch([categories], names=["categories"])
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    return base64.b64encode(sink.getvalue().to_pybytes()).decode()


def _unpacked(text: str | None) -> Array | None:
    if text is None:
        return None
    with pa.ipc.open_stream(base64.b64decode(text)) as stream:
        return stream.read_next_batch().column(0)


def read_table(
    part: StoredPart, wanted: tuple[str, ...] | None
) -> tuple[tuple[Column, ...], Table]:
    """The logical columns and rows of one stored table, in the order of ``wanted``, verified.

    Raises CorruptionError E310 naming the file, StepError E305 for a column that was never there. Where no column
    digests are recorded (the user gave the data version), a projection has to read the file whole too.
    """
    if len(part.written.files) != 1:
        raise damaged(part.location, f"was recorded with {len(part.written.files)} files, not one")
    file = part.written.files[0]
    digests = part.written.columns
    whole = wanted is None or digests is None or file.size <= WHOLE_BELOW
    data = read_file(part.location, file) if whole else map_file(part.location, file)
    path = inside(part.location, file.name)
    if digests is not None:
        _check_names(wanted, [column.name for column in digests])
    try:
        columns, table = _decode(data, wanted, checksums=not whole)
    except Exception as error:
        if whole:  # these are the recorded bytes: whatever this is, it is not damage
            raise
        raise damaged(path, f"cannot be read: {error}") from error
    if table.num_rows != part.written.rows:
        raise damaged(path, f"has {table.num_rows} rows, {part.written.rows} were recorded")
    if not whole:
        _compare(path, columns, table, part.written.value_type, digests or ())
    return columns, table


def _check_names(wanted: Sequence[str] | None, there: Sequence[str]) -> None:
    for name in wanted or ():
        if name not in there:
            raise no_such_column(name, there)


def _decode(
    data: Any, wanted: Sequence[str] | None, *, checksums: bool
) -> tuple[tuple[Column, ...], Table]:
    source = pa.BufferReader(pa.py_buffer(data))
    with pq.ParquetFile(source, page_checksum_verification=checksums) as reader:
        metadata = reader.metadata.metadata
        arrow, ours = metadata[_ARROW_SCHEMA], metadata[_COLUMNS]
        if digest(arrow, ours).encode() != metadata[_DIGEST]:
            raise ValueError("the footer does not hold the schema that was written")
        schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(arrow)))
        special = json.loads(ours)
        if not checksums:
            _check_names(wanted, schema.names)
        names = schema.names if wanted is None else wanted
        found = reader.read(list(names), use_threads=len(data) > WHOLE_BELOW)
        rows = reader.metadata.num_rows
    columns = [_column(schema.field(name), special.get(name, {})) for name in names]
    arrays = [_restored(found.column(column.name), column) for column in columns]
    if not columns:
        return (), _no_columns(rows)
    fields = [pa.field(column.name, column.arrow_type) for column in columns]
    return tuple(columns), pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _no_columns(rows: int) -> Table:
    return pa.table({"": pa.nulls(rows)}).select([])


def _column(field: Field, special: Mapping[str, Any]) -> Column:
    return Column(
        field.name,
        field.type,
        special.get("flavour", ""),
        _unpacked(special.get("categories")),
        special.get("ordered", False),
    )


def _restored(array: ChunkedArray, column: Column) -> ChunkedArray:
    """Values as they were: Parquet has no seconds and its own names for items; categories come from the footer."""
    if carrier(column.type) != column.type:
        return pa.chunked_array([pa.array(array.to_pylist(), type=column.type)])
    plain = array.cast(column.type)
    if column.categories is None:
        return plain
    codes = [pc.index_in(chunk, value_set=column.categories) for chunk in plain.chunks]
    chunks = [
        pa.DictionaryArray.from_arrays(code, column.categories, ordered=column.ordered)
        for code in codes
    ]
    return pa.chunked_array(chunks, type=column.arrow_type)


def _compare(
    path: Path,
    columns: Sequence[Column],
    table: Table,
    value_type: str,
    digests: Sequence[ColumnDigest],
) -> None:
    recorded = {column.name: column for column in digests}
    content = TableDigest(columns, value_type)
    content.update(table)
    for found in content.finish()[1]:
        if found != recorded.get(found.name):
            raise damaged(
                path, f"holds other values in column `{shorten(found.name)}` than were recorded"
            )
