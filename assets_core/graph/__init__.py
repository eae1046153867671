"""The graph of a project: keys resolved, cycles and impossible mappings refused, edges in the order of records."""

from __future__ import annotations

from assets_core.graph.asset_graph import AssetGraph, SpecFacts
from assets_core.graph.build import build_graph
from assets_core.graph.edges import CheckEdge, Edge

__all__ = ["AssetGraph", "CheckEdge", "Edge", "SpecFacts", "build_graph"]
