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
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from assets_core.errors import StepError
from assets_core.execution.process_trees import (
    Send,
    ask_to_stop,
    kill_left_behind,
    kill_tree,
    marked_environment,
)
from assets_core.ports import ProjectRef, Request

DIED, TIMED_OUT, STOPPED = "E550", "E555", "E556"
"""The codes of the errors by which a call ends that gives no outcome."""


class Unanswered(StepError):
    """How a call ends that gives no outcome; ``seconds`` is how long it ran."""

    seconds: float = 0.0


READY = "ready"
"""What a worker says when it has loaded the project."""
_STDERR = 2
_REAP_S = 5.0
_ENDING_S = 1.0
_KILLED_BY_KERNEL = (
    "it was killed by signal 9 (SIGKILL); when nobody sent it, the machine was out of memory"
)


@dataclass(slots=True, eq=False)
class Worker:
    """A running worker, the request it has, and until when it may go on as it does. Times are monotonic seconds."""

    process: subprocess.Popen[bytes]
    channel: Connection
    lifeline: int
    token: str
    """The mark of everything that it starts."""
    due: float | None
    """When it has to be ready, then when its call has to be over, then when it is killed; None: no limit."""
    ready: bool = False
    request: Request | None = None
    reason: Unanswered | None = field(default=None)
    """Why it was asked to stop."""
    began: float | None = None
    """When its call began, if it has one and is ready."""

    def fileno(self) -> int:
        """For waiting on several workers at once."""
        return self.channel.fileno()

    def begin_call(self) -> None:
        """Its call, if it has one, begins, and its limit counts; loading the project takes from neither."""
        if self.ready:
            now = time.monotonic()
            limit = self.request.limit if self.request is not None else None
            self.due = None if limit is None else now + limit.seconds
            self.began = None if self.request is None else now

    @property
    def seconds(self) -> float:
        """How long its call has been running."""
        return 0.0 if self.began is None else time.monotonic() - self.began

    def ask_to_stop(self, reason: Unanswered, grace_s: float, send: Send) -> None:
        """Ask it and all it started to end; it is due to be killed after ``grace_s``, at once if it had no call."""
        self.reason = reason
        self.due = time.monotonic() + grace_s
        if grace_s > 0:
            ask_to_stop(self.process.pid, send)


def start_worker(bootstrap: str, project: ProjectRef, token: str, start_limit_s: float) -> Worker:
    """Exec a worker that loads ``project`` through ``bootstrap`` (``module:function``); OSError where that fails."""
    ours, theirs = socket.socketpair()
    read_end, write_end = os.pipe()
    command = [
        sys.executable,
        "-P",  # a file of the user's folder must not stand in for what the worker itself imports
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
            env=marked_environment(token),
        )
    except OSError:
        ours.close()
        os.close(write_end)
        raise
    finally:
        theirs.close()
        os.close(read_end)
    due = time.monotonic() + start_limit_s
    worker = Worker(process, Connection(ours.detach()), write_end, token, due)
    with contextlib.suppress(OSError):  # it died already, which the end of its channel will tell
        worker.channel.send(project)
    return worker


def ends_by_itself(worker: Worker) -> bool:
    """Let a worker that hung up end: killed before it does, nobody could tell how it would have ended."""
    try:
        worker.process.wait(_ENDING_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def cause_of_death(worker: Worker) -> str:
    """Why a worker that is dead died, for the record of the call it had."""
    code = worker.process.wait()
    if code == -signal.SIGKILL:
        return _KILLED_BY_KERNEL
    if code < 0:
        return f"it was killed by signal {-code} ({signal.Signals(-code).name})"
    return f"it exited with status {code} without giving a result"


def stop_worker(worker: Worker, grace_s: float, send: Send) -> None:
    """Let an idle worker end by itself, and kill it with all it started when it does not in time."""
    with contextlib.suppress(OSError):
        worker.channel.close()
    with contextlib.suppress(OSError):
        os.close(worker.lifeline)
    try:
        worker.process.wait(grace_s)
    except subprocess.TimeoutExpired:
        kill_worker(worker, send)


def kill_worker(worker: Worker, send: Send) -> tuple[int, ...]:
    """Kill a worker and everything that it started; the ids of what is still there."""
    survivors = kill_tree(worker.process.pid, worker.token, send)
    try:  # one with thousands of threads has lost its environment, and so its mark, before it is gone
        worker.process.wait(_REAP_S)
    except subprocess.TimeoutExpired:
        return (*survivors, worker.process.pid)
    return survivors


def end_with(worker: Worker, send: Send) -> tuple[int, ...]:
    """Kill what a worker that is dead left behind; the ids of what is still there."""
    return kill_left_behind(worker.token, send)
