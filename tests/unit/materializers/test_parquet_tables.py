"""Tables in Parquet: what pandas, Arrow and DuckDB values become, projections, options, and what is refused."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets_core.errors import AssetsError, CorruptionError, StepError
from assets_core.model.values import StoredPart
from assets_core.ports import WriteOptions
from materializers import parquet_file
from materializers.parquet import ParquetMaterializer

PARQUET = ParquetMaterializer()
Store = Callable[..., StoredPart]


def load(*parts: StoredPart, as_type: object = None, columns: tuple[str, ...] | None = None) -> Any:
    return PARQUET.load(parts, columns, as_type)


def test_a_filtered_frame_gains_no_index_column(store: Store) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3]})
    part = store(PARQUET, frame[frame.a > 1])
    assert list(load(part).columns) == ["a"]
    assert pq.read_schema(part.location / "data.parquet").names == ["a"]
    assert (
        part.written.data_version
        == store(PARQUET, pd.DataFrame({"a": [2, 3]})).written.data_version
    )


def test_named_indexes_become_leading_columns(store: Store) -> None:
    frame = pd.DataFrame({"k": ["x", "x", "y"], "j": [1, 2, 1], "v": [1.0, 2.0, 3.0]})
    pd.testing.assert_frame_equal(
        load(store(PARQUET, frame.set_index("k"))), frame[["k", "j", "v"]]
    )
    pd.testing.assert_frame_equal(
        load(store(PARQUET, frame.set_index(["j", "k"]))), frame[["j", "k", "v"]]
    )


def test_attrs_and_pandas_metadata_are_not_stored(store: Store) -> None:
    frame = pd.DataFrame({"a": [1]})
    noted = frame.copy()
    noted.attrs["note"] = "x"
    parts = [store(PARQUET, value) for value in (frame, noted)]
    assert parts[0].written == parts[1].written
    assert b"pandas" not in (pq.read_metadata(parts[1].location / "data.parquet").metadata or {})


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "two columns `a`"),
        (pd.DataFrame({0: [1]}), "is named 0"),
        (
            pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])),
            r"is named \('a', 'b'\)",
        ),
        (pd.DataFrame({"a": [1]}).set_index("a", drop=False), "two columns `a`"),
        (pd.DataFrame([[1]], columns=pd.Index(["\ud800"], dtype=object)), "not valid Unicode"),
        (pd.DataFrame({"a": [1, "x"]}, dtype=object), "column `a` .object."),
        (pd.DataFrame({"a": [10**400]}, dtype=object), "column `a`"),
        (pd.DataFrame({"a": [1j]}), "column `a` .complex128."),
        (pd.DataFrame({"a": [object()]}), "column `a`"),
        (
            pd.DataFrame({"a": pd.period_range("2020", periods=1, freq="M")}),
            "column `a` has the type",
        ),
        (pd.DataFrame({"a": pd.cut([1, 2], 2)}), "column `a` has the type"),
        (pd.DataFrame({"a": pd.arrays.SparseArray([1])}), "column `a`"),
        (pa.table({"a": pa.array([{}], pa.struct([]))}), "column `a` has the type struct<>"),
        (pa.table({"a": pa.nulls(1, pa.month_day_nano_interval())}), "column `a` has the type"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_would_change_is_refused_by_name(store: Store, frame: object, message: str) -> None:
    with pytest.raises(StepError, match=message) as caught:
        store(PARQUET, frame)
    assert caught.value.code == "E302"


def test_missing_integers_keep_their_digits(store: Store) -> None:
    table = pa.table({"small": [1, None], "large": [2**53 + 1, None], "flag": [True, None]})
    loaded = load(store(PARQUET, table), as_type=pd.DataFrame)
    assert [str(dtype) for dtype in loaded.dtypes] == ["float64", "Int64", "object"]
    assert loaded["large"][0] == 2**53 + 1


def test_dates_decimals_and_text_load_as_python_and_pandas_have_them(store: Store) -> None:
    loaded = load(
        store(PARQUET, pa.table({"d": [dt.date(2013, 1, 1)], "s": ["x"]})), as_type="pd.DataFrame"
    )
    assert loaded["d"][0] == dt.date(2013, 1, 1)
    assert str(loaded["s"].dtype) == "str"


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (pd.DataFrame, pd.DataFrame),
        ("pd.DataFrame", pd.DataFrame),
        ("pandas.DataFrame", pd.DataFrame),
        ("'DataFrame'", pd.DataFrame),
        ("pandas.core.frame.DataFrame | None", pd.DataFrame),
        (pd.DataFrame | None, pd.DataFrame),
        ("Optional[pd.DataFrame]", pd.DataFrame),
        (None, pa.Table),
        (Any, pa.Table),
        (object, pa.Table),
        (pa.Table, pa.Table),
        ("pa.Table", pa.Table),
        ("pyarrow.lib.Table", pa.Table),
        (duckdb.DuckDBPyRelation, duckdb.DuckDBPyRelation),
        ("duckdb.DuckDBPyRelation", duckdb.DuckDBPyRelation),
    ],
)
def test_annotations_are_understood_as_types_and_as_text(
    store: Store, annotation: object, kind: type
) -> None:
    assert isinstance(load(store(PARQUET, pa.table({"a": [1]})), as_type=annotation), kind)


@pytest.mark.parametrize("annotation", [int, "int", dict[str, int], "np.ndarray", "Unknown"])
def test_other_annotations_are_refused_with_the_choices(store: Store, annotation: object) -> None:
    with pytest.raises(StepError, match="E303") as caught:
        load(store(PARQUET, pa.table({"a": [1]})), as_type=annotation)
    assert "pandas.DataFrame, pyarrow.Table" in str(caught.value.help)


# --- projections ------------------------------------------------------------------------------------------------


def test_a_projection_has_the_order_that_was_asked_for(store: Store) -> None:
    part = store(PARQUET, pa.table({"a": [1], "a.b": [2], "b": [{"x": 3}]}))
    assert load(part, columns=("b", "a")).to_pydict() == {"b": [{"x": 3}], "a": [1]}
    assert load(part, columns=("a.b",)).to_pydict() == {"a.b": [2]}
    assert load(part, columns=()).shape == (1, 0)


def test_a_column_that_is_not_there_is_an_error_with_the_nearest(store: Store) -> None:
    part = store(PARQUET, pa.table({"tailnum": [1], "b": [2]}))
    with pytest.raises(StepError, match="no column `tail_num`") as caught:
        load(part, columns=("tail_num",))
    assert caught.value.help == "a similar column exists: `tailnum`"


def test_a_projection_of_a_large_file_reads_only_its_columns(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_file, "WHOLE_BELOW", 0)
    rows = 20_000
    part = store(
        PARQUET, pa.table({"a": np.arange(rows), "b": np.random.default_rng(0).random(rows)})
    )
    path = part.location / "data.parquet"
    group = pq.read_metadata(path).row_group(0)
    other = group.column(1)
    damaged = bytearray(path.read_bytes())
    start = other.dictionary_page_offset or other.data_page_offset
    damaged[start : start + other.total_compressed_size] = bytes(other.total_compressed_size)
    path.write_bytes(damaged)
    assert load(part, columns=("a",)).column("a").to_pylist() == list(range(rows))
    for broken in (("b",), ("a", "b"), None):
        with pytest.raises(CorruptionError, match=r"data\.parquet"):
            load(part, columns=broken)


def test_no_flipped_bit_changes_what_a_projection_reads(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_file, "WHOLE_BELOW", 0)
    table = pa.table(
        {
            "a": [3, None, 5],
            "s": ["x", "y", None],
            "c": pa.array(["u", "v", "u"]).dictionary_encode(),
        }
    )
    part = store(PARQUET, table)
    path = part.location / "data.parquet"
    whole = path.read_bytes()
    expected = load(part, columns=("c", "a"))
    found = 0
    for at in range(0, len(whole), 3):
        flipped = bytearray(whole)
        flipped[at] ^= 1 << (at % 8)
        path.write_bytes(flipped)
        try:
            loaded = load(part, columns=("c", "a"))
        except CorruptionError:
            found += 1
        else:
            assert loaded.equals(expected)
    assert found > len(whole) // 12


def test_a_version_given_by_the_user_has_no_column_digests_and_loads_all_the_same(
    store: Store,
) -> None:
    part = store(PARQUET, pa.table({"a": [1], "b": [2]}))
    given = dataclasses.replace(part, written=dataclasses.replace(part.written, columns=None))
    assert load(given).to_pydict() == {"a": [1], "b": [2]}
    assert load(given, columns=("b",)).to_pydict() == {"b": [2]}
    with pytest.raises(StepError, match="E305"):
        load(given, columns=("c",))


# --- DuckDB -----------------------------------------------------------------------------------------------------


def test_relations_loaded_for_one_call_join_in_one_query(store: Store) -> None:
    flights = load(store(PARQUET, pa.table({"plane": ["x", "y"]})), as_type=duckdb.DuckDBPyRelation)
    planes = load(
        store(PARQUET, pa.table({"plane": ["x"], "seats": [90]})), as_type=duckdb.DuckDBPyRelation
    )
    rows = duckdb.sql("select seats from flights join planes using (plane)").fetchall()
    assert (rows, flights.columns, planes.columns) == ([(90,)], ["plane"], ["plane", "seats"])


def test_a_sum_of_integers_loads_as_integers(store: Store) -> None:
    part = store(PARQUET, duckdb.sql("select sum(i) as total from range(4) t(i)"))
    assert part.written.columns[0].type == "decimal128(38, 0)[hugeint]"
    assert load(part, as_type="pd.DataFrame")["total"].tolist() == [6]
    assert str(load(part, as_type="pd.DataFrame")["total"].dtype) == "int64"
    assert load(part).types == ["HUGEINT"]


def test_an_enum_keeps_its_values_even_without_rows(store: Store) -> None:
    for where in ("true", "false"):
        part = store(PARQUET, duckdb.sql(f"select 'b'::enum('a', 'b', 'c') as e where {where}"))
        assert load(part, as_type=pd.DataFrame)["e"].cat.categories.tolist() == ["a", "b", "c"]


def test_a_relation_is_streamed_over_many_pieces(store: Store) -> None:
    rows = 2_500_000
    part = store(PARQUET, duckdb.sql(f"select i, i % 3 = 0 as third from range({rows}) t(i)"))
    assert part.written.rows == rows
    assert pq.read_metadata(part.location / "data.parquet").num_row_groups == 3
    loaded = load(part, as_type=pa.Table)
    assert loaded.column("i").to_numpy()[-1] == rows - 1


def test_what_a_query_raises_while_it_is_written_comes_through(store: Store) -> None:
    with pytest.raises(duckdb.Error, match="boom"):
        store(PARQUET, duckdb.sql("select error('boom') as e from range(3)"))


def test_a_type_that_duckdb_does_not_have_is_refused_as_a_relation(store: Store) -> None:
    part = store(PARQUET, pa.table({"h": pa.array([1.5], type=pa.float16())}))
    assert load(part, as_type="pd.DataFrame")["h"].tolist() == [1.5]
    with pytest.raises(StepError, match="E303"):
        load(part, as_type=duckdb.DuckDBPyRelation)


# --- canonical order --------------------------------------------------------------------------------------------


def test_canonical_order_is_by_the_row_key_then_by_everything_else(store: Store) -> None:
    table = pa.table({"a": [2, 1, 1, None], "b": ["x", "y", "x", "z"], "c": [[1], [2], None, [0]]})
    part = store(PARQUET, table, canonical=True, row_key=("b",))
    assert load(part).column("b").to_pylist() == ["x", "x", "y", "z"]
    assert load(part).column("a").to_pylist() == [1, 2, 1, None]


@pytest.mark.parametrize("key", [(), ("k",), ("f",), ("f", "k")])
def test_any_order_of_the_same_rows_is_one_version(store: Store, key: tuple[str, ...]) -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "f": rng.choice([0.0, -0.0, np.inf, 1.5, np.nan], 500),
            "k": rng.permutation(500),
            "K": rng.choice(["x", None], 500),
        }
    )
    for value in (lambda f: f, pa.Table.from_pandas):
        versions = {
            store(
                PARQUET, value(frame.sample(frac=1, random_state=seed)), canonical=True, row_key=key
            ).written.data_version
            for seed in range(4)
        }
        assert len(versions) == 1


def test_a_relation_in_canonical_order_holds_the_same_rows(store: Store) -> None:
    versions = set()
    for seed in range(3):
        source = pd.DataFrame({"f": [0.0, -0.0, 1.0, np.nan] * 50, "i": range(200)}).sample(
            frac=1, random_state=seed
        )
        relation = duckdb.from_df(source).select("f")
        versions.add(store(PARQUET, relation, canonical=True).written.data_version)
    assert len(versions) == 1


def test_rows_that_share_a_key_are_ordered_by_the_rest(store: Store) -> None:
    table = pa.table({"k": [1, 1, 0], "v": ["b", "a", "c"]})
    part = store(PARQUET, table, canonical=True, row_key=("k",))
    assert load(part).to_pydict() == {"k": [0, 1, 1], "v": ["c", "a", "b"]}


@pytest.mark.parametrize("query", [False, True])
def test_a_row_key_that_is_not_there_is_an_error(store: Store, query: bool) -> None:
    value = duckdb.sql("select unnest([2, 1]) as a") if query else pa.table({"a": [2, 1]})
    with pytest.raises(StepError, match="no column `b`"):
        store(PARQUET, value, canonical=True, row_key=("b",))


def test_sorting_leaves_nothing_beside_the_file(store: Store) -> None:
    part = store(PARQUET, pd.DataFrame({"a": np.arange(50_000)[::-1]}), canonical=True)
    assert [path.name for path in part.location.iterdir()] == ["data.parquet"]


# --- options ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compression", ["zstd", "snappy", "lz4", "none"])
def test_compression_is_no_part_of_the_version(store: Store, compression: str) -> None:
    table = pa.table({"a": [1, 2]})
    part = store(PARQUET, table, options={"compression": compression})
    assert part.written.data_version == store(PARQUET, table).written.data_version
    assert load(part).equals(table)


def test_a_wrong_option_names_the_choices(tmp_path: Path) -> None:
    with pytest.raises(AssetsError, match=r"E306.*zstd, snappy, lz4, none"):
        PARQUET.write(pa.table({"a": [1]}), tmp_path, WriteOptions(options={"compression": "zip"}))


def test_every_page_carries_a_checksum_that_other_readers_verify(store: Store) -> None:
    part = store(PARQUET, pa.table({"a": np.arange(1000)}))
    path = part.location / "data.parquet"
    column = pq.read_metadata(path).row_group(0).column(0)
    damaged = bytearray(path.read_bytes())
    first = column.dictionary_page_offset or column.data_page_offset
    damaged[first + column.total_compressed_size - 1] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(OSError, match=r"CRC|crc|checksum|corrupt|decompress|ZSTD"):
        pq.ParquetFile(path, page_checksum_verification=True).read()


def test_the_files_of_partitions_are_given_to_engines(store: Store) -> None:
    parts = [store(PARQUET, pa.table({"a": [n]})) for n in (1, 2)]
    paths = [str(path) for path in PARQUET.tables(parts)]
    assert duckdb.read_parquet(paths).order("a").fetchall() == [(1,), (2,)]
