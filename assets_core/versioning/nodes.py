"""The graph of what a fingerprint follows: for each key its parts and the keys it leads to.

Nodes are built when they are first reached and kept: 10,000 assets share their helpers, constants and modules.
"""

from __future__ import annotations

from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from assets_core.model.assets import AssetDefinition, PythonBody, SourceBody
from assets_core.model.versions import digest
from assets_core.versioning import names as rules
from assets_core.versioning.names import Wide
from assets_core.versioning.parts import CodePart
from assets_core.versioning.resolve import Key, Resolver, Sink, Target
from assets_core.versioning.sources import Module, Sources
from assets_core.versioning.units import Unit
from assets_core.versioning.values import Value

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


NOTHING = Node((), (), frozenset(), Wide.NOTHING)


class Nodes:
    """Builds the nodes of one project."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.resolver = Resolver(sources)
        self.root = str(sources.project.root)
        self._nodes: dict[Key, Node] = {}
        self._live: dict[int, object] = {}
        self._assets: dict[tuple[Module, int], Node] = {}
        self._registered: dict[Key, list[Key]] | None = None

    def node(self, key: Key) -> Node:
        """The node of a key."""
        found = self._nodes.get(key)
        if found is None:
            found = self._nodes[key] = self._build(key)
        return found

    def asset(self, module: Module, index: int) -> Node:
        """The node of an asset's own function: annotations are its load specification, not helpers' names."""
        key = (module, index)
        if key not in self._assets:
            self._assets[key] = self._unit(module, index, asset=True)
        return self._assets[key]

    def live(self, value: object) -> Key:
        """The key of a live object; the object is kept, so its id stays its own."""
        self._live[id(value)] = value
        return Key(Target.LIVE, None, id(value), "")

    def value(self, value: object) -> Value:
        """The object as a value."""
        found = Value(self.root, lambda item: isinstance(item, CODE_TYPES))
        found.write(value)
        return found

    def _build(self, key: Key) -> Node:
        module = key.module
        if module is None:
            return self._of_live(self._live[key.position])
        match key.target:
            case Target.UNIT | Target.LIVE:
                return self._unit(module, key.position, asset=False)
            case Target.CLASS:
                units = module.analysis.units
                own = [i for i, unit in enumerate(units) if key.position in (i, unit.owner)]
                keys = tuple(Key(Target.UNIT, module, i, "") for i in own)
                return NOTHING._replace(follows=keys)
            case Target.VALUE:
                return self._named_value(module, key.name)
            case Target.EFFECTS:
                return self._effects(module)
            case Target.WHOLE:
                indexes = range(len(module.analysis.units))
                keys = tuple(Key(Target.UNIT, module, i, "") for i in indexes)
                return NOTHING._replace(follows=keys)

    def _unit(self, module: Module, index: int, *, asset: bool) -> Node:
        unit = module.analysis.units[index]
        sink, hints = Sink(), Sink(lenient=True)
        sink.attrs.update(unit.attrs)
        for reference in unit.refs:
            self.resolver.reference(module, reference, sink)
        ours = self._decorators(module, unit, sink)
        for reference in unit.hints:
            self.resolver.reference(module, reference, hints)
        foreign = tuple(
            d.digest for d in unit.decorators if not self.resolver.is_ours(module, d.chain)
        )
        self._add_hints(hints, sink, types_only=asset or ours)
        if module.analysis.star:
            sink.widen(Wide.FILES)
        parts = [
            CodePart(
                f"{module.name}.{unit.name}", module.file, unit.line, _digest(unit, foreign, sink)
            )
        ]
        if unit.evaluated_defaults and unit.kind == "function":
            parts.extend(self._defaults(module, unit, sink))
        keys = dict(sink.keys)
        if unit.kind != "effects":
            keys[Key(Target.EFFECTS, module, 0, "")] = None
        for imported in unit.imports if unit.kind != "effects" else ():
            for target in self.resolver.imported_modules(module, imported):
                keys[Key(Target.EFFECTS, target, 0, "")] = None
        keys.update(dict.fromkeys(self.registered(Key(Target.UNIT, module, index, ""))))
        if unit.kind == "effects":
            keys = {key: None for key in keys if not self._is_asset(key)}
        return self._finish(parts, keys, sink)

    def _finish(self, parts: list[CodePart], keys: dict[Key, None], sink: Sink) -> Node:
        wide = sink.wide
        for attr in rules.WIDE_ATTRIBUTES & sink.attrs:
            wide = max(wide, rules.of_attribute(attr))
        for live in sink.live:
            keys[self.live(live)] = None
        return Node(tuple(parts), tuple(keys), frozenset(sink.attrs), wide)

    def _decorators(self, module: Module, unit: Unit, sink: Sink) -> bool:
        """Follow decorators that are not ours; whether one is."""
        ours = False
        for decorator in unit.decorators:
            if self.resolver.is_ours(module, decorator.chain):
                ours = True
                continue
            sink.attrs.update(decorator.attrs)
            for reference in decorator.refs:
                self.resolver.reference(module, reference, sink)
        return ours

    def _add_hints(self, hints: Sink, sink: Sink, *, types_only: bool) -> None:
        """Names in annotations; of an asset's own only types, because the rest is its load specification."""
        for key in hints.keys:
            if types_only and (key.target is Target.UNIT or self._is_asset(key)):
                continue
            sink.keys[key] = None
        sink.live.extend(hints.live)

    def _is_asset(self, key: Key) -> bool:
        module = key.module
        if module is None:
            return isinstance(self._live[key.position], AssetDefinition)
        if key.target is Target.UNIT:
            chains = (d.chain for d in module.analysis.units[key.position].decorators)
            return any(self.resolver.is_ours(module, chain) for chain in chains)
        return key.target is Target.VALUE and _is_of_ours(
            self.sources.namespace(module).get(key.name)
        )

    def _defaults(self, module: Module, unit: Unit, sink: Sink) -> list[CodePart]:
        live = self.sources.namespace(module).get(unit.binds[0] if unit.binds else "")
        function = _function_of(live)
        if function is None:
            return []
        value = self.value([function.__defaults__, function.__kwdefaults__])
        sink.live.extend(value.code)
        return [
            CodePart(
                f"{module.name}.{unit.name}(defaults)=", module.file, unit.line, value.digest()
            )
        ]

    def _named_value(self, module: Module, name: str) -> Node:
        units = module.analysis.units
        keys: dict[Key, None] = {}
        line = 0
        for index in module.analysis.bindings.get(name, ()):
            effects = units[index].kind == "effects"
            keys[
                Key(Target.EFFECTS, module, 0, "")
                if effects
                else Key(Target.UNIT, module, index, "")
            ] = None
            line = units[index].line
        keys.update(dict.fromkeys(self.registered(Key(Target.VALUE, module, 0, name))))
        namespace = self.sources.namespace(module)
        if name not in namespace or _is_of_ours(namespace[name]):
            return Node((), tuple(keys), frozenset(), Wide.NOTHING)
        value = self.value(namespace[name])
        for code in value.code:
            keys[self.live(code)] = None
        part = CodePart(f"{module.name}.{name}=", module.file, line, value.digest())
        return Node((part,) if value.plain else (), tuple(keys), frozenset(), Wide.NOTHING)

    def _effects(self, module: Module) -> Node:
        """A module runs when it is imported, with all that it imports and the packages around it."""
        keys: dict[Key, None] = {}
        analysis = module.analysis
        if analysis.effects >= 0:
            keys[Key(Target.UNIT, module, analysis.effects, "")] = None
        parents = module.name.split(".")[:-1]
        around = [self.sources.module(".".join(parents[: end + 1])) for end in range(len(parents))]
        for imported in analysis.imports:
            around.extend(self.resolver.imported_modules(module, imported))
        for target in around:
            if target is not None and target is not module:
                keys[Key(Target.EFFECTS, target, 0, "")] = None
        return Node((), tuple(keys), frozenset(), Wide.NOTHING)

    def registered(self, key: Key) -> list[Key]:
        """Definitions that a decorator of the project's own hands to ``key``: ``@registry.add``, ``@f.register``."""
        if self._registered is None:
            self._registered = {}
            for module in self.sources.all():
                self._note_registrations(module, self._registered)
        return self._registered.get(key, [])

    def _note_registrations(self, module: Module, found: dict[Key, list[Key]]) -> None:
        for index, unit in enumerate(module.analysis.units):
            for decorator in unit.decorators:
                if "." not in decorator.chain or self.resolver.is_ours(module, decorator.chain):
                    continue
                sink = Sink(lenient=True)
                self.resolver.reference(module, decorator.chain, sink)
                for key in sink.keys:
                    if key.target in (Target.UNIT, Target.VALUE):
                        found.setdefault(key, []).append(Key(Target.UNIT, module, index, ""))

    # -- live objects

    def _of_live(self, value: object) -> Node:
        match value:
            case FunctionType():
                return self._function(value)
            case AssetDefinition():
                functions = [f for f in asset_functions(value) if f is not None]
                return NOTHING._replace(follows=tuple(self.live(f) for f in functions))
            case MethodType():
                return self._pieces(value, value.__func__, value.__self__)
            case staticmethod() | classmethod():
                return self._pieces(value, value.__func__)
            case property():
                return self._pieces(value, value.fget, value.fset, value.fdel)
            case ModuleType():
                return self._module(value)
            case type():
                return self._class(value)
            case _:
                return self._instance(value)

    def _pieces(self, whole: object, *pieces: object) -> Node:
        keys = [self.live(piece) for piece in pieces if piece is not None]
        return NOTHING._replace(follows=tuple(keys))

    def _module(self, value: ModuleType) -> Node:
        module = self.sources.module(value.__name__) if self.sources.owns(value.__name__) else None
        if module is None:
            return NOTHING
        return NOTHING._replace(
            follows=(Key(Target.WHOLE, module, 0, ""), Key(Target.EFFECTS, module, 0, ""))
        )

    def _class(self, value: type) -> Node:
        code = next((c for c in map(_code_of, vars(value).values()) if c is not None), None)
        owned = self.sources.owns(value.__module__)
        module = self.sources.module(value.__module__) if owned else None
        if module is None and code is not None:
            module = self.sources.of_code(code.__code__, code.__globals__)
        if module is None:
            return NOTHING
        keys = self._by_qualname(module, value.__qualname__)
        bases = tuple(self.live(base) for base in value.__bases__ if base is not object)
        return NOTHING._replace(follows=(*keys, *bases))

    def _by_qualname(self, module: Module, qualname: str) -> tuple[Key, ...]:
        sink = Sink(lenient=True)
        self.resolver.reference(module, qualname.partition(".")[0], sink)
        return tuple(sink.keys)

    def _function(self, function: FunctionType) -> Node:
        module = self.sources.of_code(function.__code__, function.__globals__)
        name = f"{function.__module__}.{function.__qualname__}"
        sink = Sink()
        parts: list[CodePart] = []
        params: set[str] = set()
        if module is None:
            parts.append(CodePart(name, "", 0, digest("external", name)))
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
        return self._finish(parts, dict(sink.keys), sink)

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
            value = Value(self.root, lambda item: isinstance(item, CODE_TYPES))
            value.write(type(content))
            value.state(content)
            value.plain = True
        return value

    def _instance(self, value: Any) -> Node:
        """A callable object: its class, its attributes, and what it wraps."""
        found = self._cell(value)
        keys = {self.live(code): None for code in found.code}
        keys[self.live(type(value))] = None
        for name in ("__wrapped__", "func", "__func__", "pyfunc", "py_func"):
            inner = getattr(value, name, None)
            if callable(inner):
                keys[self.live(inner)] = None
        name = f"{type(value).__module__}.{type(value).__qualname__}="
        parts = (CodePart(name, "", 0, found.digest()),) if found.plain else ()
        return Node(parts, tuple(keys), frozenset(), Wide.NOTHING)


