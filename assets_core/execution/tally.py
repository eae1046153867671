"""What a run came to: counted from the events it emitted, so that every face reports the same figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assets_core.model.events import (
    Adopted,
    AttemptFailed,
    Blocked,
    CheckEvaluated,
    Event,
    Materialized,
    Rejected,
    Unchanged,
)
from assets_core.model.keys import AssetKey
from assets_core.model.records import Failure, RunStatus


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of one asset-partition in this run."""

    asset: AssetKey
    partition: str
    outcome: str
    """``materialized``, ``unchanged``, ``current`` (adopted), ``failed``, ``rejected`` or ``blocked``."""
    duration_s: float | None = None
    failure: Failure | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run. ``counts`` has the keys of ``assets.run/1``."""

    run: str
    number: int
    status: RunStatus
    duration_s: float
    counts: Mapping[str, int]
    steps: tuple[StepResult, ...]
    failed_checks: tuple[CheckEvaluated, ...] = ()
    """Blocking checks that failed on versions that were published before."""

    @property
    def ok(self) -> bool:
        """Whether everything asked for is current now."""
        return self.status is RunStatus.SUCCEEDED


@dataclass(slots=True)
class Tally:
    """Collects step results from events."""

    steps: dict[tuple[AssetKey, str], StepResult] = field(default_factory=dict)
    failed_checks: list[CheckEvaluated] = field(default_factory=list)

    def see(self, event: Event) -> None:
        """Take one event into account."""
        match event:
            case Materialized(asset, partition, _, duration):
                self._put(StepResult(asset, partition, "materialized", duration))
            case Unchanged(asset, partition):
                self._put(StepResult(asset, partition, "unchanged"))
            case Adopted(asset, partition):
                self._put(StepResult(asset, partition, "current"))
            case Rejected(asset, partition, _, checks):
                detail = "check " + ", ".join(checks) + " failed"
                self._put(StepResult(asset, partition, "rejected", detail=detail))
            case AttemptFailed(asset, partition, _, failure, _, _, retry_in):
                if retry_in is None:
                    self._put(StepResult(asset, partition, "failed", None, failure))
            case Blocked(asset, partition, _, reason):
                self._put(StepResult(asset, partition, "blocked", detail=reason))
            case CheckEvaluated(passed=False, blocking=True, published=True):
                self.failed_checks.append(event)
            case _:
                pass

    def _put(self, result: StepResult) -> None:
        self.steps[result.asset, result.partition] = result

    def counts(self, current: int) -> dict[str, int]:
        """Counts by outcome; ``current`` is how many the plan found current."""
        outcomes = [s.outcome for s in self.steps.values()]
        return {
            "materialized": outcomes.count("materialized"),
            "unchanged": outcomes.count("unchanged"),
            "restored": 0,
            "failed": outcomes.count("failed") + outcomes.count("rejected"),
            "blocked": outcomes.count("blocked"),
            "current": current + outcomes.count("current"),
        }

    @property
    def failed(self) -> bool:
        """Whether anything failed, was rejected or blocked, or a published version fails a blocking check."""
        bad = {"failed", "rejected", "blocked"}
        return bool(self.failed_checks) or any(s.outcome in bad for s in self.steps.values())
