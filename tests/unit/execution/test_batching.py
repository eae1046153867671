"""Calls get runs of neighbours, and finding one costs the same however many partitions wait."""

from __future__ import annotations

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from assets_core.execution.batching import calls_of
from assets_core.partitions import PartitionSet
from tests.unit.planning.recorded import cost

members = st.lists(st.integers(0, 40)).map(PartitionSet.of)


def by_hand(wanted: list[int], existing: list[int], most: int | None) -> list[list[int]]:
    """The same, partition by partition."""
    calls: list[list[int]] = []
    for ordinal in wanted:
        last = calls[-1] if calls else []
        next_to = bool(last) and existing.index(ordinal) == existing.index(last[-1]) + 1
        if next_to and (most is None or len(last) < most):
            last.append(ordinal)
        else:
            calls.append([ordinal])
    return calls


@given(members, members, st.sampled_from([1, 2, 3, 7, "all"]))
def test_calls_are_runs_without_a_gap_of_at_most_batch(wanted, others, batch):
    existing = wanted | others
    most = None if batch == "all" else batch
    calls = [list(call) for call in calls_of(wanted, existing, batch)]
    assert calls == by_hand(list(wanted), list(existing), most)


def test_the_next_call_of_a_billion_partitions_is_found_without_listing_them():
    wanted = PartitionSet.range(0, 10**9)

    def next_calls() -> None:
        assert [len(c) for c in islice(calls_of(wanted, wanted, 100), 3)] == [100] * 3

    assert cost(next_calls).bytes < 100_000


def test_claiming_call_by_call_costs_in_proportion_to_the_calls():
    def all_calls(count: int) -> int:
        wanted = PartitionSet.range(0, count)
        return cost(lambda: list(calls_of(wanted, wanted, 100))).calls

    assert all_calls(20_000) < 11 * all_calls(2_000)
