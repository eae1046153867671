"""One worker process as its parent sees it: how it is started, what it died of, how it is stopped.

A worker is exec'd, never forked: pandas and pyarrow have threads. It gets a socket for requests and outcomes, and a
*lifeline*: a pipe that nobody writes to, whose end of file means that the parent is gone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from assets_core.ports import ProjectRef, Request

_STDERR = 2
_KILLED_BY_KERNEL = (
    "it was killed by signal 9 (SIGKILL); when nobody sent it, the machine was out of memory"
)


@dataclass(slots=True, eq=False)
class Worker:
    """A running worker and the request it has."""

    process: subprocess.Popen[bytes]
    channel: Connection
    lifeline: int
    request: Request | None = None
    stopping: bool = field(default=False)

    def fileno(self) -> int:
        """For waiting on several workers at once."""
        return self.channel.fileno()


def start_worker(bootstrap: str, project: ProjectRef) -> Worker:
    """Exec a worker that loads ``project`` through ``bootstrap`` (``module:function``); OSError where that fails."""
    ours, theirs = socket.socketpair()
    read_end, write_end = os.pipe()
    command = [
        sys.executable,
        "-m",
        "assets_core.execution.worker",
        str(theirs.fileno()),
        str(read_end),
        str(os.getpid()),
        bootstrap,
    ]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=_STDERR,  # what user code prints between calls; stdout is for results
            pass_fds=(theirs.fileno(), read_end),
            start_new_session=True,
        )
    except OSError:
        ours.close()
        os.close(write_end)
        raise
    finally:
        theirs.close()
        os.close(read_end)
    worker = Worker(process, Connection(ours.detach()), write_end)
    with contextlib.suppress(OSError):  # it died already, which the end of its channel will tell
        worker.channel.send(project)
    return worker


def cause_of_death(worker: Worker) -> str:
    """Why a worker is gone, for the record of the call it had."""
    code = worker.process.wait()
    if code == -signal.SIGKILL:
        return _KILLED_BY_KERNEL
    if code < 0:
        return f"it was killed by signal {-code} ({signal.Signals(-code).name})"
    return f"it exited with status {code} without giving a result"


def stop_worker(worker: Worker, grace_s: float) -> None:
    """Let an idle worker end by itself, and kill its whole session when it does not in time."""
    with contextlib.suppress(OSError):
        worker.channel.close()
    with contextlib.suppress(OSError):
        os.close(worker.lifeline)
    try:
        worker.process.wait(grace_s)
    except subprocess.TimeoutExpired:
        kill_worker(worker)


def kill_worker(worker: Worker) -> None:
    """Kill a worker and everything in its session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(worker.process.pid, signal.SIGKILL)
    worker.process.wait()
