"""The graph of what a fingerprint follows: for each key its parts and the keys it leads to.

Nodes are built when they are first reached and kept: 10,000 assets share their helpers, constants and modules.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import FunctionType

from assets_core.model.assets import AssetDefinition
from assets_core.versioning.live import (
    LiveObjects,
    Node,
    asset_functions,
    finish,
    follow,
    is_of_ours,
)
from assets_core.versioning.names import Wide
from assets_core.versioning.parts import CodePart, text_digest
from assets_core.versioning.resolve import Key, Resolver, Sink, Target
from assets_core.versioning.sources import Module, Sources
from assets_core.versioning.units import Unit


class Nodes:
    """Builds the nodes of one project."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.resolver = Resolver(sources)
        self.live = LiveObjects(sources, self.resolver)
        self._nodes: dict[Key, Node] = {}
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

    def pin(self) -> None:
        """Take every named value of the project now, before user code can change one that is mutable."""
        for module in self.sources.all():
            units = module.analysis.units
            for name, indexes in module.analysis.bindings.items():
                if any(units[index].kind in ("value", "effects") for index in indexes):
                    self.node(Key(Target.VALUE, module, 0, name))
            for index, unit in enumerate(units):
                if unit.evaluated_defaults:
                    self.node(Key(Target.UNIT, module, index, ""))

    def _build(self, key: Key) -> Node:
        module = key.module
        if module is None:
            return self.live.node(key.position)
        match key.target:
            case _ if key.declaring:
                node = self.node(key._replace(declaring=False))
                return node._replace(follows=tuple(self._declaring(node.follows)))
            case Target.UNIT | Target.LIVE:
                return self._unit(module, key.position, asset=False)
            case Target.CLASS:
                units = module.analysis.units
                own = [i for i, unit in enumerate(units) if key.position in (i, unit.owner)]
                return follow(*(Key(Target.UNIT, module, i, "") for i in own))
            case Target.VALUE:
                return self._named_value(module, key.name)
            case Target.EFFECTS:
                return self._effects(module)
            case Target.WHOLE:
                indexes = range(len(module.analysis.units))
                return follow(*(Key(Target.UNIT, module, i, "") for i in indexes))

    def renamed_asset(self, module: Module, index: int, unit: Unit) -> Node:
        """The node of an asset's own function, had its source been that of ``unit``."""
        return self._unit(module, index, asset=True, unit=unit)

    def _unit(self, module: Module, index: int, *, asset: bool, unit: Unit | None = None) -> Node:
        unit = unit or module.analysis.units[index]
        sink = Sink()
        sink.attrs.update(unit.attrs)
        for reference in unit.refs:
            self.resolver.reference(module, reference, sink)
        foreign, ours = self._decorators(module, unit, sink)
        if unit.hints:
            self._hints(module, unit, sink, types_only=asset or ours)
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
            keys = self._declaring(keys)
        return finish(parts, keys, sink, self.live)

    def _decorators(self, module: Module, unit: Unit, sink: Sink) -> tuple[tuple[str, ...], bool]:
        """Follow decorators that are not ours: their digests, and whether another is ours."""
        foreign = [d for d in unit.decorators if not self.resolver.is_ours(module, d.chain)]
        for decorator in foreign:
            sink.attrs.update(decorator.attrs)
            for reference in decorator.refs:
                self.resolver.reference(module, reference, sink)
        return tuple(d.digest for d in foreign), len(foreign) < len(unit.decorators)

    def _hints(self, module: Module, unit: Unit, sink: Sink, *, types_only: bool) -> None:
        """Names in annotations; of an asset's own only types, because the rest is its load specification."""
        hints = Sink(lenient=True)
        for reference in unit.hints:
            self.resolver.reference(module, reference, hints)
        for key in hints.keys:
            known = types_only and (key.target is Target.UNIT or self._is_asset(key))
            if not known and key.target is not Target.EFFECTS:
                sink.keys[key] = None
        sink.live.extend(hints.live)

    def _is_asset(self, key: Key) -> bool:
        module = key.module
        if module is None:
            return isinstance(self.live.get(key.position), AssetDefinition)
        if key.target is Target.UNIT:
            chains = (d.chain for d in module.analysis.units[key.position].decorators)
            return any(self.resolver.is_ours(module, chain) for chain in chains)
        return key.target is Target.VALUE and is_of_ours(
            self.sources.namespace(module).get(key.name)
        )

    def _declaring(self, keys: Iterable[Key]) -> dict[Key, None]:
        """What an effect names, without the definitions: ``ASSETS.append(...)`` declares them and calls none.

        The same for named values and the statements that bind them, as in ``ASSETS = [a, b]``.
        """
        kept: dict[Key, None] = {}
        for key in keys:
            bound = key.target is Target.VALUE or (
                key.target is Target.UNIT
                and key.module is not None
                and key.module.analysis.units[key.position].kind == "value"
            )
            if not self._is_asset(key):
                kept[key._replace(declaring=True) if bound else key] = None
        return kept

    def _defaults(self, module: Module, unit: Unit, sink: Sink) -> list[CodePart]:
        live = self.sources.namespace(module).get(unit.binds[0] if unit.binds else "")
        function = _function_of(live)
        if function is None:
            return []
        value = self.live.value([function.__defaults__, function.__kwdefaults__])
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
        if name not in namespace or is_of_ours(namespace[name]):
            return follow(*keys)
        value = self.live.value(namespace[name])
        for code in value.code:
            keys[self.live.key(code)] = None
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
        return follow(*keys)

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


def _digest(unit: Unit, foreign: tuple[str, ...], sink: Sink) -> str:
    """The unit's form, with decorators that are not ours, what they may read of annotations, and external names."""
    hints = unit.hints_digest if foreign else ""
    if not foreign and not sink.externals:
        return unit.digest
    return text_digest("\n".join((unit.digest, hints, *foreign, *sorted(sink.externals))))


def _function_of(value: object) -> FunctionType | None:
    while not isinstance(value, FunctionType):
        if isinstance(value, AssetDefinition):
            value = next(iter(asset_functions(value)), None)
        else:
            value = getattr(value, "__wrapped__", None)
        if value is None:
            return None
    return value
