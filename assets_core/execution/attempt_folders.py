"""The folders of attempts as they lie on disk: finding them, knowing whose they are, deleting one.

Nothing here follows a link, and nothing is deleted but a folder whose name is an attempt's id, below the data folder. A
folder that the state store does not know can be garbage of a killed attempt, or the only copy of what another store
recorded: one that was lost, or of another project that shares the folder. Every store therefore signs its data folder,
and only where one signature stands alone is anything unknown taken for garbage.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from assets_core.execution.paths import (
    Home,
    checked_id,
    refuse_links,
    sync_holder,
    sync_trees,
)
from assets_core.private_folders import make_private

_OWNERS = ".owners"
_ATTEMPT = re.compile(r"~?([0-9a-hjkmnp-tv-z]{26})")
_DIGITS = {digit: value for value, digit in enumerate("0123456789abcdefghjkmnpqrstvwxyz")}


def sign(home: Home, owner: str) -> None:
    """Leave the signature of a store, the id of its first run, before anything of it is written.

    All of it is made durable in every run, up to what holds the state directory and the data: whoever made them, a
    verb that only reads or a run that was killed, may not have got so far.
    """
    path = home.data / _OWNERS / checked_id(owner)
    created = make_private(path.parent)
    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    sync_trees([path.parent], created)
    for folder in {home.data, home.root}:
        sync_holder(folder)


def owners(home: Home) -> frozenset[str]:
    """The signatures of all stores that wrote here."""
    folder = home.data / _OWNERS
    return frozenset(p.name for p in folder.iterdir()) if folder.is_dir() else frozenset()


def attempts_on_disk(home: Home) -> Iterator[tuple[str, Path]]:
    """(attempt id, folder) of everything that looks like an attempt's output, recorded or not."""
    for asset in _folders(home.data):
        if asset.name.startswith("."):
            continue
        for inner in _folders(asset):
            if inner.name.startswith("~"):
                yield from _attempt(inner)
            else:
                for folder in _folders(inner):
                    yield from _attempt(folder)


def _attempt(folder: Path) -> Iterator[tuple[str, Path]]:
    found = _ATTEMPT.fullmatch(folder.name)
    if found:
        yield found[1], folder


def _folders(folder: Path) -> Iterator[Path]:
    """The real folders in a folder; none where it is gone."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(e.path for e in entries if e.is_dir(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return
    yield from map(Path, found)


def made_at(identifier: str) -> datetime | None:
    """When an id of ours was made, None for any other text."""
    if _ATTEMPT.fullmatch(identifier) is None or identifier.startswith("~"):
        return None
    value = 0
    for digit in identifier:
        value = value << 5 | _DIGITS[digit]
    try:
        return datetime.fromtimestamp((value >> 80) / 1000, UTC)
    except (OverflowError, ValueError):
        return None


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder; links count as nothing."""
    total = 0
    for top, _, names in os.walk(folder):
        for name in names:
            status = os.lstat(Path(top, name))
            total += status.st_size
    return total


def delete_folder(location: Path) -> None:
    """Delete one attempt's folder with all that is in it; nothing where it is gone. Links inside are not followed.

    Raises CorruptionError E618 where the folder or one that holds it is a link, OSError where it cannot be deleted.
    """
    refuse_links(location)
    if _ATTEMPT.fullmatch(location.name) is None:
        raise ValueError(f"{location} is not the folder of an attempt")
    try:
        shutil.rmtree(location)
    except FileNotFoundError:
        if location.exists():  # somebody else deletes here: the rest is theirs, or for another time
            raise
