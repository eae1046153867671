"""The one module that makes paths for stored versions and logs. A path is never identity.

``data/<asset>/<partition>/<attempt>``: asset and partition are each one encoded segment, so that no asset can lie
inside another and no partition key can leave its folder. An unpartitioned asset has ``data/<asset>/~<attempt>``, which
no partition key encodes to: every directory level costs an fsync, and most assets are unpartitioned.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from assets_core.disk_errors import remedy, what_failed
from assets_core.errors import CorruptionError, Place, StoreError
from assets_core.model.keys import UNPARTITIONED, AssetKey
from assets_core.model.records import MaterializationRecord
from assets_core.partitions.keys import key_to_path
from assets_core.private_folders import make_private

_WHOLE = "~"
_FOLDERS = ("data", "logs", "runs", "cache")
_ID = re.compile(r"[a-z0-9-]{1,64}")
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id() -> str:
    """A fresh id of 26 characters ``[0-9a-z]`` that sorts by time of creation."""
    value = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))


def checked_id(text: str) -> str:
    """``text`` if it is an id we could have made, else CorruptionError: a path is never made of anything else."""
    if not _ID.fullmatch(text):
        raise CorruptionError(
            "E701",
            f"the state store is damaged: {text[:80]!a} is not an id",
            help="put a backup of the state in its place",
        )
    return text


class Home:
    """Where one project keeps its state: everything below it is ours, 0700 and 0600."""

    def __init__(self, root: Path, data: Path) -> None:
        self.root = root
        self.data = data
        """The folder of all stored versions; below ``root`` unless configured elsewhere."""

    def version(self, asset: AssetKey, partition: str, attempt: str) -> Path:
        """The directory of one attempt's output, which nothing else ever writes to."""
        folder = self.data / key_to_path(asset)
        if partition == UNPARTITIONED:
            return folder / f"{_WHOLE}{checked_id(attempt)}"
        return folder / key_to_path(partition) / checked_id(attempt)

    def version_of(self, made: MaterializationRecord) -> Path:
        """Where a recorded version lies: below the key that its asset had when it was written."""
        return self.version(made.stored_as or made.asset, made.partition, made.attempt)

    def log(self, run: str, call: str) -> Path:
        """The file that captures one call's output."""
        return self.root / "logs" / checked_id(run) / f"{checked_id(call)}.log"

    def relative(self, path: Path) -> str:
        """A path as it is recorded: below the home, with forward slashes."""
        return path.relative_to(self.root).as_posix()

    def create(self) -> None:
        """Make the home: private, and ignoring itself for git; raises StoreError E617 where that is not possible.

        A link in place of one of its folders is CorruptionError E618. The home itself, and data configured to lie
        elsewhere, may be links: the user put them there.
        """
        for name in _FOLDERS:
            _refuse_link(self.root / name)
        try:
            make_private(self.root)
            ignore = self.root / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n")
                ignore.chmod(0o600)
        except OSError as error:
            raise StoreError(
                "E617",
                f"the state directory cannot be created: {what_failed(error, self.root)}",
                place=Place(str(self.root)),
                help=f"{remedy(error, 'correct the permissions')}, or name another one: ASSETS_HOME=DIR",
            ) from error


def refuse_links(location: Path) -> None:
    """Raise CorruptionError E618 where a folder of one version, below the data folder, is a link.

    What lies behind a link is not ours: neither is it read, nor is anything written or deleted there.
    """
    for path in (location, *_holders(location)):
        _refuse_link(path)


def _holders(location: Path) -> Sequence[Path]:
    """The folders that hold one version, below the data folder, innermost first."""
    return location.parents[: 1 if location.name.startswith(_WHOLE) else 2]


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise CorruptionError(
            "E618",
            "a symbolic link lies where a folder of the state directory was",
            place=Place(str(path)),
            help="put the folder back in its place; to keep data on another disk, set `data` or ASSETS_HOME",
        )


def make_asset_folders(home: Home, assets: Iterable[AssetKey]) -> None:
    """Create the folders of assets about to be materialized, so that their parent is made durable once for all.

    What a killed run made and did not sync is made durable with the store's signature. One that is a link is left to
    whoever writes there, who refuses it: the other assets go on.
    """
    folders = [home.data / key_to_path(asset) for asset in assets]
    created = [d for f in folders if not f.is_symlink() for d in make_private(f)]
    for parent in {d.parent for d in created}:
        _sync(parent)


def sync_trees(locations: Sequence[Path], created: Sequence[Path]) -> None:
    """Make written versions durable: files, then directories bottom-up, then what holds them and those created.

    Must happen before the record commits (G4). What holds a version may be there and not be durable: an attempt that
    was killed, or could not sync, left it so. Opening read-only suffices for fsync on Linux and macOS. The OSError of a
    sync names what was to be synced.
    """
    for location in locations:
        for folder, _, files in os.walk(location, topdown=False, onerror=_raised):
            for name in files:
                path = Path(folder, name)
                path.chmod(0o600)
                _sync(path)
            _sync(Path(folder))
    holders = {d.parent for d in created}.union(*map(_holders, locations))
    for directory in sorted(holders, key=lambda d: len(d.parts), reverse=True):
        _sync(directory)


def _raised(error: OSError) -> None:
    """A folder that cannot be listed would be passed over, and its files not synced."""
    raise error


def sync_holder(folder: Path) -> None:
    """Make the name of a folder of ours durable in the one that holds it, which may be another's and not readable."""
    with contextlib.suppress(PermissionError):
        _sync(folder.parent)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        _full_sync(fd)
    except OSError as error:
        error.filename = str(path)
        raise
    finally:
        os.close(fd)


def _full_sync(fd: int) -> None:
    """F_FULLFSYNC where it exists: macOS's fsync leaves data in the drive's cache."""
    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is None:
        os.fsync(fd)
    else:
        fcntl.fcntl(fd, full)
