"""Values of failing rows as JSON that any store, terminal and reader can take."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.samples import json_value

VALUES: list[tuple[object, object]] = [
    (None, None),
    (True, True),
    (3, 3),
    (2**64 - 1, 2**64 - 1),
    (2**64, "18446744073709551616"),
    (-(2**70), "-1180591620717411303424"),
    (1.5, 1.5),
    (math.nan, "NaN"),
    (math.inf, "Infinity"),
    (-math.inf, "-Infinity"),
    ("x" * 200, "x" * 200),
    ("x" * 201, "x" * 200 + "… (201 characters)"),
    (b"\x00\xff", "00ff"),
    (b"\x00" * 101, "00" * 100 + "… (101 bytes)"),
    (Decimal("1.10"), "1.10"),
    (date(2013, 1, 2), "2013-01-02"),
    (datetime(2013, 1, 2, 3, 4, 5, 6), "2013-01-02T03:04:05.000006"),
    (datetime(2013, 1, 2, tzinfo=UTC), "2013-01-02T00:00:00+00:00"),
    (time(1, 2), "01:02:00"),
    (timedelta(days=1, seconds=1), "1 day, 0:00:01"),
    ([1, math.nan, [b"a"]], [1, "NaN", ["61"]]),
    (list(range(12)), [*range(10), "… 2 more"]),
    ({"a": Decimal(1), 2: None}, {"a": "1", "2": None}),
    ([[[[[1]]]]], [[[["[1]"]]]]),
]


@pytest.mark.parametrize(("value", "expected"), VALUES, ids=lambda value: str(value)[:20])
def test_each_type_has_one_json_form(value: object, expected: object) -> None:
    assert json_value(value) == expected


nested = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.decimals()
    | st.datetimes() | st.timedeltas(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)  # fmt: skip


@given(nested)
def test_every_value_becomes_strict_json(value: object) -> None:
    assert json.loads(json.dumps(json_value(value), allow_nan=False)) == json_value(value)
