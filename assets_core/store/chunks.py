"""Packed projections: the rows of 1,024 consecutive ordinals of one asset in one blob per number of inputs.

A chunk is a cache of pointers under one codec (the bijection of keys and ordinals): rows ascend by ordinal, and each
row's place in its chunk stands in two bytes beside them. Reading a million rows costs a thousand chunks and no Python
object per row. Packing is canonical, so that a rebuilt chunk equals the one it replaces byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from assets_core.model.packed import HEAD_SIZE, INPUT_SIZE
from assets_core.ports import PackedRows
from assets_core.store.encoding import UnreadableRow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHUNK = 1024
_JOINED = 64


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows with equally many inputs, whose ordinals are ``chunk * 1024 + offset``."""

    chunk: int
    inputs: int
    count: int
    offsets: bytes
    """Per row, two bytes."""
    data: bytes


def pack_chunks(ordinals: NDArray[Any], rows: Sequence[bytes]) -> Iterator[Chunk]:
    """Chunks of these rows (no ordinal twice), ascending by inputs and chunk."""
    import numpy as np

    sizes = np.fromiter(map(len, rows), np.int64, len(rows))
    for size in np.unique(sizes).tolist():
        chosen = np.flatnonzero(sizes == size)
        chosen = chosen[np.argsort(ordinals[chosen], kind="stable")]
        mine = ordinals[chosen]
        data = b"".join([rows[i] for i in chosen.tolist()])
        numbers = mine >> 10
        offsets = (mine & (CHUNK - 1)).astype("<u2").tobytes()
        starts = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(mine)]
        for start, stop in pairwise(starts):
            yield Chunk(
                int(numbers[start]),
                (size - HEAD_SIZE) // INPUT_SIZE,
                stop - start,
                offsets[2 * start : 2 * stop],
                data[size * start : size * stop],
            )


def unpack_chunks(chunks: Iterable[tuple[int, Chunk]]) -> tuple[PackedRows, ...]:
    """The rows of chunks, each given with its asset's position, grouped by their number of inputs.

    At most 64 chunks are joined at a time, so that a stream of them is never held twice.
    """
    groups: dict[int, list[tuple[int, Chunk]]] = {}
    packed = []
    for position, chunk in chunks:
        group = groups.setdefault(chunk.inputs, [])
        group.append((position, chunk))
        if len(group) == _JOINED:
            packed.append(_joined(chunk.inputs, group))
            group.clear()
    packed += [_joined(inputs, group) for inputs, group in groups.items() if group]
    return tuple(packed)


def _joined(inputs: int, group: list[tuple[int, Chunk]]) -> PackedRows:
    import numpy as np

    size = HEAD_SIZE + INPUT_SIZE * inputs
    if any((len(c.offsets), len(c.data)) != (2 * c.count, size * c.count) for _, c in group):
        raise UnreadableRow("a chunk of packed rows has another size than was written")
    counts = np.fromiter((c.count for _, c in group), np.int64, len(group))
    bases = np.fromiter((c.chunk for _, c in group), np.int64, len(group)) * CHUNK
    positions = np.fromiter((p for p, _ in group), np.int64, len(group))
    offsets = np.frombuffer(b"".join([c.offsets for _, c in group]), "<u2")
    return PackedRows(
        inputs,
        np.repeat(positions, counts),
        np.repeat(bases, counts) + offsets,
        b"".join([c.data for _, c in group]),
    )


def group_rows(
    positions: NDArray[np.int64], ordinals: NDArray[np.int64], rows: Sequence[bytes]
) -> tuple[PackedRows, ...]:
    """Rows of any assets, grouped by their number of inputs, in the order given."""
    import numpy as np

    sizes = np.fromiter(map(len, rows), np.int64, len(rows))
    groups = []
    for size in np.unique(sizes).tolist():
        chosen = np.flatnonzero(sizes == size)
        if (
            size < HEAD_SIZE
            or (size - HEAD_SIZE) % INPUT_SIZE
            or not isinstance(rows[chosen[0]], bytes)
        ):
            raise UnreadableRow("a packed row has another form than was written")
        mine = rows if len(chosen) == len(rows) else [rows[i] for i in chosen.tolist()]
        inputs = (size - HEAD_SIZE) // INPUT_SIZE
        groups.append(PackedRows(inputs, positions[chosen], ordinals[chosen], b"".join(mine)))
    return tuple(groups)
