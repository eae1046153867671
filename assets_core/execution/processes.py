"""The process executor: warm, exec'd workers that start while the runner prepares, one request at a time each.

One thread starts the workers, hands out requests, collects outcomes and enforces limits. It lives as long as the
executor, because a worker asks the kernel to kill it when the *thread* that started it ends. Requests and outcomes are
plain data; they cross a socket of our own, and nothing is ever unpickled from disk.

A call that is to end is asked first (SIGTERM to its worker and all that it started) and killed when its grace period is
over. What it answers after it was asked does not count: code that swallows the interrupt may have done half its work.
"""

from __future__ import annotations

import errno
import os
import pickle
import queue
import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import TypeAlias

from assets_core.errors import AssetsError, StepError
from assets_core.execution.paths import new_id
from assets_core.execution.process_trees import Send
from assets_core.execution.workers import (
    DIED,
    READY,
    STOPPED,
    TIMED_OUT,
    Unanswered,
    Worker,
    cause_of_death,
    end_with,
    ends_by_itself,
    kill_worker,
    start_worker,
    stop_worker,
)
from assets_core.ports import Outcome, ProjectRef, Request

BOOTSTRAP = "assets_core.project.worker:runtime_for"
STOP_GRACE_S = 2.0
START_LIMIT_S = 150.0
"""For loading the project, which gives up by itself after 120 s unless C code keeps it from it."""
MAX_START_FAILURES = 3


@dataclass(frozen=True, slots=True)
class _Cancel:
    call: str
    grace_s: float


_Submit: TypeAlias = "tuple[Request, Future[Outcome]]"


