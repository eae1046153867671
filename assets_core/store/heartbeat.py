"""A run's proof of life for other hosts: a row in PostgreSQL that a small process of its own keeps fresh.

On the run's own host its lock file decides. Elsewhere nobody can see that file, so the row says until when the run is
to be taken for alive, by the server's clock. It is a process and not a thread, because user code may hold the GIL for
minutes; it stops renewing while the run is stopped (SIGSTOP, a frozen container), and takes the row away as soon as its
standard input ends, which is how the run's death shows.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass

from assets_core.errors import StoreError
from assets_core.store.opening import is_shared, postgres_engine

EVERY_S = 10.0
LEASE_S = 35.0
_BEATING = "beating"


@dataclass(frozen=True, slots=True)
class Beat:
    """Whose heart beats where, and how fast."""

    url: str
    run: str
    runner: int
    every_s: float = EVERY_S
    lease_s: float = LEASE_S


def kept_alive(url: str, run: str) -> AbstractContextManager[object]:
    """Keep this process's run alive for other hosts, if the store is one that they can reach."""
    if is_shared(url):
        return Heartbeat(Beat(url, run, os.getpid()))
    return contextlib.nullcontext()


class Heartbeat:
    """Beating from creation until ``close`` or the end of this process."""

    def __init__(self, beat: Beat) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__],  # -P: not from the user's folder
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # On standard input, because everybody may read an argument, and the address may hold a password.
        self._process.stdin.write(json.dumps(asdict(beat)) + "\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline().strip()
        if said != _BEATING:
            self.close()
            raise StoreError("E635", f"the run cannot be kept alive for other hosts: {said}")

    def close(self) -> None:
        """Stop it, and wait until the row is gone."""
        self._process.communicate()

    def __enter__(self) -> Heartbeat:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def main() -> None:
    """Beat for the run that the first line of standard input describes, until there is no more input."""
    beat = Beat(**json.loads(sys.stdin.readline()))
    try:
        engine = postgres_engine(beat.url, read_only=False)
        engine.beat(beat.run, beat.lease_s)
    except StoreError as error:
        _say(str(error))
        return
    _say(_BEATING)
    while not select.select([sys.stdin], [], [], beat.every_s)[0]:
        if not _is_stopped(beat.runner):
            # Whoever cannot reach the server tries again; the run itself will notice and say so.
            with contextlib.suppress(StoreError):
                engine.beat(beat.run, beat.lease_s)
    with contextlib.suppress(StoreError):
        engine.stop_beating(beat.run)
    engine.close()


def _is_stopped(runner: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(runner).status() == psutil.STATUS_STOPPED)
    except psutil.NoSuchProcess:
        return True


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
