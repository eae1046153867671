"""Partitions that are a list of keys: none at all, a fixed list, and a list kept in the state store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from assets_core.errors import DefinitionError, UsageError
from assets_core.partitions.definitions import (
    DynamicKey,
    DynamicKeys,
    PartitionsDefinition,
    as_array,
    close_keys,
    no_ordinal,
)
from assets_core.partitions.keys import check_key, shown
from assets_core.partitions.sets import PartitionSet

if TYPE_CHECKING:
    from assets_core.partitions.sets import Bools, Ints

DYNAMIC_CAPACITY = 2**24
"""Ordinals a dynamic dimension may ever use (16.7 million), so that dimensions pack into one int64."""


class _Listed(PartitionsDefinition):
    """Lookups shared by all definitions that know their keys one by one."""

    @property
    def _by_key(self) -> Mapping[str, int]:
        raise NotImplementedError

    @property
    def _by_ordinal(self) -> Mapping[int, str]:
        raise NotImplementedError

    @cached_property
    def _members(self) -> PartitionSet:
        return PartitionSet.of(self._by_ordinal)

    def existing(self, now: datetime) -> PartitionSet:
        return self._members

    def defined(self, lo: int, hi: int) -> PartitionSet:
        return self._members & PartitionSet.range(lo, hi)

    @property
    def _names(self) -> Mapping[int, str]:
        """What an ordinal is called, also where its partition is no more."""
        return self._by_ordinal

    def keys(self, ordinals: PartitionSet | Ints) -> list[str]:
        names = self._names
        try:
            return [names[ordinal] for ordinal in as_array(ordinals).tolist()]
        except KeyError as error:
            raise no_ordinal(self, int(error.args[0])) from None

    def find(self, keys: Sequence[str]) -> tuple[Ints, Bools]:
        import numpy as np

        index = self._by_key
        found = np.array([index.get(key, -1) for key in keys], dtype=np.int64)
        return np.maximum(found, 0), found >= 0

    def suggestions(self, key: str) -> list[str]:
        return close_keys(key, list(self._by_key))


@dataclass(frozen=True)
class Unpartitioned(_Listed):
    """One partition, whose key is ``""`` and whose ordinal is 0."""

    kind = "unpartitioned"

    @property
    def is_partitioned(self) -> bool:
        return False

    @property
    def codec(self) -> str:
        return "unpartitioned/1"

    @property
    def span(self) -> tuple[int, int]:
        return (0, 1)

    def describe(self) -> dict[str, object]:
        return {"kind": self.kind}

    def unknown(self, key: str) -> UsageError:
        return UsageError("E203", f"{shown(key)} names nothing: the asset is not partitioned")

    @property
    def _by_key(self) -> Mapping[str, int]:
        return {"": 0}

    @property
    def _by_ordinal(self) -> Mapping[int, str]:
        return {0: ""}


@dataclass(frozen=True)
class StaticPartitions(_Listed):
    """A fixed list of keys. Their order is the order of partitions, and a changed list is another codec."""

    names: Sequence[str]

    kind = "static"

    def __post_init__(self) -> None:
        if isinstance(self.names, str):
            raise DefinitionError(
                "E202",
                "StaticPartitions takes a list of keys, not one text",
                help=f"write [{self.names!r}]",
            )
        names = tuple(check_key(name) for name in self.names)
        if not names:
            raise DefinitionError("E202", "StaticPartitions needs at least one key")
        seen: set[str] = set()
        for name in names:
            if name in seen:
                raise DefinitionError("E202", f"the partition key {shown(name)} is listed twice")
            seen.add(name)
        object.__setattr__(self, "names", names)

    @cached_property
    def codec(self) -> str:
        listed = json.dumps(self.names, ensure_ascii=True).encode()
        return f"static/1;{hashlib.blake2b(listed, digest_size=16).hexdigest()}"

    @property
    def span(self) -> tuple[int, int]:
        return (0, len(self.names))

    def describe(self) -> dict[str, object]:
        return {"kind": self.kind, "keys": list(self.names)}

    @cached_property
    def _by_key(self) -> Mapping[str, int]:
        return {name: ordinal for ordinal, name in enumerate(self.names)}

    @cached_property
    def _by_ordinal(self) -> Mapping[int, str]:
        return dict(enumerate(self.names))


@dataclass(frozen=True)
class DynamicPartitions(PartitionsDefinition):
    """Keys that are added and removed in the state store under ``name``; ``resolve`` gives the definition to use."""

    name: str

    kind = "dynamic"

    def __post_init__(self) -> None:
        check_key(self.name)

    @property
    def codec(self) -> str:
        return f"dynamic/1;{self.name}"

    @property
    def span(self) -> tuple[int, int]:
        return (0, DYNAMIC_CAPACITY)

    def describe(self) -> dict[str, object]:
        return {"kind": self.kind, "name": self.name}

    @property
    def dynamic_names(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def is_open(self) -> bool:
        return True

    def dynamic_parts(self, key: str) -> Mapping[str, str]:
        return {self.name: key}

    def resolve(self, keys: Sequence[tuple[int, str] | DynamicKey]) -> ResolvedPartitions:
        """This definition with the keys that the store holds now, as (ordinal, key) or with those that were removed."""
        every = sorted(DynamicKey(*key) for key in keys)
        live = tuple((key.ordinal, key.key) for key in every if key.live)
        gone = tuple((key.ordinal, key.key) for key in every if not key.live)
        return ResolvedPartitions(self.name, live, gone)

    def resolve_with(self, lookup: DynamicKeys) -> PartitionsDefinition:
        return self.resolve(lookup(self.name))

    def knowing(self, keys: Sequence[str]) -> PartitionsDefinition:
        return self.resolve(list(enumerate(dict.fromkeys(keys))))

    def existing(self, now: datetime) -> PartitionSet:
        raise self._unresolved()

    def defined(self, lo: int, hi: int) -> PartitionSet:
        raise self._unresolved()

    def keys(self, ordinals: PartitionSet | Ints) -> list[str]:
        raise self._unresolved()

    def find(self, keys: Sequence[str]) -> tuple[Ints, Bools]:
        raise self._unresolved()

    def _unresolved(self) -> DefinitionError:
        return DefinitionError(
            "E204",
            f"the keys of the dynamic partitions {shown(self.name)} are kept in the state store and were not read",
            help="call resolve() with the stored keys first",
        )


@dataclass(frozen=True)
class ResolvedPartitions(_Listed):
    """Dynamic partitions together with the keys that exist now; a removed key keeps its ordinal for ever."""

    name: str
    pairs: tuple[tuple[int, str], ...]
    removed: tuple[tuple[int, str], ...] = ()
    """Keys that are no partitions any more; only ``keys`` still knows them, so that they can be named."""

    kind = "dynamic"

    def __post_init__(self) -> None:
        for ordinal, key in self.pairs:
            check_key(key)
            if not 0 <= ordinal < DYNAMIC_CAPACITY:
                raise DefinitionError(
                    "E202",
                    f"the dynamic partitions {shown(self.name)} ran out of ordinals at {shown(key)}",
                    help=f"at most {DYNAMIC_CAPACITY:,} keys may ever be added under one name",
                )
        if len(self._by_key) < len(self.pairs) or len(self._by_ordinal) < len(self.pairs):
            raise DefinitionError(
                "E202",
                f"a key or ordinal of the dynamic partitions {shown(self.name)} occurs twice",
            )

    @property
    def is_open(self) -> bool:
        return True

    @property
    def codec(self) -> str:
        return f"dynamic/1;{self.name}"

    @cached_property
    def rows_codec(self) -> str:
        if not self.removed:
            return self.codec
        gone = json.dumps([ordinal for ordinal, _ in self.removed]).encode()
        return f"{self.codec};{hashlib.blake2b(gone, digest_size=16).hexdigest()}"

    @property
    def span(self) -> tuple[int, int]:
        return (0, DYNAMIC_CAPACITY)

    @property
    def dynamic_members(self) -> Mapping[str, PartitionSet]:
        return {self.name: self._members}

    def describe(self) -> dict[str, object]:
        return {"kind": self.kind, "name": self.name}

    @cached_property
    def _by_key(self) -> Mapping[str, int]:
        return {key: ordinal for ordinal, key in self.pairs}

    @cached_property
    def _by_ordinal(self) -> Mapping[int, str]:
        return dict(self.pairs)

    @cached_property
    def _names(self) -> Mapping[int, str]:
        return dict((*self.removed, *self.pairs))

    @cached_property
    def _ever(self) -> frozenset[str]:
        """The keys that are and were."""
        return frozenset(self._names.values())

    def may_come(self, key: str) -> bool:
        return key not in self._ever

    def unknown(self, key: str) -> UsageError:
        if all(key != gone for _, gone in self.removed):
            return super().unknown(key)
        return UsageError(
            "E203",
            f"{shown(key)} was removed from the dynamic partitions {shown(self.name)}",
            help="add it again: what is recorded of it is kept",
        )
