"""From a name in the text to what it stands for: a unit of a project module, a module, something external, or unknown.

Resolution is by text, not by live objects: it has to give the same answer in every process and before anything ran. A
name that is bound more than once is all of its bindings. A name that nothing binds makes every project file count.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from assets_core.versioning import names as rules
from assets_core.versioning.names import Wide
from assets_core.versioning.sources import Module, Sources
from assets_core.versioning.units import Import, parse_reference

OURS = "assets_core"


class Target(IntEnum):
    """What kind of thing is followed."""

    UNIT = 0
    CLASS = 1
    VALUE = 2
    EFFECTS = 3
    WHOLE = 4
    LIVE = 5


class Key(NamedTuple):
    """One thing to follow: a unit, a class with its methods, a named value, a module's effects, a whole module.

    ``module`` is None and ``position`` an object's id for a live object.
    """

    target: Target
    module: Module | None
    position: int
    name: str
    declaring: bool = False
    """Reached from an effect, where definitions are declared rather than called."""


class Resolved(NamedTuple):
    """What one reference resolved to."""

    keys: tuple[Key, ...]
    externals: tuple[str, ...]
    attrs: tuple[str, ...]
    live: tuple[object, ...]
    wide: Wide


NOWHERE = Resolved((), (), (), (), Wide.NOTHING)


class Sink:
    """What names resolved to. ``lenient`` is for annotations, where an unknown name means nothing."""

    __slots__ = ("attrs", "externals", "keys", "lenient", "live", "wide")

    def __init__(self, *, lenient: bool = False) -> None:
        self.keys: dict[Key, None] = {}
        self.attrs: set[str] = set()
        self.externals: dict[str, None] = {}
        self.live: list[object] = []
        self.wide = Wide.NOTHING
        self.lenient = lenient

    def add(self, found: Resolved) -> None:
        """What a reference resolved to."""
        if found.keys:
            self.keys.update(dict.fromkeys(found.keys))
        if found.externals:
            self.externals.update(dict.fromkeys(found.externals))
        if found.attrs:
            self.attrs.update(found.attrs)
        if found.live:
            self.live.extend(found.live)
        self.wide = max(self.wide, found.wide)

    def unknown(self) -> None:
        """A name nobody binds."""
        if not self.lenient:
            self.widen(Wide.FILES)

    def widen(self, wide: Wide) -> None:
        """At least this much of the project counts."""
        self.wide = max(self.wide, wide)

    def external(self, bound: str, target: str, rest: Sequence[str]) -> None:
        """A name outside the project: what it is bound to counts, and a few can run anything."""
        self.externals[f"{bound}={target}"] = None
        self.widen(rules.of_external(".".join((target, *rest))))


class Resolver:
    """Resolves references of one project."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self._resolved: dict[tuple[Module, str, bool], Resolved] = {}
        self._ours: dict[tuple[Module, str], bool] = {}

    def reference(self, module: Module, reference: str, sink: Sink) -> None:
        """One reference of a unit in ``module``; a module's functions mostly name the same things."""
        key = (module, reference, sink.lenient)
        found = self._resolved.get(key)
        if found is None:
            fresh = Sink(lenient=sink.lenient)
            self._resolve(module, reference, fresh)
            found = self._resolved[key] = Resolved(
                tuple(fresh.keys),
                tuple(fresh.externals),
                tuple(fresh.attrs),
                tuple(fresh.live),
                fresh.wide,
            )
        if found != NOWHERE:
            sink.add(found)

    def _resolve(self, module: Module, reference: str, sink: Sink) -> None:
        imported, names = parse_reference(reference)
        if imported is not None:
            top = [] if imported.whole or imported.attr else [imported.module.partition(".")[0]]
            self._import(module, "import", imported, [*top, *names], sink, ())
        else:
            self._name(module, names, sink, ())

    def is_ours(self, module: Module, chain: str) -> bool:
        """Whether a decorator is one of assets_core, under whatever name."""
        if not chain:
            return False
        key = (module, chain)
        if key not in self._ours:
            self._ours[key] = False  # what is defined by itself is not ours
            self._ours[key] = self._is_ours(module, chain)
        return self._ours[key]

    def imported_modules(self, module: Module, imported: Import) -> list[Module]:
        """The project's modules that run when this import does, packages around them included."""
        if not imported.runtime:
            return []
        name = module.absolute(imported)
        wanted = [name, f"{name}.{imported.attr}"] if imported.attr else [name]
        found: list[Module] = []
        for target in wanted if self.sources.owns(name) else ():
            for end in range(1, target.count(".") + 2):
                part = self.sources.module(".".join(target.split(".")[:end]))
                if part is not None and part not in found:
                    found.append(part)
        return found

    def _is_ours(self, module: Module, chain: str) -> bool:
        sink = Sink(lenient=True)
        self._name(module, chain.split("."), sink, ())
        if any(external.partition("=")[2].partition(".")[0] == OURS for external in sink.externals):
            return True
        for key in sink.keys:
            if key.target is not Target.VALUE or key.module is None:
                continue
            for index in key.module.analysis.bindings.get(key.name, ()):
                if self.is_ours(key.module, key.module.analysis.units[index].alias):
                    return True
        return False

    def _name(
        self, module: Module, names: Sequence[str], sink: Sink, seen: tuple[tuple[Module, str], ...]
    ) -> None:
        name, rest = names[0], names[1:]
        if (module, name) in seen:
            return
        seen = (*seen, (module, name))
        if module.is_redefined(name):
            sink.live.append(module.globals[name])
            sink.attrs.update(rest)
            return
        holder = self.sources.holder(module, name)
        if holder is not module:
            self._name(holder, names, sink, seen)
            return
        analysis = module.analysis
        imports, units = analysis.imported.get(name, ()), analysis.bindings.get(name, ())
        for imported in imports:
            whole = imported.whole or imported.attr
            self._import(module, name, imported, rest if whole else names, sink, seen)
        for index in units:
            self._unit(module, index, name, rest, sink)
        if not imports and not units:
            self._unbound(module, name, rest, sink)

    def _unit(self, module: Module, index: int, name: str, rest: Sequence[str], sink: Sink) -> None:
        kind = module.analysis.units[index].kind
        if kind == "class":
            sink.keys[Key(Target.CLASS, module, index, "")] = None
            sink.attrs.update(rest[1:])
            return
        target = Target.VALUE if kind in ("value", "effects") else Target.UNIT
        key = (
            Key(target, module, 0, name)
            if target is Target.VALUE
            else Key(target, module, index, "")
        )
        sink.keys[key] = None
        sink.attrs.update(rest)

    def _unbound(self, module: Module, name: str, rest: Sequence[str], sink: Sink) -> None:
        if name in module.globals and name not in rules.MODULE_NAMES:
            sink.keys[Key(Target.VALUE, module, 0, name)] = None
            sink.attrs.update(rest)
        elif module.analysis.star:
            sink.widen(Wide.FILES)
        elif name in rules.MODULE_NAMES:
            pass
        elif name in rules.BUILTINS:
            sink.widen(rules.of_builtin(name))
            sink.attrs.update(rest)
        else:
            sink.unknown()

    def _import(
        self,
        module: Module,
        bound: str,
        imported: Import,
        rest: Sequence[str],
        sink: Sink,
        seen: tuple[tuple[Module, str], ...],
    ) -> None:
        name = module.absolute(imported)
        if not self.sources.owns(name):
            target = f"{name}.{imported.attr}" if imported.attr else name
            if not imported.attr and not imported.whole:
                target, rest = name.partition(".")[0], rest[1:]
            sink.external(bound, target, rest)
        elif imported.attr:
            self._member(name, [imported.attr, *rest], sink, seen)
        elif imported.whole:
            self._member(name, rest, sink, seen)
        else:
            self._member(name.partition(".")[0], rest[1:], sink, seen)

    def _member(
        self, name: str, names: Sequence[str], sink: Sink, seen: tuple[tuple[Module, str], ...]
    ) -> None:
        """``names`` taken from the project's module ``name``."""
        module = self.sources.module(name)
        if module is not None:
            sink.keys[Key(Target.EFFECTS, module, 0, "")] = None
        if not names:
            if module is not None:
                sink.keys[Key(Target.WHOLE, module, 0, "")] = None
            return
        first = names[0]
        inner = f"{name}.{first}"
        is_module = self.sources.module(inner) is not None
        bound = module is not None and (
            first in module.analysis.bindings or first in module.analysis.imported
        )
        if is_module or (module is None and not bound and len(names) > 1):
            self._member(inner, names[1:], sink, seen)
        if bound and module is not None:
            self._name(module, names, sink, seen)
        elif not is_module and module is not None and first not in rules.MODULE_NAMES:
            sink.unknown()
