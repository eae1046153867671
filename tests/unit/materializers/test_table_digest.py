"""The digest itself: golden values, so that no upgrade of Arrow or NumPy changes a version unseen."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from materializers.digest import TableDigest
from materializers.logical import Column
from materializers.tabulate import tabulate

MOMENT = dt.datetime(2013, 3, 10, 7, 30, tzinfo=dt.UTC)
GOLDEN: list[tuple[pa.Array, str, str]] = [
    (pa.array([1, None, -3]), "int64", "67980ac0fc92873844e314849a38efeb"),
    (pa.array([], type=pa.int8()), "int8", "914460dce11ddae020d3b4f8c44a3c88"),
    (pa.array([0.5, float("nan"), None, -0.0]), "double", "5926816b2010792e2567df3007a37f3c"),
    (pa.array([True, None, False]), "bool", "819bfba6436a6b29b7933d9e18d506a0"),
    (pa.array(["", "é", None]), "string", "c1c31d4fc857c1279cecb82362f93e8d"),
    (pa.array([b"\x00", None]), "binary", "626356e261c6b16067917bf0a4d9b69a"),
    (
        pa.array([MOMENT, None], type=pa.timestamp("us", "America/New_York")),
        "timestamp[us, tz=America/New_York]",
        "8ca2ebc836e1bb706d3fbf78d79234c5",
    ),
    (pa.array([dt.date(2024, 2, 29)]), "date32[day]", "cc5e4bf5db236572c616ff4e90e0b9ec"),
    (
        pa.array([Decimal("1.10"), None], type=pa.decimal128(10, 2)),
        "decimal128(10, 2)",
        "f5f4c693474575db18a4c2215ed95aaf",
    ),
    (pa.array([[1, None], [], None]), "list<int64>", "7f146e289dd289873bea7f277a5f69dc"),
    (
        pa.array([[1, 2], None], type=pa.list_(pa.int16(), 2)),
        "list<int16>[2]",
        "8631ecbae95b41ea0e1d9ef18a797148",
    ),
    (
        pa.array([{"x": 1, "a, b": "y"}, None]),
        'struct<"x": int64, "a, b": string>',
        "a356d48a5e65cb6541817a5e307ec7a2",
    ),
    (
        pa.array([[("k", 1)], None], type=pa.map_(pa.string(), pa.int32())),
        "map<string, int32>",
        "52291f2c722e8948fa823700fb7b7fe3",
    ),
    (
        pa.array(["b", None, "a"]).dictionary_encode(),
        "categorical<string>",
        "c12366a483e1d1246a44af09daf640ab",
    ),
    (pa.nulls(3), "null", "c04438f7ec00901d1cb7e1434967d926"),
]


def digested(*pieces: pa.Table) -> tuple[str, list[tuple[str, str]]]:
    tables = [tabulate(piece) for piece in pieces]
    content = TableDigest(tables[0].columns, "pyarrow.Table")
    for table in tables:
        for piece in table.pieces:
            content.update(piece)
    version, columns = content.finish()
    return version, [(column.type, column.digest) for column in columns]


@pytest.mark.parametrize(("array", "type_name", "expected"), GOLDEN)
def test_digests_are_what_they_were(array: pa.Array, type_name: str, expected: str) -> None:
    assert digested(pa.table({"c": array}))[1] == [(type_name, expected)]


def test_the_version_covers_names_order_and_rows() -> None:
    one = digested(pa.table({"a": [1], "b": [2]}))[0]
    others = [
        pa.table({"b": [2], "a": [1]}),
        pa.table({"a": [1], "c": [2]}),
        pa.table({"a": [1, 1], "b": [2, 2]}),
        pa.table({"a": [1]}),
        pa.table({"a": ["1"], "b": [2]}),
    ]
    assert len({one, *(digested(other)[0] for other in others)}) == 1 + len(others)


def test_null_slots_padding_and_chunks_do_not_count() -> None:
    clean = pa.array([1.5, None, 2.5, None, 3.5])
    validity, values = clean.buffers()
    dirty = np.frombuffer(values, dtype=np.float64).copy()
    dirty[[1, 3]] = [np.nan, 7.0]
    padded = bytearray(validity.to_pybytes())
    padded[0] |= 0b1110_0000
    garbled = pa.Array.from_buffers(
        pa.float64(), 5, [pa.py_buffer(bytes(padded)), pa.py_buffer(dirty.tobytes())]
    )
    expected = digested(pa.table({"c": clean}))
    assert digested(pa.table({"c": garbled})) == expected
    assert (
        digested(pa.table({"c": pa.chunked_array([clean[:1], clean[1:1], clean[1:]])})) == expected
    )
    assert digested(pa.table({"c": clean[:3]}), pa.table({"c": clean[3:]})) == expected


def test_garbage_under_a_null_text_does_not_count() -> None:
    clean = pa.array(["ab", None, "c"])
    garbled = pa.Array.from_buffers(
        pa.string(),
        3,
        [
            clean.buffers()[0],
            pa.py_buffer(np.array([0, 2, 5, 6], dtype="<i4").tobytes()),
            pa.py_buffer(b"abXYZc"),
        ],
    )
    assert garbled.to_pylist() == clean.to_pylist()
    assert digested(pa.table({"c": garbled})) == digested(pa.table({"c": clean}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.array([0.0]), pa.array([-0.0])),
        (pa.array([float("nan")]), pa.array([None], type=pa.float64())),
        (pa.array([0], type=pa.int64()), pa.array([None], type=pa.int64())),
        (pa.array([""]), pa.array([None], type=pa.string())),
        (pa.array([[]], type=pa.list_(pa.int8())), pa.array([None], type=pa.list_(pa.int8()))),
        (pa.array([[1], []]), pa.array([[], [1]])),
        (pa.array(["ab", ""]), pa.array(["a", "b"])),
        (
            pa.array([{"x": None}], pa.struct({"x": pa.int8()})),
            pa.array([None], pa.struct({"x": pa.int8()})),
        ),
        (pa.array([1], pa.int8()), pa.array([1], pa.int16())),
        (pa.array([1], pa.timestamp("us", "UTC")), pa.array([1], pa.timestamp("us", "Asia/Tokyo"))),
        (pa.array(["a"]), pa.array(["a"]).dictionary_encode()),
        (
            pa.DictionaryArray.from_arrays(pa.array([0]), pa.array(["a", "b"])),
            pa.DictionaryArray.from_arrays(pa.array([0]), pa.array(["a", "b"]), ordered=True),
        ),
        (
            pa.DictionaryArray.from_arrays(pa.array([0]), pa.array(["a", "b"])),
            pa.DictionaryArray.from_arrays(pa.array([0]), pa.array(["a"])),
        ),
    ],
)
def test_what_load_tells_apart_the_digest_tells_apart(one: pa.Array, other: pa.Array) -> None:
    assert digested(pa.table({"c": one})) != digested(pa.table({"c": other}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.array(["a"]), pa.array(["a"], pa.large_string())),
        (pa.array(["a"]), pa.array(["a"], pa.string_view())),
        (pa.array([[1]]), pa.array([[1]], pa.large_list(pa.int64()))),
        (pa.array([[1]]), pa.array([[1]], pa.list_view(pa.int64()))),
        (pa.array([["a"]]), pa.array([["a"]], pa.list_(pa.dictionary(pa.int8(), pa.string())))),
        (pa.array(["x", "x"]), pa.RunEndEncodedArray.from_arrays([2], ["x"])),
        (
            pa.array([Decimal("1.1")], pa.decimal128(5, 1)),
            pa.array([Decimal("1.1")], pa.decimal32(5, 1)),
        ),
        (
            pa.array(["a", "b"]).dictionary_encode(),
            pa.array(["a", "b"]).cast(pa.dictionary(pa.int8(), pa.large_string())),
        ),
    ],
)
def test_encodings_that_load_alike_digest_alike(one: pa.Array, other: pa.Array) -> None:
    assert digested(pa.table({"c": one})) == digested(pa.table({"c": other}))


def test_a_dictionary_that_repeats_values_or_holds_null_is_made_a_list_of_categories() -> None:
    odd = pa.DictionaryArray.from_arrays(
        pa.array([0, 1, 2, 3, None]), pa.array(["b", "a", "b", None])
    )
    column = tabulate(pa.table({"c": odd})).columns[0]
    assert isinstance(column, Column)
    assert column.categories is not None
    assert column.categories.to_pylist() == ["b", "a"]
    plain = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0, None, None]), pa.array(["b", "a"]))
    assert digested(pa.table({"c": odd})) == digested(pa.table({"c": plain}))
