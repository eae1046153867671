"""Random states of a project as plain values: what is declared, recorded, observed and asked for at one moment.

A state is made of dictionaries and small tuples. ``lowered`` turns it into what the planner reads; the oracle
(``plan_oracle``) reads the dictionaries alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import TypeAlias

import numpy as np

from assets_core.errors import Place
from assets_core.graph import AssetGraph, build_graph
from assets_core.lineage import Lineage
from assets_core.model.assets import AssetDefinition, AssetSpec, Dependency, PythonBody, SourceBody
from assets_core.model.checks import Severity
from assets_core.model.keys import AssetKey
from assets_core.model.packed import Flag, check_mark, check_marks, lanes, row_dtype
from assets_core.model.records import Failure
from assets_core.model.values import ColumnDigest
from assets_core.model.versions import NO_INPUT, CodeVersion, ConfigVersion, Term, digest
from assets_core.partitions import PartitionSet, Unpartitioned
from assets_core.ports import ColumnRow, LineageRows, PackedRows
from assets_core.versioning.current import CheckVersion, CurrentVersions
from tests.properties.partitioned_runs.calendars_in_python import Link, keys, needed
from tests.properties.partitioned_runs.partitioned_worlds import DEFINITIONS, mapping

LANE = 1 << 64
RUN = "an-earlier-run"
PLACE = Place("project.py", 1)
TERMS = ((0, 0), (0, 0), (1, 0), (0, 1), (LANE - 1, LANE - 1), (1 << 63, 1 << 63))
"""Terms so small that sums meet and wrap: where they do, only the number of terms tells."""

At: TypeAlias = tuple[int, str]
"""An asset-partition: the asset's number and the key, ``""`` where there are no partitions."""
Sum: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True)
class Reading:
    """One input: which upstream, how, and which columns (None: everything)."""

    upstream: int
    link: Link
    columns: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Check:
    name: str
    version: str
    blocking: bool


@dataclass(frozen=True)
class Node:
    """One declared asset, its inputs in the order of records: by the upstream's key."""

    kind: str
    inputs: tuple[Reading, ...] = ()
    is_source: bool = False
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True)
class Version:
    """What was recorded of one asset-partition."""

    number: int
    code: str
    config: str
    shape: tuple[tuple[str, str, tuple[str, ...] | None], ...]
    """Per input: the upstream's key, the mapping's text, the columns."""
    read: tuple[Sum, ...]
    term: tuple[int, int]
    windows: str
    """What time the asset's keys stood for; empty for none."""
    columns: dict[str, str] | None = None
    """By column name, its digest; None where the value has no columns."""
    flags: frozenset[str] = frozenset()
    results: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """By check: the version that was evaluated, and whether it passed."""
    blocked_by: frozenset[str] = frozenset()
    """The checks that failed and were blocking when they were evaluated."""


@dataclass(frozen=True)
class State:
    """Everything that a plan depends on."""

    nodes: tuple[Node, ...]
    now: datetime
    code: tuple[str, ...]
    config: tuple[str, ...]
    mappings: dict[At, str]
    """The text of the mapping by (downstream number, text of the place among its inputs)."""
    windows: tuple[str, ...]
    """Per asset what time its keys stand for; empty for none."""
    recorded: dict[At, Version] = field(default_factory=dict)
    candidates: dict[At, Version] = field(default_factory=dict)
    unobserved: frozenset[int] = frozenset()
    failed: frozenset[At] = frozenset()
    wanted: dict[int, tuple[str, ...]] = field(default_factory=dict)
    forced: frozenset[int] = frozenset()

    def keys(self, number: int) -> list[str]:
        return keys(self.nodes[number].kind, self.now)

    def shape(self, number: int) -> tuple[tuple[str, str, tuple[str, ...] | None], ...]:
        """Today's input shape."""
        return tuple(
            (f"a{i.upstream}", self.mappings[number, str(place)], i.columns)
            for place, i in enumerate(self.nodes[number].inputs)
        )

    def there(self, number: int) -> list[str]:
        """The partitions that add a term to what reads them: recorded, and not left out by their call."""
        return [
            k
            for k in self.keys(number)
            if (v := self.recorded.get((number, k))) and "omitted" not in v.flags
        ]

    def input_versions(self, number: int, key: str) -> tuple[Sum, ...]:
        """What each input of an asset-partition adds up to today."""
        found = []
        for one in self.nodes[number].inputs:
            up, there = self.nodes[one.upstream].kind, self.there(one.upstream)
            read = set(needed(one.link, up, self.nodes[number].kind, key, there)) & set(there)
            total = (0, 0, 0)
            for k in sorted(read):
                added = _added(self.recorded[one.upstream, k], k, one.columns)
                total = tuple(a + b for a, b in zip(total, added, strict=True))  # type: ignore[assignment]
            found.append((total[0] % LANE, total[1] % LANE, total[2]))
        return tuple(found)


