"""What a failed write means to its user: which disk, how much room there is on it, and what to do next.

The system's own text names neither the disk nor the bytes, and its remedy differs by error: a disk that is full, one
that is broken and a process that has too many files open all end the same call.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_REMEDIES = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space, or ask for a larger quota",
    errno.EIO: "check the disk",
    errno.EMFILE: "raise the limit of open files (`ulimit -n`), or use fewer jobs",
    errno.ENFILE: "close other programs: the system has no file descriptors left",
}


def is_full(error: OSError) -> bool:
    """Whether there was no room for what was to be written."""
    return error.errno in _FULL


def what_failed(error: OSError, path: Path) -> str:
    """The system's words, and where a disk is full or broken, which one: ``path`` lies on it, or was to."""
    text = error.strerror or str(error)
    if is_full(error):
        return f"{text}: {room_on(path)}"
    return f"{text} on {mount_of(path)}" if error.errno == errno.EIO else text


def remedy(error: OSError, otherwise: str) -> str:
    """What to do about it, as the beginning of a sentence; ``otherwise`` where only its place says."""
    return _REMEDIES.get(error.errno or 0, otherwise)


def room_on(path: Path) -> str:
    """The bytes that are free on the disk of ``path``, of how many, and where it is mounted."""
    mount = mount_of(path)
    try:
        disk = os.statvfs(mount)
    except OSError:
        return f"on {mount}"
    free, size = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    inodes = " and no file more" if disk.f_files and not disk.f_favail else ""
    return f"{free:,} of {size:,} bytes{inodes} are free on {mount}"


def mount_of(path: Path) -> Path:
    """Where the disk that holds ``path`` is mounted; of a path that is not there, the disk that would hold it."""
    place = Path(os.path.realpath(path))
    return next((p for p in (place, *place.parents) if os.path.ismount(p)), place)
