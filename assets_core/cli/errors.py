"""An error as people read it: code and cause, the place in their files with the line underlined, and what to do.

The one place where the form of errors is written. Text comes from the user's files and data: control characters are
escaped before columns are counted, so the caret stands under what is shown.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from assets_core.errors import AssetsError, Place
from assets_core.model.json import JSON
from assets_core.safe_text import safe_text

Piece: TypeAlias = "str | tuple[str, str]"
Line: TypeAlias = tuple[Piece, ...]
"""One line of output: texts, and texts with the name of their style."""

TAB = 4
WHOLE = 1_000_000
"""A width that nothing reaches."""
_QUOTED = "<selection>"
"""The place of an error whose message quotes the user's argument already, caret and all."""
SHOWN = 100_000
"""Lines longer than this are not read from a file (a data file named by mistake)."""


def error_lines(error: AssetsError, root: Path, width: int = WHOLE) -> list[Line]:
    """The error in the house form; ``root`` is what relative places are relative to, ``width`` in columns."""
    head, *more = error.message.splitlines() or [""]
    lines: list[Line] = [((f"error[{error.code}]", "error"), (f": {head}", "bold"))]
    lines.extend((f"  {line}",) for line in more)
    lines.extend(_place_lines(error.place, root, width))
    for text, place in error.notes:
        lines.append((("note", "note"), f": {text}"))
        lines.extend(_place_lines(place, root, width))
    if error.help:
        first, *rest = error.help.splitlines()
        lines.append((("help", "note"), f": {first}"))
        lines.extend((f"  {line}",) for line in rest)
    return lines


def error_document(error: AssetsError) -> dict[str, JSON]:
    """The same as ``assets.error/1``; ``line`` and ``column`` are null where the place is a whole file or unknown."""
    notes = [{"message": text, **_place_document(place)} for text, place in error.notes]
    return {
        "schema": "assets.error/1",
        "code": error.code,
        "message": error.message,
        **_place_document(error.place),
        "help": error.help,
        "exit_code": error.exit_code,
        "notes": notes,
    }


def _place_document(place: Place | None) -> dict[str, JSON]:
    if place is None:
        return {"file": None, "line": None, "column": None}
    return {"file": place.file, "line": place.line or None, "column": place.column or None}


def _place_lines(place: Place | None, root: Path, width: int) -> Iterator[Line]:
    """``--> file:line:column``, the line with its number, and a caret line where a column is known."""
    if place is None or place.file == _QUOTED:
        return
    yield (("  --> ", "dim"), str(_shown_place(place, root)))
    source = _source_line(place, root)
    if source is None:
        return
    gutter = max(2, len(str(place.line)))
    before, marked, after = _split(source, place)
    room = width - gutter - 3
    before, marked, after = _window(before, marked, after, room)
    yield ((f"{place.line:>{gutter}} | ", "dim"), f"{before}{marked}{after}".rstrip())
    if place.column:
        carets = "^" * max(1, cells(marked))
        yield ((f"{'':>{gutter}} | ", "dim"), " " * cells(before), (carets, "error"))


def _shown_place(place: Place, root: Path) -> Place:
    file = Path(place.file)
    if file.is_absolute() and file.is_relative_to(root):
        return Place(file.relative_to(root).as_posix(), place.line, place.column)
    return place


def _source_line(place: Place, root: Path) -> str | None:
    """The line as it is now, or None where it can't be read: an error is shown all the same."""
    if not place.line or place.file.startswith("<"):
        return None
    try:
        with (root / place.file).open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                if number == place.line:
                    return line.rstrip("\r\n") if len(line) <= SHOWN else None
    except (OSError, ValueError):
        return None
    return None


def _split(source: str, place: Place) -> tuple[str, str, str]:
    """The line before, at and after the place, as it is shown."""
    start = min(max(place.column - 1, 0), len(source))
    stop = min(start + max(place.length, 1 if place.column else 0), len(source))
    before = _shown(source[:start], 0)
    marked = _shown(source[start:stop], cells(before))
    return before, marked, _shown(source[stop:], cells(before + marked))


def _shown(text: str, column: int) -> str:
    """Tabs as blanks up to the next stop, everything else made safe."""
    parts: list[str] = []
    for position, part in enumerate(text.split("\t")):
        if position:
            blanks = TAB - column % TAB
            parts.append(" " * blanks)
            column += blanks
        safe = safe_text(part)
        parts.append(safe)
        column += cells(safe)
    return "".join(parts)


def _window(before: str, marked: str, after: str, room: int) -> tuple[str, str, str]:
    """The same cut to ``room`` columns around what is marked; cuts are shown as an ellipsis."""
    if cells(before + marked + after) <= room:
        return before, marked, after
    keep = max(room // 3, 1)
    if cells(before) > keep and cells(before + marked) > room - 1:
        before = "…" + before[len(before) - keep + 1 :]
    if cells(before + marked) > room - 1:
        marked = marked[: max(room - cells(before) - 1, 1)]
        return before, marked, "…"
    spare = room - cells(before + marked)
    return before, marked, after if cells(after) <= spare else after[: spare - 1] + "…"


def cells(text: str) -> int:
    """How many terminal columns a text takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_cells_of(char) for char in text)


def _cells_of(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
