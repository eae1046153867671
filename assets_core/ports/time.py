"""Time, injectable."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    pass


class Clock(Protocol):
    """Time, injectable where faults are simulated."""

    def now(self) -> datetime:
        """Aware UTC wall-clock time: shown and recorded, never compared for freshness."""
        ...

    def monotonic(self) -> float:
        """Seconds that only grow."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let that much time pass; only called while nothing is running."""
        ...
