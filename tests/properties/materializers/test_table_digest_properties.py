"""Equal digests mean equal loads, whatever the layout, over random Arrow tables and pandas frames."""

from __future__ import annotations

import itertools
import tempfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets_core.model.values import StoredPart
from assets_core.ports import WriteOptions
from materializers.parquet import ParquetMaterializer

PARQUET = ParquetMaterializer()
CHECKED = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

FLOATS = st.sampled_from([0.0, -0.0, 1.5, float("nan"), float("inf"), -2.25])
TEXTS = st.sampled_from(["", "a", "b", "ab", "é", "\x00", "x" * 40])
MOMENTS = st.sampled_from([datetime(1970, 1, 1), datetime(2013, 3, 10, 2, 30), datetime(1, 1, 1)])
DAYS = st.sampled_from([date(1970, 1, 1), date(2024, 2, 29)])
SPANS = st.sampled_from([timedelta(0), timedelta(days=-1), timedelta(hours=5)])
RECENT = st.sampled_from(
    [datetime(2013, 3, 10, 7, tzinfo=UTC), datetime(2013, 11, 3, 5, 30, tzinfo=UTC)]
)
LEAVES: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.int64(), st.sampled_from([0, 1, -1, 2**53 + 1, -(2**63)])),
    (pa.int8(), st.integers(-3, 3)),
    (pa.uint64(), st.sampled_from([0, 2**64 - 1])),
    (pa.float64(), FLOATS),
    (pa.float32(), FLOATS),
    (pa.float16(), st.sampled_from([0.0, -0.0, 1.5])),
    (pa.bool_(), st.booleans()),
    (pa.string(), TEXTS),
    (pa.binary(), st.sampled_from([b"", b"a", b"\xff\x00"])),
    (pa.binary(2), st.sampled_from([b"aa", b"\x00\x00"])),
    (pa.date32(), DAYS),
    (pa.timestamp("s"), MOMENTS),
    (pa.timestamp("us"), MOMENTS),
    (pa.timestamp("ns", "America/New_York"), RECENT),
    (pa.timestamp("ms", "UTC"), RECENT),
    (pa.time32("s"), st.just(timedelta(0)).map(lambda _: datetime(2020, 1, 1, 3).time())),
    (pa.time64("us"), st.just(datetime(2020, 1, 1, 3, 4, 5, 6).time())),
    (pa.duration("s"), SPANS),
    (pa.duration("ns"), SPANS),
    (pa.decimal128(10, 2), st.sampled_from([Decimal("0.00"), Decimal("1.10"), Decimal("-5.25")])),
    (pa.decimal256(50, 2), st.sampled_from([Decimal("0.00"), Decimal("1.10")])),
    (pa.null(), st.none()),
]


def optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def nested(
    inner: st.SearchStrategy[tuple[pa.DataType, st.SearchStrategy[Any]]],
) -> st.SearchStrategy[tuple[pa.DataType, st.SearchStrategy[Any]]]:
    lists = inner.map(lambda p: (pa.list_(p[0]), st.lists(optional(p[1]), max_size=3)))
    pairs = inner.map(
        lambda p: (pa.list_(p[0], 2), st.lists(optional(p[1]), min_size=2, max_size=2))
    )
    maps = inner.map(
        lambda p: (
            pa.map_(pa.string(), p[0]),
            st.lists(st.tuples(TEXTS, optional(p[1])), max_size=2, unique_by=lambda e: e[0]),
        )
    )
    structs = st.tuples(inner, inner).map(
        lambda p: (
            pa.struct([("x", p[0][0]), ("y", p[1][0])]),
            st.fixed_dictionaries({"x": optional(p[0][1]), "y": optional(p[1][1])}),
        )
    )
    return lists | pairs | maps | structs


TYPES = st.recursive(st.sampled_from(LEAVES), nested, max_leaves=3)


