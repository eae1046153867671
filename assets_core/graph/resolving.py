"""The graph as it is with the keys that dynamic partitions have now: the same numbers, other partitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from assets_core.graph.asset_graph import AssetGraph
from assets_core.graph.build import build_graph
from assets_core.model.assets import AssetDefinition
from assets_core.partitions import DynamicKey, PartitionsDefinition

AllKeys: TypeAlias = Mapping[str, Sequence[DynamicKey]]
"""Per name of dynamic partitions every key that it ever had."""


def dynamic_names(definitions: Sequence[AssetDefinition]) -> tuple[str, ...]:
    """The names of every dynamic partitions that some asset has, in order of declaration."""
    names = (name for d in definitions for s in d.outputs for name in s.partitions.dynamic_names)
    return tuple(dict.fromkeys(names))


def resolved_graph(definitions: Sequence[AssetDefinition], keys: AllKeys) -> AssetGraph:
    """The graph of these definitions, in the order of declaration, with the keys looked up.

    Numbers follow from names and order alone, so they are those of the graph without keys. Definitions that share
    their partitions go on to share them, and with them their look-up tables and bound mappings.
    """
    known: dict[int, PartitionsDefinition] = {}

    def resolved(partitions: PartitionsDefinition) -> PartitionsDefinition:
        if id(partitions) not in known:
            known[id(partitions)] = partitions.resolve_with(lambda name: keys[name])
        return known[id(partitions)]

    def one(definition: AssetDefinition) -> AssetDefinition:
        if not dynamic_names([definition]):
            return definition
        outputs = (replace(s, partitions=resolved(s.partitions)) for s in definition.outputs)
        return replace(definition, outputs=tuple(outputs))

    return build_graph(map(one, definitions))
