"""Progress without a terminal: what is said once, what is folded, and the heartbeat while nothing happens."""

from __future__ import annotations

import io
import threading
from datetime import UTC, datetime

import pytest

from assets_core.cli import progress
from assets_core.cli.progress import Progress
from assets_core.cli.screen import Screen
from assets_core.cli.session import Session
from assets_core.model.events import (
    AttemptFailed,
    HeldUp,
    Materialized,
    RunExtended,
    RunStarted,
    StepFinished,
    StepStarted,
)
from assets_core.model.keys import AssetKey
from assets_core.model.plans import Action, NeverMaterialized, Plan, Step
from assets_core.model.records import Failure
from assets_core.partitions import PartitionSet

A, B = AssetKey("a"), AssetKey("b")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Heard(io.StringIO):
    """A stream that tells when a line was written."""

    def __init__(self) -> None:
        super().__init__()
        self.line = threading.Event()

    def write(self, text: str) -> int:
        written = super().write(text)
        self.line.set()
        return written


def plan_of(**counts: int) -> Plan:
    steps = tuple(
        Step(AssetKey(key), n, Action.RUN, (NeverMaterialized(),), PartitionSet.range(0, count))
        for n, (key, count) in enumerate(counts.items())
    )
    return Plan("default", NOW, 0, steps, (), 0)


@pytest.fixture
def heard() -> Heard:
    return Heard()


def on(heard: Heard) -> Session:
    session = Session()
    vars(session)["err"] = Screen(heard)
    return session


def test_an_asset_is_said_once_when_all_of_it_is_done(heard: Heard) -> None:
    shown = Progress(on(heard), plan_of(a=3, b=1))
    shown.see(RunStarted("r", 7, 4))
    for key in "xyz":
        shown.see(Materialized(A, key, "t", 0.5, changed=key == "x"))
    assert heard.getvalue() == (
        "run 7: 4 asset-partitions to run or to decide\n"
        "  + a  1 materialized, 2 same content  1.5s\n"
    )


def test_outcomes_are_said_in_one_order_however_they_come(heard: Heard) -> None:
    shown = Progress(on(heard), plan_of(a=3))
    for key in "xyz":
        shown.see(Materialized(A, key, "t", 0.5, changed=key == "z"))
    assert heard.getvalue() == "  + a  1 materialized, 2 same content  1.5s\n"


def test_what_a_run_makes_due_is_said_too(heard: Heard) -> None:
    shown = Progress(on(heard), plan_of(a=1))
    shown.see(RunExtended(B, 2))
    for key in "xy":
        shown.see(Materialized(B, key, "t", 0.5, changed=True))
    assert heard.getvalue() == "  + b  2 materialized  1.0s\n"
    assert shown.tracker.moment().total == 3


def test_many_failures_are_not_said_one_by_one(heard: Heard) -> None:
    shown = Progress(on(heard), plan_of(a=100))
    for n in range(100):
        failure = Failure("ValueError", "bad\nrow")
        shown.see(AttemptFailed(A, str(n), "t", failure, None, (), None))
    lines = heard.getvalue().splitlines()
    assert lines[0] == "  x a[0] failed: ValueError: bad"
    assert len(lines) == 11
    assert lines[-1] == "  ! a  100 failed"


def test_with_many_assets_only_what_needs_attention_is_said(heard: Heard) -> None:
    names = [f"n{n}" for n in range(progress.MANY + 1)]
    shown = Progress(on(heard), plan_of(**dict.fromkeys(names, 1)))
    for name in names[1:]:
        shown.see(Materialized(AssetKey(name), "", "t", 0.1, changed=True))
    shown.see(AttemptFailed(AssetKey("n0"), "", "t", Failure("E", "bad"), None, (), None))
    assert heard.getvalue() == "  x n0 failed: E: bad\n"


def test_a_heartbeat_says_what_is_running_while_nothing_else_does(
    heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "HEARTBEAT_S", 0.01)
    shown = Progress(on(heard), plan_of(a=2, b=1))
    shown.see(StepStarted("c", (A,), ("x",), 0.0))
    with shown:
        assert heard.line.wait(30)
    first = heard.getvalue().splitlines()[0]
    assert first.startswith("  0 of 3 after ")
    assert first.endswith(", running: a (0 of 2)")


def test_what_another_run_or_a_limit_holds_up_is_said(heard: Heard) -> None:
    shown = Progress(on(heard), plan_of(a=2, b=1))
    shown.see(HeldUp(A, "own", None, 1, 1, (), None))
    shown.see(HeldUp(A, "duckdb", None, 1, 1, ("r2",), None))
    shown.see(HeldUp(B, "warehouse", None, 3, 4, ("r2", "r3"), None))
    shown.see(HeldUp(B, None, "tag:api=x", None, None, (), 12.4))
    assert heard.getvalue().splitlines() == [
        "  . a waits for pool duckdb: 1 of 1 slots are taken, by 1 other run",
        "  . b waits for pool warehouse: 3 of 4 slots are taken, by 2 other runs",
        "  . b waits for the rate limit tag:api=x: again in 12s",
    ]


def test_a_heartbeat_says_what_waits_of_what_nothing_runs(
    heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "HEARTBEAT_S", 0.01)
    shown = Progress(on(heard), plan_of(a=2, b=1, c=1))
    shown.see(StepStarted("c", (A,), ("x",), 0.0))
    for key in (A, B):
        shown.see(HeldUp(key, "duckdb", None, 1, 1, (), None))
    shown.see(HeldUp(AssetKey("c"), None, "c", None, None, (), 5.0))
    shown.see(Materialized(AssetKey("c"), "", "t", 0.1, changed=True))
    heard.line.clear()
    with shown:
        assert heard.line.wait(30)
    beat = next(line for line in heard.getvalue().splitlines() if " after " in line)
    assert beat.endswith(", running: a (0 of 2), waiting: b (pool duckdb)")


def test_what_ended_is_no_longer_said_to_run(heard: Heard) -> None:
    shown = Progress(on(heard), plan_of(a=2))
    shown.see(StepStarted("c", (A,), ("x",), 0.0))
    assert [asset.key for asset in shown.tracker.moment().running] == ["a"]
    shown.see(StepFinished("c", 0.1, 0.1))
    assert shown.tracker.moment().running == ()
