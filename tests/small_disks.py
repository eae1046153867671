"""A real disk of a few megabytes: a tmpfs. Tests that use it carry the marker ``tmpfs``."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def small_disk(spot: Path, size: str) -> Iterator[Path]:
    """An empty disk at ``spot``, ``size`` as mount takes it (``1m``)."""
    spot.mkdir()
    options = f"size={size},mode=700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(spot)], check=True)
    try:
        yield spot
    finally:
        subprocess.run(["umount", str(spot)], check=True)


def resize(spot: Path, size: str) -> None:
    """Make the disk larger or smaller."""
    subprocess.run(["mount", "-o", f"remount,size={size}", str(spot)], check=True)


def free(spot: Path) -> int:
    """Bytes that are free there."""
    disk = os.statvfs(spot)
    return disk.f_bavail * disk.f_frsize
