"""Fault row 20: a backfill of 5,000 partitions that is cancelled claims nothing more, and its slots are free."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from assets_core.model.events import Event, HeldUp, StepStarted
from assets_core.model.keys import AssetKey
from assets_core.model.records import CancelRequest, RunStatus
from tests.scenarios.shops import NOW, Shop

CONFIG = "grace = 0.5\n[tool.assets.pools]\nwarehouse = 3\n"
MANY = """
@asset(partitions=StaticPartitions([f"p{n:04}" for n in range(5000)]), pool="warehouse")
def many(context: AssetContext) -> int:
    ran("many", context.partition.key)
    return 1


@asset(pool={"warehouse": 3})
def next_one() -> int:
    ran("next_one")
    return 1
"""


class Canceller:
    """Cancels the run from another thread, between two of its transactions, once so many calls have started."""

    def __init__(self, shop: Shop, after: int) -> None:
        self.known: set[str] = set()
        """The partitions that were claimed or recorded when the request was committed."""
        self._left = after
        self._run = ""
        self._due = threading.Event()
        self._thread = threading.Thread(target=self._cancel, args=(shop,), daemon=True)
        self._thread.start()

    def see(self, event: Event) -> None:
        if isinstance(event, StepStarted):
            self._left -= 1
            if self._left == 0:
                self._due.set()

    def attach(self, runner: Any) -> None:
        self._run = runner.state.run

    def _cancel(self, shop: Shop) -> None:
        self._due.wait()
        with shop.project().writing() as store, store.writing() as tx:
            tx.request_cancel(CancelRequest(self._run, 0.5, NOW))
            self.known = {of.partition for of in tx.taken("default", [AssetKey("many")])}

    def join(self) -> None:
        self._due.set()
        self._thread.join()


@pytest.mark.parametrize("after", [1, 30])
def test_a_cancelled_backfill_claims_nothing_after_the_request_and_frees_its_slots(
    after: int, tmp_path: Path
) -> None:
    shop = Shop.at(tmp_path / "project", CONFIG)
    shop.define(MANY)
    canceller = Canceller(shop, after)
    shop.attempt(
        "many", executor="processes", jobs=4, on_event=canceller.see, on_runner=canceller.attach
    )
    canceller.join()
    assert shop.result is not None
    assert shop.result.status is RunStatus.CANCELLED
    assert after <= len(canceller.known) < 5000
    with shop.project().reading() as reader:
        tried = {attempt.partition for attempt in reader.attempts(shop.result.run)}
        assert tried == canceller.known, "what was claimed by then was recorded, and nothing else"
        assert not reader.leases("default")
        assert not reader.slot_holders()
    assert shop.attempt("next_one") == ["next_one"], "which needs all of the pool"
    assert not shop.of(HeldUp)
