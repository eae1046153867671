"""Signals during a run: the first asks it to stop, the second ends it at once."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING

from assets_core.cli.boundary import StoppedBySignal

if TYPE_CHECKING:
    from assets_core.execution.runner import Runner

STOPPING = "stopping: what is running will be finished and recorded; once more to stop at once"


class Stopper:
    """Holds the runner that a signal stops."""

    def __init__(self, *, quiet: bool) -> None:
        self.signal: int | None = None
        self.is_shown = False
        """Whether a moving display shows that it stops: text written beside it is overdrawn by the next frame."""
        self._runner: Runner | None = None
        self._quiet = quiet

    def attach(self, runner: Runner) -> None:
        """From now on a first signal is graceful."""
        self._runner = runner
        if self.signal is not None:
            runner.request_stop()

    def handle(self, number: int, frame: FrameType | None) -> None:
        """A signal handler. It writes to the descriptor: a stream may be in the middle of a write."""
        if self.signal is not None or self._runner is None:
            raise StoppedBySignal(number)
        self.signal = number
        self._runner.request_stop()
        if not self._quiet and not self.is_shown:
            with contextlib.suppress(OSError):
                os.write(2, f"\n{STOPPING}\n".encode())

    @property
    def exit_code(self) -> int | None:
        """130 or 143 once a signal came."""
        return None if self.signal is None else 128 + self.signal


@contextlib.contextmanager
def stoppable(*, quiet: bool) -> Iterator[Stopper]:
    """Handle SIGINT and SIGTERM while the body runs."""
    stopper = Stopper(quiet=quiet)
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, stopper.handle) for number in numbers]
    try:
        yield stopper
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
