"""Check results on versions that exist: what every store does alike."""

from __future__ import annotations

from typing import Any

import pytest

from assets_core.errors import InternalError
from assets_core.model.checks import CheckStatus
from assets_core.model.packed import Flag, check_mark, check_marks
from assets_core.model.records import CheckRecord
from assets_core.model.versions import NO_INPUT, InputVersion


def lanes(*outcomes: Any) -> tuple[int, int]:
    return tuple(check_marks([check_mark(o.name, o.version, NO_INPUT) for o in outcomes]))


def test_results_of_a_new_version_are_marked_in_its_row(world: Any, kit: Any) -> None:
    one, two = kit.outcome("one"), kit.outcome("two")
    related = InputVersion(5, 2**64 - 3, 9)
    world.publish("a", checks=(one, two), related=(("two", related),))
    marks = [check_mark("one", one.version, NO_INPUT), check_mark("two", two.version, related)]
    assert tuple(world.rows("a")["a", 0]["checks"]) == check_marks(marks)


def test_results_are_read_back_whole_and_newest_first(world: Any, kit: Any) -> None:
    one, two = kit.outcome("one"), kit.outcome("two", status=CheckStatus.ERRORED)
    recorded = world.publish("a@x", checks=(one,))
    world.check("a@x", recorded.number, two)
    at = kit.attempt(world.take("b")).ended
    expected = [
        CheckRecord("default", "a", "x", recorded.number, "run-1", two, NO_INPUT, kit.NOW),
        CheckRecord("default", "a", "x", recorded.number, "run-1", one, NO_INPUT, at),
    ]
    assert list(world.store.checks("default", "a", 9)) == expected
    assert list(world.store.checks("default", "a", 1)) == expected[:1]
    assert list(world.store.check_results([recorded.number, 999])) == expected[::-1]


def test_a_new_result_replaces_the_one_of_the_same_name(world: Any, kit: Any) -> None:
    failed = kit.outcome("one", "1", CheckStatus.FAILED, blocking=False)
    recorded = world.publish("a", checks=(failed, kit.outcome("two")))
    edited = kit.outcome("one", "2")
    row = world.check("a", recorded.number, edited)
    stored = world.rows("a")["a", 0]
    assert stored.tobytes() == row
    assert tuple(stored["checks"]) == lanes(edited, kit.outcome("two"))
    assert stored["flags"] == 0


def test_evaluating_checks_does_not_move_the_pointer(world: Any, kit: Any) -> None:
    recorded = world.publish("a")
    before = world.rows("a")["a", 0]["sequence"]
    world.check("a", recorded.number, kit.outcome())
    assert world.rows("a")["a", 0]["sequence"] == before
    assert len(world.store.pointer_moves("default", "a", 9)) == 1


def test_a_check_that_fails_on_what_is_published_unpublishes_nothing(world: Any, kit: Any) -> None:
    recorded = world.publish("a")
    world.check("a", recorded.number, kit.outcome(status=CheckStatus.FAILED))
    row = world.rows("a")["a", 0]
    assert row["number"] == recorded.number
    assert Flag(int(row["flags"])) == Flag.CHECK_FAILED | Flag.BLOCKING_FAILED


def test_checks_that_are_gone_stop_counting(world: Any, kit: Any) -> None:
    recorded = world.publish("a", checks=(kit.outcome("old"), kit.outcome("kept")))
    world.check("a", recorded.number, kit.outcome("new"), keep=["kept", "new"])
    row = world.rows("a")["a", 0]
    assert tuple(row["checks"]) == lanes(kit.outcome("kept"), kit.outcome("new"))


def test_a_candidate_is_published_once_its_check_passes(world: Any, kit: Any) -> None:
    rejected = world.reject("a")
    failed = kit.outcome(status=CheckStatus.FAILED)
    row = world.check("a", rejected.number, failed, publish=True)
    assert world.kept("a")["a", 0].tobytes() == row
    row = world.check("a", rejected.number, kit.outcome(version="2"), publish=True)
    assert world.kept("a") == {}
    assert world.rows("a")["a", 0].tobytes() == row
    move = world.store.pointer_moves("default", "a", 1)[0]
    assert (move.reason, move.sequence) == ("check_passed", world.store.sequence())
    assert not world.store.last_failures("default", ["a"])


def test_a_candidate_is_not_published_unasked(world: Any, kit: Any) -> None:
    rejected = world.reject("a")
    world.check("a", rejected.number, kit.outcome(), publish=False)
    assert world.rows("a") == {}
    assert world.kept("a")["a", 0]["flags"] == 0


def test_a_candidate_whose_check_was_removed_is_published(world: Any, kit: Any) -> None:
    rejected = world.reject("a")
    with world.store.writing() as tx:
        row = tx.retire_checks(
            "default", kit.key("a"), rejected.number,
            keep=[], run="run-1", at=kit.NOW, publish_candidate=True,
        )  # fmt: skip
    stored = world.rows("a")["a", 0]
    assert stored.tobytes() == row
    assert tuple(stored["checks"]) == (0, 0)
    assert stored["number"] == rejected.number


def test_results_on_a_version_that_was_replaced_change_no_row(world: Any, kit: Any) -> None:
    old = world.publish("a", "1")
    new = world.publish("a", "2")
    assert world.check("a", old.number, kit.outcome(status=CheckStatus.FAILED)) is None
    assert world.rows("a")["a", 0].tobytes() == new.row
    assert len(world.store.check_results([old.number])) == 1


def test_results_on_a_version_that_does_not_exist_are_a_bug(world: Any, kit: Any) -> None:
    with pytest.raises(InternalError) as caught:
        world.check("a", 999, kit.outcome())
    assert caught.value.code == "E692"
