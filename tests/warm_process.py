"""The ``assets`` command in processes of their own that need not load it anew: ``python -m tests.warm_process SOCKET``.

Starting Python and importing what a verb needs took nine tenths of the time of most tests of the command line. The
server has imported all of ``assets_core`` and forks a process for each command, which has its own arguments, folder,
environment and files, and ends as any other does. It loads nothing that starts threads. What is about the start
itself (locales, import hygiene, terminals, the installed script) starts the script.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).parents[1]
SCRIPT = Path(sys.executable).parent / "assets"


def run_warm(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], timeout_s: float
) -> tuple[int, bytes, bytes]:
    """Exit code (-N for a signal), stdout and stderr of a command; TimeoutError when it takes longer."""
    request = {"argv": list(arguments), "folder": str(folder), "env": dict(environment)}
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        socket.socket(socket.AF_UNIX) as connection,
    ):
        connection.settimeout(timeout_s)
        connection.connect(_server())
        socket.send_fds(connection, [b"."], [out.fileno(), err.fileno()])
        connection.sendall(json.dumps(request).encode() + b"\n")
        code = connection.makefile().readline()
        assert code, "the process that ran the command is gone"
        out.seek(0)
        err.seek(0)
        return int(code), out.read(), err.read()


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
    _, status = os.waitpid(command, 0)
    connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(request: dict[str, object], out: int, err: int) -> NoReturn:
    """What the installed script would be; leaves through the interpreter's own end."""
    argv, folder, env = request["argv"], request["folder"], request["env"]
    assert isinstance(argv, list)
    assert isinstance(folder, str)
    assert isinstance(env, dict)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.closerange(3, 64)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    sys.stdin = os.fdopen(0, encoding="utf-8")
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="surrogateescape")
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace")
    sys.argv = [str(SCRIPT), *argv]
    sys.path.insert(0, str(SCRIPT.parent))
    from assets_core.cli import main

    sys.exit(main())


if __name__ == "__main__":
    serve(sys.argv[1])
