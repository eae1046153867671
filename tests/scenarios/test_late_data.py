"""Late data: a source says which partition of it changed, and exactly that one is ingested again."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from assets_core.model.events import StepStarted
from tests.scenarios.shops import Shop

EVENTS = """
import json

days = DailyPartitions(start="2026-01-01")
months = MonthlyPartitions(start="2026-01-01")


def rows():
    return json.loads(Path("rows.json").read_text())


@source(partitions=days, observe=lambda: {day: str(sorted(values)) for day, values in rows().items()})
def events(context: AssetContext) -> dict[str, list[int]]:
    ran("events", *context.partition.keys)
    return {key: rows().get(key, []) for key in context.partition.keys}


@asset(partitions=days, batch="all", code_version="1")
def ingested(context: AssetContext, events: dict[str, list[int]]) -> Iterator[Output[int]]:
    ran("ingested", *context.partition.keys)
    assert set(events) == set(context.partition.keys), events
    for key in context.partition.keys:
        yield Output(sum(events[key]), partition=key)


@asset(partitions=months, code_version="1")
def monthly(
    context: AssetContext,
    ingested: Annotated[dict[str, int], Input("ingested", mapping=TimeWindow(allow_missing=True))],
) -> int:
    ran("monthly", context.partition.key)
    return sum(ingested.values())
"""


def day(number: int) -> str:
    return f"2026-01-{number:02d}"


@pytest.fixture
def events(shop: Shop) -> Shop:
    """Thirty-one days of events and their month, ingested."""
    shop.now = datetime(2026, 2, 1, tzinfo=UTC)
    put(shop, {day(n): [n] for n in range(1, 32)})
    shop.define(EVENTS)
    shop.build()
    return shop


def put(shop: Shop, rows: dict[str, list[int]]) -> None:
    shop.write("rows.json", json.dumps(rows))


def rows(shop: Shop) -> dict[str, list[int]]:
    return json.loads((shop.root / "rows.json").read_text())


def batches(shop: Shop) -> list[tuple[str, ...]]:
    """The partitions of each call that ingested something in the latest run."""
    return [e.partitions for e in shop.of(StepStarted) if "ingested" in e.assets]


def test_the_first_ingestion_is_one_call(events: Shop) -> None:
    assert [len(partitions) for partitions in batches(events)] == [31]
    assert events.value("monthly", partition="2026-01") == sum(range(1, 32))
    assert events.todo() == []


def test_a_changed_row_reopens_exactly_its_day(events: Shop) -> None:
    put(events, rows(events) | {day(17): [17, 100]})
    assert events.todo() == [
        f"ingested@{day(17)} run input_changed",
        "monthly@2026-01 maybe upstream_pending",
    ]
    assert events.build() == [f"events@{day(17)}", f"ingested@{day(17)}", "monthly@2026-01"]
    assert batches(events) == [(day(17),)]
    assert events.value("monthly", partition="2026-01") == sum(range(1, 32)) + 100
    assert events.todo() == []


def test_a_batch_of_all_gets_only_the_affected_days_and_gaps_split_it(events: Shop) -> None:
    put(events, rows(events) | {day(n): [n, n] for n in (3, 4, 5, 20)})
    events.build("ingested")
    assert batches(events) == [(day(3), day(4), day(5)), (day(20),)]


def test_rows_that_sum_up_to_the_same_end_at_their_day(events: Shop) -> None:
    put(events, rows(events) | {day(9): [4, 5]})
    assert events.build() == [f"events@{day(9)}", f"ingested@{day(9)}"]


def test_rows_in_another_order_are_no_other_rows(events: Shop) -> None:
    put(events, dict(reversed(rows(events).items())))
    assert events.todo() == []


def test_a_new_empty_day_at_midnight_makes_nothing_old_stale(events: Shop) -> None:
    events.now = datetime(2026, 2, 1, 23, 59, 59, tzinfo=UTC)
    assert events.todo() == []
    events.now = datetime(2026, 2, 2, tzinfo=UTC)
    assert events.todo() == ["ingested@2026-02-01 blocked input_missing"]
    assert events.attempt() == []
    put(events, rows(events) | {"2026-02-01": [1]})
    assert events.build() == ["events@2026-02-01", "ingested@2026-02-01"]


def test_a_day_that_the_source_no_longer_knows_is_explained(events: Shop) -> None:
    left = rows(events)
    del left[day(31)]
    put(events, left)
    assert events.todo() == [
        f"ingested@{day(31)} blocked input_missing",
    ]
    assert events.value("ingested", partition=day(31)) == 31, "readers keep what there was"
