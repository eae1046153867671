"""What a run looks like while it goes on, counted from its events: what every display of progress reads.

One lock, because the live display and the heartbeat read from threads of their own.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assets_core.cli.wording import address
from assets_core.model.conflicts import OnConflict
from assets_core.model.events import (
    Adopted,
    AttemptFailed,
    Blocked,
    ClaimRefused,
    Event,
    HeldUp,
    Joined,
    Materialized,
    Published,
    Rejected,
    RunExtended,
    RunStarted,
    StepFinished,
    StepStarted,
    Unchanged,
)
from assets_core.model.records import AttemptStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assets_core.model.plans import Plan

_NAMES = {
    Published: "published",
    Unchanged: "unchanged",
    Adopted: "current",
    Rejected: "kept back",
    Blocked: "blocked",
}
_JOINED = {
    AttemptStatus.MATERIALIZED: "current",
    AttemptStatus.REJECTED: "kept back",
    AttemptStatus.FAILED: "failed",
}
OUTCOMES = (
    "materialized", "same content", "published", "unchanged", "current",
    "kept back", "failed", "cancelled", "blocked",
)  # fmt: skip
"""What can become of an asset-partition, in the order in which it is said."""


@dataclass(slots=True)
class AssetProgress:
    """One asset of the plan."""

    key: str
    total: int
    outcomes: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    since: float | None = None
    """Monotonic time since which something of it runs."""
    flying: int = 0
    waits_for: str = ""
    """The pool or limit that held it up last."""

    @property
    def done(self) -> int:
        """How many of its partitions are settled."""
        return sum(self.outcomes.values())

    @property
    def finished(self) -> bool:
        """Whether all of them are."""
        return self.done >= self.total


@dataclass(frozen=True, slots=True)
class Moment:
    """A consistent look at the whole."""

    done: int
    total: int
    running: tuple[AssetProgress, ...]
    waiting: tuple[AssetProgress, ...]
    """Those of which nothing runs because a pool or a limit holds them up."""
    holders: tuple[str, ...]
    """Which other runs hold what, in words."""
    elapsed: float


class Tracker:
    """Counts events."""

    def __init__(self, plan: Plan) -> None:
        self.assets: dict[str, AssetProgress] = {}
        self.total = 0
        for step in plan.steps:
            self._expect(step.asset, len(step.partitions))
        for check in plan.checks:
            if check.candidate:
                self._expect(check.asset, len(check.partitions))
        self.run = ""
        self.number = 0
        self._calls: dict[str, tuple[str, ...]] = {}
        self._running: dict[str, AssetProgress] = {}
        self._held_up: dict[str, AssetProgress] = {}
        self._done = 0
        self._holders: dict[tuple[str, str], str] = {}
        """What other runs hold, in words, by asset and partition."""
        self._started = time.monotonic()
        self._lock = threading.Lock()

    def see(self, event: Event) -> AssetProgress | None:
        """Take an event into account; the asset that it finished, if it did."""
        with self._lock:
            return self._see(event)

    def moment(self) -> Moment:
        """How it stands now."""
        with self._lock:
            return Moment(
                self._done,
                self.total,
                tuple(self._running.values()),
                tuple(a for a in self._held_up.values() if not a.flying and not a.finished),
                tuple(self._holders.values()),
                time.monotonic() - self._started,
            )

    def outcomes(self) -> Mapping[str, int]:
        """Settled asset-partitions by outcome."""
        found: dict[str, int] = {}
        for asset in self.assets.values():
            for outcome, number in asset.outcomes.items():
                found[outcome] = found.get(outcome, 0) + number
        return found

    def _see(self, event: Event) -> AssetProgress | None:
        match event:
            case RunStarted():
                self.run, self.number = event.run, event.number
            case RunExtended():
                self._expect(event.asset, event.steps)
            case StepStarted():
                self._start(event)
            case StepFinished():
                self._finish(event)
            case HeldUp():
                asset = self.assets.setdefault(event.asset, AssetProgress(event.asset, 0))
                asset.waits_for = f"pool {event.pool}" if event.pool else f"limit {event.limit}"
                self._held_up[event.asset] = asset
            case Materialized():
                outcome = "materialized" if event.changed else "same content"
                return self._settle(event.asset, event.partition, outcome, event.duration_s)
            case Published() | Unchanged() | Adopted() | Rejected() | Blocked():
                return self._settle(event.asset, event.partition, _NAMES[type(event)])
            case ClaimRefused() | Joined():
                return self._another_run(event)
            case AttemptFailed(retry_in=None):
                cancelled = event.failure.status is AttemptStatus.CANCELLED
                outcome = "cancelled" if cancelled else "failed"
                return self._settle(event.asset, event.partition, outcome)
            case _:
                pass
        return None

    def _expect(self, key: str, number: int) -> None:
        asset = self.assets.setdefault(key, AssetProgress(key, 0))
        asset.total += number
        self.total += number

    def _start(self, event: StepStarted) -> None:
        self._calls[event.call] = event.assets
        for key in event.assets:
            for partition in event.partitions:
                self._holders.pop((key, partition), None)
            asset = self.assets.setdefault(key, AssetProgress(key, 0))
            if not asset.flying:
                asset.since = time.monotonic()
            asset.flying += 1
            self._running[key] = asset

    def _finish(self, event: StepFinished) -> None:
        for key in self._calls.pop(event.call, ()):
            asset = self.assets[key]
            asset.flying -= 1
            if not asset.flying:
                asset.since = None
                self._running.pop(key, None)

    def _another_run(self, event: ClaimRefused | Joined) -> AssetProgress | None:
        if isinstance(event, Joined):
            return self._settle(event.asset, event.partition, _JOINED[event.outcome])
        if event.on_conflict is OnConflict.FAIL:
            return self._settle(event.asset, event.partition, "failed")
        self._holders[event.asset, event.partition] = held_by(event)
        return None

    def _settle(
        self, key: str, partition: str, outcome: str, seconds: float = 0.0
    ) -> AssetProgress | None:
        self._holders.pop((key, partition), None)
        asset = self.assets.setdefault(key, AssetProgress(key, 0))
        asset.outcomes[outcome] = asset.outcomes.get(outcome, 0) + 1
        asset.seconds += seconds
        self._done += 1
        return asset if asset.done == asset.total else None


def held_by(event: ClaimRefused) -> str:
    """Which run is in the way of what."""
    return f"run {event.number}, which holds {address(event.asset, event.partition)}"
