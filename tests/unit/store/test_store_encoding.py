"""Records survive their text form whatever they hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets_core.model.checks import CheckOutcome, CheckStatus, Severity
from assets_core.model.keys import AssetKey
from assets_core.model.records import Failure, InputRecord, MaterializationRecord
from assets_core.model.values import ColumnDigest, StoredFile, Written
from assets_core.model.versions import CodeVersion, ConfigVersion, DataVersion, InputVersion, Term
from assets_core.store import encoding

texts = st.text(st.characters(), max_size=20)
lanes = st.integers(0, 2**64 - 1)
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts.map(str.strip),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
versions = st.builds(InputVersion, lanes, lanes, st.integers(0, 2**62))
files = st.builds(StoredFile, texts, st.integers(0, 2**50), texts)
columns = st.builds(ColumnDigest, texts, texts, texts)
written = st.builds(
    Written,
    texts,
    texts.map(DataVersion),
    st.lists(files, max_size=3).map(tuple),
    texts,
    st.none() | st.integers(0, 2**50),
    st.integers(0, 2**50),
    st.none() | st.lists(columns, max_size=3).map(tuple),
)
inputs = st.builds(
    InputRecord,
    texts.map(AssetKey),
    texts,
    st.none() | st.lists(texts, max_size=3).map(tuple),
    versions,
    st.integers(0, 2**62),
)
outcomes = st.builds(
    CheckOutcome,
    texts,
    st.sampled_from(CheckStatus),
    st.sampled_from(Severity),
    st.booleans(),
    texts,
    st.none() | st.integers(),
    st.lists(st.dictionaries(texts, json, max_size=2), max_size=2).map(tuple),
    st.dictionaries(texts, json, max_size=2),
    texts,
    st.sampled_from(["partition", "asset"]),
)


def made_of(
    value: Written, read: tuple[InputRecord, ...] = (), metadata: dict[str, object] | None = None
) -> MaterializationRecord:
    return MaterializationRecord(
        "t", "r", "e", AssetKey("a"), "", CodeVersion("c"), ConfigVersion("k"), "s", read, value,
        Term(0, 0), datetime(2026, 1, 1, tzinfo=UTC), metadata or {},
    )  # fmt: skip


@pytest.mark.parametrize("number", [None, True, 1.5, float("inf"), 10**40, "7"])
def test_what_a_materializer_gives_for_a_number_is_read_back_as_it_is(number: Any) -> None:
    files = (StoredFile("f", number, "d"),)
    value = Written("other", DataVersion("v"), files, "t", number, number)
    details = encoding.loads(encoding.details_text(made_of(value)))
    assert encoding.written_of(details["written"]) == value


@given(written, st.lists(inputs, max_size=4).map(tuple), st.dictionaries(texts, json, max_size=3))
def test_the_details_of_a_materialization_survive(
    value: Written, read: tuple[InputRecord, ...], metadata: dict[str, object]
) -> None:
    details = encoding.loads(encoding.details_text(made_of(value, read, metadata)))
    assert encoding.written_of(details["written"]) == value
    assert encoding.inputs_of(details["inputs"]) == read
    assert details["metadata"] == metadata


@given(st.lists(st.tuples(outcomes, versions), max_size=3).map(tuple))
def test_check_results_survive(value: tuple[tuple[CheckOutcome, InputVersion], ...]) -> None:
    assert encoding.results_of(encoding.results_text(value)) == value


@given(
    st.none() | st.builds(Failure, texts, texts, texts, st.none() | texts, st.integers(0, 99999))
)
def test_failures_survive(value: Failure | None) -> None:
    assert encoding.failure_of(encoding.failure_text(value)) == value


@given(st.builds(Term, lanes, lanes))
def test_terms_survive(value: Term) -> None:
    assert encoding.term_of(encoding.term_blob(value)) == value


@given(st.datetimes(timezones=st.timezones() | st.just(UTC)))
def test_times_survive_as_the_same_instant_in_utc(time: datetime) -> None:
    try:
        instant = time.astimezone(UTC)
    except OverflowError:
        return
    back = encoding.time_of(encoding.time_text(time))
    assert back == instant
    assert back.tzinfo is UTC


def test_a_time_of_another_zone_is_written_in_utc() -> None:
    time = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert encoding.time_text(time) == "2026-01-01T10:00:00+00:00"


def test_the_hour_that_comes_twice_when_clocks_go_back_is_two_hours() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Paris"))
    again = first.replace(fold=1)
    assert first == again
    assert encoding.time_text(first) == "2026-10-25T00:30:00+00:00"
    assert encoding.time_text(again) == "2026-10-25T01:30:00+00:00"


def test_a_naive_time_is_a_bug() -> None:
    with pytest.raises(ValueError, match="aware"):
        encoding.time_text(datetime(2026, 1, 1))


@given(texts)
def test_every_text_is_plain_ascii_once_encoded(value: str) -> None:
    text = encoding.dumps(value)
    assert text.isascii()
    assert "\0" not in text
