"""Partitions that disagree about themselves make one table all the same, or say which column does not fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from assets_core.errors import StepError
from assets_core.model.values import StoredPart
from materializers.parquet import ParquetMaterializer

PARQUET = ParquetMaterializer()
Store = Callable[..., StoredPart]


def joined(store: Store, *values: object, as_type: object = None) -> Any:
    return PARQUET.load([store(PARQUET, value) for value in values], None, as_type)


def test_partitions_keep_their_order(store: Store) -> None:
    frames = [pd.DataFrame({"a": [n]}) for n in (3, 1, 2)]
    assert joined(store, *frames)["a"].tolist() == [3, 1, 2]


def test_no_partitions_are_an_empty_frame() -> None:
    assert PARQUET.load([], None, pd.DataFrame).shape == (0, 0)
    assert list(PARQUET.load([], ("a", "b"), "pd.DataFrame").columns) == ["a", "b"]
    assert PARQUET.load([], None, pa.Table).num_rows == 0


@pytest.mark.parametrize(
    "quiet",
    [
        pd.DataFrame({"a": [], "s": []}),
        pd.DataFrame({"a": pd.Series([], dtype="int64"), "s": pd.Series([], dtype="float64")}),
        pd.DataFrame({"a": [None], "s": [None]}),
        pd.DataFrame({"a": [np.nan], "s": [np.nan]}),
    ],
    ids=["untyped", "other types", "nothing", "NaN"],
)
def test_a_partition_without_values_has_no_say(store: Store, quiet: pd.DataFrame) -> None:
    full = pd.DataFrame({"a": pd.array([1, 2], dtype="Int64"), "s": ["x", "y"]})
    for frames in ((quiet, full), (full, quiet)):
        loaded = joined(store, *frames)
        assert [str(dtype) for dtype in loaded.dtypes] == ["Int64", "str"]
        assert loaded["s"].dropna().tolist() == ["x", "y"]


def test_empty_partitions_alone_keep_the_types_they_have(store: Store) -> None:
    empty = pd.DataFrame({"a": pd.Series([], dtype="int64"), "n": pd.Series([], dtype=object)})
    typed = pd.DataFrame({"a": pd.Series([], dtype="int64"), "n": pd.Series([], dtype="str")})
    assert [str(dtype) for dtype in joined(store, empty, typed).dtypes] == ["int64", "str"]


@pytest.mark.parametrize(
    ("one", "other", "wide"),
    [
        (pa.int8(), pa.int64(), pa.int64()),
        (pa.int64(), pa.float64(), pa.float64()),
        (pa.decimal128(5, 2), pa.decimal128(9, 4), pa.decimal128(9, 4)),
        (pa.timestamp("s"), pa.timestamp("us"), pa.timestamp("us")),
        (pa.list_(pa.null()), pa.list_(pa.int64()), pa.list_(pa.int64())),
        (
            pa.struct({"x": pa.int8()}),
            pa.struct({"x": pa.int64(), "y": pa.string()}),
            pa.struct({"x": pa.int64(), "y": pa.string()}),
        ),
    ],
)
def test_types_widen(store: Store, one: pa.DataType, other: pa.DataType, wide: pa.DataType) -> None:
    sample = {pa.list_(pa.null()): [None], pa.list_(pa.int64()): [1]}
    value = lambda found: sample.get(found, {"x": 1} if pa.types.is_struct(found) else 1)  # noqa: E731
    tables = [pa.table({"c": pa.array([value(found)], type=found)}) for found in (one, other)]
    loaded = joined(store, *tables)
    assert loaded.schema.field("c").type == wide
    assert loaded.num_rows == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [(["x"], [1]), ([2**53 + 1], [0.5]), ([True], [1]), ([[1]], [1])],
)
def test_what_cannot_be_united_names_the_column_and_both_types(
    store: Store, one: list[Any], other: list[Any]
) -> None:
    with pytest.raises(StepError, match=r"E304.*column `c`") as caught:
        joined(store, pa.table({"c": one}), pa.table({"c": other}))
    assert "dict[str, ...]" in str(caught.value.help)


def test_a_column_that_came_later_is_missing_before(store: Store) -> None:
    loaded = joined(store, pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [2], "b": ["x"]}))
    assert loaded["b"].isna().tolist() == [True, False]


def categorical(*values: str | None, categories: list[str], ordered: bool = False) -> pd.DataFrame:
    return pd.DataFrame({"c": pd.Categorical(list(values), categories=categories, ordered=ordered)})


def test_categories_unite_in_order_of_appearance(store: Store) -> None:
    one = categorical("b", None, categories=["b", "a"])
    other = categorical("c", "a", categories=["a", "c"])
    loaded = joined(store, one, other)["c"]
    assert loaded.cat.categories.tolist() == ["b", "a", "c"]
    assert loaded.tolist()[2:] == ["c", "a"]
    assert not loaded.cat.ordered


def test_an_order_survives_where_every_partition_agrees_with_it(store: Store) -> None:
    low, full = ["low", "high"], ["low", "mid", "high"]
    loaded = joined(
        store,
        categorical("low", categories=low, ordered=True),
        categorical("mid", categories=full, ordered=True),
    )["c"]
    assert (loaded.cat.ordered, loaded.cat.categories.tolist()) == (True, full)
    other = categorical("low", categories=["high", "low"], ordered=True)
    assert not joined(store, other, categorical("mid", categories=full, ordered=True))[
        "c"
    ].cat.ordered


def test_a_partition_that_is_not_categorical_makes_plain_values(store: Store) -> None:
    loaded = joined(store, categorical("a", categories=["a"]), pd.DataFrame({"c": ["b"]}))["c"]
    assert (str(loaded.dtype), loaded.tolist()) == ("str", ["a", "b"])


def test_a_categorical_partition_without_values_does_not_shrink_the_list(store: Store) -> None:
    empty = categorical(categories=["a", "b"])
    loaded = joined(
        store,
        empty,
        categorical("a", categories=["a", "b"]),
        categorical(None, categories=["a", "b"]),
    )
    assert loaded["c"].cat.categories.tolist() == ["a", "b"]
    assert len(loaded) == 2
