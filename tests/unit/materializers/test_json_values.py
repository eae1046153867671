"""JSON values: what is refused and where in the value, canonical bytes, and loading by annotation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets_core.errors import StepError
from assets_core.model.values import StoredPart
from materializers.json_values import MAX_DEPTH, JsonMaterializer, plain_json

JSON = JsonMaterializer()
Store = Callable[..., StoredPart]


def deep(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "path", "problem"),
    [
        ({"a": [1, float("nan")]}, "$.a[1]", "nan is not a JSON number"),
        (float("inf"), "$", "inf is not"),
        ({"a": {"b": 10**400}}, "$.a.b", "beyond 64 bits"),
        ([-(2**63) - 1], "$[0]", "beyond 64 bits"),
        ({"a": b"x"}, "$.a", "builtins.bytes is not a JSON type"),
        ([dt.datetime(2020, 1, 1)], "$[0]", "datetime.datetime is not"),
        ([dt.date(2020, 1, 1)], "$[0]", "datetime.date is not"),
        ({"a": Decimal(1)}, "$.a", "decimal.Decimal is not"),
        ({"a": {1: 2}}, "$.a", "the key 1 is not text"),
        ({"a": "\ud800"}, "$.a", "lone surrogate"),
        ({"\ud800": 1}, "$", "lone surrogate"),
        ({"a": {1, 2}}, "$.a", "builtins.set is not"),
        ({"a": np.float64("nan")}, "$.a", "nan is not"),
        ({"a": np.arange(2)}, "$.a", "numpy.ndarray is not"),
        (deep(MAX_DEPTH + 1), "$[0][0]", f"deeper than {MAX_DEPTH} levels"),
        (deep(100_000), "$[0][0]", "deeper than"),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, str) else "",
)
def test_what_json_cannot_hold_is_refused_with_its_path(
    store: Store, value: object, path: str, problem: str
) -> None:
    with pytest.raises(StepError) as caught:
        store(JSON, value)
    assert caught.value.code == "E302"
    assert f"at `{path}" in caught.value.message
    assert problem in caught.value.message


def test_a_list_that_contains_itself_is_refused(store: Store) -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(StepError, match="nested deeper"):
        store(JSON, loop)


def test_numpy_scalars_and_tuples_become_plain(store: Store) -> None:
    value = {"n": np.int64(3), "x": np.float32(0.5), "b": np.bool_(True), "shape": (2, 3)}
    part = store(JSON, value)
    assert JSON.load([part], None, None) == {"n": 3, "x": 0.5, "b": True, "shape": [2, 3]}
    assert JSON.accepts(np.float64(1.5))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(VALUES)
def test_any_json_value_is_kept_exactly(value: object) -> None:
    assert repr(plain_json(value)) == repr(value)


def test_the_order_of_keys_is_no_part_of_the_version(store: Store) -> None:
    one, other = store(JSON, {"a": 1, "b": [2]}), store(JSON, {"b": [2], "a": 1})
    assert one.written == other.written
    assert list(JSON.load([store(JSON, {"b": 1, "a": 2})], None, None)) == ["a", "b"]


@pytest.mark.parametrize(
    ("one", "other"), [(1, 1.0), (1, True), (0.0, -0.0), (None, False), ([], {})]
)
def test_values_that_python_calls_equal_are_still_different_versions(
    store: Store, one: object, other: object
) -> None:
    assert store(JSON, one).written.data_version != store(JSON, other).written.data_version


class Metrics(pydantic.BaseModel):
    """A model with typed fields."""

    rmse: float
    at: dt.datetime
    weights: dict[str, Decimal] = {}
    tags: frozenset[str] = frozenset()


class Aliased(pydantic.BaseModel):
    """A model whose field has another name outside."""

    count: int = pydantic.Field(alias="rowCount")


class Lossy(pydantic.BaseModel):
    """A model whose JSON is not its value."""

    value: int

    @pydantic.field_serializer("value")
    def halve(self, value: int) -> int:
        return value // 2


class Wide(Metrics):
    """A subclass with more to it."""

    extra: int = 0


class Holder(pydantic.BaseModel):
    """A model that holds another."""

    metrics: Metrics


METRICS = Metrics(
    rmse=0.5,
    at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    weights={"a": Decimal("1.10")},
    tags=frozenset({"x"}),
)


def test_a_model_loads_as_the_annotated_model(store: Store) -> None:
    part = store(JSON, METRICS)
    assert part.written.value_type.endswith(".Metrics")
    assert JSON.load([part], None, Metrics) == METRICS
    assert JSON.load([part], None, Metrics | None) == METRICS


def test_a_model_loads_unannotated_as_plain_json(store: Store) -> None:
    loaded: Any = JSON.load([store(JSON, METRICS)], None, None)
    assert loaded == {
        "at": "2020-01-01T00:00:00Z",
        "rmse": 0.5,
        "tags": ["x"],
        "weights": {"a": "1.10"},
    }


def test_a_model_with_aliases_comes_back(store: Store) -> None:
    value = Aliased(rowCount=3)
    assert JSON.load([store(JSON, value)], None, Aliased) == value


@pytest.mark.parametrize(
    ("model", "path"),
    [
        (Lossy(value=3), "$.value"),
        (Metrics(rmse=float("nan"), at=METRICS.at), "$.rmse"),
    ],
)
def test_a_model_that_would_load_as_another_is_refused(
    store: Store, model: object, path: str
) -> None:
    with pytest.raises(StepError, match="E302") as caught:
        store(JSON, model)
    assert f"`{path}`" in caught.value.message


def test_a_subclass_in_a_field_is_refused_where_its_own_fields_would_be_lost(store: Store) -> None:
    with pytest.raises(StepError, match=r"\$\.metrics"):
        store(JSON, Holder.model_construct(metrics=Wide(**METRICS.model_dump(), extra=1)))


@dataclass
class Point:
    """A dataclass to load as."""

    x: int
    y: int


@pytest.mark.parametrize(
    ("value", "annotation", "loaded"),
    [
        ({"x": 1, "y": 2}, Point, Point(1, 2)),
        ([1, 2], list[int], [1, 2]),
        ([1, 2], tuple[int, int], (1, 2)),
        ({"a": 1}, dict, {"a": 1}),
        ({"a": 1}, "dict[str, int]", {"a": 1}),
        (1, float, 1),
        (None, type(None), None),
        (True, bool, True),
    ],
)
def test_values_load_as_their_annotation(
    store: Store, value: object, annotation: object, loaded: object
) -> None:
    assert JSON.load([store(JSON, value)], None, annotation) == loaded


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        ({"a": 1}, list),
        ([1], dict),
        (True, int),
        (1.5, int),
        ({"x": "no", "y": 2}, Point),
        ("x", Metrics),
        ([1], bool),
    ],
)
def test_an_annotation_that_does_not_fit_is_refused(
    store: Store, value: object, annotation: object
) -> None:
    with pytest.raises(StepError, match="E303"):
        JSON.load([store(JSON, value)], None, annotation)
