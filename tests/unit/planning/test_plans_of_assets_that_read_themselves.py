"""Assets that read their own earlier partitions: one day decides what becomes of the next, in order."""

from __future__ import annotations

from tests.unit.planning.days_told import BEFORE, SAME, Days, days


def test_what_reads_an_earlier_day_that_runs_may_run() -> None:
    project = Days(days((0, BEFORE)))
    assert project.told() == []
    project.age(0, 1)
    assert project.told() == ["a0 1 run code_changed", "a0 2,3 maybe upstream_pending(a0)"]


def test_a_candidate_behind_a_day_that_runs_is_not_judged_again_before_that_has_run() -> None:
    project = Days(days((0, BEFORE), checked=True))
    project.age(0, 0)
    project.keep_back(0, 1, judged=False)
    assert project.told() == [
        "a0 0 run code_changed",
        "a0 2 run input_changed(a0)",
        "a0 1,3 maybe upstream_pending(a0)",
    ]


def test_a_candidate_that_is_judged_again_makes_what_reads_it_wait() -> None:
    project = Days(days((0, BEFORE), checked=True))
    project.keep_back(0, 1, judged=False)
    assert project.told() == [
        "a0 2 run input_changed(a0)",
        "a0 3 maybe upstream_pending(a0)",
        "a0 1 checks",
    ]


def test_a_candidate_that_still_fails_blocks_what_reads_it_and_not_what_reads_on() -> None:
    project = Days(days((0, BEFORE), checked=True))
    project.keep_back(0, 1, judged=True)
    assert project.told() == ["a0 1 blocked check_blocked", "a0 2 blocked upstream_blocked(a0)"]


def test_what_reads_a_failing_candidate_is_not_blocked_where_an_earlier_day_runs() -> None:
    project = Days(days((0, BEFORE), checked=True))
    project.age(0, 0)
    project.keep_back(0, 1, judged=True)
    project.lose(0, 2)
    assert project.told() == [
        "a0 0 run code_changed",
        "a0 2 run never_materialized",
        "a0 3 run input_changed(a0)",
        "a0 1 maybe upstream_pending(a0)",
    ]


def test_what_may_run_because_of_its_own_earlier_day_is_looked_at_for_missing_inputs() -> None:
    project = Days(days(), days((0, SAME), (1, BEFORE)))
    project.mark(0, 2, "damaged")
    project.leave_out(0)
    project.age(1, 1)
    assert project.told() == ["a1 1 run code_changed", "a1 2 blocked input_missing(a0)"]


def test_a_current_day_behind_a_blocked_one_that_is_there_stays_current() -> None:
    project = Days(days(), days(), days((0, SAME), (1, SAME), (2, BEFORE)))
    project.mark(0, 1, "damaged")
    project.leave_out(0)
    project.age(1, 1)
    assert project.told() == ["a1 1 run code_changed", "a2 1 blocked input_missing(a0)"]
    assert project.plan().current == 4 + 4 - 2


def test_a_chain_of_days_without_the_first_ones_input_is_blocked_whole() -> None:
    project = Days(days(), days((0, SAME), (1, BEFORE)))
    project.leave_out(0)
    for day in range(4):
        project.lose(1, day)
    project.lose(0, 0)
    assert project.told() == [
        "a1 0 blocked input_missing(a0)",
        "a1 1,2,3 blocked upstream_blocked(a1)",
    ]


def test_a_day_whose_earlier_day_nobody_asked_for_lacks_an_input() -> None:
    project = Days(days((0, BEFORE)))
    project.lose(0, 1)
    project.lose(0, 2)
    project.lose(0, 3)
    project.state.wanted[0] = tuple(project.state.keys(0)[2:])
    assert project.told() == [
        "a0 2 blocked input_missing(a0)",
        "a0 3 blocked upstream_blocked(a0)",
    ]


def test_a_day_is_not_built_on_one_that_fails_its_check_unless_that_is_made_again() -> None:
    project = Days(days((0, BEFORE), checked=True))
    project.fail(0, 0)
    project.age(0, 1)
    assert project.told() == ["a0 1 blocked upstream_blocked(a0)"]
    project.age(0, 0)
    assert project.told() == ["a0 0,1 run code_changed", "a0 2,3 maybe upstream_pending(a0)"]
