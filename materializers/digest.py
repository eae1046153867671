"""The content digest of a table: one ordered digest per column, and from these the table's data version.

It covers what ``load`` can return and nothing else. A column is hashed as streams that do not depend on chunks, offsets
or what lies in null slots: the positions of its nulls, and per layout the fixed-width values (null slots zeroed), the
lengths and bytes of texts, the lengths and items of lists, the fields of structs, the codes of categoricals. Bits are
compared, so ``NaN`` is not null, and ``-0.0`` is not ``0.0``. What the value was produced as counts in each column,
because an unannotated input is loaded as that type. ``ALGORITHM`` is part of every digest.

Hashing streams and not rows keeps it vectorised: 10 million rows of five columns (421 MB) take 0.09 s in one thread,
against 1.05 s for the plain Parquet write. Temporaries are bounded by ``BLOCK_ROWS``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from blake3 import blake3

from assets_core.model.values import ColumnDigest
from assets_core.model.versions import DataVersion, digest
from materializers.arrow import Array, DataType, Table, pa, pt
from materializers.logical import Column

ALGORITHM = "table/1"
BLOCK_ROWS = 1 << 20


Positions: TypeAlias = "np.ndarray[Any, np.dtype[np.int64]]"


class _Values(Protocol):
    """The non-null part of a column; ``nulls`` are the positions within ``array`` that are null."""

    def update(self, array: Array, nulls: Positions) -> None: ...

    def finish(self) -> bytes: ...


class _Stream:
    """A column or nested field: its length, where it is null, and its values."""

    def __init__(self, found: DataType) -> None:
        self._length = 0
        self._nulls = blake3()
        self._values = _values(found)

    def update(self, array: Array) -> None:
        nulls = _NONE
        if array.null_count:
            nulls = np.flatnonzero(np.asarray(array.is_null().cast(pa.uint8())))
            self._nulls.update(_raw((nulls + self._length).astype("<i8")))
        self._values.update(array, nulls)
        self._length += len(array)

    def finish(self) -> bytes:
        return _combine(
            self._length.to_bytes(8, "little"), self._nulls.digest(), self._values.finish()
        )


class _Fixed:
    """Numbers, times, decimals, fixed-size bytes: the value buffer with zeroes in its null slots."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._hash = blake3()

    def update(self, array: Array, nulls: Positions) -> None:
        data = array.buffers()[1]
        if data is None or not self._width:
            return
        start = array.offset * self._width
        part = data.slice(start, len(array) * self._width)
        if not len(nulls):
            self._hash.update(part)
            return
        unit = next(size for size in (8, 4, 2, 1) if self._width % size == 0)
        values = np.frombuffer(part, dtype=f"<u{unit}").reshape(len(array), -1).copy()
        values[nulls] = 0
        self._hash.update(_raw(values))

    def finish(self) -> bytes:
        return self._hash.digest()


class _Bool:
    """A byte per value: bits would depend on where a chunk begins."""

    def __init__(self) -> None:
        self._hash = blake3()

    def update(self, array: Array, nulls: Positions) -> None:
        filled = array.fill_null(False) if len(nulls) else array
        self._hash.update(_raw(np.asarray(filled.cast(pa.uint8()))))

    def finish(self) -> bytes:
        return self._hash.digest()


class _Text:
    """The byte length of each non-null value, and all their bytes."""

    def __init__(self) -> None:
        self._lengths = blake3()
        self._bytes = blake3()

    def update(self, array: Array, nulls: Positions) -> None:
        values = array.drop_null() if len(nulls) else array
        offsets = _offsets(values)
        self._lengths.update(_raw(np.diff(offsets).astype("<u4")))
        data = values.buffers()[2]
        if data is not None and len(values):
            self._bytes.update(data.slice(int(offsets[0]), int(offsets[-1] - offsets[0])))

    def finish(self) -> bytes:
        return _combine(self._lengths.digest(), self._bytes.digest())


class _List:
    """The length of each non-null list, and the items of all of them as one stream."""

    def __init__(self, item: DataType) -> None:
        self._lengths = blake3()
        self._items = _Stream(item)

    def update(self, array: Array, nulls: Positions) -> None:
        values = array.drop_null() if len(nulls) else array
        if pt.is_fixed_size_list(values.type):
            self._items.update(values.flatten())
            return
        self._lengths.update(_raw(np.diff(_offsets(values)).astype("<u4")))
        self._items.update(values.flatten())

    def finish(self) -> bytes:
        return _combine(self._lengths.digest(), self._items.finish())


