"""Packing rows into chunks and back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assets_core.model.packed import HEAD_SIZE, INPUT_SIZE
from assets_core.store.chunks import CHUNK, Chunk, group_rows, pack_chunks, unpack_chunks

rows_by_ordinal = st.dictionaries(
    st.integers(-(2**40), 2**40) | st.integers(-3000, 3000), st.integers(0, 3), max_size=60
)


def made(ordinal: int, inputs: int) -> bytes:
    size = HEAD_SIZE + INPUT_SIZE * inputs
    return (str(ordinal).encode() + b"." * size)[:size]


def taken_apart(groups: object) -> dict[tuple[int, int], bytes]:
    found = {}
    for group in groups:  # type: ignore[attr-defined]
        size = HEAD_SIZE + INPUT_SIZE * group.inputs
        assert len(group.data) == size * len(group.ordinals) == size * len(group.assets)
        for n, (asset, ordinal) in enumerate(zip(group.assets, group.ordinals, strict=True)):
            assert (int(asset), int(ordinal)) not in found
            found[int(asset), int(ordinal)] = group.data[n * size : (n + 1) * size]
    return found


@given(rows_by_ordinal)
def test_unpacking_gives_back_what_was_packed(rows: dict[int, int]) -> None:
    ordinals = np.array(list(rows), np.int64)
    chunks = list(pack_chunks(ordinals, [made(o, i) for o, i in rows.items()]))
    assert sum(chunk.count for chunk in chunks) == len(rows)
    assert len({(c.chunk, c.inputs) for c in chunks}) == len(chunks)
    found = taken_apart(unpack_chunks((7, chunk) for chunk in chunks))
    assert found == {(7, o): made(o, i) for o, i in rows.items()}


@given(rows_by_ordinal, st.randoms())
def test_packing_does_not_depend_on_the_order_of_rows(rows: dict[int, int], random: object) -> None:
    listed = list(rows.items())
    shuffled = list(listed)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    def packed(items: list[tuple[int, int]]) -> list[Chunk]:
        ordinals = np.array([o for o, _ in items], np.int64)
        return list(pack_chunks(ordinals, [made(o, i) for o, i in items]))

    assert packed(listed) == packed(shuffled)


def test_a_chunk_ends_where_the_next_1024_ordinals_begin() -> None:
    ordinals = np.arange(CHUNK - 1, CHUNK + 2)
    chunks = list(pack_chunks(ordinals, [made(int(o), 1) for o in ordinals]))
    assert [(c.chunk, c.count, c.offsets) for c in chunks] == [
        (0, 1, b"\xff\x03"),
        (1, 2, b"\x00\x00\x01\x00"),
    ]


def test_more_chunks_than_are_joined_at_a_time_lose_none() -> None:
    ordinals = np.arange(0, 200 * CHUNK, 512)
    rows = [made(int(o), int(o) % 3) for o in ordinals]
    groups = unpack_chunks((1, chunk) for chunk in pack_chunks(ordinals, rows))
    assert len(groups) > 3
    assert taken_apart(groups) == {(1, int(o)): r for o, r in zip(ordinals, rows, strict=True)}


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 99), st.integers(0, 2)), unique=True))
def test_plain_rows_are_grouped_by_their_number_of_inputs(
    rows: list[tuple[int, int, int]],
) -> None:
    unique = {(p, o): i for p, o, i in rows}
    data = [made(o, i) for (_, o), i in unique.items()]
    places = np.array([*unique], np.int64).reshape(-1, 2)
    groups = group_rows(places[:, 0], places[:, 1], data)
    assert len({g.inputs for g in groups}) == len(groups)
    assert taken_apart(groups) == dict(zip(unique, data, strict=True))
