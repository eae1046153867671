"""What is found of stored bytes: facts, shown in the rows of whoever refers to the version."""

from __future__ import annotations

from typing import Any

import pytest

from assets_core.model.checks import CheckStatus
from assets_core.model.packed import Flag
from assets_core.model.records import FindingRecord, Soundness


def find(world: Any, kit: Any, text: str, number: int, soundness: Soundness) -> list[Any]:
    """Record one finding; what a run sees of it."""
    finding = FindingRecord(
        "default", *kit.key(text), number, soundness, "it is gone", None, kit.NOW
    )
    with world.store.writing() as tx:
        since = tx.sequence
        tx.find([finding])
        return list(tx.changes("default", since))


@pytest.mark.parametrize(
    ("soundness", "flag"), [(Soundness.MISSING, Flag.MISSING), (Soundness.DAMAGED, Flag.DAMAGED)]
)
def test_a_finding_is_shown_until_a_newer_version_is_published(
    world: Any, kit: Any, soundness: Soundness, flag: Flag
) -> None:
    recorded = world.publish("a", checks=(kit.outcome(),))
    (change,) = find(world, kit, "a", recorded.number, soundness)
    assert (change.asset, change.candidate) == ("a", False)
    row = world.rows("a")["a", 0]
    assert row.tobytes() == change.row
    assert Flag(int(row["flags"])) == flag
    world.check("a", recorded.number, kit.outcome("more"))
    assert Flag(int(world.rows("a")["a", 0]["flags"])) == flag
    world.publish("a")
    assert world.rows("a")["a", 0]["flags"] == 0
    assert [m.number for m in world.store.history("default", "a", None, 9)][1] == recorded.number


def test_what_was_put_back_is_sound_again(world: Any, kit: Any) -> None:
    recorded = world.publish("a@x")
    find(world, kit, "a@x", recorded.number, Soundness.MISSING)
    find(world, kit, "a@x", recorded.number, Soundness.SOUND)
    assert not find(world, kit, "a@x", recorded.number, Soundness.SOUND)


def test_what_is_known_already_is_not_recorded_again(world: Any, kit: Any) -> None:
    recorded = world.publish("a")
    before = world.store.sequence()
    assert not find(world, kit, "a", recorded.number, Soundness.SOUND)
    assert find(world, kit, "a", recorded.number, Soundness.DAMAGED)
    assert not find(world, kit, "a", recorded.number, Soundness.DAMAGED)
    assert world.store.sequence() == before + 1


def test_a_finding_of_an_earlier_version_leaves_the_current_one_alone(world: Any, kit: Any) -> None:
    earlier = world.publish("a")
    world.publish("a")
    assert not find(world, kit, "a", earlier.number, Soundness.DAMAGED)
    assert world.rows("a")["a", 0]["flags"] == 0


def test_a_damaged_candidate_is_never_published(world: Any, kit: Any) -> None:
    rejected = world.reject("a")
    (change,) = find(world, kit, "a", rejected.number, Soundness.DAMAGED)
    assert change.candidate
    row = world.check("a", rejected.number, kit.outcome(), publish=True)
    assert row is not None
    assert world.rows("a") == {}
    assert Flag(int(world.kept("a")["a", 0]["flags"])) == Flag.DAMAGED


def test_a_transaction_that_fails_found_nothing(world: Any, kit: Any) -> None:
    recorded = world.publish("a")
    before = world.rows("a")["a", 0].tobytes()
    finding = FindingRecord(
        "default", *kit.key("a"), recorded.number, Soundness.MISSING, "", "run-1", kit.NOW
    )

    def interrupted() -> None:
        with world.store.writing() as tx:
            tx.find([finding])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert world.rows("a")["a", 0].tobytes() == before
    assert find(world, kit, "a", recorded.number, Soundness.MISSING)


def test_a_finding_says_nothing_of_checks(world: Any, kit: Any) -> None:
    failed = kit.outcome(status=CheckStatus.FAILED, blocking=False)
    recorded = world.publish("a", checks=(failed,))
    find(world, kit, "a", recorded.number, Soundness.DAMAGED)
    assert Flag(int(world.rows("a")["a", 0]["flags"])) == Flag.DAMAGED | Flag.CHECK_FAILED
