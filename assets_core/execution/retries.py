"""When a failed call is tried again. Attempts are facts; the claim is kept, and handed to the next attempt.

``delay * backoff**n`` seconds, spread by ``jitter`` as a share of it. Randomness is injected.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

from assets_core.execution.calls import Call, Target
from assets_core.graph import AssetGraph
from assets_core.model.assets import Retry
from assets_core.model.records import Failure


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """Something to do at ``at`` (monotonic seconds)."""

    at: float
    order: int


class Retries:
    """The calls of a run that wait for another try."""

    def __init__(self, graph: AssetGraph, random: Callable[[], float]) -> None:
        self.graph = graph
        self._random = random
        self._due: list[Due] = []
        self._calls: dict[int, tuple[Call, tuple[Target, ...]]] = {}
        self._count = 0

    def allowed(self, call: Call, failure: Failure) -> bool:
        """Whether this failure of this call is followed by another try."""
        return failure.retryable and call.tries < self._policy(call).max_retries

    def schedule(self, call: Call, failed: tuple[Target, ...], now: float) -> float:
        """Try the failed targets of a call again later; returns the delay in seconds."""
        delay = delay_s(self._policy(call), call.tries, self._random())
        self.postpone(call, failed, now + delay)
        return delay

    def postpone(self, call: Call, failed: tuple[Target, ...], at: float) -> None:
        """Try them at ``at``, in monotonic seconds."""
        self._count += 1
        self._calls[self._count] = (call, failed)
        heapq.heappush(self._due, Due(at, self._count))

    def due(self, now: float) -> list[tuple[Call, tuple[Target, ...]]]:
        """The calls whose time has come."""
        ready = []
        while self._due and self._due[0].at <= now:
            ready.append(self._calls.pop(heapq.heappop(self._due).order))
        return ready

    def clear(self) -> list[Call]:
        """Forget every waiting call; returns them so that their leases are given up."""
        calls = [call for call, _ in self._calls.values()]
        self._due.clear()
        self._calls.clear()
        return calls

    def __len__(self) -> int:
        return len(self._due)

    @property
    def next_at(self) -> float | None:
        """When the next call is due, in monotonic seconds."""
        return self._due[0].at if self._due else None

    def _policy(self, call: Call) -> Retry:
        return self.graph.definitions[call.definition].retry


def delay_s(retry: Retry, tries: int, random: float) -> float:
    """Seconds before try ``tries + 1``; ``random`` in [0, 1) places it within the jitter."""
    spread = 1.0 + retry.jitter * (2.0 * random - 1.0)
    return float(max(0.0, retry.delay * retry.backoff**tries * spread))
