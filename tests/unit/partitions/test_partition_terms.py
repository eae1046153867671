"""The forms of ``-p``, what they select in each kind of definition, and the errors."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assets_core.errors import UsageError
from assets_core.partitions import (
    DailyPartitions,
    HourlyPartitions,
    MonthlyPartitions,
    MultiPartitions,
    StaticPartitions,
    StatusTerm,
    Unpartitioned,
    WeeklyPartitions,
    describe_ranges,
    no_term_applies,
    parse_term,
    select,
    select_any,
)

NOW = datetime(2026, 11, 20, tzinfo=UTC)
DAYS = DailyPartitions("2013-01-01", "2014-01-01", timezone="America/New_York")
HOURS = HourlyPartitions("2013-01-01", "2014-01-01", timezone="America/New_York")
WEEKS = WeeklyPartitions("2013-01-06", "2013-12-29")
MONTHS = MonthlyPartitions("2013-01", "2014-01")
LISTED = StaticPartitions(["eu", "us", "2013", "a..b", "stale", "x=1", "-rf"])
BOTH = MultiPartitions({"day": DAYS, "region": StaticPartitions(["eu", "us", "a,b"])})
TWO_TIMES = MultiPartitions({"day": DAYS, "month": MONTHS})


@pytest.mark.parametrize(
    ("text", "definition", "count", "first", "last"),
    [
        ("2013-01-05", DAYS, 1, "2013-01-05", "2013-01-05"),
        ("2013-01-05", HOURS, 24, "2013-01-05T00:00", "2013-01-05T23:00"),
        ("2013-03-10", HOURS, 23, "2013-03-10T00:00", "2013-03-10T23:00"),
        ("2013-11-03", HOURS, 25, "2013-11-03T00:00", "2013-11-03T23:00"),
        ("2013-11-03T01:00-05:00", HOURS, 1, "2013-11-03T01:00-05:00", "2013-11-03T01:00-05:00"),
        ("2013-01-05", WEEKS, 0, None, None),
        ("2013-01-08", WEEKS, 1, "2013-01-06", "2013-01-06"),
        ("2013-02", WEEKS, 5, "2013-01-27", "2013-02-24"),
        ("2013-02", DAYS, 28, "2013-02-01", "2013-02-28"),
        ("2013-02-14", MONTHS, 1, "2013-02", "2013-02"),
        ("2013", MONTHS, 12, "2013-01", "2013-12"),
        ("2013", LISTED, 1, "2013", "2013"),
        ("2030", DAYS, 0, None, None),
        ("2013-01-30..2013-02", DAYS, 30, "2013-01-30", "2013-02-28"),
        ("2012..2013-01-02", DAYS, 2, "2013-01-01", "2013-01-02"),
        ("eu..2013", LISTED, 3, "eu", "2013"),
        ("a..b", LISTED, 1, "a..b", "a..b"),
        ("key:stale", LISTED, 1, "stale", "stale"),
        ("x=1", LISTED, 1, "x=1", "x=1"),
        ("-rf", LISTED, 1, "-rf", "-rf"),
        ("last:3", DAYS, 3, "2013-12-29", "2013-12-31"),
        ("last:99999", LISTED, 7, "eu", "-rf"),
        ("last:2", BOTH, 6, "day=2013-12-30,region=eu", r"day=2013-12-31,region=a\,b"),
        ("2013-02", BOTH, 84, "day=2013-02-01,region=eu", r"day=2013-02-28,region=a\,b"),
        ("region=us,day=2013-02", BOTH, 28, "day=2013-02-01,region=us", "day=2013-02-28,region=us"),
        ("day=last:2", BOTH, 6, "day=2013-12-30,region=eu", r"day=2013-12-31,region=a\,b"),
        (r"region=a\,b", BOTH, 365, r"day=2013-01-01,region=a\,b", r"day=2013-12-31,region=a\,b"),
        (
            "day=2013-01-02..2013-01-03,region=eu..us",
            BOTH,
            4,
            "day=2013-01-02,region=eu",
            "day=2013-01-03,region=us",
        ),
        ("2013", Unpartitioned(), 1, "", ""),
        ("anything", Unpartitioned(), 1, "", ""),
    ],
)
def test_a_term_selects(text, definition, count, first, last):
    chosen = select(parse_term(text), definition, NOW)
    assert chosen is not None
    assert chosen.count == count
    if count:
        assert definition.key(chosen.first) == first
        assert definition.key(chosen.last) == last


@pytest.mark.parametrize(
    ("text", "definition"),
    [
        ("eu", DAYS),
        ("2013-13", DAYS),
        ("2013-02-30", DAYS),
        ("2014", LISTED),
        ("eu..asia", LISTED),
        ("key:2013-01", DAYS),
        ("region=eu", DAYS),
        ("region=asia", BOTH),
        ("zone=eu", BOTH),
        ("eu", BOTH),
        ("2013-02", TWO_TIMES),
    ],
)
def test_a_term_that_says_nothing_about_a_definition_does_not_apply(text, definition):
    assert select(parse_term(text), definition, NOW) is None


def test_terms_are_united_and_none_applying_is_none():
    terms = [parse_term(text) for text in ("2013-01-01", "2013-01-02..2013-01-04", "eu")]
    chosen = select_any(terms, DAYS, NOW)
    assert chosen is not None
    assert list(chosen.ranges()) == [(15706, 15710)]
    assert select_any([parse_term("eu")], DAYS, NOW) is None


@pytest.mark.parametrize("text", ["stale", "missing", "failed", "status:failed"])
def test_statuses_are_left_to_whoever_knows_them(text):
    assert parse_term(text) == StatusTerm(text.removeprefix("status:"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty"),
        ("last:0", "a whole number from 1 on"),
        ("last:-1", "a whole number from 1 on"),
        ("last:٣", "a whole number from 1 on"),
        ("last:9999999999", "a whole number from 1 on"),
        ("status:odd", "the statuses are stale, missing, failed"),
        ("a\x1b[0m", "control character U+001B"),
        ("key:", "it is empty"),
        ("x" * 600, "600 bytes"),
        ("a..\u202e", "bidirectional"),
    ],
)
def test_malformed_terms_are_refused(text, says):
    with pytest.raises(UsageError) as caught:
        parse_term(text)
    assert caught.value.code == "E208"
    assert says in caught.value.message
    assert caught.value.message.isprintable()


def test_a_range_that_runs_backwards_is_refused():
    with pytest.raises(UsageError, match="`2014` comes after `2013`"):
        select(parse_term("2014..2013"), DAYS, NOW)
    with pytest.raises(UsageError, match="`us` comes after `eu`"):
        select(parse_term("us..eu"), LISTED, NOW)


def test_the_error_for_an_asset_without_a_term_names_it_and_a_key():
    error = no_term_applies([parse_term("eruope")], StaticPartitions(["europe", "asia"]), "orders")
    assert (
        error.message == "the term `eruope` does not apply to `orders`, which has static partitions"
    )
    assert error.help == "its partitions look like `europe`"
    error = no_term_applies([parse_term("2013-02-30"), parse_term("eu")], DAYS, "flights")
    assert (
        error.message
        == "none of the terms `2013-02-30`, `eu` applies to `flights`, which has daily partitions"
    )
    assert error.help == "its partitions look like `2013-01-01`"


def test_ranges_are_described_among_existing_partitions():
    weekdays = DailyPartitions("2013-01-01", "2013-02-01", exclusions=["0 0 * * SAT,SUN"])
    existing = weekdays.existing(NOW)
    stale = existing - existing.slice(5, 6)
    assert describe_ranges(weekdays, stale, existing) == [
        ("2013-01-01", "2013-01-07", 5),
        ("2013-01-09", "2013-01-31", 17),
    ]
    assert describe_ranges(weekdays, stale, existing, 1) == [("2013-01-01", "2013-01-07", 5)]
    assert describe_ranges(weekdays, existing.take(0), existing) == []
