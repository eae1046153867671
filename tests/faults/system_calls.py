"""What a command changes in a folder, as the kernel was asked for it: its system calls, from strace, as values."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faces.command import Done, environment

_TRACED = (
    "open", "openat", "creat", "write", "writev", "pwrite64", "pwritev", "pwritev2", "lseek", "fsync", "fdatasync",
    "rename", "renameat", "renameat2", "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir", "truncate", "ftruncate",
    "fallocate", "link", "linkat", "symlink", "symlinkat", "copy_file_range", "sendfile", "splice", "sync", "syncfs",
    "mmap", "chmod", "fchmod", "fchmodat",
)  # fmt: skip
_LINE = re.compile(r"(\d+) +(?:<\.\.\. )?(\w+)(?:\((.*)| resumed>(.*))$", re.DOTALL)
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_DESCRIPTOR = re.compile(r"(-?\d+|AT_FDCWD)<((?:\\x[0-9a-f]{2})*)>")
_SIZE = 1 << 27
"""Strace prints no more of a text than this; everything must be printed."""


@dataclass(frozen=True)
class Create:
    """A file was opened that may not have been there; ``emptied`` where one that was there lost what it held."""

    path: str
    emptied: bool = False


@dataclass(frozen=True)
class MakeFolder:
    path: str


@dataclass(frozen=True)
class Write:
    """``offset`` None is where the last write to the file ended."""

    path: str
    offset: int | None
    data: bytes


@dataclass(frozen=True)
class Truncate:
    path: str
    size: int


@dataclass(frozen=True)
class Rename:
    path: str
    to: str


@dataclass(frozen=True)
class Remove:
    path: str


@dataclass(frozen=True)
class Sync:
    """A file or a folder is on disk as it is now."""

    path: str


@dataclass(frozen=True)
class Mode:
    path: str


@dataclass(frozen=True)
class Told:
    """What the user has read by now."""

    text: str


Operation = Create | MakeFolder | Write | Truncate | Rename | Remove | Sync | Mode | Told


def traced(folder: Path, argv: Sequence[str], cwd: Path, log: Path) -> tuple[Done, list[Operation]]:
    """Run a command; what it changed in ``folder``, syncs of its holder included, in order, and what it told."""
    strace = [
        "strace", "-f", "-y", "-xx", "-s", str(_SIZE), "-e", "signal=none", "-e", f"trace={','.join(_TRACED)}",
        "--seccomp-bpf", "-o", str(log),
    ]  # fmt: skip
    done = subprocess.run(
        [*strace, *argv], cwd=cwd, env=environment(), capture_output=True, check=False, text=True
    )
    return Done(done.returncode, done.stdout, done.stderr), list(_below(folder, log))


def _below(folder: Path, log: Path) -> Iterator[Operation]:
    top = os.path.realpath(folder)
    for name, arguments, answer in _calls(log):
        if answer.startswith(("-1", "?")):
            continue
        texts = [_decoded(t).decode(errors="replace") for t in _TEXT.findall(arguments)[:2]]
        descriptors = [(n, _decoded(p).decode()) for n, p in _DESCRIPTOR.findall(arguments)]
        if name == "write" and descriptors and descriptors[0][0] in {"1", "2"}:
            yield Told(texts[0])
            continue
        for path in _paths(name, texts, descriptors)[:1]:
            holder = path == str(Path(top).parent) and "sync" in name
            if path == top or path.startswith(top + "/") or holder:
                operation = _operation(name, arguments, _paths(name, texts, descriptors))
                if operation is not None:
                    yield operation


def _calls(log: Path) -> Iterator[tuple[str, str, str]]:
    """(name, arguments, answer) of every call, where it ended."""
    begun: dict[str, str] = {}
    for line in log.read_text().splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        pid, name, start, rest = found.groups()
        if start is not None and start.endswith("<unfinished ...>"):
            begun[pid] = start.removesuffix("<unfinished ...>")
            continue
        whole = start if start is not None else begun.pop(pid, "") + rest
        arguments, _, answer = whole.rpartition(" = ")
        yield name, arguments, answer


def _decoded(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _paths(name: str, texts: list[str], descriptors: list[tuple[str, str]]) -> list[str]:
    """The paths that a call is about, absolute: those it names, else that of its descriptor."""
    if (
        name
        in {"fsync", "fdatasync", "ftruncate", "fallocate", "mmap", "fchmod", "lseek", "syncfs"}
        or "write" in name
    ):
        return [path for _, path in descriptors[:1]]
    if name in {"copy_file_range", "sendfile", "splice"}:
        return [path for _, path in descriptors]
    if name in {"symlink", "symlinkat"}:
        texts = texts[1:]
    folders = [path for _, path in descriptors] or [""]
    return [
        os.path.normpath(os.path.join(folders[min(n, len(folders) - 1)], text))  # noqa: PTH118
        for n, text in enumerate(texts)
    ]


def _operation(name: str, arguments: str, paths: list[str]) -> Operation | None:
    match name:
        case "open" | "openat" | "creat":
            emptied = "O_TRUNC" in arguments or name == "creat"
            created = emptied or "O_CREAT" in arguments
            return Create(paths[0], emptied) if created else None
        case "mkdir" | "mkdirat":
            return MakeFolder(paths[0])
        case "write":
            return Write(paths[0], None, _decoded(_TEXT.findall(arguments)[0]))
        case "pwrite64":
            offset = int(arguments.rstrip(") ").rpartition(", ")[2])
            return Write(paths[0], offset, _decoded(_TEXT.findall(arguments)[0]))
        case "truncate" | "ftruncate":
            return Truncate(paths[0], int(arguments.rstrip(") ").rpartition(", ")[2]))
        case "rename" | "renameat" | "renameat2":
            return Rename(paths[0], paths[1])
        case "unlink" | "unlinkat" | "rmdir":
            return Remove(paths[0])
        case "fsync" | "fdatasync":
            return Sync(paths[0])
        case "chmod" | "fchmod" | "fchmodat":
            return Mode(paths[0])
        case "mmap" if "MAP_SHARED" not in arguments or "PROT_WRITE" not in arguments:
            return None
        case "mmap" if paths[0].endswith("-shm"):
            return None  # SQLite makes it anew from the log
        case "lseek" if "SEEK_SET" not in arguments:
            return None
    raise NotImplementedError(f"{name} {paths}")
