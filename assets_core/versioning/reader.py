"""Reads one unit of a module: its normal form, and every name in it that leads outside.

One pass does both, because parsing and walking are what a cold fingerprint costs. Decorators and annotations are
written apart: ours are stripped and annotations of helpers don't count, and that is known only when names resolve.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import ClassVar

from assets_core.model.versions import digest
from assets_core.versioning.normal import Encoder, Handler
from assets_core.versioning.scopes import Names, Scope, ScopeKind
from assets_core.versioning.units import Decorator, Import, Kind, Unit

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


class Draft:
    """A unit while it is being read."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.hints_out: list[str] = []
        self.names = Names()
        self.decorators: list[Decorator] = []
        self.params: set[str] = set()
        self.imports: list[Import] = []
        self.members: set[str] = set()
        self.evaluated_defaults = False
        self.alias = ""

    def unit(self, name: str, kind: Kind, node: ast.stmt, owner: int = -1) -> Unit:
        """The finished unit."""
        names = self.names
        lines = [d.lineno for d in getattr(node, "decorator_list", ())]
        return Unit(
            name,
            kind,
            node.lineno,
            min([node.lineno, *lines]),
            node.end_lineno or node.lineno,
            form_digest(self.out),
            form_digest(self.hints_out) if self.hints_out else "",
            tuple(self.decorators),
            tuple(sorted(names.refs)),
            tuple(sorted(names.hints - names.refs)),
            tuple(sorted(names.attrs)),
            tuple(sorted(names.binds)),
            tuple(sorted(self.params)),
            tuple(dict.fromkeys(self.imports)),
            self.alias,
            owner,
            self.evaluated_defaults,
        )


def form_digest(tokens: Iterable[str]) -> str:
    """The digest of a normal form; lone surrogates in texts are legal Python and are kept."""
    return digest(" ".join(tokens).encode("utf-8", "surrogatepass"))


