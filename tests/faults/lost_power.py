"""A folder as a disk may hold it after the power was cut: nothing is there for sure but what was synced.

A file's data are durable by a sync of the file, and a name by a sync of the folder that holds it. What was not synced
is kept, lost, or kept in part: writes by sector of 512 bytes, names in any order, but those that are about one another
(a file is made, then renamed) in theirs. A rename is never half.
"""

from __future__ import annotations

import copy
import random
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tests.faults.system_calls import (
    Create,
    MakeFolder,
    Mode,
    Operation,
    Remove,
    Rename,
    Sync,
    Told,
    Truncate,
    Write,
)

SECTOR = 512
Chooser = Callable[[int], int]
"""How many of n changes that build on one another are on disk."""
Contents = dict[str, bytes | None]
"""What is in a folder by path, folders first: the bytes of a file, None for a folder. Nothing where there is none."""


@dataclass
class File:
    synced: bytes = b""
    now: bytearray = field(default_factory=bytearray)
    pending: list[Write | Truncate] = field(default_factory=list)


@dataclass
class Folder:
    """Names, as synced and as they are; what happened in between, as (names that it is about, what it does)."""

    synced: dict[str, Node] = field(default_factory=dict)
    now: dict[str, Node] = field(default_factory=dict)
    pending: list[tuple[set[str], Callable[[dict[str, Node]], object]]] = field(
        default_factory=list
    )

    def change(self, names: set[str], what: Callable[[dict[str, Node]], object]) -> None:
        what(self.now)
        self.pending.append((names, what))


Node = File | Folder


class Disk:
    """The disk of one folder, while operations are done to it."""

    def __init__(self, top: Path) -> None:
        """``top`` as it is, all of it durable; its own name is in a folder that is."""
        self.top = top.absolute()
        self.parent = Folder()
        if self.top.exists():
            self.parent.now[self.top.name] = _read(self.top)
        self.parent.synced = dict(self.parent.now)
        self.told: list[str] = []

    def copy(self) -> Disk:
        """A disk of its own, as this one is."""
        return copy.deepcopy(self)

    def do(self, operation: Operation) -> None:
        """One more change."""
        match operation:
            case Told(text):
                self.told.append(text)
            case Mode():
                pass
            case Create(path, emptied):
                if self._find(path) is None:
                    self._link(path, File())
                elif emptied:
                    self.do(Truncate(path, 0))
            case MakeFolder(path):
                self._link(path, Folder())
            case Remove(path):
                folder, name = self._place(path)
                folder.change({name}, lambda names: names.pop(name, None))
            case Rename(path, to):
                self._rename(path, to)
            case Sync(path):
                self._sync(self._find(path))
            case Write(path, offset, data):
                file = self._file(path)
                operation = Write(path, len(file.now) if offset is None else offset, data)
                _write(file.now, operation)
                file.pending.append(operation)
            case Truncate(path):
                file = self._file(path)
                _truncate(file.now, operation.size)
                file.pending.append(operation)

    def _rename(self, path: str, to: str) -> None:
        (folder, old), (other, new) = self._place(path), self._place(to)
        assert folder is other, "a rename from one folder to another is two changes"

        def move(names: dict[str, Node]) -> None:
            if old in names:
                names[new] = names.pop(old)

        folder.change({old, new}, move)

    def _link(self, path: str, node: Node) -> None:
        folder, name = self._place(path)
        folder.change({name}, lambda names: names.__setitem__(name, node))

    def _place(self, path: str) -> tuple[Folder, str]:
        *folders, name = PurePosixPath(path).relative_to(self.top.parent).parts
        node: Node = self.parent
        for part in folders:
            assert isinstance(node, Folder)
            node = node.now[part]
        assert isinstance(node, Folder)
        return node, name

    def _find(self, path: str) -> Node | None:
        if path == str(self.top.parent):
            return self.parent
        folder, name = self._place(path)
        return folder.now.get(name)

    def _file(self, path: str) -> File:
        found = self._find(path)
        assert isinstance(found, File), path
        return found

    @staticmethod
    def _sync(node: Node | None) -> None:
        match node:
            case File():
                node.synced = bytes(node.now)
                node.pending.clear()
            case Folder():
                node.synced = dict(node.now)
                node.pending.clear()

    # --- cutting the power --------------------------------------------------------------------------------------

    def everything(self) -> Contents:
        """What a process sees, synced or not."""
        return self._contents(lambda n: n, None)

    def certain(self) -> Contents:
        """What is on the disk for sure, and no more."""
        return self._contents(lambda n: 0, None)

    def any_of_it(self, seed: int) -> Contents:
        """What is certain, and of the rest what the seed says."""
        chance = random.Random(seed)
        return self._contents(lambda n: chance.randint(0, n), chance)

    def _contents(self, chosen: Chooser, torn: random.Random | None) -> Contents:
        found = _names(self.parent, chosen).get(self.top.name)
        return {} if found is None else dict(_listed(found, ".", chosen, torn))


