"""The entry point of a worker process: load the project, then serve one request after another.

It dies with its parent (PDEATHSIG on Linux, the lifeline everywhere), adopts the orphans of what it starts, and is what
the kernel kills first when memory runs out. SIGTERM becomes a KeyboardInterrupt in user code. Everything that goes to
its output, from Python or from C, ends in the call's capped log.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType

from assets_core.errors import AssetsError, StepError
from assets_core.execution.capture import captured_descriptors
from assets_core.execution.inline import execute
from assets_core.execution.runtime import Runtime
from assets_core.execution.workers import READY
from assets_core.ports import CheckRequest, ProjectRef, Request, StepRequest

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_ENDED_BY_SIGTERM = 128 + signal.SIGTERM
_OOM_SCORE = "500"


def main(arguments: list[str]) -> int:
    """Serve requests until the parent closes the channel."""
    channel_fd, lifeline, parent, bootstrap = arguments
    _die_with(int(parent), int(lifeline))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.register_at_fork(after_in_child=_own_streams)
    signal.signal(signal.SIGTERM, _interrupt)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)
    with Connection(int(channel_fd)) as channel:
        project = channel.recv()
        loaded = _load(bootstrap, project)
        if isinstance(loaded, AssetsError):
            channel.send(loaded)
            return 1
        channel.send(READY)
        _serve(channel, loaded)
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Asked to stop: user code may clean up until the grace period is over."""
    raise KeyboardInterrupt


def _die_with(parent: int, lifeline: int) -> None:
    if sys.platform == "linux":
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        prctl(_PR_SET_CHILD_SUBREAPER, 1)
    if os.getppid() != parent:
        os._exit(1)

    def watch() -> None:
        os.read(lifeline, 1)
        os._exit(1)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def _own_streams() -> None:
    """A forked child writes to its descriptors: a lock of the log may have been held by a thread it does not have."""
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__


def _load(bootstrap: str, project: ProjectRef) -> Runtime | AssetsError:
    module, _, function = bootstrap.partition(":")
    make: Callable[[ProjectRef], Runtime] = getattr(importlib.import_module(module), function)
    try:
        runtime = make(project)
        os.chdir(runtime.root)
    except AssetsError as error:
        return error
    except Exception as error:
        return StepError("E553", f"the project does not load in a worker: {error!r}")
    return runtime


def _serve(channel: Connection, runtime: Runtime) -> None:
    while True:
        try:
            request: Request = channel.recv()
        except (EOFError, ConnectionResetError):
            return  # the runner closed its end, with something of ours unread in the second case
        assert isinstance(request, StepRequest | CheckRequest)
        try:
            channel.send(execute(runtime, request, captured_descriptors))
        except AssetsError as error:
            channel.send(error)
        except (AttributeError, TypeError, ValueError) as error:
            channel.send(
                StepError("E554", f"the outcome of `{request.key}` cannot be sent: {error}")
            )


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(_ENDED_BY_SIGTERM)
