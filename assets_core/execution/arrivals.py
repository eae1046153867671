"""What came back of calls, from whichever thread completed it: the one place where a runner waits for them.

A seam of its own, as waiting here is what a simulated runner does in virtual time.
"""

from __future__ import annotations

import queue
from concurrent.futures import Future
from typing import TypeAlias

from assets_core.execution.landing import Flight
from assets_core.ports import Outcome

Arrival: TypeAlias = tuple[Flight, "Future[Outcome]"]


class Arrivals:
    """Flights with their completed futures, in the order in which they came back."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Arrival] = queue.SimpleQueue()

    def put(self, flight: Flight, future: Future[Outcome]) -> None:
        """A flight came back; from any thread."""
        self._queue.put((flight, future))

    def wait(self, seconds: float) -> list[Arrival]:
        """Everything that has come back; blocks until something has, or that much time has passed."""
        try:
            arrived = [self._queue.get(timeout=seconds)]
        except queue.Empty:
            return []
        while not self._queue.empty():
            arrived.append(self._queue.get_nowait())
        return arrived
