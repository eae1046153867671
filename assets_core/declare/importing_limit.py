"""A time limit for importing the user's modules, which may hang on a network call or a lock (fault 27).

A signal is the only thing that interrupts a blocked call, and only the main thread receives one; elsewhere (a worker
thread, a platform without ``setitimer``) the limit does not apply and the import goes on.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class ImportTookTooLong(BaseException):
    """Raised inside the import; a ``BaseException`` so that a user's ``except Exception`` does not swallow it."""


@contextmanager
def import_limit(seconds: float | None) -> Iterator[None]:
    """Interrupt the block after ``seconds`` of wall time with ImportTookTooLong; None means no limit."""
    main = threading.current_thread() is threading.main_thread()
    if seconds is None or not main or not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, _interrupt)
    remaining, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, remaining)
        signal.signal(signal.SIGALRM, before)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise ImportTookTooLong
