"""The ``assets`` command in processes of their own that need not load it anew: ``python -m tests.warm_process SOCKET``.

Starting Python and importing what a verb needs took nine tenths of the time of most tests of the command line. The
server has imported all of ``assets_core`` and forks a process for each command, which has its own arguments, folder,
environment and files, and ends as any other does; so it does for the code of a test that another process is to run. It
loads nothing that starts threads. What is about the start
itself (locales, import hygiene, terminals, the installed script) starts the script.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import pkgutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from select import select
from types import ModuleType
from typing import IO, Any, NoReturn

ROOT = Path(__file__).parents[1]
SCRIPT = Path(sys.executable).parent / "assets"
_NUMBER = struct.Struct("!i")


def run_warm(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], timeout_s: float
) -> tuple[int, bytes, bytes]:
    """Exit code (-N for a signal), stdout and stderr of a command; TimeoutError when it takes longer."""
    command = Warm(arguments, folder, environment)
    try:
        return command.wait(timeout_s), *command.output
    finally:
        command.kill()


class Warm:
    """A process that goes on beside the test, asked and ended as a ``Popen`` is whose output is text."""

    def __init__(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str] = os.environ,
        *,
        code: str | None = None,
        out: IO[bytes] | None = None,
    ) -> None:
        """Start ``assets``, or Python with ``-c code``; ``out`` is a file to be read while it is written."""
        self.returncode: int | None = None
        self.output = b"", b""
        files = out or tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - closed in wait()
        self._files = files
        self._answers = socket.socket(socket.AF_UNIX)
        self._answers.connect(_server())
        socket.send_fds(self._answers, [b"."], [file.fileno() for file in self._files])
        env = dict(environment)
        request = {"argv": list(arguments), "folder": str(folder), "env": env, "code": code}
        self._answers.sendall(json.dumps(request).encode() + b"\n")
        self.pid = self._answer()

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, -N for a signal; TimeoutError when it takes longer."""
        if self.returncode is None:
            if not select([self._answers], [], [], timeout)[0]:
                raise TimeoutError
            self.returncode = self._answer()
            self.output = _whole(self._files[0]), _whole(self._files[1])
            self._answers.close()
        return self.returncode

    def poll(self, within_s: float = 0.0) -> int | None:
        """Its exit code where it ends in that time."""
        try:
            return self.wait(within_s)
        except TimeoutError:
            return None

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it printed, and what it said to people, once it has ended."""
        self.wait(timeout)
        return self.output[0].decode(), self.output[1].decode()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it ended since
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _answer(self) -> int:
        raw = self._answers.recv(_NUMBER.size, socket.MSG_WAITALL)
        assert raw, "the process that ran the command is gone"
        return int(_NUMBER.unpack(raw)[0])


def _whole(file: IO[bytes]) -> bytes:
    with file:
        file.seek(0)
        return file.read()


@cache
def _server() -> str:
    """The address of this process's server, which ends with it."""
    folder = tempfile.TemporaryDirectory(prefix="assets-warm-")
    atexit.register(folder.cleanup)
    address = str(Path(folder.name, "s"))
    server = subprocess.Popen(
        [sys.executable, "-m", __name__, address],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    atexit.register(server.kill)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    return address


def serve(address: str) -> None:
    """Answer until whoever started this is gone; each connection has a process that waits for its command."""
    sys.path.remove(str(ROOT))
    _load_everything()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    print("ready", flush=True)
    if os.fork() == 0:
        sys.stdin.read()
        os.kill(os.getppid(), signal.SIGKILL)
        os._exit(0)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _answer(connection)
        connection.close()


def _load_everything() -> None:
    for package in map(import_module, ("assets_core", "materializers", "checks")):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    import_module("numpy.ma")  # at the first call of a function that everything calls
    gc.collect()
    gc.freeze()  # what a fork counts references of, and be it at its end, is copied into its memory


def _answer(connection: socket.socket) -> NoReturn:
    _, (out, err), _, _ = socket.recv_fds(connection, 1, 2)
    request = json.loads(connection.makefile().readline())
    command = os.fork()
    if command == 0:
        connection.close()
        _become(request, out, err)
    connection.sendall(_NUMBER.pack(command))
    _, status = os.waitpid(command, 0)
    connection.sendall(_NUMBER.pack(os.waitstatus_to_exitcode(status)))
    os._exit(0)


def _become(request: dict[str, Any], out: int, err: int) -> NoReturn:
    """What the installed script, or ``python -c``, would be; leaves through the interpreter's own end."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.closerange(3, 64)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.stdin = os.fdopen(0, encoding="utf-8")
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="surrogateescape")
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace")
    if request["code"] is not None:
        sys.argv = ["-c", *request["argv"]]
        sys.path.insert(0, "")
        sys.modules["__main__"] = main = ModuleType("__main__")
        exec(request["code"], vars(main))
        sys.exit()
    sys.argv = [str(SCRIPT), *request["argv"]]
    sys.path.insert(0, str(SCRIPT.parent))
    from assets_core.cli import main as run

    sys.exit(run())


if __name__ == "__main__":
    serve(sys.argv[1])
