"""A request to cancel is a fact: read by any reader, and from its commit on the run is leased nothing more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from assets_core.errors import ConflictError, InternalError
from assets_core.model.records import CancelRequest


def test_nothing_is_leased_to_a_run_after_its_cancellation(world: Any, kit: Any) -> None:
    held = world.take("a")
    request = CancelRequest("run-1", 2.5, kit.NOW)
    with world.store.writing() as tx:
        assert not isinstance(tx.claim(kit.ENV, "run-1", [(kit.key("b"), "before")]), type(held))
        tx.request_cancel(request)
        assert tx.cancel_request("run-1") == request
        with pytest.raises(ConflictError, match="E622"):
            tx.claim(kit.ENV, "run-1", [(kit.key("c"), "after")])
    with pytest.raises(ConflictError, match="E622"):
        world.claim("c")
    world.start("run-2")
    assert not isinstance(world.claim("c", run="run-2"), type(held))
    assert world.record(kit.completion(held))[0].superseded is False, "what was leased is recorded"


def test_the_last_request_counts_and_readers_see_it(world: Any, kit: Any) -> None:
    world.start("run-2")
    assert world.store.cancel_request("run-1") is None
    for seconds in (10.0, 1.0):
        with world.store.writing() as tx:
            tx.request_cancel(CancelRequest("run-1", seconds, kit.NOW + timedelta(seconds=seconds)))
    found = world.store.cancel_request("run-1")
    assert found == CancelRequest("run-1", 1.0, kit.NOW + timedelta(seconds=1))
    assert world.store.cancel_request("run-2") is None


def test_a_request_that_is_rolled_back_was_never_made(world: Any, kit: Any) -> None:
    def interrupted() -> None:
        with world.store.writing() as tx:
            tx.request_cancel(CancelRequest("run-1", 1.0, kit.NOW))
            raise ZeroDivisionError

    before = world.store.sequence()
    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert world.store.cancel_request("run-1") is None
    assert world.store.sequence() == before
    assert world.claim("a")


def test_only_a_run_that_was_started_can_be_cancelled(world: Any, kit: Any) -> None:
    with pytest.raises(InternalError, match="E691"), world.store.writing() as tx:
        tx.request_cancel(CancelRequest("nobody", 1.0, kit.NOW))
