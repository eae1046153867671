"""Everything a call prints goes to its log file, capped, with secrets replaced.

Python's streams write to it themselves: a line that was printed is in the file before ``print`` returns, so that it is
there whatever kills the process next. A worker process redirects the file descriptors as well, for C code and child
processes; these go through a pipe, and its reader dies with the worker.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeAlias, cast

from assets_core.disk_errors import what_failed
from assets_core.private_folders import make_private

Redact: TypeAlias = Callable[[str], str]
Capture: TypeAlias = "Callable[[Path, Redact], AbstractContextManager[LogFile]]"
"""How a call's output is captured: by streams, or by descriptors."""

MAX_LOG_BYTES = 64 * 1024 * 1024
MAX_LINE = 16 * 1024
TAIL_LINES = 20
_OVERLAP = 4 * 1024
"""What is looked at behind the end of a long line: a secret that is cut in two could not be recognised."""
_PIECE = 1 << 16
"""Characters that are looked at in one go: a text of any length costs no more memory than this beside itself."""
DRAIN_S = 1.0
_MARKER = "\n[output capped at {} MB; what follows is not kept]\n"


class LogFile(io.TextIOBase):
    """A text stream that appends to a log: line by line, redacted, long lines cut, the whole of it capped.

    Several threads write to it: what the descriptors give, and the call's own logger.
    """

    def __init__(
        self, path: Path, redact: Redact, echo: IO[str] | None, descriptor: int | None = None
    ) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._path = path
        self._file: IO[str] | None = None
        self._made = False
        self._redact = redact
        self._echo = echo
        self._partial = ""
        self._lock = threading.RLock()
        self._left = MAX_LOG_BYTES
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        """For handing the stream to a child process, where descriptors are captured too."""
        return super().fileno() if self._descriptor is None else self._descriptor

    @property
    def buffer(self) -> BinaryIO:
        """For code that writes bytes to a text stream, as ``sys.stdout`` lets it."""
        return cast("BinaryIO", _Bytes(self))

    def write(self, text: str) -> int:
        with self._lock:
            if self.closed:
                return len(text)
            if self._echo is not None:
                self._echo.write(self._redact(text))
            if len(text) <= _PIECE:
                self._write(text)
            else:
                for start in range(0, len(text), _PIECE):
                    self._write(text[start : start + _PIECE])
        return len(text)

    def _write(self, text: str) -> None:
        *lines, self._partial = (self._partial + text).split("\n")
        for line in lines:
            self._line(line)
        self._partial = self._partial[: MAX_LINE + _OVERLAP]
        if lines:
            self.flush()  # live: somebody may be following it

    def _line(self, line: str) -> None:
        if self._left <= 0:
            return
        kept = self._redact(line[: MAX_LINE + _OVERLAP])
        if len(line) > MAX_LINE:
            kept = kept[: min(MAX_LINE, len(kept) - _OVERLAP)] + " [cut]"
        self.tail.append(kept)
        self._left -= len(kept) + 1
        try:
            self._file = self._file or self._open()
            self._file.write(kept + "\n")
            if self._left <= 0:
                self._file.write(_MARKER.format(MAX_LOG_BYTES >> 20))
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        """A log that cannot be written ends here, with a line that says so: no step fails of what it printed."""
        self._left = 0
        self.tail.append(f"[output is no longer kept: {what_failed(error, self._path)}]")
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):  # it tries to write the rest once more
                file.close()

    def _open(self) -> IO[str]:
        """The file exists only once there is something to keep: most calls print nothing."""
        make_private(self._path.parent)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        fd = os.open(self._path, flags, 0o600)
        self._made = True
        return os.fdopen(fd, "w", encoding="utf-8", errors="replace")

    @property
    def path(self) -> str | None:
        """Where the output is kept, None where there was none or it could not be."""
        return str(self._path) if self._made else None

    def flush(self) -> None:
        if self._file is not None and not self._file.closed:
            try:
                self._file.flush()
            except OSError as error:
                self._give_up(error)

    def close(self) -> None:
        with self._lock:
            if not self.closed and self._partial:
                self._line(self._partial)
            self.flush()
            if self._file is not None:
                self._file.close()
            super().close()


class _Bytes(io.RawIOBase):
    """The bytes side of a log."""

    def __init__(self, log: LogFile) -> None:
        super().__init__()
        self._log = log

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        raw = bytes(data)
        self._log.write(raw.decode("utf-8", "replace"))
        return len(raw)


def last_lines(log: Path) -> tuple[str, ...]:
    """The last lines of a log whose writer died, as far as it got."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_LINES * MAX_LINE))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ()
    return tuple(text.splitlines()[-TAIL_LINES:])


@contextlib.contextmanager
def captured_streams(path: Path, redact: Redact) -> Iterator[LogFile]:
    """Capture Python's output streams while the body runs; a terminal still shows them."""
    log = LogFile(path, redact, sys.stderr if sys.stderr.isatty() else None)
    try:
        with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            yield log
    finally:
        log.close()


@contextlib.contextmanager
def captured_descriptors(path: Path, redact: Redact) -> Iterator[LogFile]:
    """Capture Python's output streams and descriptors 1 and 2 while the body runs.

    A thread reads what was written from a pipe. A process that user code left behind may keep the other end open, so
    the end of the body, not the end of the pipe, ends the capture.
    """
    log = LogFile(path, redact, None, descriptor=1)
    saved = os.dup(1), os.dup(2)
    read_end, write_end = os.pipe()
    pump = threading.Thread(target=_pump, args=(read_end, log), name="output", daemon=True)
    pump.start()
    _point_output_at(write_end, write_end)
    os.close(write_end)
    try:
        with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            yield log
    finally:
        _point_output_at(*saved)
        for fd in saved:
            os.close(fd)
        pump.join(DRAIN_S)
        log.close()


def _point_output_at(stdout: int, stderr: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)


def _pump(read_end: int, log: LogFile) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    try:
        while (chunk := os.read(read_end, 1 << 16)) and not log.closed:
            log.write(decoder.decode(chunk))
    finally:
        os.close(read_end)
