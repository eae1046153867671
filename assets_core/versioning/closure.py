"""Everything a set of keys leads to, as sorted parts. One breadth-first walk, no recursion, shared between assets.

An attribute taken from an unknown receiver leads to every member of that name of the classes in the import closure:
the modules whose effects were reached. Members can reach further modules, so the walk goes on until nothing is new.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from assets_core.model.versions import digest
from assets_core.versioning.names import Wide
from assets_core.versioning.nodes import Nodes
from assets_core.versioning.parts import CodePart, listed, text_digest
from assets_core.versioning.resolve import Key, Target
from assets_core.versioning.sources import UNREADABLE, Module

ANY_ATTRIBUTE = ("__getattr__", "__getattribute__")
"""Members that may answer for an attribute of any name."""


class Closure(NamedTuple):
    """The sorted parts and one digest of their names and digests."""

    parts: tuple[CodePart, ...]
    digest: str


class Closures:
    """The closures of one project, remembered by where they start."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self._members: dict[str, list[tuple[Module, Key]]] | None = None
        self._known: dict[tuple[frozenset[Key], frozenset[str], Wide], Closure] = {}
        self._files: dict[Wide, tuple[CodePart, ...]] = {}

    def members(self) -> dict[str, list[tuple[Module, Key]]]:
        """By attribute: where the project's classes define it."""
        if self._members is None:
            self._members = {}
            for module in self.nodes.sources.all():
                for name, indexes in module.analysis.members.items():
                    keys = [(module, Key(Target.UNIT, module, index, "")) for index in indexes]
                    self._members.setdefault(name, []).extend(keys)
        return self._members

    def of(self, keys: Iterable[Key], attrs: frozenset[str], wide: Wide) -> Closure:
        """The closure that starts at these keys and attributes."""
        known = frozenset(name for name in attrs if name in self.members()) if attrs else attrs
        start = (frozenset(keys), known, wide)
        found = self._known.get(start)
        if found is None:
            found = self._known[start] = self._walk(*start)
        return found

    def _walk(self, keys: frozenset[Key], attrs: frozenset[str], wide: Wide) -> Closure:
        walk = _Walk(self.nodes, self.members(), wide)
        walk.add(keys, attrs)
        walk.run()
        parts = set(walk.parts)
        if walk.wide:
            parts.update(self._whole_project(walk.wide))
        ordered = tuple(sorted(parts))
        return Closure(ordered, text_digest(listed(ordered)))

    def _whole_project(self, wide: Wide) -> tuple[CodePart, ...]:
        if wide not in self._files:
            modules = self.nodes.sources.files()
            self._files[wide] = tuple(
                CodePart(f"{m.name}.<file>", m.file, 0, self._file_digest(m, wide)) for m in modules
            )
        return self._files[wide]

    def _file_digest(self, module: Module, wide: Wide) -> str:
        if wide is Wide.BYTES or module.analysis is UNREADABLE:
            return module.data_digest
        keys = [Key(Target.UNIT, module, index, "") for index in range(len(module.analysis.units))]
        forms = [
            part.digest for key in keys for part in self.nodes.node(key).parts if not part.is_value
        ]
        return digest(*forms, *map(str, sorted(module.analysis.imported.items())))


class _Walk:
    def __init__(
        self, nodes: Nodes, members: dict[str, list[tuple[Module, Key]]], wide: Wide
    ) -> None:
        self.nodes = nodes
        self.members = members
        self.wide = wide
        self.parts: list[CodePart] = []
        self.seen: set[Key] = set()
        self.queue: list[Key] = []
        self.attrs: set[str] = set(ANY_ATTRIBUTE)
        self.modules: set[Module] = set()

    def add(self, keys: Iterable[Key], attrs: Iterable[str]) -> None:
        self.attrs.update(attrs)
        for key in keys:
            if key not in self.seen:
                self.seen.add(key)
                self.queue.append(key)

    def run(self) -> None:
        while self.queue:
            while self.queue:
                key = self.queue.pop()
                node = self.nodes.node(key)
                self.parts.extend(node.parts)
                self.wide = max(self.wide, node.wide)
                if key.target is Target.EFFECTS and key.module is not None:
                    self.modules.add(key.module)
                self.add(node.follows, node.attrs)
            for name in self.attrs & self.members.keys():
                self.add([key for module, key in self.members[name] if module in self.modules], ())
