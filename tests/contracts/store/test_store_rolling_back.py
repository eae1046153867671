"""A pointer that moves back, and the hold that comes with it: facts like any other move, alike in every store."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

import pytest

from assets_core.model.checks import CheckStatus
from assets_core.model.packed import Flag
from assets_core.model.records import FindingRecord, Soundness
from assets_core.partitions import DailyPartitions

DAYS = DailyPartitions(start="2026-01-01", end="2026-03-01")


def roll_back(world: Any, kit: Any, **targets: int) -> list[str]:
    """The keys that were refused."""
    wanted = {kit.key(text.replace("_at_", "@")): number for text, number in targets.items()}
    with world.store.writing() as tx:
        return [str(one) for one in tx.roll_back(kit.ENV, wanted, kit.NOW)]


def release(world: Any, kit: Any, *texts: str) -> list[str]:
    """The keys that were held."""
    with world.store.writing() as tx:
        found = tx.release_holds(kit.ENV, [kit.key(t) for t in texts], kit.NOW)
        return [str(one) for one in found]


def is_held(world: Any, *assets: Any) -> list[bool]:
    return [bool(int(row["flags"]) & Flag.HELD) for row in world.rows(*assets).values()]


def current(world: Any, kit: Any, text: str) -> int:
    return int(world.store.current("default", [kit.key(text)])[kit.key(text)].number)


def test_an_earlier_version_is_current_again_and_held(world: Any, kit: Any) -> None:
    first, second = world.publish("a", "v1"), world.publish("a", "v2")
    assert roll_back(world, kit, a=first.number) == []
    assert current(world, kit, "a") == first.number
    assert is_held(world, "a") == [True]
    move = world.store.pointer_moves("default", "a", 1)[0]
    assert (move.materialization, move.reason, move.run) == (first.number, "rollback", None)
    (row,) = world.rows("a").values()
    assert world.store.moves_at([int(row["sequence"]), 10**9]) == [move]
    numbers = [m.number for m in world.store.history("default", "a", None, 9)]
    assert numbers == [second.number, first.number]


def test_what_was_current_before_can_be_chosen_by_number(world: Any, kit: Any) -> None:
    numbers = [world.publish("a", f"v{n}").number for n in range(3)]
    world.reject("a")
    other = world.publish("b").number
    found = world.store.published("default", "a", [""])
    assert [one.number for one in found] == numbers
    assert world.store.published("default", "a", ["elsewhere"]) == []
    assert [one.number for one in world.store.published("default", "b", [""])] == [other]


@pytest.mark.parametrize("what", ["unknown", "another asset's", "never published"])
def test_what_was_never_current_there_is_refused_and_nothing_changes(
    world: Any, kit: Any, what: str
) -> None:
    numbers = {"unknown": 10**9, "another asset's": world.publish("b").number}
    numbers["never published"] = world.reject("a").number
    first, second = world.publish("a", "v1"), world.publish("a", "v2")
    before = world.store.sequence()
    assert roll_back(world, kit, a=numbers[what]) == ["a"]
    assert roll_back(world, kit, b=numbers["another asset's"], a=numbers[what]) == ["a"]
    assert (world.store.sequence(), current(world, kit, "a")) == (before, second.number)
    assert first.number != second.number


def test_what_is_condemned_is_refused(world: Any, kit: Any) -> None:
    first, second = world.publish("a", "v1"), world.publish("a", "v2")
    world.end()
    with world.store.writing() as tx:
        assert list(tx.condemn([first.number], tx.sequence, kit.NOW)) == [first.number]
    assert [m.number for m in world.store.published("default", "a", [""])] == [second.number]
    assert roll_back(world, kit, a=first.number) == ["a"]
    assert current(world, kit, "a") == second.number


def test_a_newer_version_ends_the_hold(world: Any, kit: Any) -> None:
    first = world.publish("a", "v1")
    world.publish("a", "v2")
    roll_back(world, kit, a=first.number)
    third = world.publish("a", "v3")
    assert (current(world, kit, "a"), is_held(world, "a")) == (third.number, [False])
    assert release(world, kit, "a") == []


def test_a_hold_that_is_released_leaves_the_version_as_it_is(world: Any, kit: Any) -> None:
    first = world.publish("a", "v1")
    world.publish("a", "v2")
    roll_back(world, kit, a=first.number)
    before = world.store.sequence()
    assert release(world, kit, "a", "never") == ["a"]
    assert world.store.sequence() == before + 1
    assert (current(world, kit, "a"), is_held(world, "a")) == (first.number, [False])
    assert world.store.pointer_moves("default", "a", 1)[0].reason == "released"
    assert release(world, kit, "a") == []


def test_checks_and_findings_stand_on_what_is_current_again(world: Any, kit: Any) -> None:
    first = world.publish("a", "v1")
    world.check("a", first.number, kit.outcome(status=CheckStatus.FAILED))
    world.publish("a", "v2")
    found = FindingRecord(
        "default", *kit.key("a"), first.number, Soundness.DAMAGED, "m", None, kit.NOW
    )
    with world.store.writing() as tx:
        tx.find([found])
    roll_back(world, kit, a=first.number)
    (row,) = world.rows("a").values()
    expected = Flag.HELD | Flag.DAMAGED | Flag.CHECK_FAILED | Flag.BLOCKING_FAILED
    assert row["flags"] == expected
    world.check("a", first.number, kit.outcome())
    (row,) = world.rows("a").values()
    assert row["flags"] == Flag.HELD | Flag.DAMAGED


def test_a_candidate_and_a_failure_go_with_a_rollback(world: Any, kit: Any) -> None:
    first = world.publish("a", "v1")
    world.publish("a", "v2")
    world.reject("a")
    roll_back(world, kit, a=first.number)
    assert world.store.candidates("default", [kit.key("a")]) == {}
    assert world.store.last_failures("default", ["a"]) == []


def test_a_forced_attempt_that_is_kept_back_leaves_the_hold(world: Any, kit: Any) -> None:
    first = world.publish("a", "v1")
    world.publish("a", "v2")
    roll_back(world, kit, a=first.number)
    world.reject("a")
    assert is_held(world, "a") == [True]
    world.fail("a")
    assert is_held(world, "a") == [True]


def test_packed_rows_are_held_and_released_as_well(world: Any, kit: Any) -> None:
    numbers = {}
    for version in ("v1", "v2"):
        for day in ("2026-01-01", "2026-01-02", "2026-01-03"):
            made = world.publish(f"days@{day}", version)
            numbers.setdefault(day, made.number)
    world.store.compact("default", [("days", DAYS)])
    wanted = {kit.key(f"days@{day}"): number for day, number in list(numbers.items())[:2]}
    with world.store.writing() as tx:
        assert not tx.roll_back(kit.ENV, wanted, kit.NOW)
    for _ in range(2):
        assert is_held(world, ("days", DAYS)) == [True, True, False]
        world.store.compact("default", [("days", DAYS)])
    assert release(world, kit, "days@2026-01-01", "days@2026-01-03") == ["days@2026-01-01"]
    assert is_held(world, ("days", DAYS)) == [False, True, False]


def test_runs_under_way_see_it(world: Any, kit: Any) -> None:
    first = world.publish("a", "v1")
    world.publish("a", "v2")
    with world.store.writing() as tx:
        since = tx.sequence
        tx.roll_back(kit.ENV, {kit.key("a"): first.number}, kit.NOW)
        (change,) = tx.changes("default", since)
        assert tx.pins("default", [kit.key("a")])[kit.key("a")].number == first.number
    assert (change.asset, change.candidate) == ("a", False)
    assert int.from_bytes(change.row[8:16], "little") == first.number
    assert int.from_bytes(change.row[96:104], "little") & Flag.HELD


def test_it_is_undone_where_the_transaction_is(world: Any, kit: Any) -> None:
    first, second = world.publish("a", "v1"), world.publish("a", "v2")
    with contextlib.suppress(RuntimeError), world.store.writing() as tx:
        tx.roll_back(kit.ENV, {kit.key("a"): first.number}, kit.NOW)
        raise RuntimeError
    assert (current(world, kit, "a"), is_held(world, "a")) == (second.number, [False])


def test_nothing_may_be_collected_that_a_rollback_made_current(world: Any, kit: Any) -> None:
    from assets_core.ports import Retention

    first, second = world.publish("a", "v1"), world.publish("a", "v2")
    roll_back(world, kit, a=first.number)
    world.end()
    found = world.store.unreferenced(Retention(1, kit.NOW + timedelta(days=9)), 0, 9)
    assert [one.number for one in found.records] == [second.number]


def test_what_is_derived_agrees_with_the_facts(world: Any, kit: Any) -> None:
    numbers = [world.publish(text, "v1").number for text in ("a", "b", "c")]
    for text, number in zip("abc", numbers, strict=True):
        world.check(text, number, kit.outcome(status=CheckStatus.FAILED))
        world.publish(text, "v2")
    roll_back(world, kit, **dict(zip("abc", numbers, strict=True)))
    release(world, kit, "b")
    world.publish("c", "v3")
    assert list(world.store.examine()) == []