def _added(version: Version, key: str, columns: tuple[str, ...] | None) -> Sum:
    if columns is None or version.columns is None:
        return (*version.term, 1)
    return tuple(_column_row("a0", key, version).version(columns))  # type: ignore[return-value]


def _column_row(asset: str, key: str, version: Version) -> ColumnRow:
    columns = version.columns
    digests = (
        None if columns is None else tuple(ColumnDigest(n, "int64", d) for n, d in columns.items())
    )
    return ColumnRow(AssetKey(asset), key, 3, digests)


# --- as the planner reads it ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lowered:
    """A state as what ``plan`` takes."""

    graph: AssetGraph
    versions: CurrentVersions
    lineage: Lineage
    wanted: dict[int, PartitionSet]


def declared(nodes: tuple[Node, ...]) -> AssetGraph:
    return build_graph([_definition(n, node) for n, node in enumerate(nodes)])


def _definition(number: int, node: Node) -> AssetDefinition:
    partitions = DEFINITIONS[node.kind] if node.kind != "none" else Unpartitioned()
    spec = AssetSpec(
        AssetKey(f"a{number}"), "source" if node.is_source else "python", PLACE, partitions
    )
    dependencies = tuple(
        Dependency(
            f"a{i.upstream}", f"i{place}", PLACE, mapping(i.link, own=i.upstream == number),
            i.columns, i.link.optional,
        )
        for place, i in enumerate(node.inputs)
    )  # fmt: skip
    body = SourceBody(print, None, ()) if node.is_source else PythonBody(print, ())
    return AssetDefinition((spec,), body, PLACE, dependencies)


def lowered(state: State, graph: AssetGraph) -> Lowered:
    lineage = Lineage(graph, state.now, 5)
    current = [
        _packed(state, graph, at, v)
        for at, v in state.recorded.items()
        if not _is_source(state, at)
    ]
    candidates = [_packed(state, graph, at, v, sequence=0) for at, v in state.candidates.items()]
    lineage.load(LineageRows(5, tuple(current), tuple(candidates), {}))
    for number, node in enumerate(state.nodes):
        if number in state.unobserved:
            lineage.unobserved[number] = Failure("E513", "not there")
        elif node.is_source:
            seen = {
                ordinal(graph, (number, k)): Term(*state.recorded[number, k].term)
                for k in state.there(number)
            }
            lineage.observe(number, seen)
    lineage.load_columns(
        _column_row(f"a{n}", k, v) for (n, k), v in state.recorded.items() if v.columns is not None
    )
    _add_details(state, graph, lineage)
    versions = CurrentVersions(
        tuple(CodeVersion(digest(c)) for c in state.code),
        tuple(ConfigVersion(digest(c)) for c in state.config),
        tuple(
            tuple(
                CheckVersion(c.name, digest(c.version), Severity.ERROR, c.blocking, "partition")
                for c in n.checks
            )
            for n in state.nodes
        ),
    )
    wanted = {n: _set(graph, n, some) for n, some in state.wanted.items()}
    return Lowered(graph, versions, lineage, wanted)


def _add_details(state: State, graph: AssetGraph, lineage: Lineage) -> None:
    for version in (*state.recorded.values(), *state.candidates.values()):
        lineage.shape_texts[_shape_digest(version)] = _shape_text(version)
        lineage.results[version.number] = {
            n: (digest(v), NO_INPUT) for n, (v, _) in version.results.items()
        }
    for version in state.candidates.values():
        lineage.rejections[version.number] = (tuple(sorted(version.blocked_by)), RUN)
    for number in {n for n, _ in state.failed}:
        lineage.failed[number] = _set(graph, number, [k for n, k in state.failed if n == number])


def ordinal(graph: AssetGraph, at: At) -> int:
    return int(graph.specs[at[0]].partitions.ordinals([at[1]])[0])


def _set(graph: AssetGraph, number: int, some: list[str] | tuple[str, ...]) -> PartitionSet:
    return PartitionSet.of(sorted(ordinal(graph, (number, k)) for k in some))


def _is_source(state: State, at: At) -> bool:
    return state.nodes[at[0]].is_source


def _shape_text(version: Version) -> str:
    import json

    entries = [*version.shape, *([version.windows] if version.windows else [])]
    return json.dumps(entries, separators=(",", ":"))


def _shape_digest(version: Version) -> str:
    return digest(_shape_text(version))


