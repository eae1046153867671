"""Wide mappings are exact without a list of pairs, and planning a hundred times more costs no more than that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import numpy as np
import pytest

from assets_core import (
    All,
    DailyPartitions,
    HourlyPartitions,
    Input,
    StaticPartitions,
    TimePartitions,
    TimeWindow,
    asset,
)
from assets_core.model.packed import Flag
from assets_core.model.plans import Action, Plan
from assets_core.partitions import PartitionMapping, PartitionsDefinition, PartitionSet
from assets_core.planning.planner import PlanOptions, plan
from tests.unit.planning.recorded import NOW, Recorded, cost, recorded

YEARS = TimePartitions("0 0 1 1 *", "2005-01-01", "2025-01-01", timezone="Europe/Paris")
DAYS = DailyPartitions("2005-01-01", "2025-01-01", timezone="Europe/Paris")
TEN_YEARS = HourlyPartitions("2015-01-01", "2025-01-01", timezone="America/New_York")
TEN_YEARS_OF_DAYS = DailyPartitions("2015-01-01", "2025-01-01", timezone="America/New_York")
MANY = StaticPartitions([f"k{n:05d}" for n in range(50_000)])


def pair(
    up: PartitionsDefinition, down: PartitionsDefinition | None, mapping: Any = None
) -> list[Any]:
    """``wide``, and ``narrow`` that reads it."""

    @asset(partitions=up)
    def wide() -> int: ...

    @asset(**({} if down is None else {"partitions": down}))
    def narrow(wide: Annotated[dict[str, int], Input("wide", mapping=mapping)]) -> int: ...

    return [wide, narrow]


def terms_of(made: Recorded, read: np.ndarray[Any, Any]) -> tuple[int, int, int]:
    """One input version by brute force: its terms, added one by one."""
    rows, low, high, count = made.lineage.rows(0), 0, 0, 0
    there = dict(zip(rows.ordinals.tolist(), rows.head.tolist(), strict=True))
    for ordinal in read.tolist():
        head = there.get(ordinal)
        if head is not None and head[1]:
            low, high, count = low + int(head[5][0]), high + int(head[5][1]), count + 1
    return low % 2**64, high % 2**64, count


def windows(definition: PartitionsDefinition, ordinals: Any) -> list[tuple[int, float, float]]:
    found = [(o, definition.window(o)) for o in ordinals]
    return [(o, w.start.timestamp(), w.end.timestamp()) for o, w in found if w is not None]


@pytest.mark.parametrize(
    ("up", "down", "sample"),
    [(DAYS, YEARS, (0, 7, 19)), (TEN_YEARS, TEN_YEARS_OF_DAYS, (0, 66, 306, 1500, 3652))],
    ids=["days_of_years", "hours_of_days"],
)
def test_windows_within_windows_cost_one_range_each_and_sum_up_exactly(
    up: PartitionsDefinition, down: PartitionsDefinition, sample: tuple[int, ...]
) -> None:
    made = recorded(pair(up, down))
    ordinals, present = made.lineage.rows(1).ordinals, made.lineage.present(0)
    table = made.graph.inputs(1)[0].mapping.ranges_of(ordinals, present)
    assert len(table.starts) == len(ordinals)
    assert int((table.stops - table.starts).sum()) == len(present), "each is read exactly once"
    sums = made.rebuilder.input_sums(1, ordinals)
    for row in sample:
        ((_, start, end),) = windows(down, [int(ordinals[row])])
        around = range(int(table.starts[row]) - 30, int(table.stops[row]) + 30)
        read = np.array([o for o, s, e in windows(up, around) if s < end and start < e], np.int64)
        assert tuple(sums.version(row, 0)) == terms_of(made, read)
    assert made.plan().steps == ()


def test_one_day_of_twenty_years_makes_one_year_stale() -> None:
    made = recorded(pair(DAYS, YEARS))
    made.change(0, [DAYS.ordinal("2012-02-29")])
    (step,) = made.plan().steps
    assert (step.asset, step.action) == ("narrow", Action.RUN)
    assert YEARS.keys(step.partitions) == ["2012-01-01"]


@pytest.mark.parametrize("gaps", [False, True])
def test_all_of_fifty_thousand_is_one_sum(*, gaps: bool) -> None:
    missing = np.arange(0, 50_000, 2) if gaps else []
    made = recorded(pair(MANY, None), {0: missing})
    sums = made.rebuilder.input_sums(1, np.zeros(1, np.int64))
    assert tuple(sums.version(0, 0)) == terms_of(made, np.arange(50_000))
    last = MANY.ordinal("k49999")
    made.change(0, [last])
    assert [s.asset for s in made.plan().steps if s.action is Action.RUN and s.asset != "wide"] == [
        "narrow"
    ]


def test_all_to_all_with_gaps_is_asked_once_however_many_read_it() -> None:
    """With a range per pair this would be two and a half thousand times five thousand of them."""
    names = StaticPartitions([f"k{n:04d}" for n in range(5_000)])
    made = recorded(pair(names, names, All()), {0: np.arange(0, 5_000, 2)})
    ordinals = made.lineage.rows(1).ordinals
    sums = made.rebuilder.input_sums(1, ordinals)
    assert {tuple(sums.version(row, 0)) for row in range(5_000)} == {
        terms_of(made, np.arange(5_000))
    }
    assert cost(lambda: made.rebuilder.input_sums(1, ordinals)).bytes < 2_000_000
    made.change(0, [7])
    assert len(next(s for s in made.plan().steps if s.asset == "narrow").partitions) == 5_000


@dataclass(frozen=True)
class Shifted(PartitionMapping):
    """A user's own mapping: the key before."""

    def upstream_keys(self, key: str) -> list[str]:
        return [f"k{int(key[1:]) - 1:05d}"] if int(key[1:]) else []

    def downstream_keys(self, key: str) -> list[str]:
        return [f"k{int(key[1:]) + 1:05d}"]