@st.composite
def arrays(draw: st.DrawFn, rows: int) -> pa.Array:
    found, values = draw(TYPES)
    items = draw(st.lists(optional(values), min_size=rows, max_size=rows))
    array = pa.array(items, type=found)
    if draw(st.booleans()) and pa.types.is_string(found):
        return array.dictionary_encode()
    return array


@st.composite
def tables(draw: st.DrawFn, rows: int = 6) -> pa.Table:
    count = draw(st.integers(0, rows))
    width = draw(st.integers(0, 3))
    return pa.table({f"c{at}": draw(arrays(count)) for at in range(width)})


def written(value: object, folder: str, **options: Any) -> StoredPart:
    location = Path(tempfile.mkdtemp(dir=folder))
    return StoredPart("", location, PARQUET.write(value, location, WriteOptions(**options)))


def relaid(table: pa.Table, cut: int) -> pa.Table:
    """The same values: other chunks and offsets, wide and view layouts, other null slots."""
    twice = pa.concat_tables([table, table])
    moved = twice.slice(table.num_rows - cut if cut <= table.num_rows else 0, table.num_rows)
    again = (
        pa.concat_tables([moved.slice(cut), moved.slice(0, cut)])
        if cut <= table.num_rows
        else moved
    )
    wide = {pa.string(): pa.large_string(), pa.binary(): pa.binary_view()}
    columns = [
        column.cast(wide[column.type]) if column.type in wide else column
        for column in again.columns
    ]
    return pa.table(columns, names=again.column_names)


@CHECKED
@given(tables())
def test_a_loaded_table_digests_as_what_was_written(table: pa.Table) -> None:
    with tempfile.TemporaryDirectory() as folder:
        part = written(table, folder)
        loaded = PARQUET.load([part], None, pa.Table)
        assert isinstance(loaded, pa.Table)
        loaded.validate(full=True)
        assert loaded.to_pydict().__repr__() == table.to_pydict().__repr__()
        again = written(loaded, folder)
        assert again.written.data_version == part.written.data_version
        assert again.written.columns == part.written.columns


@CHECKED
@given(tables(), st.integers(0, 6))
def test_chunks_offsets_and_layouts_do_not_count(table: pa.Table, cut: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        part = written(table, folder)
        other = written(relaid(table, cut), folder)
        assert other.written.columns == part.written.columns
        assert other.written.data_version == part.written.data_version


@CHECKED
@given(tables(), tables())
def test_equal_digests_mean_equal_loads(one: pa.Table, other: pa.Table) -> None:
    with tempfile.TemporaryDirectory() as folder:
        parts = [written(value, folder) for value in (one, other)]
        loads = [PARQUET.load([part], None, pa.Table) for part in parts]
        same = parts[0].written.data_version == parts[1].written.data_version
        assert same == (
            loads[0].schema.equals(loads[1].schema) and exact(loads[0]) == exact(loads[1])
        )


def exact(table: pa.Table) -> str:
    categories = [
        str(column.chunk(0).dictionary)
        for column in table.columns
        if pa.types.is_dictionary(column.type) and column.num_chunks
    ]
    return repr((table.num_rows, table.to_pydict(), categories))


@CHECKED
@given(st.data(), st.sampled_from(LEAVES), st.integers(1, 5))
def test_one_changed_cell_is_another_version(
    data: st.DataObject, leaf: tuple[pa.DataType, st.SearchStrategy[Any]], rows: int
) -> None:
    found, values = leaf
    cells = optional(values)
    before = data.draw(st.lists(cells, min_size=rows, max_size=rows))
    after = list(before)
    after[data.draw(st.integers(0, rows - 1))] = data.draw(cells)
    with tempfile.TemporaryDirectory() as folder:
        parts = [written(pa.table({"c": pa.array(v, type=found)}), folder) for v in (before, after)]
        same = parts[0].written.data_version == parts[1].written.data_version
        assert same == (repr(before) == repr(after))


@CHECKED
@given(tables(), st.randoms(use_true_random=False), st.booleans())
def test_canonical_order_forgets_the_order_of_rows(
    table: pa.Table, random: Any, keyed: bool
) -> None:
    key = tuple(table.column_names[-1:]) if keyed else ()
    positions = list(range(table.num_rows))
    random.shuffle(positions)
    shuffled = table.take(pa.array(positions, type=pa.int64())) if table.num_columns else table
    with tempfile.TemporaryDirectory() as folder:
        parts = [written(value, folder, canonical=True, row_key=key) for value in (table, shuffled)]
        assert parts[0].written.data_version == parts[1].written.data_version
        rows = [
            sorted(map(repr, v.to_pylist()))
            for v in (table, PARQUET.load([parts[0]], None, pa.Table))
        ]
        assert rows[0] == rows[1]


@CHECKED
@given(tables(8), st.lists(st.integers(0, 8), max_size=3))
def test_partitions_concatenate_to_the_whole(table: pa.Table, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, table.num_rows) for cut in cuts), table.num_rows]
    pieces = [table.slice(a, b - a) for a, b in itertools.pairwise(edges)]
    with tempfile.TemporaryDirectory() as folder:
        whole = PARQUET.load([written(table, folder)], None, pa.Table)
        joined = PARQUET.load([written(piece, folder) for piece in pieces], None, pa.Table)
        assert joined.schema.equals(whole.schema)
        assert exact(joined.combine_chunks()) == exact(whole.combine_chunks())


