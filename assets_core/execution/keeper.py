"""The keeper of one run: a small process beside it that renews its lease, and ends what it leaves when it dies.

A process and not a thread, because code in the runner's process may hold the GIL for minutes. It renews only while the
runner is not stopped (SIGSTOP): a stopped run loses what it holds to others, through the fence. The end of standard
input is the runner's death; workers die of that by themselves, and what they had started is killed here.

It is started by its path and imports nothing of ours before it has to kill: with the package it took 35 ms of a core to
start, which is as much as a small step, and takes 10 ms like this.
"""

from __future__ import annotations

import os
import select
import sys
import time

RENEWALS = 6
"""How often a lease is renewed in the time for which it holds."""


def renew(lock: str, lease_s: float) -> None:
    """Write until when the lease holds, always the same number of bytes; nothing where the file cannot be written."""
    try:
        fd = os.open(lock, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:  # removed with the state directory, which the run itself will say
        return
    try:
        os.pwrite(fd, f"{time.monotonic() + lease_s:020.6f}".encode("ascii"), 0)
    finally:
        os.close(fd)


def main(arguments: list[str]) -> None:
    """Keep the run whose process id, lock file, lease in seconds and mark of its processes are given."""
    runner, lock, lease_s, token = (
        int(arguments[0]),
        arguments[1],
        float(arguments[2]),
        arguments[3],
    )
    renew(lock, lease_s)
    # A forked child of the runner may hold the other end open: who our parent is, is asked as well.
    while not select.select([0], [], [], lease_s / RENEWALS)[0] and os.getppid() == runner:
        if not _is_stopped(runner):
            renew(lock, lease_s)
    _end_what_is_left(token)


def _is_stopped(runner: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(runner).status() == psutil.STATUS_STOPPED)
    except psutil.NoSuchProcess:
        return True


def _end_what_is_left(token: str) -> None:
    from assets_core.execution.process_trees import kill_left_behind

    kill_left_behind(token)


if __name__ == "__main__":
    main(sys.argv[1:])
