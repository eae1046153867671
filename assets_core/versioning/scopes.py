"""Python's scoping rules as far as they decide which names of a function are global.

A parameter or local that happens to be called like a module's global must not be followed (parameters are called like
assets all the time), and a name that is global must be. Names are resolved when a scope closes, as Python does: one
assignment anywhere in a function makes the name local. Class scopes are invisible to functions inside them.
"""

from __future__ import annotations

from enum import Enum

from assets_core.versioning.units import Import


class ScopeKind(Enum):
    UNIT = "the module's own level"
    FUNCTION = "function"
    CLASS = "class"
    COMPREHENSION = "comprehension"


class Scope:
    """One scope while it is being read."""

    __slots__ = ("bound", "globals", "hints", "imports", "kind", "loads", "nonlocals", "parent")

    def __init__(self, kind: ScopeKind, parent: Scope | None) -> None:
        self.kind = kind
        self.parent = parent
        self.loads: set[str] = set()
        self.hints: set[str] = set()
        self.bound: set[str] = set()
        self.imports: dict[str, list[Import]] = {}
        self.globals: set[str] = set()
        self.nonlocals: set[str] = set()

    def outward(self) -> Scope | None:
        """Where a name that is not bound here is looked up next."""
        parent = self.parent
        while (
            parent is not None
            and parent.kind is ScopeKind.CLASS
            and self.kind is ScopeKind.FUNCTION
        ):
            parent = parent.parent
        return parent


class Names:
    """What one unit names, collected while its scopes close."""

    __slots__ = ("attrs", "binds", "hints", "refs")

    def __init__(self) -> None:
        self.refs: set[str] = set()
        self.hints: set[str] = set()
        self.attrs: set[str] = set()
        self.binds: set[str] = set()

    def close(self, scope: Scope) -> None:
        """Resolve a scope that ends: its own names become attributes, the others move outward."""
        local = scope.bound - scope.globals - scope.nonlocals
        if scope.kind is ScopeKind.UNIT:
            self.refs |= scope.loads
            self.hints |= scope.hints
            self.binds |= scope.bound
            return
        self.binds |= scope.bound & scope.globals
        outward = scope.outward()
        for chain in scope.loads:
            root, _, rest = chain.partition(".")
            if root in scope.globals:
                self.refs.add(chain)
            elif root in local:
                self._local(scope, root, rest, chain, self.refs)
            elif outward is None:
                self.refs.add(chain)
            else:
                outward.loads.add(chain)
        for chain in scope.hints:
            root, _, rest = chain.partition(".")
            if root in local:
                self._local(scope, root, rest, chain, self.hints)
            elif outward is None:
                self.hints.add(chain)
            else:
                outward.hints.add(chain)

    def probe(self, scope: Scope, refs: set[str]) -> tuple[set[str], set[str]]:
        """Global references and attributes among ``refs``, names bound so far in ``scope`` and outward being local.

        For decorators and defaults, which Python evaluates where they stand.
        """
        found = Names()
        for chain in refs:
            root, _, rest = chain.partition(".")
            where: Scope | None = scope
            while where is not None and (where.kind is ScopeKind.UNIT or root not in where.bound):
                where = where.outward()
            if where is None:
                found.refs.add(chain)
            else:
                found._local(where, root, rest, chain, found.refs)
        return found.refs, found.attrs

    def _local(self, scope: Scope, root: str, rest: str, chain: str, into: set[str]) -> None:
        for imported in scope.imports.get(root, ()):
            into.add(imported.reference() + (f".{rest}" if rest else ""))
        if rest and root not in scope.imports:
            self.attrs.update(rest.split("."))
        if scope.kind is ScopeKind.CLASS:
            # read before it is bound there, a name in a class body is the global one
            self.hints.add(chain)
