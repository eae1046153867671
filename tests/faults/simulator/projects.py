"""Random small projects, and what of them is true: an oracle over contents that knows no lane, row or sequence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import TypeAlias

from assets_core.errors import Place
from assets_core.graph import AssetGraph, build_graph
from assets_core.model.assets import (
    AssetDefinition,
    AssetSpec,
    Batch,
    Dependency,
    PythonBody,
    Retry,
)
from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.versions import CodeVersion, ConfigVersion, digest
from assets_core.partitions import PartitionSet, Unpartitioned
from assets_core.versioning.current import CurrentVersions
from tests.faults.simulator.stage import EPOCH
from tests.properties.partitioned_runs.calendars_in_python import (
    Link,
    keys,
    links_between,
    links_to_itself,
    needed,
)
from tests.properties.partitioned_runs.partitioned_worlds import DEFINITIONS, mapping

At: TypeAlias = tuple[int, str]
"""An asset-partition: the asset's number and the key, ``""`` where there are no partitions."""
Content: TypeAlias = "frozenset[tuple[str, str]]"
"""(partition key, data version) of everything that one input is."""
PLACE = Place("project.py", 1)
KINDS = ("none", "letter", "letter")
"""Windows of time cost the planner ten times what fixed keys do: every fifth project has some."""


@dataclass(frozen=True)
class Node:
    """One asset: how it is partitioned, what it reads, how it is called."""

    kind: str
    inputs: tuple[tuple[int, Link], ...]
    batch: Batch
    retries: int


@dataclass(frozen=True)
class SmallProject:
    """What is declared; the code of each asset is a number that edits change."""

    nodes: tuple[Node, ...]
    graph: AssetGraph
    ordinals: Mapping[At, int]

    @property
    def every(self) -> Iterable[At]:
        """Each asset-partition, upstreams first."""
        return self.ordinals

    def versions(self, code: tuple[int, ...]) -> CurrentVersions:
        """The versions of this code."""
        return CurrentVersions(
            tuple(CodeVersion(digest("code", str(n), str(c))) for n, c in enumerate(code)),
            tuple(ConfigVersion(digest("config")) for _ in code),
            tuple(() for _ in code),
        )

    def partitions(self, asset: int, some: Iterable[str]) -> PartitionSet:
        """The ordinals of these keys."""
        return PartitionSet.of(sorted(self.ordinals[asset, key] for key in some))

    def at(self, asset: str, partition: str) -> At:
        return int(asset[1:]), partition

    def address(self, at: At) -> AssetPartition:
        return AssetPartition(AssetKey(f"a{at[0]}"), at[1])


@cache
def keys_of(kind: str) -> tuple[str, ...]:
    return tuple(keys(kind, EPOCH))


@cache
def project(number: int) -> SmallProject:
    """One of the projects: two to four assets, three partitions each at most."""
    random = Random(number)
    timed = number % 5 == 0
    nodes: list[Node] = []
    for n in range(random.randint(2, 4)):
        kind = random.choice((*KINDS, "day") if timed else KINDS)
        upstream = sorted(random.sample(range(n), min(n, random.choice((1, 2)))))
        inputs = [(u, random.choice(links_between(nodes[u].kind, kind))) for u in upstream]
        batch = random.choice((1, 2, "all", "all"))
        if kind == "day" and random.random() < 0.3:
            inputs.append((n, random.choice(links_to_itself(kind))))
            batch = 1
        nodes.append(Node(kind, tuple(inputs), batch, random.choice((0, 1, 2, 2))))
    graph = build_graph([definition(n, node) for n, node in enumerate(nodes)])
    assert [f"a{n}" for n in range(len(nodes))] == list(graph.keys)
    ordinals = {
        (n, key): int(graph.specs[n].partitions.ordinals([key])[0])
        for n, node in enumerate(nodes)
        for key in keys_of(node.kind)
    }
    return SmallProject(tuple(nodes), graph, ordinals)


def definition(number: int, node: Node) -> AssetDefinition:
    """The asset of a number, as decorators would make it."""
    partitions = DEFINITIONS[node.kind] if node.kind != "none" else Unpartitioned()
    spec = AssetSpec(AssetKey(f"a{number}"), "python", PLACE, partitions)
    dependencies = tuple(
        Dependency(f"a{u}", f"i{place}", PLACE, mapping(link, own=u == number), None, link.optional)
        for place, (u, link) in enumerate(node.inputs)
    )
    retry = Retry(node.retries, delay=1.5, jitter=0.5)
    return AssetDefinition(
        (spec,), PythonBody(print, ()), PLACE, dependencies, batch=node.batch, retry=retry
    )


@cache
def _needed(link: Link, up: str, down: str, key: str, there: tuple[str, ...]) -> frozenset[str]:
    return frozenset(needed(link, up, down, key, there)) & frozenset(there)


@dataclass(frozen=True)
class Made:
    """What one attempt was made of, and its content."""

    code: int
    read: dict[int, Content]
    version: str


@dataclass
class Contents:
    """The graph of contents: what every attempt that ever finished was made of."""

    project: SmallProject
    made: dict[str, Made] = field(default_factory=dict)

    def inputs(self, pointers: Mapping[At, str], at: At) -> dict[int, Content]:
        """What ``at`` would read while these attempts are current."""
        nodes = self.project.nodes
        found: dict[int, Content] = {}
        for up, link in nodes[at[0]].inputs:
            kind = nodes[up].kind
            there = tuple(key for key in keys_of(kind) if (up, key) in pointers)
            read = _needed(link, kind, nodes[at[0]].kind, at[1], there)
            found[up] = frozenset((key, self.made[pointers[up, key]].version) for key in read)
        return found

    def is_fresh(self, pointers: Mapping[At, str], code: tuple[int, ...], at: At) -> bool:
        """Whether what is current of ``at`` was made by this code of exactly what is current now."""
        attempt = pointers.get(at)
        if attempt is None:
            return False
        made = self.made[attempt]
        return made.code == code[at[0]] and made.read == self.inputs(pointers, at)
