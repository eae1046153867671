"""``PartitionSet``: one form per set, and what each operation answers on small cases."""

from __future__ import annotations

import numpy as np
import pytest

from assets_core.errors import CorruptionError
from assets_core.partitions import PartitionSet, RangeTable, runs_within


def test_touching_and_overlapping_ranges_become_one():
    merged = PartitionSet.from_ranges([5, 0, 3, 9], [7, 3, 6, 9])
    assert list(merged.ranges()) == [(0, 7)]
    assert merged == PartitionSet.range(0, 7)
    assert hash(merged) == hash(PartitionSet.of(range(7)))


def test_the_empty_set_is_one_value_and_falsy():
    assert PartitionSet.EMPTY is PartitionSet.empty()
    assert not PartitionSet.EMPTY
    assert PartitionSet.of([]) == PartitionSet.range(3, 3) == PartitionSet.EMPTY
    with pytest.raises(ValueError, match="no first member"):
        _ = PartitionSet.EMPTY.first


def test_everything_counts_the_whole_int64_range_and_clips():
    everything = PartitionSet.everything()
    assert everything.count == 2**64 - 1
    assert everything & PartitionSet.range(3, 5) == PartitionSet.range(3, 5)
    assert (everything - PartitionSet.range(0, 10)).isdisjoint(PartitionSet.range(2, 3))
    assert everything - everything == PartitionSet.EMPTY


def test_a_million_members_are_one_range_and_cheap_to_combine():
    million = PartitionSet.range(0, 1_000_000)
    odd = PartitionSet.of(np.arange(1, 1_000_000, 2))
    assert len(million) == 1_000_000
    assert len(million - odd) == 500_000
    assert (million - odd) | odd == million


def test_mask_take_slice_rank_and_at_agree_with_the_members():
    members = PartitionSet.of([2, 3, 7, 11])
    assert members.mask(1, 8).tolist() == [False, True, True, False, False, False, True]
    assert list(members.take(3)) == [2, 3, 7]
    assert list(members.slice(1, 3)) == [3, 7]
    assert members.rank(np.array([0, 2, 4, 11, 99])).tolist() == [0, 0, 2, 3, 4]
    assert members.at(np.array([0, 3])).tolist() == [2, 11]
    assert (members.first, members.last) == (2, 11)


def test_membership_asks_for_an_integer_in_range():
    members = PartitionSet.range(0, 3)
    assert 2 in members
    assert 3 not in members
    assert 2**80 not in members
    assert "2" not in members


def test_text_round_trips_and_foreign_text_is_corruption():
    members = PartitionSet.of([-4, 15706, 15707, 20000])
    assert members.to_text() == "-4,15706+2,20000"
    assert PartitionSet.from_text(members.to_text()) == members
    assert PartitionSet.from_text("") == PartitionSet.EMPTY
    for damaged in ("1+", "a", "1+0", "3,2", "1+2+3", "5+1", "1,,2"):
        with pytest.raises(CorruptionError):
            PartitionSet.from_text(damaged)


def test_digests_tell_sets_apart():
    one, other = PartitionSet.range(0, 5), PartitionSet.of([0, 1, 2, 3, 5])
    assert len(one.digest()) == 32
    assert one.digest() == PartitionSet.of(range(5)).digest()
    assert one.digest() != other.digest()


def test_a_set_can_not_be_changed():
    members = PartitionSet.range(0, 3)
    with pytest.raises(ValueError, match="read-only"):
        members.starts[0] = 7
    with pytest.raises(AttributeError):
        members.starts = np.array([1])  # type: ignore[misc]


def test_runs_are_contiguous_among_existing_partitions_not_among_ordinals():
    weekdays = PartitionSet.from_ranges([0, 7, 14], [5, 12, 19])
    stale = PartitionSet.from_ranges([3, 7, 15], [5, 9, 16])
    assert [list(run) for run in runs_within(stale, weekdays)] == [[3, 4, 7, 8], [15]]
    assert [list(run) for run in runs_within(stale, weekdays, 3)] == [[3, 4, 7], [8], [15]]
    assert [list(run) for run in runs_within(stale, weekdays, 1, most=2)] == [[3], [4]]
    assert runs_within(PartitionSet.range(5, 7), weekdays) == []


def test_a_range_table_clips_counts_and_unites_its_rows():
    table = RangeTable.one_per_row(np.array([0, 10, 5]), np.array([4, 10, 9]))
    assert table.counts().tolist() == [4, 0, 4]
    clipped = table.clip(PartitionSet.of([1, 3, 5, 6]))
    assert [list(clipped.row(i)) for i in range(len(clipped))] == [[1, 3], [], [5, 6]]
    assert clipped.union() == PartitionSet.of([1, 3, 5, 6])
