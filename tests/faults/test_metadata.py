"""Fault 34: metadata is stored as what it is, or refused with the path to what cannot be."""

from __future__ import annotations

import json
from datetime import UTC

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets_core.errors import StepError
from assets_core.execution.metadata import checked_metadata
from assets_core.model.keys import AssetKey
from tests.scenarios.shops import Shop

REFUSED = {
    "float('nan')": "m.deep[0].x",
    "float('inf')": "m.deep[0].x",
    "10 ** 400": "m.deep[0].x",
    "b'bytes'": "m.deep[0].x",
    "bytearray(3)": "m.deep[0].x",
    "datetime(2026, 1, 1)": "m.deep[0].x",
    "{1, 2}": "m.deep[0].x",
    "object()": "m.deep[0].x",
    "'x' * 5_000_000": "metadata",
}
STORED = {
    "datetime(2026, 1, 1, tzinfo=timezone.utc)": "2026-01-01T00:00:00+00:00",
    "date(2026, 1, 1)": "2026-01-01",
    "2 ** 63 - 1": 2**63 - 1,
    "0.1": 0.1,
    "(1, None, True)": [1, None, True],
    "'\\ud800\\x00'": "\ud800\x00",
}


@pytest.fixture
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A project with one asset per value."""
    shop = Shop.at(tmp_path_factory.mktemp("metadata") / "project")
    bodies = [
        f"""
@asset
def value_{number}() -> Output[int]:
    return Output(1, metadata={{"m": {{"deep": [{{"x": {expression}}}]}}}})
"""
        for number, expression in enumerate((*REFUSED, *STORED))
    ]
    shop.define("from datetime import date, datetime, timezone\n" + "\n".join(bodies))
    return shop


def test_each_value_is_stored_typed_or_fails_its_asset_alone(shop: Shop) -> None:
    shop.attempt()
    outcomes = shop.outcomes()
    for number, (expression, path) in enumerate(REFUSED.items()):
        assert outcomes[f"value_{number}"] == "failed", expression
        failure = shop.failure(f"value_{number}")
        assert failure.kind == "E530"
        assert path in failure.message
        assert len(failure.message) < 500
    with shop.project().reading() as reader:
        for number, (expression, expected) in enumerate(STORED.items(), len(REFUSED)):
            assert outcomes[f"value_{number}"] == "materialized", expression
            record = reader.current_of("default", AssetKey(f"value_{number}"))[""]
            found = record.metadata["m"]["deep"][0]["x"]
            assert (found, type(found)) == (expected, type(expected))


odd = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(max_size=3), st.datetimes(),
    st.datetimes(timezones=st.just(UTC)), st.dates(), st.complex_numbers(),
    st.floats().map(np.float64), st.integers(-9, 9).map(np.int32),
)  # fmt: skip
values = st.recursive(
    odd, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


def kept_of(metadata: dict[str, object]) -> object:
    """What is stored; nothing where it is refused as designed."""
    try:
        return checked_metadata(metadata, str)
    except StepError as error:
        return {"refused": error.code == "E530" or error}


@given(st.dictionaries(st.text(max_size=5), values, max_size=3))
def test_whatever_is_stored_comes_back_from_strict_json(metadata: dict[str, object]) -> None:
    kept = kept_of(metadata)
    assert json.loads(json.dumps(kept, allow_nan=False)) == kept
