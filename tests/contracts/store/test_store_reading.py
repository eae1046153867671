"""Reads, changes, runs, observations, documents and dynamic partitions: what every store does alike."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from assets_core.model.checks import CheckStatus
from assets_core.model.keys import AssetKey
from assets_core.model.records import ObservationRecord, RunEnd, RunRecord, RunStatus
from assets_core.model.versions import SourceVersion, digest
from assets_core.partitions import (
    DailyPartitions,
    DynamicKey,
    DynamicPartitions,
    MultiPartitions,
    PartitionSet,
    StaticPartitions,
)

DAYS = DailyPartitions(start="2013-01-01", end="2013-03-01")
NAMES = StaticPartitions(["x", "y", "z"])


def test_lineage_finds_partitions_by_ordinal_and_counts_unknown_keys(world: Any) -> None:
    for partition in ("2013-01-01", "2013-01-03", "not-a-day"):
        world.publish(f"flights@{partition}")
    world.publish("names@y", inputs=2)
    world.publish("single")
    rows = world.rows(("flights", DAYS), "single", ("names", NAMES), "absent")
    first = DAYS.ordinal("2013-01-01")
    assert set(rows) == {("flights", first), ("flights", first + 2), ("single", 0), ("names", 1)}
    asked = [("flights", DAYS), ("names", NAMES)]
    assert world.store.lineage("default", asked).unknown == {0: 1}
    assert world.store.lineage("default", []).current == ()


def test_lineage_of_an_asset_that_became_partitioned_counts_its_old_version(world: Any) -> None:
    world.publish("a")
    world.publish("b@x")
    read = world.store.lineage("default", [("a", NAMES), ("b", NAMES)])
    assert read.unknown == {0: 1}
    assert world.rows(("b", NAMES), ("a", NAMES)).keys() == {("b", 0)}
    other = world.store.lineage("default", [("b", DAYS)])
    assert other.unknown == {0: 1}


def test_lineage_of_another_environment_is_empty(world: Any) -> None:
    world.publish("a")
    assert world.rows("a", env="other") == {}


def test_candidates_come_with_their_ordinals(world: Any) -> None:
    world.reject("names@z")
    assert set(world.kept("other", ("names", NAMES))) == {("names", 2)}


def test_changes_tell_what_moved_since(world: Any, kit: Any) -> None:
    world.publish("a", "old")
    since = world.store.sequence()
    published, rejected = world.publish("b"), world.reject("c")
    with world.store.writing() as tx:
        changes = {
            (c.asset, c.partition): (c.row, c.candidate) for c in tx.changes("default", since)
        }
        assert changes == {("b", ""): (published.row, False), ("c", ""): (rejected.row, True)}
        assert not tx.changes("default", tx.sequence)
        assert not tx.changes("other", since)
        assert len(tx.changes("default", 0)) == 3


def test_changes_give_a_candidate_after_the_version_it_stands_beside(world: Any, kit: Any) -> None:
    published = world.publish("a")
    rejected = world.reject("a")
    since = world.store.sequence()
    world.check("a", published.number, kit.outcome("late"))
    with world.store.writing() as tx:
        changes = tx.changes("default", since)
    assert [c.candidate for c in changes] == [False, True]
    assert changes[1].row == rejected.row


def test_the_sequence_of_a_transaction_includes_what_it_wrote(world: Any, kit: Any) -> None:
    lease = world.take("a")
    with world.store.writing() as tx:
        before = tx.sequence
        tx.record([kit.completion(lease)])
        assert tx.sequence > before
        assert tx.pins("default", [kit.key("a")])
        last = tx.sequence
    assert world.store.sequence() == last


def test_pins_and_candidates_see_the_transaction_itself(world: Any, kit: Any) -> None:
    good, bad = world.take("a"), world.take("b")
    failed = kit.outcome(status=CheckStatus.FAILED)
    with world.store.writing() as tx:
        tx.record([kit.completion(good), kit.completion(bad, checks=(failed,), publish=False)])
        wanted = [kit.key("a"), kit.key("b"), kit.key("c@x")]
        assert set(tx.pins("default", wanted)) == {kit.key("a")}
        assert set(tx.candidates("default", wanted)) == {kit.key("b")}


def test_history_is_newest_first_and_limited(world: Any) -> None:
    numbers = [world.publish(f"a@{p}", d).number for p, d in ("x1", "y2", "x3", "x4")]
    store = world.store
    assert [m.number for m in store.history("default", "a", None, 3)] == numbers[:0:-1]
    assert [m.number for m in store.history("default", "a", "x", 2)] == [numbers[3], numbers[2]]
    assert not store.history("default", "b", None, 2)


def test_pointer_moves_are_newest_first(world: Any, kit: Any) -> None:
    first, second = world.publish("a", "1"), world.publish("a", "2")
    moves = world.store.pointer_moves("default", "a", 5)
    assert [m.materialization for m in moves] == [second.number, first.number]
    assert moves[0].reason == "published"
    assert moves[0].run == "run-1"
    assert moves[0].sequence > moves[1].sequence
    assert len(world.store.pointer_moves("default", "a", 1)) == 1


def test_column_digests_are_read_for_the_assets_asked_for(world: Any) -> None:
    world.publish("a", "v")
    world.publish("b@x", "w")
    rows = list(world.store.columns("default", ["b", "c"]))
    assert [(r.asset, r.partition, r.rows) for r in rows] == [("b", "x", 7)]
    assert rows[0].columns is not None
    assert rows[0].columns[0].digest == digest("x", "w")


def test_runs_are_numbered_in_order_and_found_by_id_or_number(world: Any, kit: Any) -> None:
    second = world.start("run-2")
    assert second.number == 2
    assert world.start("run-2") == second
    assert world.store.run("2") == world.store.run("run-2") == (second, None)
    assert world.store.run("3") is None
    assert world.store.run("9" * 30) is None
    assert [r.run for r, _ in world.store.runs("default", 5)] == ["run-2", "run-1"]
    assert [r.run for r, _ in world.store.runs("default", 1)] == ["run-2"]
    assert not world.store.runs("other", 5)


def test_a_run_ends_once(world: Any, kit: Any) -> None:
    world.end(status=RunStatus.FAILED)
    world.end(status=RunStatus.SUCCEEDED)
    record, end = world.store.run("run-1")
    assert end == RunEnd(
        "run-1", RunStatus.FAILED, kit.NOW + timedelta(seconds=5), {"materialized": 1}
    )
    assert record.options == {"select": ["a"]}


def test_a_retry_names_the_run_it_continues(world: Any, kit: Any) -> None:
    with world.store.writing() as tx:
        run = RunRecord("run-9", "default", kit.NOW, kit.NOW, {}, retry_of="run-1")
        tx.start_run(run)
    assert world.store.run("run-9")[0].retry_of == "run-1"


def test_observations_keep_the_latest_and_add_nothing_for_equal_ones(world: Any, kit: Any) -> None:
    def seen(asset: str, partition: str, token: str, code: str = "c") -> ObservationRecord:
        version = SourceVersion(digest(ascii(token), code))
        return ObservationRecord("default", asset, partition, token, version, kit.NOW)

    first = [seen("s", "", "1 \udcff"), seen("p", "x", "1"), seen("p", "y", "1")]
    with world.store.writing() as tx:
        tx.observe(first)
    sequence = world.store.sequence()
    with world.store.writing() as tx:
        tx.observe(first)
    assert world.store.sequence() == sequence
    later = [seen("s", "", "1 \udcff", "other code"), seen("p", "y", "2"), seen("p", "y", "3")]
    with world.store.writing() as tx:
        tx.observe(later)
    found = world.store.observations("default", ["s", "p", "absent"])
    assert sorted(found, key=lambda o: (o.asset, o.partition)) == [first[1], later[2], later[0]]
    assert not world.store.observations("other", ["s"])


def test_durations_are_a_running_mean_of_what_was_computed(world: Any, kit: Any) -> None:
    for name in ("x", "y", "z"):
        world.publish(f"a@{name}")
    world.fail("a@x")
    stats = world.store.durations("default", ["a", "b"])
    assert set(stats) == {"a"}
    assert stats["a"].samples == 3
    assert stats["a"].mean_s == pytest.approx(2.0)


def test_leases_are_read_while_they_are_held_whoever_holds_them(world: Any) -> None:
    first, second = world.claim("b@x", "a")
    other = world.claim("a", env="other")[0]
    assert list(world.store.leases("default")) == [second, first]
    assert list(world.store.leases("other")) == [other]
    with world.store.writing() as tx:
        tx.release([first])
    assert list(world.store.leases("default")) == [second]
    world.end()
    assert not world.store.leases("default")


def test_documents_are_stored_once_and_found_by_digest(world: Any) -> None:
    with world.store.writing() as tx:
        tx.document({"d1": "text \udcff", "d2": "two"})
        tx.document({"d1": "never written", "d3": "three"})
    found = world.store.documents(["d1", "d3", "absent"])
    assert found == {"d1": "text \udcff", "d3": "three"}


def test_dynamic_partitions_keep_their_ordinals_for_ever(world: Any) -> None:
    def change(add: list[str], remove: list[str]) -> list[tuple[int, str]]:
        with world.store.writing() as tx:
            tx.set_dynamic("default", "customers", add, remove)
        keys = world.store.dynamic_partitions("default").get("customers", [])
        assert [ordinal for ordinal, _, _ in keys] == list(range(len(keys)))
        return [(ordinal, key) for ordinal, key, live in keys if live]

    assert change(["a", "b"], []) == [(0, "a"), (1, "b")]
    assert change(["c", "a"], ["b"]) == [(0, "a"), (2, "c")]
    assert change(["d"], ["c"]) == [(0, "a"), (3, "d")]
    assert change(["b"], []) == [(0, "a"), (1, "b"), (3, "d")]
    assert change([], ["a", "b", "d", "never"]) == []
    assert not world.store.dynamic_partitions("other")


def test_removing_and_adding_dynamic_keys_twice_adds_no_facts(world: Any) -> None:
    with world.store.writing() as tx:
        tx.set_dynamic("default", "n", ["a", "a"], [])
    sequence = world.store.sequence()
    with world.store.writing() as tx:
        assert not tx.set_dynamic("default", "n", ["a"], ["b"])
    assert world.store.sequence() == sequence
    with world.store.writing() as tx:
        changed = tx.set_dynamic("default", "n", ["b", "a"], ["a"])
    assert changed == [DynamicKey(0, "a", live=False), DynamicKey(1, "b"), DynamicKey(0, "a")]


def test_rows_of_a_removed_dynamic_key_are_unknown(world: Any) -> None:
    names = [f"customer-{n:03d}" for n in range(300)]
    with world.store.writing() as tx:
        tx.set_dynamic("default", "customers", names, [])
    definition = DynamicPartitions("customers")

    def resolved() -> Any:
        keys = world.store.dynamic_partitions("default")
        return definition.resolve_with(lambda name: keys[name])

    world.publish_all([f"a@{name}" for name in names])
    world.store.compact("default", [("a", resolved())])
    assert len(world.rows(("a", resolved()))) == 300
    with world.store.writing() as tx:
        tx.set_dynamic("default", "customers", [], names[:10])
    read = world.store.lineage("default", [("a", resolved())])
    assert read.unknown == {0: 10}
    assert len(world.rows(("a", resolved()))) == 290
    assert resolved().keys(PartitionSet.range(0, 1)) == ["customer-000"]


@pytest.mark.parametrize("compacted_by", ["today's reader", "a reader of yesterday's keys"])
def test_a_dynamic_key_that_returns_has_its_rows_again(world: Any, compacted_by: str) -> None:
    names = [f"customer-{n:03d}" for n in range(300)]
    each_day = {"day": DailyPartitions("2026-01-01", "2026-01-02"), "who": None}

    def resolved() -> list[Any]:
        keys = world.store.dynamic_partitions("default")
        alone = DynamicPartitions("customers").resolve(keys["customers"])
        return [("a", alone), ("b", MultiPartitions(each_day | {"who": alone}))]

    def change(add: list[str], remove: list[str]) -> None:
        with world.store.writing() as tx:
            tx.set_dynamic("default", "customers", add, remove)

    change(names, [])
    world.publish_all([f"a@{name}" for name in names])
    world.publish_all([f"b@day=2026-01-01,who={name}" for name in names])
    before, found = resolved(), world.rows(*resolved())
    assert len(found) == 600
    world.store.compact("default", before)
    change([], names[:10])
    world.store.compact("default", resolved() if compacted_by == "today's reader" else before)
    assert len(world.rows(*resolved())) == 580
    change(names[:5], [])
    assert len(world.rows(*resolved())) == 590
    change(names[5:10], [])
    again = world.rows(*resolved())
    assert again.keys() == found.keys()
    assert all(again[key] == found[key] for key in found)


def test_what_is_taken_has_a_version_or_the_lease_of_a_live_run(world: Any) -> None:
    world.publish("a@x")
    world.publish("a@z")
    world.reject("a@kept-back")
    world.fail("a@failed")
    held = {one: world.take(one) for one in ("a@y", "a@z", "b")}
    world.publish("c")
    with world.store.writing() as tx:
        found = tx.taken("default", [AssetKey("a"), AssetKey("b")])
        assert not tx.taken("other", [AssetKey("a")])
    assert {"@".join(filter(None, key)): lease for key, lease in found.items()} == {
        "a@x": None,
        **held,
    }
    world.dead.add("run-1")
    with world.store.writing() as tx:
        left = tx.taken("default", [AssetKey("a"), AssetKey("b")])
    assert {key.partition: lease for key, lease in left.items()} == {"x": None, "z": None}
