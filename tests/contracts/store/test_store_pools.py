"""Slots of pools and rate limits: what every store takes with the leases of a call, and gives back with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assets_core.model.pools import Needs, PoolNeed, RateLimit
from assets_core.ports import LimitFull, PoolFull, SlotHolder
from assets_core.store import open_store

ONE = Needs((PoolNeed("duckdb", 1, 1),))
HALF = Needs((PoolNeed("warehouse", 2, 4),))
HOUR = 3600.0
SLACK = 600.0
"""How much of a window may pass on a server's clock while a test runs."""


def limited(starts: int, name: str = "tag:api=x") -> Needs:
    return Needs(limits=(RateLimit(name, starts, HOUR),))


def taken(world: Any) -> dict[str, int]:
    """Slots by pool as living runs hold them."""
    found: dict[str, int] = {}
    for holder in world.store.slot_holders():
        if world.store.is_alive(holder.run):
            for pool, slots in holder.slots:
                found[pool] = found.get(pool, 0) + slots
    return found


def test_a_call_holds_its_slots_once_however_many_leases_it_has(world: Any, kit: Any) -> None:
    leases = world.claim("a@x", "a@y", needs=HALF)
    assert [lease.slots for lease in leases] == [(("warehouse", 2),)] * 2
    assert {lease.claim for lease in leases} == {leases[0].fence}
    assert world.store.slot_holders() == [SlotHolder(leases[0].fence, "run-1", (("warehouse", 2),))]
    assert list(world.store.leases(kit.ENV)) == list(leases)
    other = world.take("b", needs=HALF)
    assert world.claim("c", needs=HALF) == PoolFull("warehouse", 4, 4, ("run-1",))
    world.record(kit.completion(leases[0]))
    assert world.claim("c", needs=HALF) == PoolFull("warehouse", 4, 4, ("run-1",))
    world.record(kit.completion(leases[1]))
    assert taken(world) == {"warehouse": 2}
    world.record(kit.completion(other))
    assert not world.store.slot_holders()


def test_leases_and_slots_are_taken_together_or_not_at_all(world: Any, kit: Any) -> None:
    world.start("run-2")
    both = Needs((PoolNeed("duckdb", 1, 1), PoolNeed("warehouse", 1, 1)))
    first = world.take("a", needs=Needs((PoolNeed("warehouse", 1, 1),)), run="run-2")
    assert world.claim("b", needs=both) == PoolFull("warehouse", 1, 1, ("run-2",))
    assert taken(world) == {"warehouse": 1}, "no part of what was refused"
    assert list(world.store.leases(kit.ENV)) == [first]
    assert world.claim("a", "b", needs=ONE) == first, "another run's lease"
    assert taken(world) == {"warehouse": 1}
    assert world.take("b", needs=ONE)


@pytest.mark.parametrize("end", ["record", "fail", "release", "end", "die", "take over", "gc"])
def test_whatever_ends_a_lease_frees_its_slots(end: str, world: Any, kit: Any) -> None:
    world.start("run-2")
    lease = world.take("a", needs=ONE)
    assert isinstance(world.claim("b", run="run-2", needs=ONE), PoolFull)
    match end:
        case "record":
            world.record(kit.completion(lease))
        case "fail":
            world.record(kit.failure(lease))
        case "release":
            with world.store.writing() as tx:
                tx.release([lease])
        case "end":
            world.end()
        case "die":
            world.dead.add("run-1")
        case "take over":
            world.dead.add("run-1")
            world.take("a", run="run-2")
            world.dead.clear()
        case "gc":
            world.dead.add("run-1")
            with world.store.writing() as tx:
                tx.abandon([lease.attempt])
            world.dead.clear()
    assert taken(world) == {}
    assert world.take("b", run="run-2", needs=ONE)