def _packed(
    state: State, graph: AssetGraph, at: At, version: Version, sequence: int = 3
) -> PackedRows:
    row = np.zeros(1, row_dtype(len(version.read)))
    row["sequence"], row["number"], row["term"] = sequence, version.number, version.term
    row["code"], row["config"] = lanes(digest(version.code)), lanes(digest(version.config))
    row["shape"] = lanes(_shape_digest(version))
    marks = [check_mark(n, digest(v), NO_INPUT) for n, (v, _) in version.results.items()]
    row["checks"] = check_marks(marks)
    flags = [Flag[f.upper()] for f in version.flags]
    row["flags"] = sum(flags) + (Flag.BLOCKING_FAILED if version.blocked_by else 0)
    for place, total in enumerate(version.read):
        row["inputs"][0, place] = (*total, 2)
    return PackedRows(
        len(version.read), np.array([at[0]]), np.array([ordinal(graph, at)]), row.tobytes()
    )


# --- at random ------------------------------------------------------------------------------------------------------


@dataclass
class Recorder:
    """Records every asset-partition as it would be today, and then spoils some."""

    state: State
    random: Random
    spoiled: float
    """The share of versions that something is wrong with."""
    absent: float
    number: int = 0

    def record(self) -> State:
        for n, node in enumerate(self.state.nodes):
            if n in self.state.unobserved:
                continue
            behind = self.random.random() < self.spoiled
            for key in self.state.keys(n):
                if self.random.random() < self.absent:
                    continue
                version = self._today(n, key)
                if not node.is_source and behind:
                    version = replace(version, code="older")
                if not node.is_source and self.random.random() < self.spoiled:
                    version = self._spoil(version)
                if not node.is_source and self.random.random() < self.spoiled:
                    version = replace(version, flags=version.flags | {"held"})
                self.state.recorded[n, key] = version
        for at in list(self._candidates()):
            version = self._today(*at)
            if self.random.random() < 0.3:
                version = self._spoil(version)
            self.state.candidates[at] = version
        return self.state

    def _candidates(self) -> Iterator[At]:
        for n, node in enumerate(self.state.nodes):
            if node.checks and self.random.random() < 0.6:
                yield from ((n, k) for k in self.state.keys(n) if self.random.random() < 0.3)

    def _today(self, n: int, key: str) -> Version:
        state, random = self.state, self.random
        self.number += 1
        columns = {c: random.choice("01") for c in "xyz"} if random.random() < 0.5 else None
        results = {c.name: self._result(c) for c in state.nodes[n].checks if random.random() > 0.15}
        if random.random() < 0.1 * bool(state.nodes[n].checks):
            results["removed"] = ("1", random.random() < 0.5)
        blocking = {c.name for c in state.nodes[n].checks if c.blocking} | {"removed"}
        return Version(
            self.number, state.code[n], state.config[n], state.shape(n), state.input_versions(n, key),
            random.choice(TERMS), state.windows[n], None if state.nodes[n].is_source else columns, frozenset(), results,
            frozenset(name for name, (_, passed) in results.items() if not passed and name in blocking),
        )  # fmt: skip

    def _result(self, check: Check) -> tuple[str, bool]:
        version = check.version if self.random.random() > 0.15 else "edited since"
        return version, self.random.random() > 0.25

    def _spoil(self, version: Version) -> Version:
        random = self.random
        at = random.randrange(len(version.read)) if version.read else None
        match random.choice(
            ("code", "config", "read", "read", "read", "count", "none", "shape", "flag")
        ):
            case "code":
                return replace(version, code=random.choice(("older", "oldest")))
            case "config":
                return replace(version, config=random.choice(("older", "oldest")))
            case "shape":
                return self._reshaped(version)
            case "flag":
                flag = random.choice(("missing", "damaged", "omitted"))
                if flag == "omitted":  # nothing was there to check
                    version = replace(version, results={}, blocked_by=frozenset())
                return replace(version, flags=frozenset({flag}))
            case _ if at is None:
                return version
            case "read":
                low, high, count = version.read[at]
                return _with_read(version, at, ((low + 1) % LANE, high, count))
            case "count":
                low, high, count = version.read[at]
                return _with_read(version, at, (low, high, count + 1))
            case "none":
                return _with_read(version, at, (0, 0, 0))
        raise AssertionError

    def _reshaped(self, version: Version) -> Version:
        how = self.random.choice(("added", "removed", "mapping", "columns"))
        if how == "removed" or not version.shape:
            extra = ("gone", "all", None)
            return replace(version, shape=(*version.shape, extra), read=(*version.read, (1, 1, 1)))
        at = self.random.randrange(len(version.shape))
        key, text, columns = version.shape[at]
        if how == "added":
            return replace(
                version,
                shape=version.shape[:at] + version.shape[at + 1 :],
                read=version.read[:at] + version.read[at + 1 :],
            )
        other = (key, "another mapping", columns) if how == "mapping" else (key, text, ("another",))
        return replace(version, shape=(*version.shape[:at], other, *version.shape[at + 1 :]))


def _with_read(version: Version, at: int, total: Sum) -> Version:
    return replace(version, read=(*version.read[:at], total, *version.read[at + 1 :]))
