"""The process executor: warm, exec'd workers that start while the runner prepares, one request at a time each.

One thread starts the workers, hands out requests and collects outcomes. It lives as long as the executor, because a
worker asks the kernel to kill it when the *thread* that started it ends. Requests and outcomes are plain data; they
cross a socket of our own, and nothing is ever unpickled from disk.
"""

from __future__ import annotations

import errno
import os
import pickle
import queue
import threading
from collections import deque
from concurrent.futures import Future
from multiprocessing.connection import wait
from typing import TypeAlias

from assets_core.errors import AssetsError, StepError
from assets_core.execution.workers import (
    Worker,
    cause_of_death,
    kill_worker,
    start_worker,
    stop_worker,
)
from assets_core.ports import Outcome, ProjectRef, Request

BOOTSTRAP = "assets_core.project.worker:runtime_for"
STOP_GRACE_S = 2.0
MAX_START_FAILURES = 3

_Task: TypeAlias = "tuple[Request, Future[Outcome]]"


class ProcessExecutor:
    """Runs requests in ``jobs`` worker processes (None: as many as there are usable CPUs)."""

    name = "processes"

    def __init__(self, project: ProjectRef, jobs: int | None, bootstrap: str = BOOTSTRAP) -> None:
        self.capacity = jobs or usable_cpus()
        self._project = project
        self._bootstrap = bootstrap
        self._tasks: queue.SimpleQueue[_Task | str | None] = queue.SimpleQueue()
        try:
            self._wake_read, self._wake_write = os.pipe()
        except OSError as error:
            raise _unstarted(error) from error
        self._workers: list[Worker] = []
        self._futures: dict[str, Future[Outcome]] = {}
        self._waiting: deque[_Task] = deque()
        self._start_failures = 0
        self._unstarted: StepError | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="assets-workers", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> Future[Outcome]:
        """Start a request as soon as a worker is idle; fails with StepError E550 when its worker dies."""
        future: Future[Outcome] = Future()
        self._put((request, future))
        return future

    def cancel(self, call: str, grace_s: float) -> None:
        """Kill the worker that runs this call with everything it started; another takes its place."""
        self._put(call)

    def close(self) -> None:
        """End the workers, killing those that do not end by themselves."""
        if not self._closed:
            self._closed = True
            self._put(None)
            self._thread.join()
            os.close(self._wake_read)
            os.close(self._wake_write)

    def _put(self, task: _Task | str | None) -> None:
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
        finally:
            for worker in self._workers:
                (kill_worker if worker.request else self._stop)(worker)

    def _start(self) -> None:
        """Start one more worker; where the system refuses that, fewer of them do the work."""
        try:
            self._workers.append(start_worker(self._bootstrap, self._project))
        except OSError as error:
            self._unstarted = _unstarted(error)

    def _listen(self) -> None:
        """Wait until a worker has something to say or a task was put."""
        channels = {w.fileno(): w for w in self._workers}
        for ready in wait([self._wake_read, *channels]):
            if isinstance(ready, int) and ready in channels:
                self._receive(channels[ready])

    def _stop(self, worker: Worker) -> None:
        stop_worker(worker, STOP_GRACE_S)

    def _take(self) -> bool:
        """Take what was put since the last turn; False when the executor is closing."""
        while not self._tasks.empty():
            os.read(self._wake_read, 1)
            task = self._tasks.get()
            if task is None:
                return False
            if isinstance(task, str):
                self._cancel(task)
            else:
                self._waiting.append(task)
        return True

    def _cancel(self, call: str) -> None:
        for worker in self._workers:
            if worker.request is not None and worker.request.call == call:
                kill_worker(worker)

    def _hand_out(self) -> None:
        if self._waiting and not self._workers:
            self._start()
            if not self._workers and self._unstarted is not None:
                self._refuse_all(self._unstarted)
        for worker in list(self._workers):
            if self._waiting and worker.request is None:
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

    def _receive(self, worker: Worker) -> None:
        try:
            answer = worker.channel.recv()
        except (EOFError, OSError):
            self._bury(worker)
            return
        except Exception as error:  # a class that only the worker knows: this thread must go on
            answer = StepError("E554", f"the worker's answer cannot be read: {error!r}")
        if isinstance(answer, AssetsError) and worker.request is None:
            self._refuse_all(answer)
            return
        self._start_failures = 0
        request, worker.request = worker.request, None
        if request is not None:
            future = self._futures.pop(request.call)
            if isinstance(answer, AssetsError):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    def _bury(self, worker: Worker) -> None:
        """Fail the dead worker's call with the reason, and start another in its place."""
        self._workers.remove(worker)
        reason = cause_of_death(worker)
        stop_worker(worker, 0.0)
        if worker.request is not None:
            future = self._futures.pop(worker.request.call)
            future.set_exception(StepError("E550", f"the worker died: {reason}"))
        else:
            self._start_failures += 1
        if self._start_failures >= MAX_START_FAILURES:
            self._refuse_all(StepError("E551", f"workers die while they start: {reason}"))
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


def _unsendable(request: Request, error: Exception) -> StepError:
    return StepError(
        "E552",
        f"the request for `{request.key}` cannot be sent to a worker: {error}",
        help="run it with `--executor inline`",
    )
