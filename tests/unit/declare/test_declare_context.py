"""The context: what a call can ask, and the located errors for what it does not have."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from assets_core import AssetContext, DailyPartitions, MultiPartitions, StaticPartitions
from assets_core.declare.context import AddedMetadata, PartitionContext, RunInfo
from assets_core.errors import DefinitionError
from assets_core.model.keys import AssetKey
from assets_core.partitions import PartitionsDefinition

NEW_YORK = ZoneInfo("America/New_York")
DAYS = DailyPartitions(start="2013-01-01", timezone="America/New_York")
REGIONS = StaticPartitions(["eu", "us"])
BOTH = MultiPartitions({"day": DAYS, "region": REGIONS})


def context(definition: PartitionsDefinition | None = None, *keys: str) -> AssetContext:
    key = AssetKey("orders")
    return AssetContext(
        asset=key,
        run=RunInfo("r1", "default", datetime(2024, 1, 1, tzinfo=UTC)),
        log=logging.getLogger("orders"),
        partitioning=None if definition is None else PartitionContext(key, definition, keys),
    )


def test_a_day_has_a_window_in_its_zone() -> None:
    partition = context(DAYS, "2013-03-10").partition
    assert (partition.key, partition.keys) == ("2013-03-10", ("2013-03-10",))
    assert partition.date == date(2013, 3, 10)
    assert partition.start == datetime(2013, 3, 10, tzinfo=NEW_YORK)
    assert partition.end == datetime(2013, 3, 11, tzinfo=NEW_YORK)
    assert partition.end.astimezone(UTC) - partition.start.astimezone(UTC) == timedelta(hours=23)
    assert partition.start_naive == datetime(2013, 3, 10)
    assert partition.end_naive == datetime(2013, 3, 11)


def test_a_batch_reaches_from_the_first_to_the_last() -> None:
    partition = context(DAYS, "2013-01-01", "2013-01-02").partition
    assert partition.keys == ("2013-01-01", "2013-01-02")
    assert (partition.start_naive, partition.end_naive) == (
        datetime(2013, 1, 1),
        datetime(2013, 1, 3),
    )


def test_dimensions_are_by_name_and_time_is_that_of_the_time_dimension() -> None:
    partition = context(BOTH, "day=2013-01-05,region=eu").partition
    assert dict(partition.dims) == {"day": "2013-01-05", "region": "eu"}
    assert partition.date == date(2013, 1, 5)


def asked(ask: Callable[[AssetContext], object], given: AssetContext) -> DefinitionError:
    with pytest.raises(DefinitionError) as caught:
        ask(given)
    return caught.value


@pytest.mark.parametrize(
    ("ask", "given", "code", "message"),
    [
        (
            lambda c: c.partition.key,
            context(),
            "E142",
            "`context.partition` has no meaning: `orders` is not partitioned",
        ),
        (
            lambda c: c.partition.key,
            context(DAYS, "2013-01-01", "2013-01-02"),
            "E143",
            "`context.partition.key` has no meaning: this call of `orders` is a batch of 2 partitions",
        ),
        (
            lambda c: c.partition.date,
            context(DAYS, "2013-01-01", "2013-01-02"),
            "E143",
            "`context.partition.date` has no meaning: this call of `orders` is a batch of 2 partitions",
        ),
        (
            lambda c: c.partition.start,
            context(REGIONS, "eu"),
            "E144",
            "the partitions of `orders` have no time: it is partitioned by static keys",
        ),
        (
            lambda c: c.partition.dims,
            context(REGIONS, "eu"),
            "E144",
            "`context.partition.dims` has no meaning: `orders` has one dimension",
        ),
    ],
)
def test_what_a_call_does_not_have_is_an_error_at_the_users_line(
    ask: Callable[[AssetContext], object], given: AssetContext, code: str, message: str
) -> None:
    error = asked(ask, given)
    assert (error.code, error.message) == (code, message)
    assert error.help is not None
    assert error.place is not None
    assert error.place.file == __file__
    assert error.place.line == inspect.getsourcelines(ask)[1]


def test_metadata_is_kept_with_what_it_is_about() -> None:
    given = context()
    given.add_metadata(rows=3)
    given.add_metadata({"not a name": 1}, output="train", partition="2013-01-01")
    assert given.added == [
        AddedMetadata({"rows": 3}, None, None),
        AddedMetadata({"not a name": 1}, "train", "2013-01-01"),
    ]
