"""``PartitionsDefinition``: what every kind of partitions can say about its keys, ordinals and windows.

Keys are text and identity; ordinals are int64 positions on a fixed epoch that sets and arrays are made of. ``codec``
names the bijection between them: stored ordinals stay valid while it is unchanged, whatever happens to start, end or
exclusions.
"""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeAlias

from assets_core.errors import DefinitionError, UsageError
from assets_core.partitions.keys import shown
from assets_core.partitions.sets import PartitionSet

if TYPE_CHECKING:
    from assets_core.partitions.sets import Bools, Ints


class DynamicKey(NamedTuple):
    """A key that was ever added to dynamic partitions; its ordinal is given once and never reused."""

    ordinal: int
    key: str
    live: bool = True
    """False while it is removed."""


DynamicKeys: TypeAlias = Callable[[str], Sequence[DynamicKey]]
"""From the name of dynamic partitions to every key it ever had."""


@dataclass(frozen=True, slots=True)
class Window:
    """The real time of a partition: ``start <= t < end``, both aware."""

    start: datetime
    end: datetime


class PartitionsDefinition(ABC):
    """The partitions of an asset. Subclasses are frozen: their arguments, and what is cached from them."""

    kind: ClassVar[str]

    @property
    def is_partitioned(self) -> bool:
        """False only for ``Unpartitioned``."""
        return True

    @property
    def is_open(self) -> bool:
        """Whether keys come and go while the definition stays: what names them can be checked only when it is used."""
        return False

    @property
    @abstractmethod
    def codec(self) -> str:
        """Canonical text of the key <-> ordinal codec and of what a key means; start and end are no part of it."""

    @property
    def rows_codec(self) -> str:
        """The codec and what ``find`` no longer knows: rows kept by ordinal are complete while it is unchanged."""
        return self.codec

    @property
    def label_codec(self) -> str:
        """The codec without what only moves windows: equal texts give the same key the same ordinal."""
        return self.codec

    @property
    def windows(self) -> str:
        """Canonical text of the real time that keys stand for; empty where they stand for none."""
        return ""

    def same_windows(self, recorded: str, ordinals: Ints) -> Bools:
        """For each partition, whether its key stood for the same time when ``windows`` was ``recorded``."""
        import numpy as np

        return np.full(ordinals.shape, recorded == self.windows)

    @abstractmethod
    def existing(self, now: datetime) -> PartitionSet:
        """The partitions that exist at ``now`` (aware): for time, windows whose end is not after it."""

    @abstractmethod
    def defined(self, lo: int, hi: int) -> PartitionSet:
        """Of the ordinals ``lo <= x < hi`` those that exist at some time."""

    def clip(self, members: PartitionSet) -> PartitionSet:
        """The members that exist at some time: within start and end, not excluded, not removed."""
        return members & self.defined(members.first, members.last + 1) if members else members

    @abstractmethod
    def keys(self, ordinals: PartitionSet | Ints) -> list[str]:
        """The keys of these ordinals, in order; UsageError E203 for an ordinal that has no key."""

    @abstractmethod
    def find(self, keys: Sequence[str]) -> tuple[Ints, Bools]:
        """Ordinals of these keys and a mask of those that are keys (the ordinal of any other is 0).

        A key outside start and end has its ordinal all the same.
        """

    @abstractmethod
    def describe(self) -> dict[str, object]:
        """The arguments as plain JSON values."""

    @property
    @abstractmethod
    def span(self) -> tuple[int, int]:
        """Half-open bounds of every ordinal that may occur, used to pack dimensions into one ordinal."""

    def key(self, ordinal: int) -> str:
        """The key of one ordinal."""
        import numpy as np

        return self.keys(np.array([ordinal], dtype=np.int64))[0]

    def ordinals(self, keys: Sequence[str]) -> Ints:
        """The ordinals of these keys; UsageError E203 with the nearest key for the first unknown one."""
        found, known = self.find(keys)
        if not known.all():
            raise self.unknown(keys[int(known.argmin())])
        return found

    def ordinal(self, key: str) -> int:
        """The ordinal of one key; UsageError E203 with the nearest key when there is none."""
        return int(self.ordinals([key])[0])

    def window(self, ordinal: int) -> Window | None:
        """The real time of a partition; None where it has none."""
        return None

    def dims(self, ordinal: int) -> Mapping[str, str]:
        """The key of each dimension of a multi-dimensional partition; empty for any other."""
        return {}

    def suggestions(self, key: str) -> list[str]:
        """Up to three keys that resemble ``key``, or an example of a well-formed one."""
        return []

    def unknown(self, key: str) -> UsageError:
        """The error for a text that is no key of this definition."""
        near = self.suggestions(key)
        hint = f"the nearest: {', '.join(shown(one) for one in near)}" if near else None
        return UsageError(
            "E203", f"{shown(key)} is not one of the {self.kind} partitions", help=hint
        )

    @property
    def dynamic_names(self) -> tuple[str, ...]:
        """The names of the dynamic partitions that have to be resolved before use."""
        return ()

    @property
    def dynamic_members(self) -> Mapping[str, PartitionSet]:
        """By the name of dynamic partitions that were looked up, the ordinals of their keys."""
        return {}

    def dynamic_parts(self, key: str) -> Mapping[str, str]:
        """The keys that one of these partitions is made of, by the name of their dynamic partitions."""
        return {}

    def may_come(self, key: str) -> bool:
        """Whether a text that ``find`` does not know may become a key while ``rows_codec`` stays as it is."""
        return False

    def resolve_with(self, lookup: DynamicKeys) -> PartitionsDefinition:
        """This definition with its dynamic keys looked up; itself when it has none."""
        return self

    def knowing(self, keys: Sequence[str]) -> PartitionsDefinition:
        """This definition, taking these texts for its dynamic keys: enough to say what they mean, not for ordinals."""
        return self


def as_array(ordinals: PartitionSet | Ints) -> Ints:
    """The ordinals as an array, whichever of the two forms they come in."""
    return ordinals.to_array() if isinstance(ordinals, PartitionSet) else ordinals


def no_ordinal(definition: PartitionsDefinition, ordinal: int) -> UsageError:
    """The error for an ordinal that is no partition of this definition."""
    return UsageError("E203", f"ordinal {ordinal} is not one of the {definition.kind} partitions")


def close_keys(key: str, keys: Sequence[str]) -> list[str]:
    """The nearest of many keys; only a sample is searched beyond 20,000, because difflib takes 10 us per key."""
    return difflib.get_close_matches(key, keys[:20_000], n=3, cutoff=0.5)


def require_aware(now: datetime) -> None:
    """Refuse a naive ``now``: what exists would depend on the machine's zone."""
    if now.utcoffset() is None:
        raise DefinitionError(
            "E202", f"`now={now.isoformat()}` has no time zone", help="pass an aware datetime"
        )
