"""The tables of the in-memory store, and how a transaction's changes to them are undone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias, TypeVar

from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.records import (
    AttemptRecord,
    CancelRequest,
    FindingRecord,
    MaterializationRecord,
    ObservationRecord,
    PointerMove,
    RunEnd,
    RunRecord,
)
from assets_core.ports import Lease
from assets_core.store.states import Counter, Evaluation, KeyState, KnownAttempt, Version

K = TypeVar("K")
V = TypeVar("V")
ByAsset: TypeAlias = "dict[tuple[str, str], dict[str, Version]]"
"""By (environment, asset), then partition key."""


@dataclass(slots=True)
class Tables:
    """Facts in order of their sequence, and what is derived from them."""

    counter: Counter = field(default_factory=Counter)
    runs: dict[str, RunRecord] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)
    """Per run the sequence at which it began."""
    ends: dict[str, RunEnd] = field(default_factory=dict)
    cancels: dict[str, CancelRequest] = field(default_factory=dict)
    attempts: dict[int, AttemptRecord] = field(default_factory=dict)
    known: dict[str, KnownAttempt] = field(default_factory=dict)
    materializations: dict[int, MaterializationRecord] = field(default_factory=dict)
    evaluations: list[Evaluation] = field(default_factory=list)
    moves: list[PointerMove] = field(default_factory=list)
    findings: list[FindingRecord] = field(default_factory=list)
    condemned: dict[int, datetime] = field(default_factory=dict)
    collected: dict[int, datetime] = field(default_factory=dict)
    observed: dict[tuple[str, str, str], ObservationRecord] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)
    dynamic: dict[tuple[str, str], dict[str, tuple[int, bool]]] = field(default_factory=dict)
    leases: dict[tuple[str, str], dict[str, Lease]] = field(default_factory=dict)
    limited_starts: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Per rate limit when calls started, in seconds of the wall clock and in order."""
    currents: ByAsset = field(default_factory=dict)
    candidates: ByAsset = field(default_factory=dict)
    failures: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    durations: dict[tuple[str, AssetKey], tuple[int, float]] = field(default_factory=dict)

    def versions(
        self, table: ByAsset, env: str, wanted: Collection[AssetPartition]
    ) -> Mapping[AssetPartition, MaterializationRecord]:
        """The materializations that these rows point to."""
        found = {}
        for key in wanted:
            version = table.get((env, key.asset), {}).get(key.partition)
            if version is not None and version.number:
                found[key] = self.materializations[version.number]
        return found

    def holders(self, numbers: Collection[int]) -> Iterator[tuple[str, str, str, int]]:
        """(env, asset, partition, materialization) wherever one of these is current or a candidate."""
        for table in (self.currents, self.candidates):
            for (env, asset), versions in table.items():
                for partition, version in versions.items():
                    if version.number in numbers:
                        yield env, asset, partition, version.number

    def state(self, env: str, key: AssetPartition) -> KeyState:
        """What is derived and held of one asset-partition."""
        at = (env, key.asset)
        return KeyState(
            self.leases.get(at, {}).get(key.partition),
            self.currents.get(at, {}).get(key.partition),
            self.candidates.get(at, {}).get(key.partition),
            self.failures.get(at, {}).get(key.partition),
        )


class Undo:
    """Changes as they are made, and how to take them back in reverse order."""

    def __init__(self) -> None:
        self._back: list[Callable[[], object]] = []

    def put(self, table: dict[K, V], key: K, value: V | None) -> None:
        """Set an entry, or remove it where ``value`` is None."""
        before = table.get(key)
        self._back.append(lambda: _set(table, key, before))
        _set(table, key, value)

    def extend(self, table: list[V], values: Sequence[V]) -> None:
        """Add at the end."""
        size = len(table)
        table.extend(values)
        self._back.append(lambda: table.__delitem__(slice(size, None)))

    def replace(self, table: list[V], values: Sequence[V]) -> None:
        """Put other values in place of all."""
        before = list(table)
        table[:] = values
        self._back.append(lambda: table.__setitem__(slice(None), before))

    def rollback(self) -> None:
        """Take everything back."""
        while self._back:
            self._back.pop()()


def _set(table: dict[K, V], key: K, value: V | None) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value
