"""What ended a run is what its caller hears of, also where nothing can be recorded any more."""

from __future__ import annotations

import pytest

from assets_core.model.events import Event, Materialized
from assets_core.model.records import RunStatus
from assets_core.project.run_history import latest_runs
from tests.scenarios.shops import Shop

ONE = '\n@asset\ndef one() -> int:\n    ran("one")\n    return 1\n'


class Broken(Exception):
    """What a face raises."""


def test_an_error_of_who_listens_ends_the_run_as_failed(shop: Shop) -> None:
    shop.define(ONE)

    def listen(event: Event) -> None:
        if isinstance(event, Materialized):
            raise Broken("no terminal")

    with pytest.raises(Broken, match="no terminal"):
        shop.attempt(on_event=listen)
    project = shop.project()
    with project.reading() as reader:
        (run,) = latest_runs(project, reader, 5)
    assert run.status is RunStatus.FAILED


def test_an_error_of_who_listens_takes_nothing_from_the_record_and_what_is_claimed_is_finished(
    shop: Shop,
) -> None:
    two = '\n@asset\ndef two(one: int) -> int:\n    ran("two")\n    return 2\n'
    shop.define(
        ONE + two + '\n@asset\ndef three(two: int) -> int:\n    ran("three")\n    return 3\n'
    )

    def listen(event: Event) -> None:
        if isinstance(event, Materialized):
            raise Broken("no terminal")

    with pytest.raises(Broken):
        shop.attempt(on_event=listen)
    assert shop.calls() == ["one", "two"]
    assert shop.build() == ["three"]


def test_a_listener_is_told_only_of_what_others_can_see_already(shop: Shop) -> None:
    shop.define(ONE)
    todo: list[list[str]] = []

    def listen(event: Event) -> None:
        if isinstance(event, Materialized):
            todo.append(shop.todo())

    shop.attempt(on_event=listen)
    assert todo == [[]]


def test_a_store_that_fails_at_the_end_does_not_hide_what_ended_the_run(shop: Shop) -> None:
    shop.define(ONE)

    def listen(event: Event) -> None:
        if isinstance(event, Materialized):
            for file in (shop.root / ".assets").glob("state.sqlite*"):
                file.write_bytes(b"\xff" * file.stat().st_size)
            raise Broken("no terminal")

    with pytest.raises(Broken, match="no terminal") as caught:
        shop.attempt(on_event=listen)
    (note,) = caught.value.__notes__
    assert note.startswith("the end of the run could not be recorded either: ")
