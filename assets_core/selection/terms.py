"""One word of a selection to one ``Term``: its method, its glob, and for tags the value after ``=``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from assets_core.errors import UsageError
from assets_core.selection.complaints import complaint, listed, nearest
from assets_core.selection.expressions import METHODS, STATUSES, Method, Origin, Term
from assets_core.selection.globs import Glob, Piece, Wild, glob
from assets_core.selection.tokens import Token

_Chunks: TypeAlias = Sequence[tuple[str, bool]]
_WILD = re.compile(r"\*+|\?|[^*?]+")


def read_term(text: str, token: Token) -> Term:
    """The term of a WORD of ``text``; raises UsageError E801 (no name) or E803 (unknown method or status)."""
    origin = Origin(text, token.start, token.end)
    before, colon, after = token.chunks[0][0].partition(":")
    if token.chunks[0][1] or not colon:
        return Term("key", _named(token.chunks, origin), origin=origin)
    method = _method(before, origin)
    chunks = ((after, False), *token.chunks[1:])
    if method == "status":
        return Term(method, _status(chunks, origin), origin=origin)
    if method == "tag":
        name, value = _split_at_equals(chunks)
        return Term(method, _named(name, origin), None if value is None else _glob(value), origin)
    return Term(method, _named(chunks, origin), origin=origin)


def _method(name: str, origin: Origin) -> Method:
    for method in METHODS:
        if method == name:
            return method
    close = nearest(name, METHODS, 1)
    raise complaint(
        UsageError,
        "E803",
        f"`{name}:` is not a selection method",
        Origin(origin.text, origin.start, origin.start + len(name) + 1),
        help=f"did you mean {listed(f'{m}:' for m in close)}?"
        if close
        else f"methods: {', '.join(METHODS)}",
    )


def _status(chunks: _Chunks, origin: Origin) -> Glob:
    pattern = _named(chunks, origin)
    if pattern.literal in STATUSES:
        return pattern
    close = nearest(pattern.text, STATUSES, 1)
    raise complaint(
        UsageError,
        "E803",
        f"`{pattern.text}` is not a status",
        origin,
        help=f"did you mean {listed(close)}?" if close else f"statuses: {', '.join(STATUSES)}",
    )


def _named(chunks: _Chunks, origin: Origin) -> Glob:
    pattern = _glob(chunks)
    if not pattern.pieces:
        raise complaint(UsageError, "E801", "a name is missing here", origin)
    return pattern


def _glob(chunks: _Chunks) -> Glob:
    return glob(_pieces(chunks))


def _pieces(chunks: _Chunks) -> Iterator[Piece]:
    for text, quoted in chunks:
        if quoted:
            yield text
            continue
        for part in _WILD.findall(text):
            yield _piece(part)


def _piece(part: str) -> Piece:
    if part == "?":
        return Wild.ONE
    if part == "*":
        return Wild.WITHIN
    return Wild.ACROSS if part.startswith("*") else part


def _split_at_equals(chunks: _Chunks) -> tuple[_Chunks, _Chunks | None]:
    for number, (text, quoted) in enumerate(chunks):
        if not quoted and "=" in text:
            name, _, value = text.partition("=")
            return [*chunks[:number], (name, False)], [(value, False), *chunks[number + 1 :]]
    return chunks, None