def put(contents: Contents, top: Path) -> None:
    """Make it so on the real disk."""
    shutil.rmtree(top, ignore_errors=True)
    for name, data in contents.items():
        path = top / name
        if data is None:
            path.mkdir(mode=0o700)
        else:
            path.write_bytes(data)
            path.chmod(0o600)


def _read(path: Path) -> Node:
    if path.is_dir():
        names = {child.name: _read(child) for child in path.iterdir()}
        return Folder(dict(names), names)
    raw = path.read_bytes()
    return File(raw, bytearray(raw))


def _write(data: bytearray, write: Write) -> None:
    assert write.offset is not None
    data.extend(bytes(max(0, write.offset - len(data))))
    data[write.offset : write.offset + len(write.data)] = write.data


def _truncate(data: bytearray, size: int) -> None:
    del data[size:]
    data.extend(bytes(size - len(data)))


def _names(folder: Folder, chosen: Chooser) -> dict[str, Node]:
    """What is synced, and the beginning of each chain of changes that are about the same names."""
    names = dict(folder.synced)
    for chain in _chains(folder.pending):
        for _, what in chain[: chosen(len(chain))]:
            what(names)
    return names


def _chains(
    pending: Iterable[tuple[set[str], Callable[[dict[str, Node]], object]]],
) -> list[list[tuple[set[str], Callable[[dict[str, Node]], object]]]]:
    chains: list[tuple[set[str], list[tuple[set[str], Callable[[dict[str, Node]], object]]]]] = []
    for names, what in pending:
        touched = [chain for chain in chains if chain[0] & names]
        chains = [chain for chain in chains if chain not in touched]
        merged = sorted((c for _, those in touched for c in those), key=list(pending).index)
        chains.append((names.union(*(n for n, _ in touched)), [*merged, (names, what)]))
    return [those for _, those in chains]


def _listed(
    node: Node, path: str, chosen: Chooser, torn: random.Random | None
) -> Iterator[tuple[str, bytes | None]]:
    if isinstance(node, File):
        yield path, _content(node, chosen, torn)
        return
    yield path, None
    for name, child in _names(node, chosen).items():
        yield from _listed(child, f"{path}/{name}", chosen, torn)


def _content(file: File, chosen: Chooser, torn: random.Random | None) -> bytes:
    data = bytearray(file.synced)
    if torn is None:
        return bytes(file.now) if chosen(1) else file.synced
    for operation in file.pending:
        match operation, torn.choice(["all", "none", "sectors"]):
            case _, "none":
                pass
            case Truncate(size=size), _:
                _truncate(data, size)
            case Write(), "all":
                _write(data, operation)
            case Write(), _:
                _write_sectors(data, operation, torn)
    return bytes(data)


def _write_sectors(data: bytearray, write: Write, torn: random.Random) -> None:
    """Any of its sectors; where the size was on disk before the data, the others are zeroes."""
    assert write.offset is not None
    end = write.offset + len(write.data)
    if torn.random() < 0.5:
        data.extend(bytes(max(0, end - len(data))))
    start = write.offset
    while start < end:
        stop = min(end, (start // SECTOR + 1) * SECTOR)
        if torn.random() < 0.5:
            part = write.data[start - write.offset : stop - write.offset]
            _write(data, Write(write.path, start, part))
        start = stop
