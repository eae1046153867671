"""The code fingerprint of an asset: a version, and the parts it is made of.

``Fingerprinter`` is made once per loaded project, before any user code runs. Versions describe the bytes that were
loaded, and all named values are taken at the first question: a dictionary that assets fill later counts as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from json import JSONEncoder
from types import FunctionType

from assets_core.declare.loader import LoadedProject
from assets_core.model.json import JSON
from assets_core.model.versions import CodeVersion
from assets_core.versioning.cache import FingerprintCache
from assets_core.versioning.closure import Closures
from assets_core.versioning.live import Node, follow
from assets_core.versioning.modules import ALGORITHM
from assets_core.versioning.names import Wide
from assets_core.versioning.nodes import Nodes
from assets_core.versioning.packages import package_parts
from assets_core.versioning.parts import CodeFingerprint, CodePart, listed, text_digest
from assets_core.versioning.renaming import FormerFunction, former_unit, may_read
from assets_core.versioning.resolve import Key, Sink
from assets_core.versioning.sources import Module, Sources

_canonical = JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode
"""Canonical JSON with an encoder that is built once."""


class Fingerprinter:
    """Fingerprints the definitions of one project. Not shared between threads."""

    def __init__(
        self,
        project: LoadedProject,
        *,
        packages: Sequence[str] = (),
        cache: FingerprintCache | None = None,
    ) -> None:
        self._sources = Sources(project, cache)
        self._nodes = Nodes(self._sources)
        self._closures = Closures(self._nodes)
        self._packages = tuple(packages)
        self._cache = cache
        self._known: dict[tuple[int, ...], tuple[object, tuple[CodePart, ...], str]] = {}
        self._pinned = False

    def function(
        self,
        function: Callable[..., object],
        *,
        options: Mapping[str, JSON] | None = None,
        load_spec: JSON = None,
        also: Sequence[type] = (),
        former: FormerFunction | None = None,
    ) -> CodeFingerprint:
        """The fingerprint of a function and all it leads to, and of classes that decide what it reads.

        ``options`` are those of our own arguments that shape the output, ``load_spec`` what the annotations of an
        asset resolved to; both count by value. With ``former`` it is that of the function under its former names.
        """
        if former is not None:
            _, text = self._read(self._asset_node(function, former), also)
            return CodeFingerprint(_version(text, options, load_spec), ())
        place = (id(function), *map(id, also))
        known = self._known.get(place)
        if known is None:
            parts, text = self._read(self._asset_node(function), also)
            known = self._known[place] = ((function, also), parts, text)
        _, parts, text = known
        return CodeFingerprint(_version(text, options, load_spec), parts)

    def sql(
        self,
        text: str,
        dialect: str,
        *,
        name: str,
        file: str,
        line: int,
        options: Mapping[str, JSON] | None = None,
        also: Sequence[type] = (),
        former: Mapping[str, str] | None = None,
    ) -> CodeFingerprint:
        """The fingerprint of a query: its syntax tree in its dialect, and classes that decide what it reads.

        ``former`` names tables as they were called: today's name -> the former one. Raises DefinitionError E122 where
        it cannot be parsed.
        """
        from assets_core.versioning.sql import sql_digest

        form = sql_digest(text, dialect, file=file, line=line, cache=self._cache, former=former)
        part = CodePart(name, file, line, form)
        engine = [p for p in self._package_parts if p.name == "package duckdb"]
        if also:
            self._pin()
            engine += self._closures.of(self._keys(also), frozenset(), Wide.NOTHING).parts
        parts = tuple(sorted({part, *engine}))
        return CodeFingerprint(_version(listed(parts), options, None), parts)

    def may_read(
        self, function: Callable[..., object], parameter: str, attributes: Sequence[str]
    ) -> bool:
        """Whether a function takes one of these of a parameter, or its text does not say that it doesn't."""
        place = self._place(function)
        data = None if place is None else self._sources.data(place[0])
        if place is None or data is None:
            return True
        return may_read(data, place[0].analysis.units[place[1]], parameter, attributes)

    @staticmethod
    def explicit(code_version: str, options: Mapping[str, JSON] | None = None) -> CodeFingerprint:
        """The fingerprint of ``code_version="..."``: the user's word, and our options."""
        return CodeFingerprint(_version(f"explicit {code_version}", options, None), ())

    def save(self) -> None:
        """Write the cache, if there is one and something is new."""
        if self._cache is not None:
            self._cache.save()

    @cached_property
    def _package_parts(self) -> tuple[CodePart, ...]:
        return package_parts(self._packages)

    def _read(self, own: Node, also: Sequence[type]) -> tuple[tuple[CodePart, ...], str]:
        if also:
            own = own._replace(follows=(*own.follows, *self._keys(also)))
        return self._follow(own)

    def _pin(self) -> None:
        """Take all named values at the first question."""
        if not self._pinned:
            self._pinned = True
            self._nodes.pin()

    def _keys(self, classes: Sequence[type]) -> tuple[Key, ...]:
        return tuple(self._nodes.live.key(one) for one in classes)

    def _follow(self, own: Node) -> tuple[tuple[CodePart, ...], str]:
        closure = self._closures.of(own.follows, own.attrs, own.wide)
        parts = closure.parts
        if own.parts or self._package_parts:
            parts = tuple(sorted({*own.parts, *self._package_parts, *closure.parts}))
        return parts, f"{listed((*own.parts, *self._package_parts))}\n{closure.digest}"

    def _asset_node(
        self, function: Callable[..., object], former: FormerFunction | None = None
    ) -> Node:
        """The function itself; anything but a plain function of the project is followed as a live object."""
        self._pin()
        place = self._place(function)
        if place is None:
            return follow(self._nodes.live.key(function))
        assert isinstance(function, FunctionType)
        module, index = place
        node = self._own_node(module, index, former)
        if function.__closure__ is None and "<locals>" not in function.__qualname__:
            return node
        return self._with_closure(function, node, module.analysis.units[index].params)

    def _place(self, function: Callable[..., object]) -> tuple[Module, int] | None:
        """The one unit that a plain function of the project stands in."""
        if not isinstance(function, FunctionType) or hasattr(function, "__wrapped__"):
            return None
        module = self._sources.of_code(function.__code__, function.__globals__)
        indexes = module.units_at(function.__code__.co_firstlineno) if module is not None else ()
        return (module, indexes[0]) if module is not None and len(indexes) == 1 else None

    def _own_node(self, module: Module, index: int, former: FormerFunction | None) -> Node:
        data = None if former is None else self._sources.data(module)
        unit = module.analysis.units[index]
        ours = all(self._nodes.resolver.is_ours(module, d.chain) for d in unit.decorators)
        if former is None or data is None or not ours:  # another may do something with names
            return self._nodes.asset(module, index)
        unit = former_unit(data, unit, index, former)
        return self._nodes.renamed_asset(module, index, unit)

    def _with_closure(self, function: FunctionType, node: Node, params: tuple[str, ...]) -> Node:
        sink = Sink()
        module = self._sources.of_code(function.__code__, function.__globals__)
        cells = self._nodes.live.closure(function, module, set(params), sink)
        keys = (*node.follows, *(self._nodes.live.key(code) for code in sink.live))
        return Node((*node.parts, *cells), keys, node.attrs, max(node.wide, sink.wide))


def _version(text: str, options: Mapping[str, JSON] | None, load_spec: JSON) -> CodeVersion:
    shaping = _canonical([options or {}, load_spec])
    return CodeVersion(text_digest(f"code {ALGORITHM} {len(shaping)}\n{shaping}\n{text}"))
