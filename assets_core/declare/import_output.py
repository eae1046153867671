"""What modules print while they are imported goes to stderr, with the secrets that are known by then replaced.

stdout belongs to results. A stream that a module keeps, such as that of a logging handler, goes on redacting.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable, Iterator
from typing import TextIO


class _Redacted(io.TextIOBase):
    """Writes to ``stream`` line by line: a secret that is written in pieces is recognised in the whole of its line."""

    encoding = "utf-8"
    """What may be written; ``stream`` encodes it as it does."""

    def __init__(self, stream: TextIO, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._stream = stream
        self._redact = redact
        self._partial = ""

    def write(self, text: str) -> int:
        *lines, self._partial = (self._partial + text).split("\n")
        for line in lines:
            self._stream.write(f"{self._redact(line)}\n")
        return len(text)

    def finish(self) -> None:
        """Write what stands without an end of line."""
        rest, self._partial = self._partial, ""
        self._stream.write(self._redact(rest))

    def flush(self) -> None:
        self._stream.flush()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()


@contextlib.contextmanager
def redacted_output(redact: Callable[[str], str]) -> Iterator[None]:
    """Send Python's output streams to stderr, redacted, while the body runs."""
    stream = _Redacted(sys.stderr, redact)
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        try:
            yield
        finally:
            stream.finish()
