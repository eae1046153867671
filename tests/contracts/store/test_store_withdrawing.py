"""A pointer that is withdrawn points to nothing: a fact like any other move, alike in every store."""

from __future__ import annotations

import contextlib
from typing import Any

from assets_core.partitions import DailyPartitions

DAYS = DailyPartitions(start="2026-01-01", end="2026-03-01")


def withdraw(world: Any, kit: Any, *texts: str) -> list[str]:
    """The keys that had a version."""
    with world.store.writing() as tx:
        return [str(one) for one in tx.withdraw(kit.ENV, [kit.key(t) for t in texts], kit.NOW)]


def test_a_withdrawn_version_is_current_no_more_and_stays_in_the_history(
    world: Any, kit: Any
) -> None:
    recorded = world.publish("a")
    assert withdraw(world, kit, "a") == ["a"]
    assert world.store.current("default", [kit.key("a")]) == {}
    assert [m.number for m in world.store.history("default", "a", None, 9)] == [recorded.number]
    move = world.store.pointer_moves("default", "a", 1)[0]
    assert (move.materialization, move.reason, move.run) == (None, "wiped", None)


def test_withdrawing_twice_or_nothing_records_nothing(world: Any, kit: Any) -> None:
    world.publish("a")
    withdraw(world, kit, "a")
    before = world.store.sequence()
    assert withdraw(world, kit, "a", "never") == []
    assert world.store.sequence() == before


def test_only_what_was_named_is_withdrawn(world: Any, kit: Any) -> None:
    for text in ("days@2026-01-01", "days@2026-01-02", "other"):
        world.publish(text)
    assert withdraw(world, kit, "days@2026-01-01") == ["days@2026-01-01"]
    current = world.store.current_of("default", "days")
    assert list(current) == ["2026-01-02"]
    assert list(world.store.current_of("default", "other")) == [""]


def test_a_candidate_and_a_failure_go_with_the_version(world: Any, kit: Any) -> None:
    world.publish("a")
    world.reject("a")
    world.publish("b")
    world.fail("b")
    assert withdraw(world, kit, "a", "b") == ["a", "b"]
    assert world.store.candidates("default", [kit.key("a")]) == {}
    assert world.store.last_failures("default", ["a", "b"]) == []


def test_what_is_packed_is_withdrawn_as_well_and_can_be_published_again(
    world: Any, kit: Any
) -> None:
    for day in ("2026-01-01", "2026-01-02", "2026-01-03"):
        world.publish(f"days@{day}")
    world.store.compact("default", [("days", DAYS)])
    withdraw(world, kit, "days@2026-01-02")
    for _ in range(2):
        rows = world.rows(("days", DAYS))
        first = min(ordinal for _, ordinal in rows)
        assert sorted(o - first for (_, o), row in rows.items() if row["number"]) == [0, 2]
        world.store.compact("default", [("days", DAYS)])
    world.publish("days@2026-01-02", "v2")
    rows = world.rows(("days", DAYS))
    assert all(row["number"] for row in rows.values())
    assert len(rows) == 3


def test_runs_under_way_see_it(world: Any, kit: Any) -> None:
    world.publish("a")
    with world.store.writing() as tx:
        since = tx.sequence
        tx.withdraw(kit.ENV, [kit.key("a")], kit.NOW)
        (change,) = tx.changes("default", since)
        assert tx.pins("default", [kit.key("a")]) == {}
        assert tx.taken("default", ["a"]) == {}
    assert (change.asset, change.candidate) == ("a", False)
    assert int.from_bytes(change.row[8:16], "little") == 0


def test_it_is_undone_where_the_transaction_is(world: Any, kit: Any) -> None:
    recorded = world.publish("a")
    with contextlib.suppress(RuntimeError), world.store.writing() as tx:
        tx.withdraw(kit.ENV, [kit.key("a")], kit.NOW)
        assert tx.pins("default", [kit.key("a")]) == {}
        raise RuntimeError
    assert world.store.current("default", [kit.key("a")])[kit.key("a")].number == recorded.number


def test_what_is_derived_agrees_with_the_facts(world: Any, kit: Any) -> None:
    world.publish("a")
    world.reject("a")
    world.publish("days@2026-01-01")
    withdraw(world, kit, "a", "days@2026-01-01")
    assert list(world.store.examine()) == []
