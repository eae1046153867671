"""How far something of unknown length has come: a moving line on a terminal, a heartbeat anywhere else."""

from __future__ import annotations

import time

from assets_core.cli.progress import HEARTBEAT_S
from assets_core.cli.screen import is_dumb
from assets_core.cli.session import Session
from assets_core.cli.wording import counted, duration, size

_OFTEN_S = 0.1


class Counting:
    """Says on stderr what was reached; ``noun`` is what is counted."""

    def __init__(self, session: Session, noun: str) -> None:
        self._screen = session.err
        self._noun = noun
        self._quiet = bool(session.options.quiet)
        self._live = self._screen.is_tty and not session.options.no_progress and not is_dumb()
        self._started = self._said = time.monotonic()

    def __enter__(self) -> Counting:
        return self

    def __exit__(self, *_: object) -> None:
        if self._live and not self._quiet:
            self._screen.write("\r\x1b[K")

    def reached(self, number: int, size_bytes: int) -> None:
        """So many by now, and so many bytes."""
        now = time.monotonic()
        if self._quiet or now - self._said < (_OFTEN_S if self._live else HEARTBEAT_S):
            return
        self._said = now
        text = f"  {counted(number, self._noun)}, {size(size_bytes)} after {duration(now - self._started)}"
        if self._live:
            self._screen.write(f"\r\x1b[K{text}"[: self._screen.width + 3])
        else:
            self._screen.line((text, "dim"))