class Reader(Encoder):
    """Writes nodes and records names; ``draft`` is the unit that is being read."""

    handlers: ClassVar[dict[type[ast.AST], Handler]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.draft = Draft()
        self.scope = Scope(ScopeKind.UNIT, None)
        self.hinting = False
        self.quoted = True
        """Whether a text in an annotation is a forward reference (not inside ``Literal``)."""
        self.runtime = True
        self.global_imports: dict[str, list[Import]] = {}
        self.star = False

    # -- units

    def begin(self) -> Draft:
        """Start a unit at the module's level."""
        self.draft = Draft()
        self.out = self.draft.out
        self.scope = Scope(ScopeKind.UNIT, None)
        return self.draft

    def end(self) -> None:
        """Resolve the names of the unit's own level."""
        self.draft.names.close(self.scope)

    # -- names

    def load(self, chain: str) -> None:
        """A name, or a chain of attributes rooted in one, that is read here."""
        (self.scope.hints if self.hinting else self.scope.loads).add(chain)

    def bind(self, name: str) -> None:
        """A name that is bound here."""
        self.scope.bound.add(name)

    def push(self, kind: ScopeKind) -> Scope:
        """Enter a scope."""
        self.scope = Scope(kind, self.scope)
        return self.scope

    def pop(self) -> None:
        """Leave a scope."""
        scope = self.scope
        assert scope.parent is not None
        self.draft.names.close(scope)
        self.scope = scope.parent

    def hint(self, node: ast.expr | None, *, written: bool) -> None:
        """An annotation: its names are followed; its text goes apart when ``written``, else nowhere."""
        if node is None:
            return
        out, hinting = self.out, self.hinting
        self.out, self.hinting = self.draft.hints_out if written else [], True
        self.node(node)
        self.out, self.hinting = out, hinting

    # -- definitions

    def decorate(self, node: Definition) -> None:
        """Take the decorators off; the form keeps only that the n-th decorator of the unit stands here."""
        for expression in node.decorator_list:
            out, scope = self.out, self.scope
            self.out = []
            probe = self.push(ScopeKind.COMPREHENSION)
            self.node(expression)
            refs, attrs = self.draft.names.probe(scope, probe.loads)
            text = form_digest(self.out)
            self.out, self.scope = out, scope
            called = expression.func if isinstance(expression, ast.Call) else expression
            chain = dotted(called)
            self.draft.decorators.append(
                Decorator(chain, text, tuple(sorted(refs)), tuple(sorted(attrs)))
            )
            self.out.append(f"(deco {len(self.draft.decorators) - 1})")

    def function(self, node: Function) -> None:
        """A function without its decorators and docstring."""
        typed = self.head(node)
        self.call(node)
        if typed:
            self.pop()

    def head(self, node: Function) -> bool:
        """Name and signature; whether a scope of type parameters was entered."""
        self.out.append(f"{type(node).__name__} {node.name}")
        typed = self.type_parameters(node)
        self.signature(node.args)
        if node.returns is not None:
            self.draft.hints_out.append("->")
            self.hint(node.returns, written=True)
        return typed

    def call(self, node: Function) -> None:
        """The body, in a scope of its own."""
        self.push(ScopeKind.FUNCTION)
        self.bind_parameters(node.args)
        for parameter in getattr(node, "type_params", ()):
            self.bind(parameter.name)
        self.nodes(without_docstring(node.body))
        self.pop()

    def signature(self, args: ast.arguments) -> None:
        """Names, kinds and defaults of the parameters; annotations apart."""
        self.out.append("(args")
        for parameters in (
            args.posonlyargs,
            args.args,
            [args.vararg],
            args.kwonlyargs,
            [args.kwarg],
        ):
            self.out.append("/")
            for parameter in parameters:
                if parameter is not None:
                    self.parameter(parameter)
        for default in (*args.defaults, *args.kw_defaults):
            self.default(default)
        self.out.append(")")

    def parameter(self, parameter: ast.arg) -> None:
        """One parameter."""
        self.out.append(parameter.arg)
        if parameter.annotation is not None:
            self.draft.hints_out.append(f"{parameter.arg}:")
            self.hint(parameter.annotation, written=True)

    def default(self, default: ast.expr | None) -> None:
        """A default, evaluated where the definition stands."""
        if default is None:
            self.out.append("-")
            return
        if any(isinstance(n, ast.Name | ast.Call | ast.Attribute) for n in ast.walk(default)):
            self.draft.evaluated_defaults = True
        self.node(default)

    def bind_parameters(self, args: ast.arguments) -> None:
        """The parameters are locals of the scope just entered."""
        for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg):
            if arg is not None:
                self.bind(arg.arg)
                self.draft.params.add(arg.arg)

    def type_parameters(self, node: ast.AST) -> bool:
        """Enter the scope of ``[T]`` (Python 3.12); the parameters are annotations, so they don't count."""
        parameters = getattr(node, "type_params", ())
        if parameters:
            self.push(ScopeKind.FUNCTION)
            for parameter in parameters:
                self.bind(parameter.name)
                self.hint(getattr(parameter, "bound", None), written=True)
                self.hint(getattr(parameter, "default_value", None), written=True)
        return bool(parameters)

    def class_head(self, node: ast.ClassDef) -> None:
        """Name, bases and keywords of a class."""
        self.out.append(f"(ClassDef {node.name}")
        self.nodes(node.bases)
        self.nodes(node.keywords)

    def method(self, node: Function, name: str, owner: int) -> Unit:
        """A method of a class at the module's level: a unit of its own."""
        outer, out, scope = self.draft, self.out, self.scope
        draft = self.draft = Draft()
        self.out = draft.out
        self.decorate(node)
        probe = self.push(ScopeKind.COMPREHENSION)
        if self.head(node):
            self.pop()
        refs, attrs = draft.names.probe(scope, probe.loads)
        draft.names.refs |= refs
        draft.names.attrs |= attrs
        draft.names.hints |= probe.hints
        self.scope = Scope(ScopeKind.UNIT, None)
        self.call(node)
        self.end()
        self.draft, self.out, self.scope = outer, out, scope
        return draft.unit(name, "method", node, owner)


def dotted(node: ast.expr) -> str:
    """``a.b.c`` for a chain of attributes rooted in a name, else ``""``."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(names)])


def without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements after the docstring; a function that is only a docstring does what ``pass`` does."""
    first = body[0]
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        return body[1:] or [ast.Pass()]
    return body
