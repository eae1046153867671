"""The queue in which the writers of all processes wait for their turn, before SQLite is asked for anything.

Two file locks: one to be next, one to write. Whoever is next waits for the second while holding the first, so a writer
that has just finished cannot come back before it. With a single lock the finisher took it again while the others were
still waking up: eight back-to-back committers on a busy machine had a median of 1 ms and waited 200 ms at the 99th
percentile.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assets_core.store.sqlite_files import open_private


class WriterQueue:
    """The turns at one state file. Its threads queue among themselves first: file locks do not tell them apart."""

    def __init__(self, path: Path) -> None:
        self._threads = threading.Lock()
        self._writing = open_private(path.with_name(path.name + ".lock"))
        self._next = open_private(path.with_name(path.name + ".next"))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until nobody else writes; nobody else does until it is left."""
        with self._threads:
            fcntl.flock(self._next, fcntl.LOCK_EX)
            try:
                fcntl.flock(self._writing, fcntl.LOCK_EX)
            finally:
                fcntl.flock(self._next, fcntl.LOCK_UN)
            try:
                yield
            finally:
                fcntl.flock(self._writing, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close both files, which lets go of them."""
        os.close(self._next)
        os.close(self._writing)
