"""Claiming, recording and publishing: what every store does alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from assets_core.errors import ConflictError, InternalError
from assets_core.model.checks import CheckStatus
from assets_core.model.packed import Flag
from assets_core.model.records import AttemptStatus
from assets_core.ports import Lease


def test_a_published_version_is_current_and_read_back_whole(world: Any, kit: Any) -> None:
    lease = world.take("a")
    made = kit.materialization(lease)
    recorded = world.record(kit.completion(lease))[0]
    current = world.store.current(kit.ENV, [kit.key("a")])
    assert current == {kit.key("a"): replace(made, number=recorded.number)}
    assert world.store.current_of(kit.ENV, "a") == {"": replace(made, number=recorded.number)}


def test_the_row_returned_is_the_row_that_lineage_gives(world: Any, kit: Any) -> None:
    recorded = world.publish("a", checks=(kit.outcome(),))
    row = world.rows("a")["a", 0]
    assert row.tobytes() == recorded.row
    assert row["number"] == recorded.number
    assert row["sequence"] == world.store.sequence()


@pytest.mark.parametrize("size", [49, 50, 51, 120])
def test_a_batch_of_any_size_is_recorded_whole(size: int, world: Any, kit: Any) -> None:
    texts = [f"a@{n}" for n in range(size)]
    keys = [kit.key(text) for text in texts]
    for data in ("v1", "v2"):
        leases = world.claim(*texts)
        assert sorted(world.store.leases(kit.ENV), key=lambda lease: lease.fence) == leases
        made = {
            key: replace(kit.materialization(lease, data), number=recorded.number)
            for key, lease, recorded in zip(
                keys,
                leases,
                world.record(*(kit.completion(lease, data) for lease in leases)),
                strict=True,
            )
        }
        assert world.store.current(kit.ENV, keys) == made
        assert world.store.leases(kit.ENV) == []
    assert len(world.store.attempts("run-1")) == len(world.store.pointer_moves(kit.ENV, "a", 999))
    assert len(world.store.attempts("run-1")) == 2 * size


def test_a_partition_key_may_be_any_text(world: Any, kit: Any) -> None:
    odd = ["NULL", '"', "\\", '\\"', "{a,b}", "a'b", " x ", "\n\t", "é😀", "$1 :c0 %s ?"]
    texts = [f"a@{text}" for text in odd]
    keys = [kit.key(text) for text in texts]
    world.record(*(kit.completion(lease) for lease in world.claim(*texts)))
    assert set(world.store.current(kit.ENV, keys)) == set(keys)
    assert [made.partition for made in world.store.attempts("run-1")] == odd
    assert world.store.leases(kit.ENV) == []


def test_an_attempt_is_read_back_whole(world: Any, kit: Any) -> None:
    first, second = world.take("a"), world.take("b")
    failed = kit.failure(second)
    world.record(kit.completion(first), failed)
    assert list(world.store.attempts("run-1")) == [kit.attempt(first), failed.attempt]


def test_the_sequence_follows_commits_and_never_repeats(world: Any) -> None:
    seen = [world.store.sequence()]
    for name in ("a", "b", "a"):
        world.publish(name)
        seen.append(world.store.sequence())
    assert seen == sorted(set(seen))
    numbers = [m.number for m in world.store.history("default", "a", None, 10)]
    assert numbers == sorted(numbers, reverse=True)


def test_a_transaction_that_raises_leaves_nothing_behind(world: Any, kit: Any) -> None:
    before = world.store.sequence()
    lease = world.take("a")

    def interrupted() -> None:
        with world.store.writing() as tx:
            tx.record([kit.completion(lease)])
            tx.set_dynamic(kit.ENV, "customers", ["x"], [])
            tx.document({"d": "text"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert world.store.sequence() == before
    assert world.rows("a") == {}
    assert not world.store.dynamic_partitions(kit.ENV)
    assert not world.store.documents(["d"])
    assert world.record(kit.completion(lease))[0].superseded is False


def test_a_claim_gives_every_attempt_a_greater_fence(world: Any) -> None:
    first = world.take("a")
    world.record()
    with world.store.writing() as tx:
        tx.release([first])
    second = world.take("a")
    assert second.fence > first.fence


def test_a_claim_takes_all_or_nothing(world: Any, kit: Any) -> None:
    world.start("run-2")
    held = world.take("b", run="run-2")
    refused = world.claim("a", "b", "c")
    assert refused == held
    for name in ("a", "c"):
        assert not isinstance(world.claim(name, run="run-2"), Lease)


def test_a_lease_of_a_dead_run_is_taken_over(world: Any, kit: Any) -> None:
    world.start("run-2")
    old = world.take("a", run="run-2")
    assert world.claim("a") == old
    world.dead.add("run-2")
    new = world.take("a")
    assert new.fence > old.fence
    assert world.record(kit.completion(old))[0].superseded


def test_a_claim_of_a_run_that_was_never_started_is_a_bug(world: Any) -> None:
    with pytest.raises(InternalError) as caught:
        world.claim("a", run="nobody")
    assert caught.value.code == "E691"


def test_a_writer_that_lost_its_lease_changes_nothing_visible(world: Any, kit: Any) -> None:
    world.start("run-2")
    late = world.take("a")
    world.dead.add("run-1")
    winner = world.take("a", run="run-2")
    world.record(kit.completion(winner, "winner"))
    before = world.rows("a")["a", 0].tobytes()
    recorded = world.record(kit.completion(late, "late", checks=(kit.outcome(),)))[0]
    assert recorded.superseded
    assert recorded.row is None
    assert world.rows("a")["a", 0].tobytes() == before
    assert [a.status for a in world.store.attempts("run-1")] == [AttemptStatus.SUPERSEDED]
    assert len(world.store.history("default", "a", None, 10)) == 1
    assert len(world.store.checks("default", "a", 10)) == 0
    assert not world.store.last_failures("default", ["a"])


def test_a_late_failure_of_a_lost_lease_is_no_failure_of_the_asset(world: Any, kit: Any) -> None:
    world.start("run-2")
    late = world.take("a")
    world.dead.add("run-1")
    world.publish("a", run="run-2")
    world.record(kit.failure(late))
    assert not world.store.last_failures("default", ["a"])
    assert world.store.attempts("run-1")[0].failure is not None


def test_an_attempt_recorded_twice_is_recorded_once(world: Any, kit: Any) -> None:
    lease = world.take("a")
    first = world.record(kit.completion(lease))[0]
    sequence = world.store.sequence()
    assert world.record(kit.completion(lease))[0] == first
    assert world.store.sequence() == sequence
    assert len(world.store.attempts("run-1")) == 1


def test_an_attempt_twice_in_one_batch_is_recorded_once(world: Any, kit: Any) -> None:
    lease = world.take("a")
    first, second = world.record(kit.completion(lease), kit.completion(lease))
    assert first == second
    assert len(world.store.history("default", "a", None, 10)) == 1


def test_one_batch_may_hold_several_attempts_at_one_key(world: Any, kit: Any) -> None:
    world.publish("a", "v1")
    lease = world.take("a")
    other = replace(lease, attempt="stranger")
    one, two = world.record(kit.completion(other, "v2"), kit.completion(lease, "v3"))
    assert (one.superseded, two.superseded) == (True, False)
    assert world.store.current_of("default", "a")[""].number == two.number


def test_a_retry_keeps_the_claim_under_a_new_fence(world: Any, kit: Any) -> None:
    world.start("run-2")
    lease = world.take("a")
    world.record(kit.failure(lease, release=False))
    assert isinstance(world.claim("a", run="run-2"), Lease)
    with world.store.writing() as tx:
        renewed = tx.renew(lease, "attempt-again")
    assert renewed.fence > lease.fence
    assert world.record(kit.completion(replace(lease, attempt="zombie")))[0].superseded
    assert not world.record(kit.completion(renewed))[0].superseded
    assert not world.store.last_failures("default", ["a"])


def test_a_lost_lease_cannot_be_renewed(world: Any) -> None:
    lease = world.take("a")
    world.start("run-2")
    world.dead.add("run-1")
    world.take("a", run="run-2")
    with pytest.raises(ConflictError, match="took it over"), world.store.writing() as tx:
        tx.renew(lease, "again")


def test_the_fence_decides_even_between_attempts_of_one_name(world: Any, kit: Any) -> None:
    old = world.take("a")
    with world.store.writing() as tx:
        tx.release([old])
        tx.claim("default", "run-1", [(kit.key("a"), old.attempt)])
    assert world.record(kit.completion(old))[0].superseded
    assert world.rows("a") == {}


def test_releasing_a_lease_that_was_lost_does_not_release_the_winners(world: Any) -> None:
    lease = world.take("a")
    world.start("run-2")
    world.dead.add("run-1")
    winner = world.take("a", run="run-2")
    with world.store.writing() as tx:
        tx.release([lease])
    world.dead.clear()
    assert world.claim("a") == winner


def test_a_run_that_ends_releases_what_it_held(world: Any, kit: Any) -> None:
    world.start("run-2")
    lease = world.take("a")
    world.end()
    assert world.take("a", run="run-2").fence > lease.fence
    assert world.record(kit.completion(lease))[0].superseded


def test_a_rejected_version_is_kept_as_a_candidate(world: Any, kit: Any) -> None:
    published = world.publish("a", "good")
    rejected = world.reject("a")
    assert world.rows("a")["a", 0]["number"] == published.number
    row = world.kept("a")["a", 0]
    assert row.tobytes() == rejected.row
    assert row["sequence"] == 0
    assert Flag(int(row["flags"])) == Flag.CHECK_FAILED | Flag.BLOCKING_FAILED
    kept = world.store.candidates("default", [kit.key("a")])
    assert kept[kit.key("a")].number == rejected.number
    assert world.store.attempts("run-1")[-1].status is AttemptStatus.REJECTED


def test_a_published_version_removes_the_candidate_and_the_failure(world: Any, kit: Any) -> None:
    world.reject("a")
    world.fail("a")
    assert len(world.store.last_failures("default", ["a"])) == 1
    world.publish("a")
    assert world.kept("a") == {}
    assert not world.store.last_failures("default", ["a"])


def test_a_cancelled_attempt_is_no_failure_and_clears_none(world: Any, kit: Any) -> None:
    def cancel(text: str) -> None:
        made = kit.failure(world.take(text))
        world.record(replace(made, attempt=replace(made.attempt, status=AttemptStatus.CANCELLED)))

    cancel("a")
    assert not world.store.last_failures("default", ["a"])
    world.fail("a")
    cancel("a")
    (failure,) = world.store.last_failures("default", ["a"])
    assert failure.attempt == "attempt-2"
    statuses = [a.status.value for a in world.store.attempts("run-1")]
    assert statuses == ["cancelled", "failed", "cancelled"]


def test_who_was_taken_for_dead_and_comes_back_was_superseded(world: Any, kit: Any) -> None:
    lease = world.take("a")
    died = kit.failure(lease)
    died = replace(died, attempt=replace(died.attempt, status=AttemptStatus.DIED))
    assert [world.record(died)[0].superseded for _ in range(2)] == [False, False]
    woken = world.record(kit.completion(lease))[0]
    assert (woken.superseded, woken.row) == (True, None)
    assert [a.status for a in world.store.attempts("run-1")] == [AttemptStatus.DIED]
    assert world.rows("a") == {}


def test_a_warning_publishes_and_leaves_its_flag(world: Any, kit: Any) -> None:
    warned = kit.outcome(status=CheckStatus.FAILED, blocking=False)
    world.publish("a", checks=(warned,))
    assert Flag(int(world.rows("a")["a", 0]["flags"])) == Flag.CHECK_FAILED


def test_the_last_failure_of_each_partition_is_reported(world: Any, kit: Any) -> None:
    world.fail("a@x")
    world.fail("a@x")
    world.fail("a@y")
    world.publish("a@z")
    failures = world.store.last_failures("default", ["a", "b"])
    assert [(f.asset, f.partition, f.attempt) for f in failures] == [
        ("a", "x", "attempt-2"),
        ("a", "y", "attempt-3"),
    ]


def test_versions_of_two_environments_do_not_mix(world: Any, kit: Any) -> None:
    world.publish("a", "here")
    lease = world.take("a", env="other")
    world.record(kit.completion(lease, "there"))
    here = world.store.current_of("default", "a")[""]
    there = world.store.current_of("other", "a")[""]
    assert here.written.data_version != there.written.data_version
    assert [m.env for m in world.store.history("other", "a", None, 9)] == ["other"]


def test_a_batch_may_span_environments(world: Any, kit: Any) -> None:
    one, two = world.take("a"), world.take("a", env="other")
    recorded = world.record(kit.completion(two), kit.completion(one))
    assert world.store.current_of("other", "a")[""].number == recorded[0].number
    assert world.store.current_of("default", "a")[""].number == recorded[1].number
