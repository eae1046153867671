"""Folders of the state directory: whatever of their path is missing is made for their owner alone.

``Path.mkdir(mode=..., parents=True)`` gives the mode to the last folder only; its parents get what the umask leaves.
"""

from __future__ import annotations

from pathlib import Path


def make_private(directory: Path) -> list[Path]:
    """Create a directory and its missing ancestors as 0700; returns those created, outermost first."""
    created: list[Path] = []
    missing = directory
    while not missing.exists():
        created.append(missing)
        missing = missing.parent
    created.reverse()
    for path in created:
        path.mkdir(mode=0o700, exist_ok=True)
    return created