def asset_functions(definition: AssetDefinition) -> tuple[Callable[..., object] | None, ...]:
    """The user's functions in a definition."""
    match definition.body:
        case PythonBody(function=function):
            return (function,)
        case SourceBody(observe=observe, function=function):
            return (observe, function)
        case _:
            return ()


def _digest(unit: Unit, foreign: tuple[str, ...], sink: Sink) -> str:
    """The unit's form, with decorators that are not ours, what they may read of annotations, and external names."""
    hints = unit.hints_digest if foreign else ""
    if not foreign and not sink.externals:
        return unit.digest
    return digest(unit.digest, hints, *foreign, *sorted(sink.externals))


def _is_of_ours(value: object) -> bool:
    return type(value).__module__.partition(".")[0] == "assets_core"


def _function_of(value: object) -> FunctionType | None:
    while not isinstance(value, FunctionType):
        if isinstance(value, AssetDefinition):
            value = next((f for f in asset_functions(value) if f is not None), None)
        else:
            value = getattr(value, "__wrapped__", None)
        if value is None:
            return None
    return value


def _code_of(member: object) -> FunctionType | None:
    inner = getattr(member, "__func__", getattr(member, "fget", member))
    return inner if isinstance(inner, FunctionType) else None


def _is_filled(cell: Any) -> bool:
    try:
        return (cell.cell_contents, True)[1]
    except ValueError:
        return False