class _Map:
    """The number of entries of each non-null map, then all keys and all items."""

    def __init__(self, key: DataType, item: DataType) -> None:
        self._lengths = blake3()
        self._sides = (_Stream(key), _Stream(item))

    def update(self, array: Array, nulls: Positions) -> None:
        values = array.drop_null() if len(nulls) else array
        offsets = _offsets(values)
        self._lengths.update(_raw(np.diff(offsets).astype("<u4")))
        for side, field in zip(self._sides, (values.keys, values.items), strict=True):
            side.update(field.slice(int(offsets[0]), int(offsets[-1] - offsets[0])))

    def finish(self) -> bytes:
        return _combine(self._lengths.digest(), *(side.finish() for side in self._sides))


class _Struct:
    """Every field over the non-null rows."""

    def __init__(self, fields: Sequence[DataType]) -> None:
        self._fields = [_Stream(field) for field in fields]

    def update(self, array: Array, nulls: Positions) -> None:
        values = array.drop_null() if len(nulls) else array
        for stream, field in zip(self._fields, values.flatten(), strict=True):
            stream.update(field)

    def finish(self) -> bytes:
        return _combine(*(field.finish() for field in self._fields))


class _Nothing:
    """The null type: how many there are is all there is."""

    def update(self, array: Array, nulls: Positions) -> None:
        return

    def finish(self) -> bytes:
        return b""


_NONE: Positions = np.empty(0, dtype=np.int64)


def _values(found: DataType) -> _Values:
    if pt.is_null(found):
        return _Nothing()
    if pt.is_boolean(found):
        return _Bool()
    if pt.is_string(found) or pt.is_binary(found):
        return _Text()
    if pt.is_struct(found):
        return _Struct([found.field(i).type for i in range(found.num_fields)])
    if pt.is_map(found):
        return _Map(found.key_type, found.item_type)
    if pt.is_list(found) or pt.is_fixed_size_list(found):
        return _List(found.value_type)
    return _Fixed(found.bit_width // 8)


def _offsets(array: Array) -> np.ndarray[Any, Any]:
    """The ``len + 1`` offsets of a text, list or map array, whatever their width."""
    wide = pt.is_large_string(array.type) or pt.is_large_binary(array.type)
    dtype = np.dtype("<i8" if wide or pt.is_large_list(array.type) else "<i4")
    buffer = array.buffers()[1]
    if buffer is None or not len(array):
        return np.zeros(1, dtype=dtype)
    count = len(array) + 1
    return np.frombuffer(buffer, dtype=dtype, count=count, offset=array.offset * dtype.itemsize)


def _raw(values: np.ndarray[Any, Any]) -> memoryview:
    return values.reshape(-1).view(np.uint8).data


def _combine(*parts: bytes) -> bytes:
    return bytes.fromhex(digest(*parts))


class TableDigest:
    """Digests a table given in consecutive pieces; how it is cut does not matter."""

    def __init__(self, columns: Sequence[Column], value_type: str) -> None:
        self._columns = columns
        self._value_type = value_type
        self._rows = 0
        self._streams = [
            _Stream(column.type if column.categories is None else pa.int32()) for column in columns
        ]

    def update(self, piece: Table) -> None:
        """Take the next rows: columns in order, in storable layouts, categoricals as dictionaries of our codes."""
        for start in range(0, piece.num_rows, BLOCK_ROWS):
            block = piece.slice(start, BLOCK_ROWS)
            for stream, chunked in zip(self._streams, block.columns, strict=True):
                for chunk in chunked.chunks:
                    stream.update(chunk.indices if pt.is_dictionary(chunk.type) else chunk)
        self._rows += piece.num_rows

    def finish(self) -> tuple[DataVersion, tuple[ColumnDigest, ...]]:
        """The data version and the digest of each column, after the last piece."""
        columns = tuple(
            ColumnDigest(
                column.name,
                column.type_name,
                digest(
                    ALGORITHM,
                    self._value_type,
                    column.type_name,
                    _list_digest(column),
                    stream.finish(),
                ),
            )
            for column, stream in zip(self._columns, self._streams, strict=True)
        )
        facts = [fact for column in columns for fact in (column.name, column.type, column.digest)]
        version = digest(ALGORITHM, self._value_type, str(self._rows), *facts)
        return DataVersion(version), columns


def _list_digest(column: Column) -> bytes:
    """The digest of a categorical's categories; nothing for other columns."""
    if column.categories is None:
        return b""
    stream = _Stream(column.type)
    stream.update(column.categories)
    return stream.finish()
