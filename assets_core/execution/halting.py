"""Why a run starts nothing more, and what that means for what is still running.

A first signal and ``fail_fast`` let it finish. The run's timeout and somebody who cancels it stop it: it is asked
first, and killed after the grace period.
"""

from __future__ import annotations

from collections.abc import Collection

from assets_core.model.records import CancelRequest, RunStatus
from assets_core.ports import Clock, Executor

LOOK_S = 0.5
"""How long a runner waits at most before it looks whether it is to end."""


class Halting:
    """Decides whether one run goes on. ``status`` is None as long as it does."""

    def __init__(
        self, clock: Clock, executor: Executor, timeout_s: float | None, grace_s: float
    ) -> None:
        self.status: RunStatus | None = None
        self._clock = clock
        self._executor = executor
        self._grace_s = grace_s
        self._until = None if timeout_s is None else clock.monotonic() + timeout_s
        self._stops_calls = False
        self._told: set[str] = set()
        """The calls that were told to stop."""

    def finish(self, status: RunStatus) -> None:
        """Start nothing more, wait for what is running, and end as ``status``; the first reason counts."""
        self.status = self.status or status

    def see(self, request: CancelRequest | None) -> None:
        """Take notice of a request to cancel, if there is one."""
        if request is not None:
            self._stop(RunStatus.CANCELLED, request.grace_s)

    def _stop(self, status: RunStatus, grace_s: float) -> None:
        if not self._stops_calls:
            self.status, self._grace_s, self._stops_calls = status, grace_s, True

    def apply(self, calls: Collection[str]) -> bool:
        """Whether the run is to end; ``calls`` are those running, which are stopped where they are not to finish."""
        if self._until is not None and self._clock.monotonic() >= self._until:
            self._stop(RunStatus.TIMED_OUT, self._grace_s)
        if self._stops_calls:
            for call in calls:
                if call not in self._told:
                    self._told.add(call)
                    self._executor.cancel(call, self._grace_s)
        return self.status is not None

    @property
    def wait_s(self) -> float:
        """How long to wait at most before looking again."""
        if self._until is None or self._stops_calls:
            return LOOK_S
        return min(LOOK_S, max(0.0, self._until - self._clock.monotonic()))

    @property
    def end(self) -> RunStatus | None:
        """How the run ends, None where it ends by itself."""
        if self.status is RunStatus.CANCELLED and self._executor.survivors:
            return RunStatus.CANCEL_FAILED
        return self.status
