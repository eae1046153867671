"""The laws of sets, with Python's own sets as the oracle, and the operations that only ranges make cheap."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assets_core.partitions import PartitionSet, RangeTable, runs_within
from assets_core.partitions.ranges import product

ordinals = st.integers(-40, 40)
members = st.one_of(
    st.sets(ordinals, max_size=30),
    st.tuples(ordinals, ordinals).map(lambda pair: set(range(*sorted(pair)))),
)
edges = st.lists(st.tuples(st.integers(-(2**62), 2**62), st.integers(0, 2**40)), max_size=8)


@given(members, members)
def test_every_operation_agrees_with_pythons_sets(a, b):
    x, y = PartitionSet.of(a), PartitionSet.of(b)
    assert list(x | y) == sorted(a | b)
    assert list(x & y) == sorted(a & b)
    assert list(x - y) == sorted(a - b)
    assert list(x ^ y) == sorted(a ^ b)
    assert len(x) == len(a)
    assert bool(x) == bool(a)
    assert (x == y) == (a == b)
    assert x.isdisjoint(y) == a.isdisjoint(b)
    assert x.issubset(y) == a.issubset(b)
    assert x.contains(np.arange(-50, 50)).tolist() == [i in a for i in range(-50, 50)]
    assert all((i in x) == (i in a) for i in range(-45, 45))


@given(members, members, members)
def test_the_algebra_laws_hold(a, b, c):
    x, y, z = PartitionSet.of(a), PartitionSet.of(b), PartitionSet.of(c)
    everything = PartitionSet.everything()
    assert x | y == y | x
    assert (x | y) | z == x | (y | z)
    assert x & (y | z) == (x & y) | (x & z)
    assert x - (y | z) == (x - y) & (x - z)
    assert everything - (x | y) == (everything - x) & (everything - y)
    assert everything - (everything - x) == x
    assert x & everything == x
    assert (x - y) | (x & y) == x
    assert x ^ y ^ y == x


@given(members)
def test_equal_sets_have_one_form_one_hash_one_digest_and_one_text(a):
    x = PartitionSet.of(a)
    again = PartitionSet.from_ranges(
        sorted(a, reverse=True), [i + 1 for i in sorted(a, reverse=True)]
    )
    assert x == again
    assert hash(x) == hash(again)
    assert x.digest() == again.digest()
    assert PartitionSet.from_text(x.to_text()) == x
    assert all(
        hi < lo for (_, hi), (lo, _) in zip(list(x.ranges()), list(x.ranges())[1:], strict=False)
    )


@given(edges, edges)
def test_operations_stay_exact_at_the_edges_of_int64(a, b):
    x = PartitionSet.from_ranges([lo for lo, _ in a], [lo + n for lo, n in a])
    y = PartitionSet.from_ranges([lo for lo, _ in b], [lo + n for lo, n in b])
    assert (x | y).count + (x & y).count == x.count + y.count
    assert (x - y).count == x.count - (x & y).count
    everything = PartitionSet.everything()
    assert (everything - x).count == everything.count - x.count


@given(members, st.integers(-50, 50), st.integers(0, 60))
def test_mask_slice_take_rank_and_at_are_views_of_the_sorted_members(a, lo, n):
    x, in_order = PartitionSet.of(a), sorted(a)
    assert x.mask(lo, lo + n).tolist() == [i in a for i in range(lo, lo + n)]
    assert list(x.take(n)) == in_order[:n]
    assert list(x.slice(3, n)) == in_order[3:n]
    asked = np.arange(-50, 50)
    assert x.rank(asked).tolist() == [sum(i < one for i in a) for one in asked]
    if a:
        assert x.at(np.arange(len(a))).tolist() == in_order


@given(members, members, st.integers(1, 5))
def test_runs_cut_a_subset_at_the_gaps_among_existing_partitions(existing, wanted, size):
    there = sorted(existing)
    runs = runs_within(PartitionSet.of(wanted), PartitionSet.of(existing), size)
    assert [i for run in runs for i in run] == sorted(existing & wanted)
    assert all(1 <= len(run) <= size for run in runs)
    for run in runs:
        positions = [there.index(i) for i in run]
        assert positions == list(range(positions[0], positions[0] + len(positions)))
    for one, following in itertools.pairwise(runs):
        adjacent = there.index(one.last) + 1 == there.index(following.first)
        assert not adjacent or len(one) == size


@given(st.lists(st.sets(st.integers(0, 6)), min_size=1, max_size=5), st.data())
def test_a_product_of_tables_is_the_product_of_each_rows_sets(rows, data):
    inner = [data.draw(st.sets(st.integers(0, 3))) for _ in rows]
    packed = product(_table(rows), _table(inner), 4)
    for index, (outer_row, inner_row) in enumerate(zip(rows, inner, strict=True)):
        assert set(packed.row(index)) == {o * 4 + i for o in outer_row for i in inner_row}


@given(st.lists(st.sets(ordinals, max_size=8), min_size=1, max_size=6), members, st.data())
def test_a_range_table_is_a_list_of_sets(rows, within, data):
    table = _table(rows)
    clipped = table.clip(PartitionSet.of(within))
    order = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=8))
    taken = table.take(np.array(order, dtype=np.int64))
    assert [set(table.row(i)) for i in range(len(table))] == rows
    assert table.counts().tolist() == [len(row) for row in rows]
    assert set(table.union()) == set().union(*rows)
    assert [set(clipped.row(i)) for i in range(len(rows))] == [row & within for row in rows]
    assert [set(taken.row(i)) for i in range(len(order))] == [rows[i] for i in order]


def _table(rows: list[set[int]]) -> RangeTable:
    pairs = [(index, ordinal) for index, row in enumerate(rows) for ordinal in row]
    return RangeTable.from_pairs(
        len(rows),
        np.array([row for row, _ in pairs], dtype=np.int64),
        np.array([ordinal for _, ordinal in pairs], dtype=np.int64),
    )
