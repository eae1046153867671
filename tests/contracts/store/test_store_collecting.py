"""What nothing refers to: found, condemned, collected; and what refuses it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from assets_core.ports import Retention


def free(world: Any, kit: Any, keep: int = 1, candidates: float = 9e9, after: int = 0) -> list[int]:
    """The numbers that may be condemned; every attempt of these tests ended two seconds after NOW."""
    retention = Retention(keep, kit.NOW - timedelta(seconds=candidates))
    return [r.number for r in world.store.unreferenced(retention, after, 99).records]


def condemn(world: Any, kit: Any, *numbers: int, as_of: int | None = None) -> list[int]:
    with world.store.writing() as tx:
        chosen = tx.condemn(numbers, tx.sequence if as_of is None else as_of, kit.NOW)
        return sorted(chosen)


@pytest.fixture
def quiet(world: Any) -> Any:
    """A world whose run is over, so that nothing may be pinned; what follows belongs to ``run-2``, which is dead."""
    world.end()
    world.start("run-2")
    world.dead.add("run-2")
    return world


def publish(world: Any, text: str, *versions: str) -> list[int]:
    return [world.publish(text, v, run="run-2").number for v in versions]


def test_the_last_versions_are_kept(quiet: Any, kit: Any) -> None:
    first, second, third = publish(quiet, "a", "1", "2", "3")
    publish(quiet, "b@x", "1")
    assert free(quiet, kit, keep=1) == [first, second]
    assert free(quiet, kit, keep=2) == [first]
    assert free(quiet, kit, keep=3) == []
    assert free(quiet, kit, keep=1, after=first) == [second]
    assert third not in free(quiet, kit)


def test_what_a_run_that_lives_may_have_pinned_is_kept(quiet: Any, kit: Any) -> None:
    earlier = publish(quiet, "a", "1", "2")[0]
    quiet.start("reader")
    pinned, _ = publish(quiet, "b", "1", "2")
    assert free(quiet, kit) == [earlier]
    quiet.dead.add("reader")
    assert free(quiet, kit) == [earlier, pinned]


def test_a_run_that_ended_pins_nothing(quiet: Any, kit: Any) -> None:
    quiet.start("reader")
    number = publish(quiet, "a", "1", "2")[0]
    assert free(quiet, kit) == []
    quiet.end("reader")
    assert free(quiet, kit) == [number]


def test_candidates_are_kept_for_a_while(quiet: Any, kit: Any) -> None:
    kept = quiet.reject("a", run="run-2").number
    assert free(quiet, kit) == []
    assert free(quiet, kit, candidates=-3.0) == [kept]
    replaced = kept
    quiet.reject("a", "worse", run="run-2")
    assert free(quiet, kit) == [replaced]


def test_a_condemned_candidate_is_never_published(quiet: Any, kit: Any) -> None:
    number = quiet.reject("a", run="run-2").number
    assert condemn(quiet, kit, number) == [number]
    assert quiet.kept("a") == {}
    assert quiet.check("a", number, kit.outcome(), publish=True) is None
    assert quiet.rows("a") == {}
    assert free(quiet, kit, candidates=-3.0) == []


def test_what_moved_since_nothing_referred_to_it_is_decided_again(quiet: Any, kit: Any) -> None:
    number = quiet.reject("a", run="run-2").number
    other = publish(quiet, "b", "1", "2")[0]
    before = quiet.store.sequence()
    assert quiet.check("a", number, kit.outcome(), publish=True) is not None
    assert condemn(quiet, kit, number, other, as_of=before) == [other]
    assert quiet.rows("a")["a", 0]["number"] == number


def test_condemned_once_collected_once(quiet: Any, kit: Any) -> None:
    number = publish(quiet, "a", "1", "2")[0]
    assert condemn(quiet, kit, number) == [number]
    assert condemn(quiet, kit, number) == []
    assert free(quiet, kit) == []
    due = lambda seconds: [  # noqa: E731
        r.number for r in quiet.store.condemned(kit.NOW + timedelta(seconds=seconds), 0, 9)
    ]
    assert (due(-1), due(0)) == ([], [number])
    for _ in range(2):
        with quiet.store.writing() as tx:
            tx.collect([number, 12345], kit.NOW)
    assert due(0) == []
    assert number not in [r.number for r in quiet.store.stored_page("default", "a", 0, 9)]
    assert number in [r.number for r in quiet.store.history("default", "a", None, 9)]


def test_an_attempt_is_abandoned_when_nobody_can_record_it(world: Any, kit: Any) -> None:
    recorded = world.publish("a")
    made = world.store.history("default", "a", None, 1)[0].attempt
    failed = world.take("b")
    world.record(kit.failure(failed))
    held = world.take("c")
    ask = [made, failed.attempt, held.attempt, "unknown"]
    with world.store.writing() as tx:
        assert sorted(tx.abandon(ask)) == sorted([failed.attempt, "unknown"])
    world.dead.add("run-1")
    with world.store.writing() as tx:
        assert held.attempt in tx.abandon(ask)
    assert world.record(kit.completion(held))[0].superseded
    assert world.rows("c") == {}
    assert recorded.number


def test_the_output_of_a_collected_version_is_abandoned(quiet: Any, kit: Any) -> None:
    number = publish(quiet, "a", "1", "2")[0]
    attempt = quiet.store.history("default", "a", None, 9)[-1].attempt
    condemn(quiet, kit, number)
    with quiet.store.writing() as tx:
        assert not tx.abandon([attempt])
        tx.collect([number], kit.NOW)
        assert list(tx.abandon([attempt])) == [attempt]
