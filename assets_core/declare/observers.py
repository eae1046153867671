"""Ready-made observers for sources: ``CONSTANT`` and ``file_digest``.

A digest covers the bytes of a file, or names and bytes of a whole folder in sorted order. Size and times may skip
reading a file again, but only when it was hashed more than two seconds after it was last written: within that time a
filesystem may give two writes one timestamp.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from assets_core.declare.creations import active
from assets_core.errors import StepError
from assets_core.model.json import JSON

SETTLED_NS = 2_000_000_000
_CHUNK = 1 << 20


class Constant:
    """The observer of a source that is declared never to change."""

    __slots__ = ()

    def __call__(self) -> str:
        return "constant"

    def __repr__(self) -> str:
        return "CONSTANT"


CONSTANT = Constant()


class _Stamp(NamedTuple):
    size: int
    modified_ns: int
    changed_ns: int
    inode: int


class FileDigests:
    """Digests of files read before, by absolute path. ``dump`` and ``load`` carry them to the next process."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[_Stamp, str]] = {}

    def of(self, path: Path) -> str:
        """The BLAKE3 digest (64 hex digits) of a file's bytes; reads it unless it is known unchanged."""
        before = _stamp(path.stat())
        known = self._known.get(str(path))
        if known is not None and known[0] == before:
            return known[1]
        started = time.time_ns()
        found = _hash(path)
        settled = max(before.modified_ns, before.changed_ns) + SETTLED_NS < started
        if settled and _stamp(path.stat()) == before:
            self._known[str(path)] = (before, found)
        return found

    def dump(self) -> dict[str, JSON]:
        """What is known, as plain JSON."""
        return {path: [*stamp, found] for path, (stamp, found) in self._known.items()}

    def load(self, dumped: Mapping[str, JSON]) -> None:
        """Take over what another process dumped; entries of another form are ignored."""
        for path, entry in dumped.items():
            match entry:
                case [int(size), int(modified), int(changed), int(inode), str(found)]:
                    self._known[path] = (_Stamp(size, modified, changed, inode), found)
                case _:
                    continue


DIGESTS = FileDigests()
"""The digests that this process knows."""


@dataclass(frozen=True, slots=True)
class FileDigest:
    """Observes a file or folder: its token is the digest of what is there. Of the fields only ``path`` is code."""

    path: str
    root: Path | None = field(default=None, repr=False, compare=False)
    """The project's root, from which ``path`` is relative; without a project it is the working directory."""

    def __call__(self) -> str:
        """The token; StepError E145 when there is nothing to read."""
        path = Path(os.path.normpath((self.root or Path.cwd()) / self.path))
        try:
            return f"blake3:{_tree(path) if path.is_dir() else DIGESTS.of(path)}"
        except OSError as error:
            raise StepError(
                "E145",
                f"`{self.path}` can't be read: {error.strerror or error}",
                help=f"the path is relative to the project's root: {path}",
            ) from error


def file_digest(path: str | os.PathLike[str]) -> FileDigest:
    """Observe a file, or a folder with all that is in it, by the digest of its content.

    ``path`` is relative to the project's root. A link that leads out of an observed folder is refused.
    """
    return FileDigest(os.fspath(path), active().root)


def _tree(folder: Path) -> str:
    from blake3 import blake3

    hasher = blake3()
    for name, path in sorted(_files(folder)):
        raw = name.encode(errors="surrogateescape")
        hasher.update(len(raw).to_bytes(8, "little") + raw + bytes.fromhex(DIGESTS.of(path)))
    return hasher.hexdigest()


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every regular file below ``folder`` with its relative name; StepError E145 for a link that leads out of it."""
    for parent, folders, names in os.walk(folder):
        linked = [n for n in folders if (Path(parent) / n).is_symlink()]
        for name in [*names, *linked]:
            path = Path(parent) / name
            if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
                raise StepError("E145", f"`{path}` is a link that leads out of the observed folder")
            if stat.S_ISREG(path.stat().st_mode):
                yield path.relative_to(folder).as_posix(), path


def _hash(path: Path) -> str:
    from blake3 import blake3

    hasher = blake3()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            hasher.update(chunk)
    return hasher.hexdigest()


def _stamp(found: os.stat_result) -> _Stamp:
    return _Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
