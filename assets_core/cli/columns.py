"""Lines laid out in columns, whatever script the texts are in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from assets_core.cli.errors import WHOLE, cells
from assets_core.cli.screen import Piece, Screen
from assets_core.safe_text import safe_text

_NUMBER = re.compile(r"-?[\d,]+(\.\d+)?(e[+-]?\d+)?")


def print_columns(screen: Screen, rows: Iterable[Sequence[Piece]], *, indent: str = "") -> None:
    """Print rows aligned by column, numbers to the right; a bold row of names is no reason against that."""
    table = [[_piece(piece) for piece in row] for row in rows]
    if not table:
        return
    widths = [0] * max(map(len, table))
    numeric = [True] * len(widths)
    widest = screen.width // 2 if screen.is_tty else WHOLE
    for row in table:
        for n, (text, style) in enumerate(row):
            widths[n] = aligned_width((widths[n], cells(text)), widest)
            numeric[n] &= style == "bold" or not text or _NUMBER.fullmatch(text) is not None
    screen.lines(_line(row, widths, numeric, indent) for row in table)


def _line(
    row: Sequence[tuple[str, str]], widths: Sequence[int], numeric: Sequence[bool], indent: str
) -> list[Piece]:
    last = max((n for n, (text, _) in enumerate(row) if text), default=0)
    pieces: list[Piece] = [indent]
    for n, (text, style) in enumerate(row[: last + 1]):
        space = " " * (widths[n] - cells(text))
        before, after = (space, "") if numeric[n] else ("", space)
        pieces += [before, (text, style), after + "  " if n < last else ""]
    return pieces


def aligned_width(lengths: Iterable[int], widest: int) -> int:
    """How wide a column is: one text that is wider than ``widest`` moves its own line only, not all the others."""
    return max((length for length in lengths if length <= widest), default=0)


def _piece(piece: Piece) -> tuple[str, str]:
    text, style = piece if isinstance(piece, tuple) else (piece, "")
    return safe_text(text), style