def test_a_mapping_of_ones_own_is_called_a_fixed_number_of_times_per_partition() -> None:
    costs = []
    for count in (200, 2_000):
        names = StaticPartitions([f"k{n:05d}" for n in range(count)])
        made = recorded(pair(names, names, Shifted()))
        assert made.plan().steps == ()
        costs.append(cost(made.plan).named)
    assert costs[0]["upstream_keys"] <= 200 * 2
    assert costs[1]["upstream_keys"] <= 2_000 * 2
    assert costs[1]["downstream_keys"] == 0, "nothing changed, so nobody asks who reads it"


def chain(partitions: PartitionsDefinition) -> list[Any]:
    """Five assets, each of which reads the one before."""
    definitions: list[Any] = []
    for number in range(5):
        scope: dict[str, Any] = {}
        reads = f"h{number - 1}: int" if number else ""
        exec(f"def h{number}({reads}) -> int: ...", scope)
        definitions.append(asset(partitions=partitions)(scope[f"h{number}"]))
    return definitions


def hours(count: int) -> HourlyPartitions:
    """Hours up to the end of 2025, counted back."""
    end = NOW.replace(tzinfo=None)
    return HourlyPartitions(end - timedelta(hours=count), end)


@pytest.fixture(scope="module")
def small() -> Recorded:
    return recorded(chain(hours(2_000)))


@pytest.fixture(scope="module")
def large() -> Recorded:
    """A million asset-partitions."""
    return recorded(chain(hours(200_000)))


@pytest.mark.parametrize("dirty", [0, 1, 1_000])
def test_a_million_take_as_many_calls_as_ten_thousand_and_memory_in_proportion(
    small: Recorded, large: Recorded, dirty: int
) -> None:
    costs, plans = [], []
    for made in (small, large):
        ordinals = made.lineage.rows(0).ordinals
        made.change(0, ordinals[len(ordinals) // 2 :][:dirty])
        costs.append(cost(made.plan))
        plans.append(made.plan())
    for one in plans:
        assert sum(len(s.partitions) for s in one.steps) >= dirty * 4
    assert plans[1].current + sum(len(s.partitions) for s in plans[1].steps) == 1_000_000
    assert costs[1].calls <= costs[0].calls * 1.1
    assert costs[1].named["keys"] == costs[1].named["find"] == 0, "no key is made or read"
    assert costs[1].bytes <= 110 * costs[0].bytes
    assert costs[1].bytes < 250_000_000


def test_a_first_plan_of_a_million_is_a_range_per_asset() -> None:
    costs = []
    for count in (2_000, 200_000):
        definitions = chain(hours(count))
        every = hours(count).existing(NOW)
        made = recorded(definitions, {a: every.to_array() for a in range(5)})
        costs.append(cost(made.plan))
        steps = made.plan().steps
        assert [len(s.partitions.starts) for s in steps] == [1] * 5
        assert sum(len(s.partitions) for s in steps) == 5 * count
    assert costs[1].calls <= costs[0].calls * 1.1


def running_total(count: int, *, made: bool = True) -> Recorded:
    """Hours of which each reads the one before."""
    partitions = hours(count)

    @asset(partitions=partitions)
    def total(
        total: Annotated[dict[str, int], Input("total", mapping=TimeWindow(-1, -1))],
    ) -> int: ...

    return recorded([total], {} if made else {0: partitions.existing(NOW).to_array()})


def test_a_first_plan_of_what_reads_itself_walks_along_nothing() -> None:
    costs = []
    for count in (500, 50_000):
        made = running_total(count, made=False)
        (step,) = made.plan().steps
        assert (step.action, len(step.partitions)) == (Action.RUN, count)
        costs.append(cost(made.plan))
    assert costs[1].calls <= costs[0].calls * 1.1


def test_what_reads_itself_costs_in_proportion_to_what_may_change() -> None:
    costs = []
    for count in (500, 5_000):
        made = running_total(count)
        assert made.plan().steps == ()
        made.change(0, made.lineage.rows(0).ordinals[:1])
        assert [(s.action, len(s.partitions)) for s in made.plan().steps] == [
            (Action.RUN, 1),
            (Action.MAYBE, count - 2),
        ]
        costs.append(cost(made.plan))
    assert costs[1].calls <= costs[0].calls * 11
    assert costs[1].named["changes"] == 0, "nothing is blocked, so nobody asks what that stops"


def test_what_a_blocked_partition_stops_is_asked_once_of_each_that_might_change() -> None:
    costs = []
    for count in (500, 5_000):
        made = running_total(count)
        rows, middle = made.lineage.rows(0), count // 2
        made.change(0, rows.ordinals[[0, middle]])
        rows.head["flags"][middle] |= np.uint64(Flag.DAMAGED)
        wanted = {0: made.wanted[0] - PartitionSet.of(rows.ordinals[[middle]])}

        def planned(made: Recorded = made, wanted: Any = wanted) -> Plan:
            return plan(made.graph, wanted, made.versions, made.lineage, NOW, PlanOptions())

        assert [(s.action, len(s.partitions)) for s in planned().steps] == [
            (Action.RUN, 1),
            (Action.MAYBE, middle - 2),
            (Action.BLOCKED, 1),
        ]
        costs.append(cost(planned))
        assert costs[-1].named["changes"] == count - 2
    assert costs[1].calls <= costs[0].calls * 11
