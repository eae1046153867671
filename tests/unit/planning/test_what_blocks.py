"""What keeps a partition from running is told once, of every partition that it keeps, and of no other."""

from __future__ import annotations

from tests.unit.planning.days_told import BEFORE, LAST, SAME, SOURCE, Days, days


def test_a_reader_of_the_last_day_is_not_blocked_by_an_older_one_that_fails_its_check() -> None:
    project = Days(days(checked=True), days((0, LAST)))
    project.fail(0, 1)
    project.age(1, 3)
    assert project.told() == ["a1 3 run code_changed"]
    project.fail(0, 3)
    assert project.told() == ["a1 3 blocked upstream_blocked(a0)"]


def test_a_reader_of_the_last_day_that_is_there_waits_for_the_one_before_what_was_left_out() -> (
    None
):
    project = Days(days(), days((0, LAST)))
    project.mark(0, 3, "omitted")
    for day in range(4):
        project.make(1, day)
    assert project.told() == []
    project.age(0, 2)
    assert project.told() == ["a0 2 run code_changed", "a1 0,1,2,3 maybe upstream_pending(a0)"]


def test_a_day_without_its_input_is_blocked_where_the_input_of_another_fails_its_check() -> None:
    project = Days(days(checked=True), days((0, SAME)))
    project.leave_out(0)
    project.fail(0, 1)
    project.lose(0, 2)
    project.age(1, 1)
    project.age(1, 2)
    assert project.told() == [
        "a1 1 blocked upstream_blocked(a0)",
        "a1 2 blocked input_missing(a0)",
    ]


def test_a_day_without_its_input_is_blocked_where_the_input_of_another_is_damaged() -> None:
    project = Days(days(), days((0, SAME)))
    project.leave_out(0)
    project.mark(0, 1, "damaged")
    project.lose(0, 2)
    project.age(1, 1)
    project.age(1, 2)
    assert project.told() == ["a1 1,2 blocked input_missing(a0)"]


def test_an_input_of_two_parameters_changed_for_one_reason() -> None:
    project = Days(days(), days((0, SAME), (0, BEFORE)))
    project.change(0, 1)
    assert project.told() == ["a1 1,2 run input_changed(a0)"]


def test_a_day_that_two_inputs_block_stands_in_one_step() -> None:
    project = Days(days(), days(), days((0, SAME), (1, SAME)))
    for asset in (0, 1):
        project.leave_out(asset)
        project.lose(asset, 1)
    project.lose(1, 2)
    project.age(2, 1)
    project.age(2, 2)
    assert project.told() == ["a2 1 blocked input_missing(a0)", "a2 2 blocked input_missing(a1)"]


def test_a_source_that_cannot_be_observed_blocks_all_that_reads_it_and_nothing_else_does() -> None:
    project = Days(days(), SOURCE, days((0, SAME), (1, SAME)))
    project.leave_out(0)
    project.lose(0, 1)
    project.age(2, 1)
    project.unobserve(1)
    assert project.told() == ["a2 0,1,2,3 blocked observation_failed"]


def test_what_may_run_waits_for_no_upstream_that_only_blocked_days_read() -> None:
    project = Days(days(), days(), days(), days((0, SAME), (1, SAME), (2, SAME)))
    project.leave_out(2)
    project.mark(2, 1, "damaged")
    project.age(0, 1)
    project.age(1, 2)
    assert project.told()[2:] == [
        "a3 2 maybe upstream_pending(a1)",
        "a3 1 blocked input_missing(a2)",
    ]


def test_two_parameters_of_one_upstream_that_is_not_there_block_in_one_step() -> None:
    project = Days(days(), days((0, SAME), (0, BEFORE)))
    project.leave_out(0)
    project.lose(0, 1)
    project.age(1, 1)
    project.age(1, 2)
    assert project.told() == ["a1 1,2 blocked input_missing(a0)"]


def test_of_what_lacks_an_input_only_what_waits_for_a_blocked_one_says_so() -> None:
    project = Days(days(), days((0, SAME)), days((1, SAME)))
    project.leave_out(0)
    project.lose(0, 1)
    project.lose(1, 1)
    project.lose(1, 2)
    project.state.wanted[1] = tuple(project.state.keys(1)[:2])
    project.age(2, 1)
    project.age(2, 2)
    assert project.told() == [
        "a1 1 blocked input_missing(a0)",
        "a2 2 blocked input_missing(a1)",
        "a2 1 blocked upstream_blocked(a1)",
    ]
