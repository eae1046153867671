"""The filesystem calls that a process makes below a folder, and its transactions, each met before it is made.

Calls are met where Python makes them: the functions of ``os``, ``open``, and the writes of the files it opened. What
SQLite does in C is met as the beginning and the commit of each transaction. A test with strace proves that nothing
below the folder is changed past this seam.
"""

from __future__ import annotations

import builtins
import io
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CALLS = (
    "chmod", "fsync", "ftruncate", "link", "mkdir", "open", "rename", "replace", "rmdir", "scandir", "symlink",
    "truncate", "unlink", "write",
)  # fmt: skip
STORE = ("begin", "commit")
_ID = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")


@dataclass(frozen=True)
class Call:
    """The n-th call, from 1. ``path`` is relative to the folder: ``""`` for transactions."""

    number: int
    name: str
    path: str
    writing: bool

    def __str__(self) -> str:
        return f"{self.number} {self.name} {_ID.sub('ID', self.path)}".rstrip()


class Seam:
    """Meets every call below ``folder``; ``meet`` may raise, kill the process, or just remember."""

    def __init__(self, folder: Path, meet: Callable[[Call], object]) -> None:
        self.folder = os.path.realpath(folder)
        self.meet = meet
        self.count = 0

    def install(self, *, store: bool = True) -> None:
        """For the rest of the life of this process; without ``store`` transactions are not met."""
        for name in CALLS:
            self._watch(name)
        original = io.open

        def opened(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
            path = self._below(file)
            if path is None:
                return original(file, mode, *args, **kwargs)
            if not isinstance(file, int):
                self._point("open", path, writing=mode != "r" and mode != "rb")
            if mode in {"w", "wb", "a", "ab", "x", "xb"}:
                return self._file(file, mode, path, *args, **kwargs)
            return original(file, mode, *args, **kwargs)

        io.open = builtins.open = opened  # type: ignore[assignment]
        if store:
            self._watch_transactions()

    def _watch_transactions(self) -> None:
        from sqlalchemy import Engine, event

        for name in STORE:
            event.listen(Engine, name, lambda _, name=name: self._point(name, "", writing=True))

    def _point(self, name: str, path: str, *, writing: bool) -> None:
        self.count += 1
        self.meet(Call(self.count, name, path, writing))

    def _watch(self, name: str) -> None:
        original = getattr(os, name)

        def called(*args: Any, **kwargs: Any) -> Any:
            path = self._below(args[0] if args else None, kwargs.get("dir_fd"))
            if path is not None:
                flags = args[1] if name == "open" and len(args) > 1 else 0
                reading = name == "scandir" or (
                    name == "open" and not flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR)
                )
                self._point(name, path, writing=not reading)
            return original(*args, **kwargs)

        setattr(os, name, called)

    def _below(self, target: object, dir_fd: int | None = None) -> str | None:
        """The path below the folder, None for anything else."""
        try:
            if isinstance(target, int):
                target = Path(f"/proc/self/fd/{target}").readlink()
            if dir_fd is not None:
                target = Path(f"/proc/self/fd/{dir_fd}").readlink() / os.fspath(target)  # type: ignore[call-overload]
        except OSError:
            return None
        if not isinstance(target, str | os.PathLike):
            return None
        path = os.path.abspath(os.fspath(target))  # noqa: PTH100 links are not to be followed
        if path != self.folder and not path.startswith(self.folder + "/"):
            return None
        return path[len(self.folder) + 1 :] or "."

    def _file(
        self,
        file: Any,
        mode: str,
        path: str,
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        **kwargs: Any,
    ) -> Any:
        raw = _Watched(file, mode.replace("b", ""), **kwargs)
        raw.point = lambda: self._point("write", path, writing=True)
        buffered = io.BufferedWriter(raw, buffering if buffering > 1 else io.DEFAULT_BUFFER_SIZE)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline)


class _Watched(io.FileIO):
    """A file whose writes are met."""

    point: Callable[[], None]

    def write(self, data: Any) -> int:
        self.point()
        return super().write(data)
