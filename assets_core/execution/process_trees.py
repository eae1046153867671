"""The processes that a worker started, however deep, and how they are ended.

They are found by descent, by session and by a mark in their environment. A worker adopts its orphans where the kernel
has that (``PR_SET_CHILD_SUBREAPER``), so a double fork stays a descendant while the worker lives; the mark is what is
left of one whose worker is dead. Every kill is repeated until nothing is found: a process may fork meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from psutil import Process

MARK = "ASSETS_WORKER"
"""The environment variable that names the workers a process was started under, outermost first."""
DEATH_S = 1.5
"""How long a killed process may take to go before it counts as a survivor."""
_LOOK_S = 0.01
Send: TypeAlias = Callable[[int, int], None]
"""Sends a signal to a process id, as ``os.kill`` does."""


def marked_environment(token: str) -> dict[str, str]:
    """This process's environment for a worker ``token``; the marks of outer workers stay."""
    outer = os.environ.get(MARK)
    return {**os.environ, MARK: f"{outer}:{token}" if outer else token}


def left_behind(token: str) -> list[Process]:
    """Every live process that carries the mark of the worker, or of any worker of the executor, ``token``."""
    import psutil

    own, found = os.getpid(), []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != own and _is_marked(process.environ().get(MARK, ""), token):
                found.append(process)
    return [p for p in found if _lives(p)]


def _is_marked(marks: str, token: str) -> bool:
    return any(mark == token or mark.startswith(f"{token}.") for mark in marks.split(":"))


def tree_of(pid: int) -> list[Process]:
    """The live descendants of a process and those in the session that it leads, without itself."""
    import psutil

    found: dict[int, Process] = {}
    with contextlib.suppress(psutil.Error):
        found = {p.pid: p for p in psutil.Process(pid).children(recursive=True)}
    for other in psutil.pids():
        with contextlib.suppress(OSError, psutil.Error):
            if other != pid and other not in found and os.getsid(other) == pid:
                found[other] = psutil.Process(other)
    return [p for p in found.values() if _lives(p)]


def ask_to_stop(pid: int, send: Send = os.kill) -> None:
    """SIGTERM to a worker and to everything that it started."""
    for one in (pid, *(p.pid for p in tree_of(pid))):
        with contextlib.suppress(OSError):
            send(one, signal.SIGTERM)


def kill_tree(pid: int, token: str, send: Send = os.kill) -> tuple[int, ...]:
    """SIGKILL a worker and everything that it started; the ids of those that are still there after ``DEATH_S``.

    The worker is stopped first and killed last: while it is there, orphans are found below it.
    """
    with contextlib.suppress(OSError):
        send(pid, signal.SIGSTOP)
    left = _kill_until_gone(lambda: tree_of(pid), send)
    with contextlib.suppress(OSError):
        send(pid, signal.SIGKILL)
    return tuple(sorted({*left, *kill_left_behind(token, send)}))


def kill_left_behind(token: str, send: Send = os.kill) -> tuple[int, ...]:
    """SIGKILL everything that carries the mark; the ids of those that are still there after ``DEATH_S``."""
    return _kill_until_gone(lambda: left_behind(token), send)


def _kill_until_gone(look: Callable[[], Iterable[Process]], send: Send) -> tuple[int, ...]:
    end = time.monotonic() + DEATH_S
    while found := [p.pid for p in look()]:
        for pid in found:
            with contextlib.suppress(OSError):
                send(pid, signal.SIGKILL)
        if time.monotonic() > end:
            return tuple(sorted(found))
        time.sleep(_LOOK_S)
    return ()


def _lives(process: Process) -> bool:
    """A zombie has ended: its parent has not asked yet."""
    import psutil

    with contextlib.suppress(psutil.Error):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False
