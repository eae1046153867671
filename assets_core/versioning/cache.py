"""The on-disk cache of analyses: one text file of plain data, never code.

Each line is a checksum, a key and JSON. A line whose checksum does not hold is as good as absent, so a damaged, torn or
foreign file costs time and never gives a wrong answer. What a process did not use is dropped once it outweighs what
it did, so edits don't pile up. Measured: 10,000 functions are 4 MB, read in 15 ms; only the lines asked for are parsed.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path

from assets_core.model.versions import digest
from assets_core.private_folders import make_private
from assets_core.versioning.modules import ALGORITHM

MIN_UNUSED = 100


class FingerprintCache:
    """A cache in ``folder``, which is made when something is saved. Not shared between threads."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / f"code-{ALGORITHM}.cache"
        self._lines: dict[str, bytes] | None = None
        self._used: dict[str, bytes] = {}
        self._new = False

    def get(self, key: str) -> object:
        """The JSON value stored under ``key``, None if there is none or it is damaged."""
        if key in self._used:
            line = self._used[key]
        else:
            found = self._read().get(key)
            if found is None:
                return None
            line = found
        head, _, body = line.partition(b"\t")
        if head.decode("ascii", "replace") != digest(key, body):
            return None
        try:
            value: object = json.loads(body)
        except ValueError:
            return None
        self._used[key] = line
        return value

    def put(self, key: str, value: object) -> None:
        """Store a JSON value, in memory until ``save``."""
        body = json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()
        self._used[key] = digest(key, body).encode() + b"\t" + body
        self._new = True

    def save(self) -> None:
        """Write what this process used, atomically; an unwritable folder only costs the next process some time."""
        if not self._new:
            return
        with contextlib.suppress(OSError):
            make_private(self._file.parent)
            handle, name = tempfile.mkstemp(dir=self._file.parent, prefix=self._file.name)
            try:
                with os.fdopen(handle, "wb") as out:
                    out.writelines(
                        key.encode() + b"\t" + line + b"\n" for key, line in self._kept()
                    )
                Path(name).replace(self._file)
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(name).unlink()
                raise
            self._new = False

    def _kept(self) -> list[tuple[str, bytes]]:
        unused = {key: line for key, line in self._read().items() if key not in self._used}
        few = len(unused) <= max(MIN_UNUSED, len(self._used))
        return sorted((unused if few else {}).items()) + sorted(self._used.items())

    def _read(self) -> dict[str, bytes]:
        if self._lines is None:
            self._lines = {}
            with contextlib.suppress(OSError):
                for line in self._file.read_bytes().split(b"\n"):
                    key, tab, rest = line.partition(b"\t")
                    if tab:
                        self._lines[key.decode("utf-8", "replace")] = rest
        return self._lines
