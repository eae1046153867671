"""What a run came to: counted from the events it emitted, so that every face reports the same figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html import escape

from assets_core.model.conflicts import OnConflict
from assets_core.model.events import (
    Adopted,
    AttemptFailed,
    Blocked,
    CheckEvaluated,
    ClaimRefused,
    Event,
    Joined,
    Materialized,
    Published,
    Rejected,
    Unchanged,
)
from assets_core.model.keys import AssetKey
from assets_core.model.records import AttemptStatus, Failure, RunStatus

OTHER_CODE = "E501"
"""The failure of a step whose code or config is not what was planned."""
HELD_CODE = "E626"
"""The failure of what another run holds, where this one is not to wait."""
NOT_GOOD = frozenset({"failed", "cancelled", "rejected", "blocked"})
_WITHOUT_COMPUTING = {Published: "materialized", Unchanged: "unchanged", Adopted: "current"}


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of one asset-partition in this run."""

    asset: AssetKey
    partition: str
    outcome: str
    """``materialized``, ``unchanged``, ``current`` (adopted), or one of ``NOT_GOOD``."""
    duration_s: float | None = None
    """Of what was computed; None where a candidate was published, or nothing ran."""
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

    @property
    def drifted(self) -> bool:
        """Whether some step found other code than was planned."""
        return any(s.failure is not None and s.failure.kind == OTHER_CODE for s in self.steps)

    @property
    def conflicted(self) -> bool:
        """Whether it ended because another run held what it wanted (``on_conflict="fail"``)."""
        return any(s.failure is not None and s.failure.kind == HELD_CODE for s in self.steps)

    def _repr_html_(self) -> str:
        """For notebooks: the counts, and what did not come out well."""
        counts = " · ".join(f"{n} {name}" for name, n in self.counts.items() if n)
        rows = "".join(
            f"<tr><td>{escape(s.asset)}</td><td>{escape(s.partition)}</td><td>{escape(s.outcome)}</td>"
            f"<td>{escape(s.failure.message if s.failure else s.detail)}</td></tr>"
            for s in self.steps
            if s.outcome in NOT_GOOD
        )
        table = f"<table>{rows}</table>" if rows else ""
        status, seconds = escape(self.status.value), f"{self.duration_s:.1f}"
        return f"<p><b>run {self.number} {status}</b> in {seconds} s: {counts or 'nothing to do'}</p>{table}"


@dataclass(slots=True)
class Tally:
    """Collects step results from events."""

    steps: dict[tuple[AssetKey, str], StepResult] = field(default_factory=dict)
    failed_checks: list[CheckEvaluated] = field(default_factory=list)
    waited_for: dict[tuple[AssetKey, str], int] = field(default_factory=dict)
    """The number of the run that held it last."""

    def see(self, event: Event) -> None:
        """Take one event into account."""
        match event:
            case Materialized(asset, partition, _, duration):
                self._put(StepResult(asset, partition, "materialized", duration))
            case Published() | Unchanged() | Adopted():
                self._put(StepResult(event.asset, event.partition, _WITHOUT_COMPUTING[type(event)]))
            case Rejected(asset, partition, _, checks):
                detail = "check " + ", ".join(checks) + " failed"
                if not checks:
                    detail = "another output of its call was kept back"
                self._put(StepResult(asset, partition, "rejected", detail=detail))
            case AttemptFailed(asset, partition, _, failure, _, _, retry_in):
                if retry_in is None:
                    outcome = "cancelled" if failure.status is AttemptStatus.CANCELLED else "failed"
                    self._put(StepResult(asset, partition, outcome, None, failure))
            case Blocked(asset, partition, _, reason):
                self._put(StepResult(asset, partition, "blocked", detail=reason))
            case ClaimRefused() | Joined():
                self._see_another_run(event)
            case CheckEvaluated(passed=False, blocking=True, published=True):
                self.failed_checks.append(event)
            case _:
                pass

    def _see_another_run(self, event: ClaimRefused | Joined) -> None:
        if isinstance(event, Joined):
            self._put(_joined(event))
        elif event.on_conflict is OnConflict.FAIL:
            failure = held_failure(event.number)
            self._put(StepResult(event.asset, event.partition, "failed", None, failure))
        else:
            self.waited_for[event.asset, event.partition] = event.number

    def _put(self, result: StepResult) -> None:
        where = (result.asset, result.partition)
        if where in self.waited_for and not result.detail:
            result = replace(result, detail=f"waited for run {self.waited_for[where]}")
        self.steps[where] = result

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
        return bool(self.failed_checks) or any(s.outcome in NOT_GOOD for s in self.steps.values())


def held_failure(number: int) -> Failure:
    """Why something was not run that run ``number`` holds."""
    return Failure(HELD_CODE, f"run {number} holds it", retryable=False)


def _joined(event: Joined) -> StepResult:
    outcome, came = event.outcome.value, "failed in"
    if event.outcome is AttemptStatus.MATERIALIZED:
        outcome, came = "current", "made by"
    elif event.outcome is AttemptStatus.REJECTED:
        came = "kept back by a check in"
    detail = f"{came} run {event.number}"
    return StepResult(event.asset, event.partition, outcome, None, event.failure, detail)
