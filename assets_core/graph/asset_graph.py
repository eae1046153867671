"""``AssetGraph``: the assets by number in topological order, their edges, and nothing about state.

Built by ``build_graph``. The planner walks numbers and tuples; what only a few assets are asked for (shapes,
neighbours, a networkx graph) is made at the first question and kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from json import JSONEncoder
from typing import TYPE_CHECKING, Any

from assets_core.graph.edges import CheckEdge, Edge
from assets_core.model.assets import AssetDefinition, AssetSpec
from assets_core.model.keys import AssetKey
from assets_core.model.versions import digest

if TYPE_CHECKING:
    import networkx

_compact = JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
"""``json.dumps`` makes an encoder for each call."""


@dataclass(frozen=True, slots=True)
class SpecFacts:
    """What a selection can name of one asset."""

    group: str | None
    kind: str
    tags: Mapping[str, str]
    owners: tuple[str, ...]
    path: str | None
    checks: tuple[str, ...]


class AssetGraph:
    """Assets by number: a number is a position in topological order, stable by declaration. Immutable."""

    def __init__(
        self,
        definitions: tuple[AssetDefinition, ...],
        inputs: Sequence[tuple[Edge, ...]],
        check_inputs: Mapping[int, tuple[CheckEdge, ...]],
    ) -> None:
        """``definitions`` in topological order; ``inputs`` by asset number, in the order of records."""
        self.definitions = definitions
        self.specs: tuple[AssetSpec, ...] = tuple(
            [spec for definition in definitions for spec in definition.outputs]
        )
        self.keys: tuple[AssetKey, ...] = tuple([spec.key for spec in self.specs])
        self.numbers: Mapping[AssetKey, int] = {key: n for n, key in enumerate(self.keys)}
        self.definition_of: tuple[int, ...] = tuple(
            [n for n, definition in enumerate(definitions) for _ in definition.outputs]
        )
        self._inputs = inputs
        self._check_inputs = check_inputs
        self._check_outputs: dict[int, list[CheckEdge]] = {}
        for edges in check_inputs.values():
            for edge in edges:
                self._check_outputs.setdefault(edge.upstream, []).append(edge)
        self._outputs: list[list[Edge]] | None = None
        self._outputs_of: tuple[tuple[int, ...], ...] | None = None
        self._shapes: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self.keys)

    def __repr__(self) -> str:
        edges = sum(map(len, self._inputs))
        return f"<AssetGraph of {len(self.keys)} assets and {edges} edges>"

    @property
    def outputs_of(self) -> tuple[tuple[int, ...], ...]:
        """Per definition the numbers of its outputs."""
        if self._outputs_of is None:
            starts = [0]
            for definition in self.definitions:
                starts.append(starts[-1] + len(definition.outputs))
            self._outputs_of = tuple([tuple(range(a, b)) for a, b in itertools.pairwise(starts)])
        return self._outputs_of

    def inputs(self, number: int) -> Sequence[Edge]:
        """What an asset reads, sorted by (upstream key, parameter): the order of inputs in every record."""
        return self._inputs[number]

    def outputs(self, number: int) -> Sequence[Edge]:
        """The edges to what reads this asset, in topological order."""
        if self._outputs is None:
            outputs: list[list[Edge]] = [[] for _ in self.keys]
            for edges in self._inputs:
                for edge in edges:
                    outputs[edge.upstream].append(edge)
            self._outputs = outputs
        return self._outputs[number]

    def check_inputs(self, number: int) -> Sequence[CheckEdge]:
        """What the checks of an asset read of other assets."""
        return self._check_inputs.get(number, ())

    def check_outputs(self, number: int) -> Sequence[CheckEdge]:
        """The edges to the assets whose checks read this one."""
        return self._check_outputs.get(number, ())

    def shares_inputs(self, number: int) -> bool:
        """Whether what a call of several partitions read counts for each of its outputs."""
        return self.definitions[self.definition_of[number]].batch_inputs == "shared"

    # --- what is recorded of the inputs ---------------------------------------------------------------------------

    def shape_text(self, number: int) -> str:
        """Canonical JSON of ``[[upstream key, mapping, columns or null], ...]`` in the order of ``inputs``.

        What time an asset's partitions stand for comes last, as text, where they stand for any.
        """
        windows = self.specs[number].partitions.windows
        shape = [
            *(
                [self.keys[edge.upstream], edge.mapping_text, edge.columns]
                for edge in self._inputs[number]
            ),
            *([windows] if windows else []),
        ]
        return _compact(shape)

    def shape(self, number: int) -> str:
        """The digest of ``shape_text`` (32 hex): equal shapes have comparable records."""
        found = self._shapes.get(number)
        if found is None:
            found = self._shapes[number] = digest(self.shape_text(number))
        return found

    # --- selection ------------------------------------------------------------------------------------------------

    def upstream(self, index: int, /) -> Sequence[int]:
        """The numbers of what an asset's step waits for: its inputs and what its checks read."""
        found = {edge.upstream for edge in self._inputs[index]}
        found.update(edge.upstream for edge in self.check_inputs(index))
        return sorted(found)

    def downstream(self, index: int, /) -> Sequence[int]:
        """The numbers of the assets whose steps wait for this one."""
        found = {edge.downstream for edge in self.outputs(index)}
        found.update(edge.downstream for edge in self.check_outputs(index))
        return sorted(found)

    def facts_of(self, index: int, /) -> SpecFacts:
        """The declared facts that a selection can name."""
        spec = self.specs[index]
        file = spec.place.file
        return SpecFacts(
            group=spec.group,
            kind=spec.kind,
            tags=spec.tags,
            owners=spec.owners,
            path=None if file.startswith("<") else file,
            checks=tuple(check.name for check in spec.checks),
        )

    # --- exports --------------------------------------------------------------------------------------------------

    def to_networkx(self) -> networkx.MultiDiGraph[Any]:
        """The graph for analysis: nodes are keys, edges carry ``relation`` (``input`` or ``check``)."""
        import networkx

        graph: networkx.MultiDiGraph[Any] = networkx.MultiDiGraph()
        for spec in self.specs:
            graph.add_node(str(spec.key), kind=spec.kind, group=spec.group)
        for edges in self._inputs:
            for edge in edges:
                graph.add_edge(
                    str(self.keys[edge.upstream]),
                    str(self.keys[edge.downstream]),
                    relation="input",
                    parameter=edge.parameter,
                    mapping=edge.mapping_text,
                    columns=edge.columns,
                )
        for checks in self._check_inputs.values():
            for check in checks:
                graph.add_edge(
                    str(self.keys[check.upstream]),
                    str(self.keys[check.downstream]),
                    relation="check",
                    check=check.check,
                    columns=check.columns,
                )
        return graph
