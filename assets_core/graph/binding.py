"""Partition mappings of edges: inferred where not given, bound to both definitions, each combination once.

Most edges of most projects join two unpartitioned assets; all of those share one mapping.
"""

from __future__ import annotations

from typing import NamedTuple

from assets_core.model.assets import AssetSpec
from assets_core.partitions import (
    All,
    BoundMapping,
    PartitionMapping,
    PartitionsDefinition,
    infer_mapping,
)


class Bound(NamedTuple):
    """A mapping between two definitions, and its canonical text."""

    mapping: BoundMapping
    text: str
    strictly_earlier: bool
    """Whether every upstream partition lies before the downstream one that needs it."""


class Bindings:
    """Binds each combination of (mapping, upstream definition, downstream definition) once, by identity."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int], Bound] = {}
        self._kept: list[object] = []

    def between(
        self, mapping: PartitionMapping | None, upstream: AssetSpec, downstream: AssetSpec
    ) -> Bound:
        """The bound mapping; raises the partition library's DefinitionError where none is possible."""
        ups, downs = upstream.partitions, downstream.partitions
        known = self._known.get((id(mapping), id(ups), id(downs)))
        if known is None:
            self._kept += (mapping, ups, downs)  # an id is only good while its object lives
            known = self._known[id(mapping), id(ups), id(downs)] = _bind(mapping, ups, downs)
        return known

    def every(self, upstream: AssetSpec, downstream: AssetSpec) -> Bound:
        """All partitions of ``upstream``: how checks read other assets."""
        return self.between(_ALL, upstream, downstream)


_ALL = All()


def _bind(
    mapping: PartitionMapping | None,
    upstream: PartitionsDefinition,
    downstream: PartitionsDefinition,
) -> Bound:
    chosen = mapping if mapping is not None else infer_mapping(upstream, downstream)
    bound = chosen.bind(upstream, downstream)
    return Bound(bound, chosen.canonical(), chosen.is_strictly_earlier)
