"""Live objects that are followed: what a closure holds, what a container of handlers contains, what a wrapper wraps.

A function leads to the unit of its lines, its cells and what it wraps; a class to its definition and bases; an object
to its class and attributes. Objects of other packages lead nowhere, but a wrapper of theirs leads to what it wraps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from assets_core.model.assets import AssetDefinition, PythonBody, SourceBody
from assets_core.model.versions import digest
from assets_core.versioning import names as rules
from assets_core.versioning.names import Wide
from assets_core.versioning.parts import CodePart
from assets_core.versioning.resolve import Key, Resolver, Sink, Target
from assets_core.versioning.sources import Module, Sources
from assets_core.versioning.values import Value, attributes

WRAPPED = ("__wrapped__", "func", "__func__", "pyfunc", "py_func")
"""Where wrappers of the standard library, numpy and numba keep the function they wrap."""

CODE_TYPES = (
    FunctionType,
    BuiltinFunctionType,
    MethodType,
    ModuleType,
    type,
    AssetDefinition,
    staticmethod,
    classmethod,
    property,
)


class Node(NamedTuple):
    """What one key adds to a fingerprint, and what it leads to."""

    parts: tuple[CodePart, ...]
    follows: tuple[Key, ...]
    attrs: frozenset[str]
    wide: Wide


def follow(*keys: Key) -> Node:
    """A node that adds nothing itself."""
    return Node((), keys, frozenset(), Wide.NOTHING)


def finish(parts: list[CodePart], keys: Mapping[Key, None], sink: Sink, live: LiveObjects) -> Node:
    """The node of what a sink collected."""
    wide = sink.wide
    for attr in rules.WIDE_ATTRIBUTES & sink.attrs:
        wide = max(wide, rules.of_attribute(attr))
    follows = dict(keys)
    follows.update((live.key(value), None) for value in sink.live)
    return Node(tuple(parts), tuple(follows), frozenset(sink.attrs), wide)


class LiveObjects:
    """The live objects of one project that were reached; they are kept, so that their ids stay their own."""

    def __init__(self, sources: Sources, resolver: Resolver) -> None:
        self.sources = sources
        self.resolver = resolver
        self._root = str(sources.project.root)
        self._objects: dict[int, object] = {}

    def key(self, value: object) -> Key:
        """The key under which an object is followed."""
        self._objects[id(value)] = value
        return Key(Target.LIVE, None, id(value), "")

    def get(self, position: int) -> object:
        """The object of a key."""
        return self._objects[position]

    def value(self, value: object) -> Value:
        """An object as a value."""
        found = Value(self._root, _is_code)
        found.write(value)
        return found

    def node(self, position: int) -> Node:
        """The node of an object."""
        value = self._objects[position]
        match value:
            case FunctionType():
                return self._function(value)
            case AssetDefinition():
                functions = asset_functions(value)
                return follow(*map(self.key, functions))
            case MethodType():
                return self._pieces(value.__func__, value.__self__)
            case staticmethod() | classmethod():
                return self._pieces(value.__func__)
            case property():
                return self._pieces(value.fget, value.fset, value.fdel)
            case ModuleType():
                return self._module(value)
            case type():
                return self._class(value)
            case _:
                return self._instance(value)

    def _pieces(self, *pieces: object) -> Node:
        return follow(*(self.key(piece) for piece in pieces if piece is not None))

    def _module(self, value: ModuleType) -> Node:
        module = self.sources.module(value.__name__) if self.sources.owns(value.__name__) else None
        if module is None:
            return follow()._replace(wide=rules.of_external(value.__name__))
        return follow(Key(Target.WHOLE, module, 0, ""), Key(Target.EFFECTS, module, 0, ""))

    def _class(self, value: type) -> Node:
        module = self.sources.of_class(value)
        if module is None:
            return follow()
        keys: list[Key] = []
        for index in module.analysis.bindings.get(value.__qualname__.partition(".")[0], ()):
            is_class = module.analysis.units[index].kind == "class"
            keys.append(Key(Target.CLASS if is_class else Target.UNIT, module, index, ""))
        bases = (self.key(base) for base in value.__bases__ if base is not object)
        return follow(*keys, *bases)

    def _function(self, function: FunctionType) -> Node:
        module = self.sources.of_code(function.__code__, function.__globals__)
        name = f"{function.__module__}.{function.__qualname__}"
        sink = Sink()
        parts: list[CodePart] = []
        params: set[str] = set()
        if module is None:
            parts.append(CodePart(name, "", 0, digest("external", name)))
            sink.widen(rules.of_external(name))
        else:
            indexes = module.units_at(function.__code__.co_firstlineno)
            sink.keys.update((Key(Target.UNIT, module, index, ""), None) for index in indexes)
            params.update(*(module.analysis.units[index].params for index in indexes))
            if not indexes:
                sink.widen(Wide.FILES)
        parts.extend(self.closure(function, module, params, sink))
        wrapped = getattr(function, "__wrapped__", None)
        if wrapped is not None:
            sink.live.append(wrapped)
        return finish(parts, sink.keys, sink, self)

    def closure(
        self, function: FunctionType, module: Module | None, params: set[str], sink: Sink
    ) -> list[CodePart]:
        """The cells of a function, and the defaults of one that is made by another function."""
        name = f"{module.name if module else function.__module__}.{function.__qualname__}"
        place = (module.file, function.__code__.co_firstlineno) if module else ("", 0)
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=False))
        values = {
            f"[{variable}]": cell.cell_contents
            for variable, cell in cells.items()
            if _is_filled(cell)
        }
        if "<locals>" in function.__qualname__ and (
            function.__defaults__ or function.__kwdefaults__
        ):
            values["(defaults)"] = [function.__defaults__, function.__kwdefaults__]
        parts: list[CodePart] = []
        for variable, content in values.items():
            value = self._cell(content)
            sink.live.extend(value.code)
            if value.opaque and (variable.strip("[]()") in params or variable == "(defaults)"):
                sink.widen(Wide.FILES)
            if value.plain:
                parts.append(CodePart(f"{name}{variable}=", *place, value.digest()))
        return parts

    def _cell(self, content: object) -> Value:
        """A cell's value; an instance of a project class is its class and its attributes, for want of a statement."""
        value = self.value(content)
        if value.opaque and not value.plain and self.sources.owns(type(content).__module__):
            value = Value(self._root, _is_code)
            value.write(type(content))
            value.state(content)
            value.plain = True
        return value

    def _instance(self, value: Any) -> Node:
        """A callable object: its class, its attributes, and what it wraps."""
        found = self._cell(value)
        keys = {self.key(code): None for code in found.code}
        keys[self.key(type(value))] = None
        own = attributes(value)
        for name in WRAPPED:
            if callable(own.get(name)):
                keys[self.key(own[name])] = None
        name = f"{type(value).__module__}.{type(value).__qualname__}="
        parts = (CodePart(name, "", 0, found.digest()),) if found.plain else ()
        return Node(parts, tuple(keys), frozenset(), Wide.NOTHING)


def asset_functions(definition: AssetDefinition) -> tuple[Callable[..., object], ...]:
    """The user's functions in a definition, the one that makes or loads its value first."""
    match definition.body:
        case PythonBody(function=function):
            return (function,)
        case SourceBody(observe=observe, function=function):
            return (observe,) if function is None else (function, observe)
        case _:
            return ()


def is_of_ours(value: object) -> bool:
    """Whether an object is a declaration of ours, which counts by its statement."""
    return str(type(value).__module__).partition(".")[0] == "assets_core"


def _is_filled(cell: Any) -> bool:
    try:
        return (cell.cell_contents, True)[1]
    except ValueError:
        return False


def _is_code(value: object) -> bool:
    return isinstance(value, CODE_TYPES)
