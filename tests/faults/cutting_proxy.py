"""A proxy between a client and a PostgreSQL socket that cuts the connection around a COMMIT of the client's choice."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Cut = Literal["before", "after"]
_COMMIT = b"COMMIT\0"


class CuttingProxy:
    """Listens on a socket in ``folder``. ``cut`` is armed by the test and used up by the next COMMIT.

    ``before``: the server never sees it. ``after``: the server answers it, and the client never hears. ``meanwhile`` is
    called at that moment, before the client can notice.
    """

    def __init__(self, folder: Path, server: str) -> None:
        self.folder = folder
        self.cut: Cut | None = None
        self.meanwhile: Callable[[], object] = lambda: None
        self.cuts = 0
        self._server = server
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / ".s.PGSQL.5432"))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def through(self, url: str) -> str:
        """The same store, reached through the proxy."""
        host = str(Path(self._server).parent)
        assert host in url
        return url.replace(host, str(self.folder))

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                upstream = socket.socket(socket.AF_UNIX)
                upstream.connect(self._server)
                link = _Link(self, client, upstream)
                threading.Thread(target=link.forward, daemon=True).start()
                threading.Thread(target=link.answer, daemon=True).start()


@dataclass
class _Link:
    """One client's connection."""

    proxy: CuttingProxy
    client: socket.socket
    upstream: socket.socket
    cut: Cut | None = None

    def forward(self) -> None:
        """From the client to the server, until it ends or is cut."""
        with suppress(OSError):
            while data := self.client.recv(65536):
                if data.endswith(_COMMIT) and self.proxy.cut is not None:
                    self.cut, self.proxy.cut = self.proxy.cut, None
                    if self.cut == "before":
                        break
                self.upstream.sendall(data)
                if self.cut == "after":
                    break
        with suppress(OSError):
            self.upstream.shutdown(socket.SHUT_WR)

    def answer(self) -> None:
        """From the server to the client; once cut, until the server has done what it was sent."""
        with suppress(OSError):
            while data := self.upstream.recv(65536):
                if self.cut is None:
                    self.client.sendall(data)
        if self.cut is not None:
            self.proxy.cuts += 1
            self.proxy.meanwhile()
        for end in (self.client, self.upstream):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