@pytest.mark.parametrize("engine", ["memory", "sqlite"])
def test_a_run_that_is_stopped_keeps_its_slots_though_its_leases_hold_no_longer(
    engine: str, tmp_path: Path, kit: Any
) -> None:
    """What it was using, it may still be using; another's result is kept out by the fence."""
    url = "memory://" if engine == "memory" else f"sqlite:///{tmp_path}/state.db"
    store = open_store(url, alive=lambda run: True, holds=lambda run: run != "run-1")
    world = kit.World(store, url)
    for run in ("run-1", "run-2"):
        world.start(run)
    world.take("a", needs=ONE)
    world.take("b")
    assert isinstance(world.claim("c", run="run-2", needs=ONE), PoolFull)
    assert world.take("b", run="run-2")
    store.close()


def test_a_superseded_writer_does_not_free_the_slots_of_the_winner(world: Any, kit: Any) -> None:
    world.start("run-2")
    late = world.take("a", needs=ONE)
    world.dead.add("run-1")
    world.take("a", run="run-2", needs=ONE)
    assert world.record(kit.completion(late))[0].superseded
    with world.store.writing() as tx:
        tx.release([late])
    assert taken(world) == {"duckdb": 1}
    assert isinstance(world.claim("b", run="run-2", needs=ONE), PoolFull)


def test_slots_count_across_environments(world: Any) -> None:
    world.take("a", env="prod", needs=ONE)
    assert isinstance(world.claim("a", env="dev", needs=ONE), PoolFull)


def test_a_pool_that_was_made_larger_has_room_and_a_smaller_one_none(world: Any) -> None:
    world.take("a", needs=HALF)
    assert isinstance(world.claim("b", needs=Needs((PoolNeed("warehouse", 1, 2),))), PoolFull)
    assert world.take("b", needs=Needs((PoolNeed("warehouse", 1, 3),)))


def test_a_failed_try_gives_its_slots_back_and_keeps_its_lease(world: Any, kit: Any) -> None:
    world.start("run-2")
    lease = world.take("a", needs=ONE)
    world.record(kit.failure(lease, release=False))
    assert taken(world) == {}
    other = world.take("b", run="run-2", needs=ONE)
    with world.store.writing() as tx:
        assert tx.claim_again([lease], ONE) == PoolFull("duckdb", 1, 1, ("run-2",))
    world.record(kit.completion(other))
    with world.store.writing() as tx:
        assert tx.claim_again([lease], ONE) is None
        renewed = tx.renew(lease, "again")
    assert renewed == replace(lease, fence=renewed.fence, attempt="again")
    assert isinstance(world.claim("b", run="run-2", needs=ONE), PoolFull)
    assert not world.record(kit.completion(renewed))[0].superseded
    assert taken(world) == {}


def test_a_lease_that_was_lost_gets_no_slots_again(world: Any, kit: Any) -> None:
    lease = world.take("a", needs=ONE)
    world.record(kit.failure(lease, release=False))
    world.dead.add("run-1")
    world.start("run-2")
    world.take("a", run="run-2")
    world.dead.clear()
    with world.store.writing() as tx:
        assert tx.claim_again([lease], Needs(ONE.pools, limited(1).limits)) is None
    assert taken(world) == {}
    assert world.take("b", needs=Needs(ONE.pools, limited(1).limits)), "no start was counted either"


def test_a_transaction_that_raises_takes_and_frees_nothing(world: Any, kit: Any) -> None:
    lease = world.take("a", needs=Needs(HALF.pools, limited(2).limits))

    def interrupted() -> None:
        with world.store.writing() as tx:
            tx.release([lease])
            tx.claim(kit.ENV, "run-1", [(kit.key("b"), "never")], limited(2))
            tx.claim(kit.ENV, "run-1", [(kit.key("c"), "never either")], ONE)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert taken(world) == {"warehouse": 2}
    assert world.take("b", needs=limited(2))
    assert isinstance(world.claim("c", needs=limited(2)), LimitFull)


# --- rate limits --------------------------------------------------------------------------------------------------


