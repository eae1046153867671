"""Selection text to tokens. Quotes make characters literal wherever they stand; blanks only separate.

One pass of one regular expression: a selection read from a file may hold 100,000 names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum

from assets_core.errors import UsageError
from assets_core.selection.complaints import complaint
from assets_core.selection.expressions import Origin


class Mark(Enum):
    """What a token is; the value is how it is named in messages."""

    WORD = "a term"
    OPEN = "`(`"
    CLOSE = "`)`"
    COMMA = "`,`"
    PLUS = "`+`"
    AT = "`@`"
    END = "the end"


@dataclass(frozen=True, slots=True)
class Token:
    """``chunks`` are a word's texts with whether each was quoted; ``spaced`` says that a blank stands before it."""

    mark: Mark
    start: int
    end: int
    spaced: bool
    chunks: tuple[tuple[str, bool], ...] = ()

    @property
    def bare(self) -> str | None:
        """The word, if nothing in it was quoted."""
        return self.chunks[0][0] if len(self.chunks) == 1 and not self.chunks[0][1] else None


_PIECE = re.compile(
    r"""(?P<blank>\s+)|(?P<mark>[(),+])|"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<bare>[^\s(),+"']+)""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_MARKS = {"(": Mark.OPEN, ")": Mark.CLOSE, ",": Mark.COMMA, "+": Mark.PLUS}


def tokens_of(text: str) -> list[Token]:
    """All tokens, ending with an END; raises UsageError E801 for a quote that is not closed."""
    tokens: list[Token] = []
    position, spaced = 0, False
    while position < len(text):
        found = _PIECE.match(text, position)
        if found is None:
            raise complaint(
                UsageError, "E801", "this quote is not closed", Origin(text, position, position + 1)
            )
        if found.lastgroup != "blank":
            _add(tokens, found, spaced)
        spaced = found.lastgroup == "blank"
        position = found.end()
    tokens.append(Token(Mark.END, len(text), len(text), spaced))
    return tokens


def _add(tokens: list[Token], found: re.Match[str], spaced: bool) -> None:
    start, end = found.span()
    group = found.lastgroup or ""
    content = found[group]
    if group == "mark":
        tokens.append(Token(_MARKS[content], start, end, spaced))
        return
    quoted = group != "bare"
    if quoted:
        content = _ESCAPE.sub(r"\1", content)
    last = tokens[-1] if tokens else None
    if last is not None and last.mark is Mark.WORD and not spaced:
        tokens[-1] = replace(last, end=end, chunks=(*last.chunks, (content, quoted)))
        return
    after_at = last is not None and last.mark is Mark.AT and not spaced
    if content.startswith("@") and not quoted and not after_at:
        tokens.append(Token(Mark.AT, start, start + 1, spaced))
        content, start, spaced = content[1:], start + 1, False
        if not content:
            return
    tokens.append(Token(Mark.WORD, start, end, spaced, ((content, quoted),)))
