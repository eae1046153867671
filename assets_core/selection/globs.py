"""Globs over names with ``/``: ``?`` and ``*`` stay inside a part, ``**`` crosses, a lone ``*`` is everything.

As in gitignore, ``**/`` also stands for no folder at all: ``**/orders`` matches ``orders``. Compiled to a regular
expression of atomic groups, so a hostile pattern (``**a**a**a...``) costs at most |text|^2 per star instead of
backtracking for ever. Atomic is exact here: the shortest match of what stands before a star leaves most to the star.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum


class Wild(Enum):
    """The wildcards, by spelling."""

    ONE = "?"
    WITHIN = "*"
    ACROSS = "**"


Piece = str | Wild


@dataclass(frozen=True, slots=True)
class Glob:
    """Literal texts (NFC) and wildcards in turn; build it with ``glob`` so that equal patterns are equal values."""

    pieces: tuple[Piece, ...]

    @property
    def literal(self) -> str | None:
        """The one text this matches; None when there are wildcards."""
        if not self.pieces:
            return ""
        only = self.pieces[0]
        return only if len(self.pieces) == 1 and isinstance(only, str) else None

    @property
    def text(self) -> str:
        """The pattern without quotes, for messages and for finding names like it."""
        return "".join(piece if isinstance(piece, str) else piece.value for piece in self.pieces)

    @property
    def widened(self) -> Glob:
        """The same pattern with every ``*`` crossing ``/``, for a hint when it matches nothing."""
        return Glob(tuple(Wild.ACROSS if piece is Wild.WITHIN else piece for piece in self.pieces))

    def matcher(self) -> Callable[[str], bool]:
        """A predicate on whole names."""
        literal = self.literal
        if literal is not None:
            return literal.__eq__
        if self.pieces == (Wild.WITHIN,):
            return lambda name: True
        match = re.compile(_regex(self.pieces), re.DOTALL).match
        return lambda name: match(name) is not None


def glob(pieces: Iterable[Piece]) -> Glob:
    """Normalised: neighbouring texts joined, texts in NFC, stars in a row are one ``**``."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if isinstance(piece, str):
            if isinstance(last, str):
                joined[-1] = last + piece
            elif piece:
                joined.append(piece)
        elif piece is not Wild.ONE and last in (Wild.WITHIN, Wild.ACROSS):
            joined[-1] = Wild.ACROSS
        else:
            joined.append(piece)
    return Glob(tuple(unicodedata.normalize("NFC", p) if isinstance(p, str) else p for p in joined))


def _regex(pieces: tuple[Piece, ...]) -> str:
    blocks = _blocks(pieces)
    regex = ""
    for number, (skip, block) in enumerate(blocks):
        body = _body(block, last=number == len(blocks) - 1)
        regex += f"(?>{skip}{body})" if skip else body
    return regex


def _blocks(pieces: tuple[Piece, ...]) -> list[tuple[str, list[Piece]]]:
    """Split at ``**``: the regex of what it skips, then the pieces up to the next one."""
    blocks: list[tuple[str, list[Piece]]] = [("", [])]
    skipped_slash = False
    for number, piece in enumerate(pieces):
        if piece is Wild.ACROSS:
            skipped_slash = _is_folder(pieces, number)
            blocks.append(("(?:.*?/)??" if skipped_slash else ".*?", []))
        elif isinstance(piece, str):
            blocks[-1][1].append(piece[1:] if skipped_slash else piece)
            skipped_slash = False
        else:
            blocks[-1][1].append(piece)
    return blocks


def _is_folder(pieces: tuple[Piece, ...], number: int) -> bool:
    before = pieces[number - 1] if number else "/"
    after = pieces[number + 1] if number + 1 < len(pieces) else ""
    return (
        isinstance(before, str)
        and before.endswith("/")
        and isinstance(after, str)
        and after.startswith("/")
    )


def _body(block: list[Piece], *, last: bool) -> str:
    runs = [""]
    for piece in block:
        if piece is Wild.WITHIN:
            runs.append("")
        else:
            runs[-1] += "[^/]" if piece is Wild.ONE else re.escape(str(piece))
    if last:
        runs[-1] += r"\Z"
    return runs[0] + "".join(f"(?>[^/]*?{run})" for run in runs[1:])
