"""The closed union of selection expressions, and the one way to write each of them.

    expr := or ;  or := and {("or" | " ") and} ;  and := not {("and" | ",") not} ;  not := ["not"] atom
    atom := "(" expr ")" | [[N] "+"] term ["+" [N]] | "@" term | ("roots" | "sinks") "(" expr ")"
    term := glob | method ":" value

Where a term stood in the user's text is carried along for carets and never compared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, assert_never

from assets_core.selection.globs import Glob, Piece

Method: TypeAlias = Literal["key", "tag", "group", "owner", "kind", "path", "status", "check"]
METHODS: tuple[Method, ...] = ("key", "tag", "group", "owner", "kind", "path", "status", "check")
STATUSES = ("current", "stale", "maybe", "missing", "failed", "blocked", "held", "running")
WORDS = frozenset({"and", "or", "not"})


@dataclass(frozen=True, slots=True)
class Origin:
    """Characters ``start`` to ``end`` of the selection as it was read."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Term:
    """Assets by one fact. ``value`` is the part after ``=`` of ``tag:k=v`` and None everywhere else."""

    method: Method
    pattern: Glob
    value: Glob | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Walk:
    """A term with ``up`` levels upstream and ``down`` levels downstream; None is without limit, 0 is none."""

    term: Term
    up: int | None
    down: int | None


@dataclass(frozen=True, slots=True)
class Family:
    """``@term``: the term, its descendants, and all ancestors of those (what a rebuild of it needs)."""

    term: Term


@dataclass(frozen=True, slots=True)
class Roots:
    """The selected assets that have no selected ancestor, near or far."""

    inner: Expression


@dataclass(frozen=True, slots=True)
class Sinks:
    """The selected assets that have no selected descendant, near or far."""

    inner: Expression


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Union of two or more."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Intersection of two or more."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """All assets but these."""

    inner: Expression


Expression: TypeAlias = Term | Walk | Family | Roots | Sinks | AnyOf | AllOf | Not

_BARE = re.compile(r"[\w./-]+")


def spell(expression: Expression) -> str:
    """The text that parses to exactly ``expression``, with words for operators and every group in parentheses."""
    match expression:
        case Term():
            return _term(expression)
        case Walk(term, up, down):
            return _depth(up, before=True) + _term(term) + _depth(down, before=False)
        case Family(term):
            return "@" + _term(term)
        case Roots(inner):
            return f"roots({spell(inner)})"
        case Sinks(inner):
            return f"sinks({spell(inner)})"
        case AnyOf(items):
            return " or ".join(grouped(item) for item in items)
        case AllOf(items):
            return " and ".join(grouped(item) for item in items)
        case Not(inner):
            return f"not {grouped(inner)}"
        case _:
            assert_never(expression)


def grouped(expression: Expression) -> str:
    """As ``spell``, in parentheses where it could be torn apart by what stands around it."""
    text = spell(expression)
    return f"({text})" if isinstance(expression, AnyOf | AllOf | Not) else text


def _depth(levels: int | None, *, before: bool) -> str:
    if levels == 0:
        return ""
    number = "" if levels is None else str(levels)
    return f"{number}+" if before else f"+{number}"


def _term(term: Term) -> str:
    pattern = "".join(_piece(piece) for piece in term.pattern.pieces)
    if term.method == "key":
        # A word of the grammar, or digits that would read as the depth of a `+`.
        return f'"{pattern}"' if pattern in WORDS or pattern.isdecimal() else pattern
    value = (
        "" if term.value is None else "=" + "".join(_piece(piece) for piece in term.value.pieces)
    )
    return f"{term.method}:{pattern}{value}"


def _piece(piece: Piece) -> str:
    if not isinstance(piece, str):
        return piece.value
    if _BARE.fullmatch(piece):
        return piece
    escaped = piece.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
