"""The two kinds of edges: what an asset reads to be made, and what its checks read to judge it."""

from __future__ import annotations

from dataclasses import dataclass

from assets_core.model.assets import Dependency
from assets_core.model.checks import Relation
from assets_core.partitions import BoundMapping


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """One input of one asset. ``upstream`` and ``downstream`` are asset numbers."""

    number: int
    upstream: int
    downstream: int
    mapping: BoundMapping
    columns: tuple[str, ...] | None
    optional: bool
    parameter: str | None
    dependency: Dependency
    mapping_text: str
    """The mapping's canonical text, inferred ones included: part of the input shape that is recorded."""


@dataclass(frozen=True, slots=True, eq=False)
class CheckEdge:
    """Another asset that a check reads, over all of its partitions: the owner's step waits for it."""

    check: str
    upstream: int
    downstream: int
    columns: tuple[str, ...] | None
    mapping: BoundMapping
    relation: Relation
    """``relation.upstream`` is the name as written, by which the check finds what it was given."""
