"""The ``path`` materializer: a file or directory that user code produced, copied into the version under its own name.

The digest covers relative names, empty directories and bytes; permissions and times are not kept (files are 0600). A
link inside the tree is stored as the file it names; a link out of it, a link to a directory, a socket or a device is
refused (StepError E302). Loading compares every byte before it hands out the path, because what reads it then is user
code: 1 GB takes about 0.2 s from the page cache.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from assets_core.model.values import StoredFile, StoredPart, Written
from assets_core.model.versions import DataVersion, digest
from assets_core.ports import WriteOptions
from materializers.annotations import annotation_name, value_names
from materializers.refusals import bad_option, damaged, not_loadable, shorten, unstorable
from materializers.stored_files import (
    DIRECTORY_MODE,
    FileStorage,
    HashingFile,
    inside,
    only_part,
)

ROOT = "files"
BLOCK = 1 << 20
_PATHS = {"pathlib.Path", "pathlib.PosixPath", "pathlib.PurePath"}


class PathMaterializer(FileStorage):
    """Files and directories."""

    name = "path"

    def accepts(self, value: object) -> bool:
        """Any concrete ``pathlib.Path``."""
        return "pathlib.Path" in value_names(value)

    def write(self, value: object, location: Path, options: WriteOptions) -> Written:
        """Copy what ``value`` names; raises StepError E302 where it is missing or leads out of itself."""
        for option in options.options:
            raise bad_option(self.name, option, "there are no options")
        if not isinstance(value, Path):
            raise unstorable(f"`path` stores pathlib.Path, not {type(value).__name__}")
        source, name = _source(value)
        folder = location / ROOT
        folder.mkdir(mode=DIRECTORY_MODE)
        stored = f"{ROOT}/{name}"
        if source.is_file():
            files = [_copy(source, location, stored)]
        else:
            _folder(location, stored)
            files = list(_copy_tree(source, source, location, stored))
        version = _version(location, files)
        size = sum(file.size for file in files)
        return Written(self.name, version, tuple(files), "pathlib.Path", size=size)

    def load(
        self, parts: Sequence[StoredPart], columns: tuple[str, ...] | None, as_type: object
    ) -> object:
        """The path of the stored copy, which is not to be changed."""
        part = only_part(self.name, parts, columns)
        if annotation_name(as_type) not in {None, *_PATHS}:
            raise not_loadable(self.name, str(annotation_name(as_type)), ["pathlib.Path"])
        self.verify(part)
        (stored,) = (part.location / ROOT).iterdir()
        return stored

    def verify(self, part: StoredPart) -> None:
        """Re-read every byte and every name; raises CorruptionError E310."""
        FileStorage.verify(self, part)
        folder = part.location / ROOT
        if folder.is_symlink() or not folder.is_dir():
            raise damaged(folder, "is not the directory that was written")
        recorded = part.written
        same_names = _names(part.location) == {file.name for file in recorded.files}
        if not same_names or _version(part.location, recorded.files) != recorded.data_version:
            raise damaged(folder, "holds other names than were recorded")

    def delete(self, location: Path, written: Written) -> None:
        """Remove the recorded files and the directories of the copy."""
        FileStorage.delete(self, location, written)
        folders = [Path(top) for top, _, _ in os.walk(location / ROOT)]
        for folder in reversed(folders):
            folder.rmdir()


def _source(value: Path) -> tuple[Path, str]:
    try:
        source = value.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise unstorable(f"the path {shorten(str(value))} cannot be read: {error}") from None
    name = value.name or source.name
    if not name or name == "..":
        raise unstorable(f"the path {shorten(str(value))} has no name of its own")
    if not source.is_file() and not source.is_dir():
        raise unstorable(f"{shorten(str(value))} is neither a file nor a directory")
    return source, name


def _copy_tree(folder: Path, root: Path, location: Path, prefix: str) -> Iterator[StoredFile]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        name = f"{prefix}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            _folder(location, name)
            yield from _copy_tree(Path(entry.path), root, location, name)
        else:
            yield _copy(_followed(Path(entry.path), root), location, name)


def _followed(path: Path, root: Path) -> Path:
    """The regular file that ``path`` is or, inside ``root``, links to."""
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise unstorable(f"{shorten(str(path))} is a link that leads nowhere") from None
    if not target.is_relative_to(root):
        raise unstorable(f"{shorten(str(path))} is a link out of the directory that was returned")
    if not target.is_file():
        raise unstorable(f"{shorten(str(path))} is not a regular file or a link to one")
    return target


def _folder(location: Path, name: str) -> None:
    inside(location, _valid(name)).mkdir(mode=DIRECTORY_MODE)


def _valid(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise unstorable(f"the file name {shorten(repr(name))} is not valid Unicode") from None
    return name


def _copy(source: Path, location: Path, name: str) -> StoredFile:
    with source.open("rb") as reader, HashingFile(inside(location, _valid(name))) as writer:
        while block := reader.read(BLOCK):
            writer.write(block)
    return writer.stored(name)


def _version(location: Path, files: Sequence[StoredFile]) -> DataVersion:
    """The digest of the directories that are there and the files that were recorded."""
    folders = sorted(Path(top).relative_to(location).as_posix() for top, _ in _walked(location))
    facts = [fact for file in files for fact in (file.name, str(file.size), file.digest)]
    return DataVersion(digest("path/1", str(len(folders)), *folders, *facts))


def _names(location: Path) -> set[str]:
    found = (Path(top, name) for top, names in _walked(location) for name in names)
    return {path.relative_to(location).as_posix() for path in found}


def _walked(location: Path) -> Iterator[tuple[str, list[str]]]:
    """Every directory of the copy and the names of its files; OSError for one that cannot be listed."""

    def refuse(error: OSError) -> None:
        raise error

    for top, _, names in os.walk(location / ROOT, onerror=refuse):
        yield top, names
