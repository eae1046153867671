"""Where each key and value of a TOML text stands, which ``tomllib`` does not tell.

For text that tomllib has accepted, and only when a place is wanted (an error, ``config show --origin``): the scan is
loose about everything but keys, strings and brackets. Array items have no path of their own; the first definition of
a path counts.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from typing import TypeAlias

from assets_core.errors import Place

Path: TypeAlias = tuple[str, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_KEY = re.compile(r"""[ \t]*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*""")
_STRING = re.compile(
    r'''"""(?:\\.|[^\\])*?"""(?!")|\'{3}.*?\'{3}(?!')|"(?:[^"\\\n]|\\.)*"|'[^'\n]*\'''', re.DOTALL
)
_PLAIN = re.compile(r"[^,\]}\r\n#]*")


class TomlPlaces:
    """Lookup by path; a path that the text does not have gives the nearest table above it, or the whole file."""

    def __init__(self, text: str, file: str) -> None:
        scan = _Scan(text)
        scan.document()
        self._text = text
        self._file = file
        self._keys: Mapping[Path, tuple[int, int]] = scan.keys
        self._values: Mapping[Path, tuple[int, int]] = scan.values

    def key(self, path: Path) -> Place:
        """Where the name is written."""
        return self._nearest(path, self._keys)

    def value(self, path: Path) -> Place:
        """Where the value is written, its first line."""
        return self._nearest(path, self._values if path in self._values else self._keys)

    def _nearest(self, path: Path, spans: Mapping[Path, tuple[int, int]]) -> Place:
        while path and path not in spans:
            path = path[:-1]
        return self._place(*spans[path]) if path else Place(self._file)

    def _place(self, start: int, end: int) -> Place:
        before = self._text[:start]
        column = start - (before.rfind("\n") + 1) + 1
        length = len(self._text[start:end].splitlines()[0]) if end > start else 1
        return Place(self._file, before.count("\n") + 1, column, length)


class _Scan:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.keys: dict[Path, tuple[int, int]] = {}
        self.values: dict[Path, tuple[int, int]] = {}

    def document(self) -> None:
        table: Path = ()
        while self._skip_blank() < len(self._text):
            start = self._at
            if self._text[self._at] == "[":
                self._at += 2 if self._text.startswith("[[", self._at) else 1
                table = self._key(())
                self._at += len("]]") if self._text.startswith("]]", self._at) else 1
            else:
                self._pair(table)
            if self._at == start:
                return

    def _pair(self, table: Path) -> None:
        path = self._key(table)
        self._at += 1
        self._value(path)

    def _key(self, prefix: Path) -> Path:
        """A dotted key; the cursor is left on what follows it."""
        while (found := _KEY.match(self._text, self._at)) is not None:
            prefix = (*prefix, _plain(found[1]))
            self.keys.setdefault(prefix, found.span(1))
            self._at = found.end()
            if not self._text.startswith(".", self._at):
                break
            self._at += 1
        return prefix

    def _value(self, path: Path) -> None:
        start = self._skip_blank()
        opening = self._text[start : start + 1]
        if opening == "{":
            self._items("}", lambda: self._pair(path))
        elif opening == "[":
            self._items("]", lambda: self._value((*path, "[]")))
        else:
            found = _STRING.match(self._text, start) or _PLAIN.match(self._text, start)
            self._at = found.end() if found else start
        end = start + len(self._text[start : self._at].rstrip())
        self.values.setdefault(path, (start, end))

    def _items(self, closing: str, read: Callable[[], None]) -> None:
        self._at += 1
        while self._skip_blank() < len(self._text) and self._text[self._at] != closing:
            start = self._at
            read()
            if self._skip_blank() < len(self._text) and self._text[self._at] == ",":
                self._at += 1
            if self._at == start:
                break
        self._at += 1

    def _skip_blank(self) -> int:
        found = _BLANK.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at


def _plain(key: str) -> str:
    return str(tomllib.loads(f"key = {key}")["key"]) if key[0] in "\"'" else key
