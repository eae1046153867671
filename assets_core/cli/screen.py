"""One output stream and what it can show: colour, Unicode, width.

The border where text leaves the process. Every text that is written goes through ``safe_text`` and the redactor here,
so no verb can forget either; styles stand beside texts and are never markup inside them.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable
from typing import TextIO, TypeAlias

from assets_core.safe_text import safe_text

Piece: TypeAlias = "str | tuple[str, str]"
"""A text, or a text and the name of its style."""

STYLES = {
    "bold": "1",
    "dim": "2",
    "run": "33",
    "new": "32",
    "maybe": "36",
    "blocked": "31",
    "failed": "31",
    "ok": "32",
    "error": "1;31",
    "note": "36",
}
_UNLIMITED = 1_000_000
_COERCED = {"C.UTF-8", "C.utf8", "UTF-8"}
_ASCII = str.maketrans(
    {"…": "~", "█": "#", "░": "-", "·": ".", "│": "|", "─": "-", "├": "|", "└": "`", "▪": "#"}
)
"""Our own glyphs, for terminals that show ASCII only; any other character is shown as its escape."""


class Screen:
    """Writes lines to one stream; a reader that went away is no error."""

    def __init__(self, stream: TextIO, color: str = "auto") -> None:
        """``color`` is ``auto``, ``always`` or ``never``."""
        self.stream = stream
        self.is_tty = stream.isatty()
        self.color = _has_color(color, is_tty=self.is_tty)
        self.unicode = _has_unicode(stream)
        self.redact: Callable[[str], str] = str
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")

    @property
    def width(self) -> int:
        """Columns to fill: the terminal's, or no limit where the output goes to a file."""
        if self.is_tty or os.environ.get("COLUMNS", "").isdecimal():
            return max(1, shutil.get_terminal_size().columns)
        return _UNLIMITED

    def line(self, *pieces: Piece) -> None:
        """Write one line."""
        self.lines([pieces])

    def lines(self, lines: Iterable[Iterable[Piece]]) -> None:
        """Write lines that belong together at once."""
        self.write("".join(["".join(self.rendered(pieces)) + "\n" for pieces in lines]))

    def rendered(self, pieces: Iterable[Piece]) -> Iterable[str]:
        """The pieces as they are written: redacted, made safe, styled."""
        for piece in pieces:
            text, style = piece if isinstance(piece, tuple) else (piece, "")
            safe = safe_text(self.redact(text))
            if not self.unicode and not safe.isascii():
                safe = safe.translate(_ASCII).encode("ascii", "backslashreplace").decode()
            code = STYLES.get(style) if self.color and safe else None
            yield f"\x1b[{code}m{safe}\x1b[0m" if code else safe

    def write(self, text: str) -> None:
        """Write text that was made safe already, or that is data in a format of its own (JSON, CSV)."""
        try:
            self.stream.write(text)
            self.stream.flush()
        except BrokenPipeError:
            # The reader has seen enough (``| head``): what the command does and its exit code stay the same.
            self.stream = _nowhere(self.stream)


def _nowhere(stream: TextIO) -> TextIO:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)
    return stream


def _has_color(choice: str, *, is_tty: bool) -> bool:
    if choice != "auto":
        return choice == "always"
    return is_tty and not os.environ.get("NO_COLOR") and not is_dumb()


def is_dumb() -> bool:
    """Whether the terminal says that it understands no control sequences."""
    return os.environ.get("TERM", "").lower() in {"dumb", "unknown"}


def _has_unicode(stream: TextIO) -> bool:
    """Python writes UTF-8 also under LANG=C, where the terminal would show garbage: the locale decides.

    Python itself sets LC_CTYPE to C.UTF-8 when it finds itself under LANG=C, which says nothing of the terminal.
    """
    encoding = (getattr(stream, "encoding", None) or "ascii").lower()
    if not encoding.startswith("utf"):
        return False
    if sys.platform == "darwin":
        return True
    chosen = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or ""
    language = os.environ.get("LANG", "")
    coerced = chosen in _COERCED and language in {"", "C", "POSIX"} and not os.environ.get("LC_ALL")
    return "utf" in (language if coerced or not chosen else chosen).lower()