# --- pandas -----------------------------------------------------------------------------------------------------

COLUMNS: list[tuple[str, st.SearchStrategy[Any]]] = [
    ("int64", st.integers(-(2**63), 2**63 - 1)),
    ("float64", FLOATS),
    ("float32", FLOATS),
    ("bool", st.booleans()),
    ("str", optional(TEXTS)),
    ("string", optional(TEXTS)),
    ("Int64", optional(st.integers(-(2**63), 2**63 - 1))),
    ("UInt8", optional(st.integers(0, 255))),
    ("Float64", optional(st.sampled_from([0.5, -1.0]))),
    ("boolean", optional(st.booleans())),
    ("datetime64[us]", optional(MOMENTS)),
    ("datetime64[ns, America/New_York]", optional(RECENT)),
    ("timedelta64[ns]", optional(SPANS)),
    ("category", optional(st.sampled_from(["u", "v", "w"]))),
    ("int64[pyarrow]", optional(st.integers(-5, 5))),
    ("object", optional(DAYS)),
]


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(st.integers(0, 6))
    columns = {}
    for at in range(draw(st.integers(1, 4))):
        dtype, values = draw(st.sampled_from(COLUMNS))
        items = draw(st.lists(values, min_size=rows, max_size=rows))
        columns[f"c{at}"] = pd.Series(items, dtype=dtype)
    frame = pd.DataFrame(columns, index=pd.RangeIndex(rows))
    kept = draw(st.lists(st.booleans(), min_size=rows, max_size=rows))
    return frame.loc[np.array(kept, dtype=bool)] if draw(st.booleans()) else frame


@CHECKED
@given(frames())
def test_a_frame_loads_as_it_was_but_for_its_unnamed_index(frame: pd.DataFrame) -> None:
    with tempfile.TemporaryDirectory() as folder:
        part = written(frame, folder)
        loaded = PARQUET.load([part], None, None)
        pd.testing.assert_frame_equal(loaded, frame.reset_index(drop=True))
        assert written(loaded, folder).written.data_version == part.written.data_version


@CHECKED
@given(frames(), st.data())
def test_loaded_frames_can_be_changed_in_place(frame: pd.DataFrame, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        loaded = PARQUET.load([written(frame, folder)], None, "pd.DataFrame")
        for name in loaded.columns:
            if len(loaded):
                loaded.loc[0, name] = loaded[name].iloc[-1]
        loaded["new"] = np.arange(len(loaded))
        assert list(loaded["new"]) == list(range(len(loaded)))