class ProcessExecutor:
    """Runs requests in ``jobs`` worker processes (None: as many as there are usable CPUs)."""

    name = "processes"

    def __init__(
        self,
        project: ProjectRef,
        jobs: int | None,
        bootstrap: str = BOOTSTRAP,
        start_limit_s: float = START_LIMIT_S,
    ) -> None:
        self.send: Send = os.kill
        """How signals are sent to workers and what they started."""
        self.capacity = jobs or usable_cpus()
        self.token: str | None = new_id()
        self._project = project
        self._bootstrap = bootstrap
        self._start_limit_s = start_limit_s
        self._tasks: queue.SimpleQueue[_Submit | _Cancel | None] = queue.SimpleQueue()
        try:
            self._wake_read, self._wake_write = os.pipe()
        except OSError as error:
            raise _unstarted(error) from error
        self._workers: list[Worker] = []
        self._started = 0
        self._futures: dict[str, Future[Outcome]] = {}
        self._waiting: deque[_Submit] = deque()
        self._survivors: set[int] = set()
        self._start_failures = 0
        self._unstarted: StepError | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="assets-workers", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> Future[Outcome]:
        """Start a request as soon as a worker is idle; fails with E550 when its worker dies, E555 past its limit."""
        future: Future[Outcome] = Future()
        self._put((request, future))
        return future

    def cancel(self, call: str, grace_s: float) -> None:
        """Stop the worker that runs this call with everything it started; another takes its place."""
        self._put(_Cancel(call, grace_s))

    @property
    def survivors(self) -> tuple[int, ...]:
        """The ids of processes that could not be killed."""
        return tuple(sorted(self._survivors))

    def close(self) -> None:
        """End the workers, killing those that do not end by themselves."""
        if not self._closed:
            self._closed = True
            self._put(None)
            self._thread.join()
            os.close(self._wake_read)
            os.close(self._wake_write)

    def _put(self, task: _Submit | _Cancel | None) -> None:
        self._tasks.put(task)
        os.write(self._wake_write, b".")

    # --- the thread ---------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        try:
            for _ in range(self.capacity):
                self._start()
            while self._take():
                self._hand_out()
                self._listen()
                self._expire()
        finally:
            for worker in self._workers:
                if worker.request is not None:
                    kill_worker(worker, self.send)
                stop_worker(worker, STOP_GRACE_S, self.send)

    def _start(self) -> None:
        """Start one more worker; where the system refuses that, fewer of them do the work."""
        self._started += 1
        token = f"{self.token}.{self._started}"
        try:
            worker = start_worker(self._bootstrap, self._project, token, self._start_limit_s)
            self._workers.append(worker)
        except OSError as error:
            self._unstarted = _unstarted(error)

    def _listen(self) -> None:
        """Wait until a worker has something to say, a task was put, or a worker is due."""
        channels = {w.fileno(): w for w in self._workers}
        dues = [w.due for w in self._workers if w.due is not None]
        timeout = max(0.0, min(dues) - time.monotonic()) if dues else None
        for ready in wait([self._wake_read, *channels], timeout):
            if isinstance(ready, int) and ready in channels:
                self._receive(channels[ready])

    def _take(self) -> bool:
        """Take what was put since the last turn; False when the executor is closing."""
        while not self._tasks.empty():
            os.read(self._wake_read, 1)
            task = self._tasks.get()
            if task is None:
                return False
            if isinstance(task, _Cancel):
                self._cancel(task)
            else:
                self._waiting.append(task)
        return True

    # --- requests and answers -----------------------------------------------------------------------------------

    def _hand_out(self) -> None:
        if self._waiting and not self._workers:
            self._start()
            if not self._workers and self._unstarted is not None:
                self._refuse_all(self._unstarted)
        for worker in list(self._workers):
            if self._waiting and worker.request is None and worker.reason is None:
                request, future = self._waiting.popleft()
                self._give(worker, request, future)

    def _give(self, worker: Worker, request: Request, future: Future[Outcome]) -> None:
        try:
            data = pickle.dumps(request)
        except Exception as error:
            future.set_exception(_unsendable(request, error))
            return
        worker.request = request
        self._futures[request.call] = future
        try:
            worker.channel.send_bytes(data)
        except OSError:
            self._bury(worker)
        else:
            worker.begin_call()

    def _receive(self, worker: Worker) -> None:
        try:
            answer = worker.channel.recv()
        except (EOFError, OSError):
            self._bury(worker)
            return
        except Exception as error:  # a class that only the worker knows: this thread must go on
            answer = StepError("E554", f"the worker's answer cannot be read: {error!r}")
        if worker.reason is not None:
            self._kill(worker)
            return
        if isinstance(answer, AssetsError) and worker.request is None:
            self._refuse_all(answer)
            return
        self._start_failures = 0
        worker.ready = True
        if answer != READY:
            self._settle(worker, answer)
        worker.begin_call()

    def _settle(self, worker: Worker, answer: Outcome | AssetsError) -> None:
        request, worker.request = worker.request, None
        if request is not None:
            future = self._futures.pop(request.call)
            if isinstance(answer, AssetsError):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    # --- ends ---------------------------------------------------------------------------------------------------

    def _cancel(self, task: _Cancel) -> None:
        stopped = Unanswered(STOPPED, "it was stopped before it was done")
        for request, future in [w for w in self._waiting if w[0].call == task.call]:
            self._waiting.remove((request, future))
            future.set_exception(stopped)
        for worker in self._workers:
            request_of = worker.request
            if request_of is not None and request_of.call == task.call and worker.reason is None:
                worker.ask_to_stop(stopped, task.grace_s, self.send)

    def _expire(self) -> None:
        """Ask those to stop that are over their limit, and kill those whose grace period is over."""
        now = time.monotonic()
        for worker in [w for w in self._workers if w.due is not None and w.due <= now]:
            limit = worker.request.limit if worker.request is not None else None
            if worker.reason is not None:
                self._kill(worker)
            elif not worker.ready:
                text = f"loading it took longer than {self._start_limit_s:g} s"
                hangs = Unanswered("E557", f"a worker hangs: {text}")
                worker.ask_to_stop(hangs, 0.0, self.send)
            elif limit is not None:
                text = f"it took longer than its timeout of {limit.seconds:g} s"
                worker.ask_to_stop(Unanswered(TIMED_OUT, text), limit.grace_s, self.send)

    def _kill(self, worker: Worker) -> None:
        self._bury(worker, kill_worker(worker, self.send))

    def _bury(self, worker: Worker, left: tuple[int, ...] = ()) -> None:
        """Fail the call of a worker that is dead with the reason, and start another in its place."""
        seconds = worker.seconds
        self._workers.remove(worker)
        if worker.reason is None and not ends_by_itself(worker):
            worker.reason = Unanswered(DIED, "the worker hung up without ending, and was killed")
        left = tuple(sorted({*left, *end_with(worker, self.send)}))
        self._survivors.update(left)
        reason = worker.reason or Unanswered(DIED, f"the worker died: {cause_of_death(worker)}")
        stop_worker(worker, 0.0, self.send)
        if worker.request is not None:
            self._settle(worker, _with_survivors(reason, left, seconds))
        elif worker.reason is None:
            self._start_failures += 1
        if self._start_failures >= MAX_START_FAILURES:
            text = f"workers die while they start: {cause_of_death(worker)}"
            self._refuse_all(StepError("E551", text))
        else:
            self._start()

    def _refuse_all(self, error: AssetsError) -> None:
        """The project does not load in a worker: every call that waits fails with that."""
        self._start_failures = 0
        while self._waiting:
            self._waiting.popleft()[1].set_exception(error)


def usable_cpus() -> int:
    """How many CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _unstarted(error: OSError) -> StepError:
    files = error.errno in {errno.EMFILE, errno.ENFILE}
    return StepError(
        "E551",
        f"no worker process can be started: {error.strerror or error}",
        help="raise the limit of open files (`ulimit -n 4096`), or run with fewer workers (`-j 1`)"
        if files
        else "run with fewer workers (`-j 1`), or with `--executor inline`",
    )


def _with_survivors(reason: Unanswered, left: tuple[int, ...], seconds: float) -> Unanswered:
    pids = ", ".join(map(str, left))
    text = f"{reason.message}; still running, though killed: process {pids}"
    error = Unanswered(reason.code, text if left else reason.message)
    error.seconds = seconds
    return error


def _unsendable(request: Request, error: Exception) -> StepError:
    return StepError(
        "E552",
        f"the request for `{request.key}` cannot be sent to a worker: {error}",
        help="run it with `--executor inline`",
    )
