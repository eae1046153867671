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
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from threading import local

MAX_REPORTED = 20

_state = local()
_IGNORED = tuple(
    {
        *(str(Path(p).resolve()) for p in sysconfig.get_paths().values()),
        str(Path(sys.prefix).resolve()),
        str(Path(sys.base_prefix).resolve()),
        *zoneinfo.TZPATH,
        "/proc",
        "/dev",
        "/sys",
        "/etc",
    }
)


@contextlib.contextmanager
def watched(*allowed: Path) -> Iterator[list[str]]:
    """The files opened for reading by this thread while the body runs, except below ``allowed``."""
    install()
    found: list[str] = []
    _state.found, _state.allowed = found, tuple(str(a) for a in allowed)
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
        known = text.startswith((*_IGNORED, *_state.allowed)) or text.endswith(
            (".py", ".pyc", ".so")
        )
        if not known and text not in found and len(found) < MAX_REPORTED:
            found.append(text)
    finally:
        _state.found = found


def _reads(mode: object, flags: object) -> bool:
    if isinstance(mode, str):
        return "r" in mode
    return isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_DIRECTORY) == 0