def test_a_limit_lets_so_many_start_in_any_window_and_says_when_the_next_may(world: Any) -> None:
    for name in ("a", "b"):
        assert world.take(name, needs=limited(2))
        world.pass_time(HOUR / 2)
    world.pass_time(-SLACK)
    refused = world.claim("c", needs=limited(2))
    assert isinstance(refused, LimitFull)
    assert refused.limit == "tag:api=x"
    assert 0 < refused.again_in_s <= SLACK
    world.pass_time(SLACK)
    assert world.take("c", needs=limited(2)), "the first has left the window"
    assert isinstance(world.claim("d", needs=limited(2)), LimitFull), "the second has not"
    world.pass_time(HOUR / 2)
    assert world.take("d", needs=limited(2))


def test_what_is_refused_does_not_count(world: Any, kit: Any) -> None:
    world.start("run-2")
    held = world.take("a", needs=ONE, run="run-2")
    together = Needs(ONE.pools, limited(1).limits)
    for _ in range(3):
        assert isinstance(world.claim("b", needs=together), PoolFull)
        assert world.claim("a", needs=limited(1)) == held
    world.record(kit.completion(held))
    assert world.take("b", needs=together)
    assert isinstance(world.claim("c", needs=limited(1)), LimitFull)
    assert taken(world) == {"duckdb": 1}, "a limit that is full takes no slots"


def test_limits_are_apart_and_of_several_the_longest_wait_is_said(world: Any) -> None:
    short = RateLimit("short", 1, HOUR)
    long = RateLimit("long", 1, 24 * HOUR)
    assert world.take("a", needs=Needs(limits=(short,)))
    world.pass_time(HOUR / 2)
    assert world.take("b", needs=Needs(limits=(long,)))
    refused = world.claim("c", needs=Needs(limits=(short, long)))
    assert refused.limit == "long"
    assert refused.again_in_s > 23 * HOUR
    world.pass_time(HOUR)
    assert world.take("c", needs=Needs(limits=(short,))), "waiting counted for neither"


def test_looking_again_whether_there_is_room_writes_nothing(sqlite_world: Any, kit: Any) -> None:
    lease = sqlite_world.take("a", needs=ONE)
    sqlite_world.record(kit.failure(lease, release=False))
    sqlite_world.take("b", needs=ONE)
    engine = sqlite_world.store._engine
    with engine.reading() as session:
        before = session.exec_driver_sql("PRAGMA data_version").scalar()
        for _ in range(3):
            with sqlite_world.store.writing() as tx:
                assert isinstance(tx.claim_again([lease], ONE), PoolFull)
                assert isinstance(tx.claim(kit.ENV, "run-1", [(kit.key("c"), "c")], ONE), PoolFull)
    with engine.reading() as session:
        assert session.exec_driver_sql("PRAGMA data_version").scalar() == before


def test_a_second_try_counts_for_the_limit(world: Any, kit: Any) -> None:
    lease = world.take("a", needs=limited(1))
    world.record(kit.failure(lease, release=False))
    with world.store.writing() as tx:
        assert isinstance(tx.claim_again([lease], limited(1)), LimitFull)
    world.pass_time(HOUR)
    with world.store.writing() as tx:
        assert tx.claim_again([lease], limited(1)) is None
        assert isinstance(tx.claim_again([lease], limited(1)), LimitFull)


def test_a_clock_that_is_set_back_delays_by_one_window_at_most(world: Any) -> None:
    world.take("a", needs=limited(1))
    world.pass_time(-100 * HOUR)
    refused = world.claim("b", needs=limited(1))
    assert HOUR - SLACK < refused.again_in_s <= HOUR
    world.pass_time(HOUR)
    assert world.take("b", needs=limited(1))


def test_starts_that_left_the_window_are_forgotten(sqlite_world: Any) -> None:
    store, time = sqlite_world.store, [1e9]
    store._engine._now = lambda: time[0]
    for number in range(50):
        assert sqlite_world.take(f"a{number}", needs=limited(3))
        time[0] += HOUR / 2
    with store._engine.reading() as session:
        found = session.exec_driver_sql("SELECT count(*) FROM limited_starts").scalar()
    assert found <= 3
