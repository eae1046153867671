"""A function as it was written when assets had their former names: how a renaming is told from an edit.

The name of an asset's function and those of its parameters count in its code version. With the former names put back
the version is the recorded one exactly where nothing but the names changed. A parameter is renamed with everything in
its function that refers to it; where that cannot be said with certainty nothing is, and the asset counts as changed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assets_core.model.assets import InputParameter, Parameter
from assets_core.model.keys import AssetKey
from assets_core.versioning.modules import analyse
from assets_core.versioning.reader import without_docstring
from assets_core.versioning.units import Unit

_SEES_NAMES = frozenset({"locals", "vars", "globals", "eval", "exec", "dir"})
"""What lets a function see how its own variables are called."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class FormerFunction:
    """What a function's own name and parameters were called: today's name -> the former one."""

    name: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FormerNames:
    """What assets were called: today's key -> the former one."""

    keys: Mapping[AssetKey, AssetKey]

    def key(self, key: AssetKey) -> AssetKey:
        """The former key of an asset."""
        return self.keys.get(key, key)

    def written(self, name: str) -> str:
        """An upstream's name as it was written: the whole key, or what stands last in it."""
        for key, before in self.keys.items():
            if name == key:
                return before
            if name == key.name:
                return before.name
        return name

    def parameter(self, parameter: InputParameter) -> str:
        """A parameter's name: one that is called like the asset it reads was called like it before."""
        written = self.written(parameter.dependency.upstream)
        if written != parameter.dependency.upstream:
            return self._last.get(parameter.name, parameter.name)
        return parameter.name

    @property
    def tables(self) -> dict[str, str]:
        """The same for queries, where a table is called like the asset."""
        return {str(key): str(before) for key, before in self.keys.items()}

    def function(self, keys: Sequence[AssetKey], parameters: Sequence[Parameter]) -> FormerFunction:
        """What stood in the source of a definition of these assets with these parameters."""
        found = {p.name: self.parameter(p) for p in parameters if isinstance(p, InputParameter)}
        own = {key.name: self.keys[key].name for key in keys if key in self.keys}
        return FormerFunction(own, {n: b for n, b in found.items() if n != b})

    @property
    def _last(self) -> dict[str, str]:
        return {key.name: before.name for key, before in self.keys.items()}


def former_unit(data: bytes, unit: Unit, index: int, former: FormerFunction) -> Unit:
    """The unit with the former names put back into its source; as it is where that cannot be done."""
    renamed = analyse(data, lambda tree: _rename(tree, unit, former)).units[index]
    return renamed._replace(binds=unit.binds)


def may_read(data: bytes, unit: Unit, parameter: str, attributes: Sequence[str]) -> bool:
    """Whether anything in a unit takes one of these of that parameter, or the parameter as a whole."""
    names: set[ast.AST] = set()
    others: set[ast.AST] = set()
    for node in ast.walk(ast.parse(data)):
        if unit.first <= getattr(node, "lineno", 0) <= unit.last:
            if isinstance(node, ast.Name) and node.id == parameter:
                names.add(node)
            elif isinstance(node, ast.Attribute) and node.attr not in attributes:
                others.add(node.value)
    return not names <= others


def _rename(tree: ast.Module, unit: Unit, former: FormerFunction) -> None:
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS) and node.lineno == unit.line:
            node.name = former.name.get(node.name, node.name)
            parameters = {arg.arg for arg in _arguments(node.args)}
            for name, before in former.parameters.items():
                if name in parameters and _is_local(node, name, before):
                    _rename_local(node, name, before)
            return


def _arguments(args: ast.arguments) -> Iterator[ast.arg]:
    yield from (*args.posonlyargs, *args.args, *args.kwonlyargs)


def _inner(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """Everything inside a function: not its decorators, annotations and defaults."""
    yield from _arguments(node.args)
    for statement in without_docstring(node.body):
        yield from ast.walk(statement)


def _is_local(node: ast.FunctionDef | ast.AsyncFunctionDef, name: str, before: str) -> bool:
    """Whether ``name`` is nothing but that variable in there, and ``before`` is not used at all."""
    named = re.compile(rf"\b({name}|{before})\b")
    own = set(_arguments(node.args))
    for inner in _inner(node):
        if isinstance(inner, ast.arg) and inner not in own and inner.arg == name:
            return False  # of an inner function, which may be called by keyword
        if isinstance(inner, ast.Constant) and named.search(str(inner.value)):
            return False  # a query, say, that is run with the variables in sight
        if isinstance(inner, ast.ClassDef):  # a name bound in its body is an attribute
            return False
        if isinstance(inner, ast.Name) and inner.id in _SEES_NAMES:
            return False
        if before in _identifiers(inner):
            return False
        if not isinstance(inner, ast.Name | ast.arg) and name in _identifiers(inner):
            return False
    return True


def _identifiers(node: ast.AST) -> Iterator[str]:
    """The names in a node that may be those of variables."""
    if isinstance(node, ast.Constant | ast.Attribute | ast.keyword):
        return
    for _, value in ast.iter_fields(node):
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (item for item in value if isinstance(item, str))


def _rename_local(node: ast.FunctionDef | ast.AsyncFunctionDef, name: str, before: str) -> None:
    for inner in _inner(node):
        if isinstance(inner, ast.Name) and inner.id == name:
            inner.id = before
        elif isinstance(inner, ast.arg) and inner.arg == name:
            inner.arg = before
