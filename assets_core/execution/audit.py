"""Which files asset code opened outside its declared inputs: what the fingerprint and the sources cannot see.

Python's audit hooks can never be removed, so one is installed on first use and looks only while a call is being
watched. Reading a file by a C library of its own (DuckDB, Arrow) raises no audit event and is not seen.
"""

from __future__ import annotations

import contextlib
import os
import sys
import sysconfig
import zoneinfo
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from threading import local

MAX_REPORTED = 20

_state = local()


def _below(folders: Iterable[str | Path]) -> tuple[str, ...]:
    """What the path of everything below a folder begins with: `/data` is no folder of `/database/x`."""
    return tuple({os.path.realpath(folder) + os.sep for folder in folders})


_IGNORED = _below(
    {
        *sysconfig.get_paths().values(),
        sys.prefix,
        sys.base_prefix,
        *zoneinfo.TZPATH,
        "/proc",
        "/dev",
        "/sys",
        "/etc",
    }
)


@contextlib.contextmanager
def watched(declared: Callable[[], Iterable[Path]]) -> Iterator[list[str]]:
    """The files opened for reading by this thread while the body runs, except below what was declared.

    ``declared`` is asked only where a file was opened at all: a call may have thousands of inputs.
    """
    install()
    found: list[str] = []
    _state.found = found
    _state.allowed = cache(lambda: _below(declared()))
    try:
        yield found
    finally:
        _state.found = None


@cache
def install() -> None:
    """Install the hook, once per process."""
    sys.addaudithook(_hook)


def _hook(event: str, args: tuple[object, ...]) -> None:
    if event != "open" or getattr(_state, "found", None) is None:
        return
    path, mode, flags = args[0], args[1], args[2]
    if not isinstance(path, str | os.PathLike) or not _reads(mode, flags):
        return
    found: list[str] = _state.found
    _state.found = None
    try:
        text = os.path.realpath(os.fsdecode(path))
        known = text.startswith(_IGNORED) or text.endswith((".py", ".pyc", ".so"))
        if known or text in found or len(found) >= MAX_REPORTED:
            return
        if not (text + os.sep).startswith(_state.allowed()):
            found.append(text)
    finally:
        _state.found = found


def _reads(mode: object, flags: object) -> bool:
    if isinstance(mode, str):
        return "r" in mode
    return isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_DIRECTORY) == 0
