"""The keeper as its run sees it: started with it, started again where it dies, killed when the run is done."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from contextlib import AbstractContextManager
from pathlib import Path

from assets_core.execution import keeper

_PAUSE_S = 1.0
"""Before a keeper that died is started again."""


def kept(token: str | None, lock: Path, lease_s: float) -> AbstractContextManager[object]:
    """Keep the run that holds ``lock`` and whose processes carry ``token``; nothing to do where it has none."""
    return contextlib.nullcontext() if token is None else Keeping(token, lock, lease_s)


class Keeping:
    """From creation until ``close``.

    Where no keeper can be started, which is tried again and again, the lock alone says that the run lives.
    """

    def __init__(self, token: str, lock: Path, lease_s: float) -> None:
        # -P: neither the keeper's folder nor the user's is where its imports are looked for.
        script = ("-P", keeper.__file__)
        self._command = (
            sys.executable,
            *script,
            str(os.getpid()),
            str(lock.absolute()),
            str(lease_s),
            token,
        )
        self._closing = threading.Event()
        self.process = self._start()
        """The keeper, if there is one at the moment."""
        self._thread = threading.Thread(target=self._watch, name="assets-keeper", daemon=True)
        self._thread.start()

    def _start(self) -> subprocess.Popen[bytes] | None:
        with contextlib.suppress(OSError):
            return subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        return None

    def _watch(self) -> None:
        while not self._closing.is_set():
            self._wait()
            if not self._closing.wait(_PAUSE_S):
                self.process = self._start()
        self._end()

    def _wait(self) -> None:
        process = self.process
        if process is not None:
            process.wait()
            assert process.stdin is not None
            process.stdin.close()

    def _end(self) -> None:
        process = self.process
        if process is not None:
            process.kill()
            self._wait()

    def close(self) -> None:
        """The run is done. The keeper is killed, because one that has only begun would be waited for otherwise."""
        self._closing.set()
        process = self.process
        if process is not None:
            process.kill()
        self._thread.join()

    def __enter__(self) -> Keeping:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
