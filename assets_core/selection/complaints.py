"""Errors about a selection: one line that says what is wrong, then the text with a caret, then what to write instead.

The text is the user's argument, not a file, so the excerpt is part of the message; ``place`` has the pseudo file
``SELECTION`` and the column, for JSON and for the TUI's filter line.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nlargest

from assets_core.errors import Place, UsageError
from assets_core.selection.expressions import Origin

SELECTION = "<selection>"
_WIDTH = 76
_SHORTLIST = 200
"""Names compared exactly; with 100,000 names, comparing each of them exactly takes seconds."""
_ALIKE = 0.6


def complaint(
    kind: type[UsageError],
    code: str,
    summary: str,
    origin: Origin | None,
    *,
    help: str | None = None,
) -> UsageError:
    """An error of ``kind`` that underlines ``origin``."""
    if origin is None:
        return kind(code, summary, help=help)
    place = Place(SELECTION, 1, origin.start + 1, max(1, origin.end - origin.start))
    return kind(code, f"{summary}\n{_excerpt(origin)}", place=place, help=help)


def _excerpt(origin: Origin) -> str:
    """The text around the spot, at most ``_WIDTH`` wide (a selection read from a file can be of any length)."""
    first = max(0, min(origin.start - _WIDTH // 4, len(origin.text) - _WIDTH))
    shown = "".join(" " if char.isspace() else char for char in origin.text[first : first + _WIDTH])
    before, after = "..." * (first > 0), "..." * (first + _WIDTH < len(origin.text))
    carets = "^" * max(1, min(origin.end, first + _WIDTH) - origin.start)
    return f"  {before}{shown}{after}\n  {' ' * (len(before) + origin.start - first)}{carets}"


def nearest(text: str, names: Iterable[str], limit: int = 3) -> tuple[str, ...]:
    """The names most like ``text``, best first: the same last part anywhere, then similar spelling."""
    wanted = text.casefold()
    pairs = _pairs(wanted)
    shortlist = nlargest(
        _SHORTLIST, set(names), key=lambda name: (len(pairs & _pairs(name.casefold())), name)
    )
    scored = sorted((-_likeness(wanted, name.casefold()), name) for name in shortlist)
    return tuple(name for score, name in scored if score <= -_ALIKE)[:limit]


def _pairs(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)} or {text}


def _likeness(wanted: str, name: str) -> float:
    from difflib import SequenceMatcher

    if wanted == name or wanted.rsplit("/", 1)[-1] == name.rsplit("/", 1)[-1]:
        return 1.0
    return max(
        SequenceMatcher(None, wanted, name).ratio(),
        SequenceMatcher(None, wanted, name.rsplit("/", 1)[-1]).ratio()
        if "/" not in wanted
        else 0.0,
    )


def listed(names: Iterable[str]) -> str:
    """`` `a`, `b` or `c` ``."""
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
