"""Telling a listener what happened: only what is recorded, and whatever the listener does cannot undo it.

Within a transaction events wait for its end, and are dropped with it. A listener that raises is told nothing more, and
its error is kept for whoever ends the run: raised where it occurs, it would roll back the record of a finished step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from assets_core.model.events import Event


class Telling:
    """One listener of one run. ``failed`` is called once, when the listener raises; ``error`` is what it raised."""

    def __init__(self, listener: Callable[[Event], None], failed: Callable[[], None]) -> None:
        self.error: Exception | None = None
        self._listener = listener
        self._failed = failed
        self._waiting: list[Event] = []
        self._held = False

    def emit(self, event: Event) -> None:
        """Tell it, or keep it until the transaction ends."""
        self._waiting.append(event)
        if not self._held:
            self._tell()

    @contextmanager
    def after_commit(self) -> Iterator[None]:
        """Keep what is emitted in this block until it ends; nothing of it happened where it raises."""
        self._held = True
        try:
            yield
        except BaseException:
            self._waiting.clear()
            raise
        finally:
            self._held = False
        self._tell()

    def _tell(self) -> None:
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            if self.error is not None:
                return
            try:
                self._listener(event)
            except Exception as error:
                self.error = error
                self._failed()
