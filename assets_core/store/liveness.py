"""A run's proof of life: a lock that the kernel releases when the process dies, however it dies.

The file is locked with ``flock``, whose lock belongs to the open file description: a second descriptor sees it held
even in the same process, a child that inherits the descriptor would keep it (so it is close-on-exec), and neither a
busy GIL nor a stopped process loses it. The file itself stays after the run: removing it would let two runs lock two
inodes of one name.

In the file may stand until when the run's leases hold (the machine's monotonic clock, which no clock step moves), kept
fresh by the run's keeper. A run that is stopped longer than that is not dead, but others may take over what it holds.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assets_core.disk_errors import remedy, what_failed
from assets_core.errors import ConflictError, InternalError, Place, StoreError
from assets_core.private_folders import make_private

_RUN = re.compile(r"[A-Za-z0-9-]{1,64}")
_LEASE_BYTES = 32


class RunLock:
    """Held from creation until ``close`` or the end of the process; ConflictError E620 where another holds it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = _open(path)
        if not _try_lock(self._fd):
            os.close(self._fd)
            raise ConflictError(
                "E620", "this run is already being executed", place=Place(str(path))
            )

    def close(self) -> None:
        """Let go of it. Idempotent."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> RunLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def lock_path(home: Path, run: str) -> Path:
    """Where a run's lock file lies; InternalError for a text that is no run id."""
    if not _RUN.fullmatch(run):
        raise InternalError("E690", f"{run!r} is not a run id")
    return home / "runs" / f"{run}.lock"


def is_alive(home: Path, run: str) -> bool | None:
    """Whether some process holds the run's lock. None without a lock file: it never started here or was cleaned up."""
    with _looked_at(home, run) as fd:
        return None if fd is None else not _try_lock(fd)


def holds_leases(home: Path, run: str) -> bool | None:
    """Whether nobody may take over what a run has leased: it lives, and its lease has not run out. None as above."""
    with _looked_at(home, run) as fd:
        return None if fd is None else not _try_lock(fd) and not _has_run_out(fd)


def _has_run_out(fd: int) -> bool:
    """Without a keeper nothing stands there, and a lease holds as long as the lock."""
    until = os.pread(fd, _LEASE_BYTES, 0)
    while until != (again := os.pread(fd, _LEASE_BYTES, 0)):  # half of it may have been renewed
        until = again
    try:
        return bool(until) and time.monotonic() >= float(until)
    except ValueError:
        return False


@contextmanager
def _looked_at(home: Path, run: str) -> Iterator[int | None]:
    try:
        fd = os.open(lock_path(home, run), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        yield None
        return
    except OSError as error:
        raise _unusable(lock_path(home, run), error) from error
    try:
        yield fd
    finally:
        os.close(fd)


def _open(path: Path) -> int:
    try:
        make_private(path.parent)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        return os.open(path, flags, 0o600)
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: OSError) -> StoreError:
    otherwise = "check the permissions of the state directory"
    return StoreError(
        "E607",
        f"the run's lock file cannot be opened: {what_failed(error, path)}",
        place=Place(str(path)),
        help=f"{remedy(error, otherwise)} and run the command again",
    )


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.EWOULDBLOCK, errno.EAGAIN}:
            return False
        raise
    return True
