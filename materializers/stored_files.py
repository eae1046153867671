"""The files of one stored version: created privately, digested, and never trusted when they are read back.

A version's directory is fresh and ours, but the disk and other programs are not: every read checks that the recorded
name is still a regular file of the recorded size (never a link: the file is opened with ``O_NOFOLLOW`` and its mapping
is what is read), and compares BLAKE3 wherever all bytes are wanted. BLAKE3 over a mapped file in the page cache takes
0.035 s for 172 MB here, a tenth of what verifying Arrow's page checksums adds to reading the same file.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import stat
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Self

from blake3 import blake3

from assets_core.model.values import StoredFile, StoredPart, Written
from assets_core.model.versions import DataVersion, digest
from materializers.refusals import damaged, missing, not_one_value, not_tabular

DIGEST_BYTES = 16
BUFFER = 1 << 18
FILE_MODE = 0o600
DIRECTORY_MODE = 0o700
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # a pipe in a file's place must not block


class FileStorage:
    """What every materializer that stores files does alike: it is not tabular, is verified and deleted by name."""

    def tables(self, parts: Sequence[StoredPart]) -> Sequence[Path] | None:
        """None: these values are not tables."""
        return None

    def verify(self, part: StoredPart) -> None:
        """Re-read every byte; raises CorruptionError naming the first file that is not as recorded."""
        for file in part.written.files:
            read_file(part.location, file)

    def delete(self, location: Path, written: Written) -> None:
        """Remove the files of a version and the directories that held them, not ``location`` itself."""
        for file in written.files:
            path = inside(location, file.name)
            refuse_links(location, path)
            path.unlink(missing_ok=True)
            for folder in path.relative_to(location).parents:
                if folder != Path():
                    with contextlib.suppress(OSError):
                        (location / folder).rmdir()


def create(path: Path) -> int:
    """Open a new private file for writing; the descriptor is the caller's to close."""
    return os.open(path, _CREATE, FILE_MODE)


def write_file(location: Path, name: str, data: bytes) -> StoredFile:
    """Write one new file below ``location``; it is closed on return, not synced."""
    with os.fdopen(create(inside(location, name)), "wb") as file:
        file.write(data)
    return StoredFile(name, len(data), blake3(data).hexdigest(DIGEST_BYTES))


class HashingFile:
    """A new file that digests what is written to it; the part of Python's file interface that Arrow's writers call."""

    def __init__(self, path: Path) -> None:
        self._file = os.fdopen(create(path), "wb", buffering=BUFFER)
        self._hash = blake3()
        self._size = 0
        self.closed = False

    def write(self, data: bytes) -> int:
        self._hash.update(data)
        self._size += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def tell(self) -> int:
        return self._size

    def close(self) -> None:
        self._file.close()
        self.closed = True

    def stored(self, name: str) -> StoredFile:
        """What was written, under this name."""
        return StoredFile(name, self._size, self._hash.hexdigest(DIGEST_BYTES))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def map_file(location: Path, file: StoredFile) -> mmap.mmap | bytes:
    """A stored file's bytes, of the recorded size but not yet compared with the recorded digest."""
    path = inside(location, file.name)
    refuse_links(location, path)
    handle = _open(path)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise damaged(path, "is not a regular file")
        if found.st_size != file.size:
            raise damaged(path, f"has {found.st_size} bytes, {file.size} were recorded")
        return mmap.mmap(handle, file.size, access=mmap.ACCESS_READ) if file.size else b""
    finally:
        os.close(handle)


def read_file(location: Path, file: StoredFile) -> mmap.mmap | bytes:
    """A stored file's bytes after comparing all of them with the recorded digest."""
    mapping = map_file(location, file)
    if blake3(mapping).hexdigest(DIGEST_BYTES) != file.digest:
        raise damaged(inside(location, file.name), "does not hold the bytes that were recorded")
    return mapping


def only_file(part: StoredPart) -> bytes:
    """The verified bytes of a version that is one file."""
    if len(part.written.files) != 1:
        raise damaged(part.location, f"was recorded with {len(part.written.files)} files, not one")
    return bytes(read_file(part.location, part.written.files[0]))


def only_part(
    materializer: str, parts: Sequence[StoredPart], columns: tuple[str, ...] | None
) -> StoredPart:
    """The one partition of a value that neither concatenates nor has columns (StepError E304, E305)."""
    if columns is not None:
        raise not_tabular(materializer)
    if len(parts) != 1:
        raise not_one_value(materializer, len(parts))
    return parts[0]


def bytes_version(kind: str, files: Sequence[StoredFile]) -> DataVersion:
    """The content digest of values that are their stored bytes: names, sizes and digests of the files."""
    facts = [text for file in files for text in (file.name, str(file.size), file.digest)]
    return DataVersion(digest("bytes/1", kind, *facts))


def inside(location: Path, name: str) -> Path:
    """The path of a recorded file name; a name that leads out of ``location`` is damage, not a path."""
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or name.startswith("/") or "\0" in name:
        raise damaged(location, "was recorded with a file name that leads out of it")
    return location.joinpath(*parts)


def refuse_links(location: Path, path: Path) -> None:
    """Damage where a directory on the way from ``location`` to a file is a link: what lies behind it is not ours."""
    for folder in path.parents:
        if folder.is_symlink():
            raise damaged(folder, "is a symbolic link, not the directory that was written")
        if folder == location:
            return


def _open(path: Path) -> int:
    try:
        return os.open(path, _READ)
    except FileNotFoundError:
        raise missing(path) from None
    except OSError as error:
        if path.is_symlink():
            raise damaged(path, "is a symbolic link, not the file that was written") from None
        raise damaged(path, f"cannot be read: {error.strerror}") from error
