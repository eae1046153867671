"""The state file before SQLite opens it: where it may lie, who may read it, and what its first bytes say.

SQLite takes an empty file for an empty database, creates files with the umask's permissions and trusts ``flock`` and
shared memory, which network filesystems fake. All of that is settled here, without SQLite.
"""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path

from assets_core.disk_errors import remedy, what_failed
from assets_core.errors import CorruptionError, Place, StoreError
from assets_core.private_folders import make_private

APPLICATION_ID = 0x41434C53
_MAGIC = b"SQLite format 3\0"
_HEADER = 100
_NETWORK = frozenset(
    {
        "afpfs",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "davfs",
        "glusterfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs3",
        "nfs4",
    }
    | {"smb2", "smb3", "smbfs", "webdav"}
    | {"fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs"}
)
MOUNTS = Path("/proc/self/mountinfo")
"""What is mounted where. Looked up when it is needed, so that another table can be put in its place."""
KEEP_DATA = "the data of your assets is not in this file and stays where it is"


def unusable(path: Path, message: str, help: str, code: str = "E607") -> StoreError:
    """The state file cannot be used where it is."""
    return StoreError(code, message, place=Place(str(path)), help=help)


def damaged(path: Path, what: str) -> CorruptionError:
    """The state file's bytes are not what SQLite wrote."""
    return CorruptionError(
        "E609",
        f"the state store is damaged: {what}",
        place=Place(str(path)),
        help="put a backup in its place, or move the file away to start with an empty state; "
        + KEEP_DATA,
    )


def make_directory(path: Path) -> None:
    """Create the state directory for its owner alone; an existing one keeps its permissions."""
    try:
        make_private(path)
    except OSError as error:
        raise unusable(
            path,
            f"the state directory cannot be created: {what_failed(error, path)}",
            "set ASSETS_HOME to a directory you may write to",
        ) from error


def open_private(path: Path) -> int:
    """A descriptor of a file that only its owner may read or write, created if need be."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise unusable(
            path,
            f"the state directory cannot be written to: {what_failed(error, path)}",
            f"{remedy(error, 'check its permissions and the free space')}, "
            "or set ASSETS_HOME to another directory",
        ) from error


def set_aside_log(path: Path) -> None:
    """Rename the log of a file that was removed: SQLite would replay it into the new one.

    It is kept, because the file may be put back.
    """
    for suffix in ("-wal", "-shm"):
        left = path.with_name(path.name + suffix)
        if left.exists():
            left.rename(left.with_name(f"{left.name}.orphan"))


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def exists(path: Path) -> bool:
    """Whether there is a state file; anything but a regular file in its place is an error."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    except OSError as error:
        raise unusable(
            path,
            f"the state store cannot be opened: {what_failed(error, path)}",
            remedy(error, "check the path and its permissions"),
        ) from error
    if not stat.S_ISREG(mode):
        raise unusable(
            path,
            "the state store is not a regular file",
            "name a file in the store's URL: sqlite:///path/to/state.db",
        )
    return True


def check_header(path: Path) -> None:
    """Refuse what is empty, no database or cut short; what SQLite itself would find is left to it."""
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise unusable(
            path,
            f"the state store cannot be read: {what_failed(error, path)}",
            remedy(error, "check the file's permissions"),
        ) from error
    if not header:
        raise damaged(path, "the file is empty (0 bytes)")
    if not header.startswith(_MAGIC):
        raise unusable(
            path,
            "the state store is not a SQLite database",
            "move the file away, or name another one in the store's URL",
            "E603",
        )
    if len(header) < _HEADER:
        raise damaged(path, f"the file is cut short after {size} bytes")
    page, pages = struct.unpack_from(">H", header, 16)[0], struct.unpack_from(">I", header, 28)[0]
    page = 65536 if page == 1 else page
    if size < page * pages and not _has_content(path.with_name(path.name + "-wal")):
        raise damaged(path, f"the file is cut short: {size} of {page * pages} bytes")


def is_immutable(path: Path) -> bool:
    """Whether the file is whole and nobody can be writing: readers need no shared memory, which has no place there.

    A log with content would be passed over, so with one the file is opened as usual, which fails.
    """
    read_only = bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    return read_only and not _has_content(path.with_name(path.name + "-wal"))


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def refuse_network(path: Path, mounts: Path | None = None) -> None:
    """Refuse a state file on a network filesystem, where SQLite's locks and shared memory do not hold."""
    kind = filesystem_kind(path, mounts)
    if kind in _NETWORK:
        raise unusable(
            path,
            f"the state store lies on a network filesystem ({kind}), where SQLite cannot lock it",
            "set ASSETS_HOME to a directory on a local disk, or keep the state in PostgreSQL",
            "E608",
        )


def filesystem_kind(path: Path, mounts: Path | None = None) -> str:
    """The type of the filesystem that holds ``path``, ``""`` where the system does not say."""
    try:
        lines = (mounts or MOUNTS).read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return _kind_by_psutil(path)
    place = os.path.realpath(path)
    best, kind = "", ""
    for line in lines:
        left, _, right = line.partition(" - ")
        point = left.split(" ")[4].replace("\\040", " ")
        inside = place == point or place.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, right.split(" ", 1)[0]
    return kind


def _kind_by_psutil(path: Path) -> str:
    """Where there is no mountinfo (macOS)."""
    import psutil

    place = os.path.realpath(path)
    mounted = [
        part
        for part in psutil.disk_partitions(all=True)
        if place == part.mountpoint or place.startswith(part.mountpoint.rstrip("/") + "/")
    ]
    return str(max(mounted, key=lambda p: len(p.mountpoint)).fstype) if mounted else ""
