"""What is decided and ready but could not be claimed yet, in the order in which it is to be.

Greater priority first, then the order of the graph. What needs the same slots and counts for the same limits stands in
one queue: where one of them finds no room, none does, so a full pool costs one look however many wait for it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TypeAlias

from assets_core.model.pools import Needs
from assets_core.partitions import PartitionSet

Wanted: TypeAlias = "dict[int, PartitionSet]"
"""Per output of a definition, by asset number."""


class Backlog:
    """Ready partitions by definition. ``needs`` and ``priority`` are those of a definition number."""

    def __init__(self, needs: Callable[[int], Needs], priority: Callable[[int], int]) -> None:
        self._needs = needs
        self._priority = priority
        self._wanted: dict[int, Wanted] = {}
        self._queues: dict[Needs, list[tuple[int, int]]] = {}
        self._queued: set[int] = set()

    def add(self, definition: int, wanted: Mapping[int, PartitionSet]) -> None:
        """Keep these with what is kept of the same definition."""
        kept = self._wanted.setdefault(definition, {})
        for asset, partitions in wanted.items():
            kept[asset] = kept.get(asset, PartitionSet.EMPTY) | partitions
        if definition not in self._queued:
            self._queued.add(definition)
            entry = (-self._priority(definition), definition)
            heapq.heappush(self._queues.setdefault(self._needs(definition), []), entry)

    def of(self, definition: int) -> Wanted:
        """What is kept of a definition."""
        return self._wanted.get(definition, {})

    def drop(self, definition: int) -> None:
        """Forget what is kept of a definition."""
        self._wanted.pop(definition, None)

    def clear(self) -> None:
        """Forget everything."""
        self._wanted.clear()

    def __iter__(self) -> Iterator[int]:
        return iter(self._wanted)

    def take(self, but: Collection[Needs]) -> tuple[int, Wanted] | None:
        """The first that needs something else than ``but``, which is kept no longer."""
        heads = [
            (queue[0], queue)
            for needs, queue in self._queues.items()
            if needs not in but and self._skip_dropped(queue)
        ]
        if not heads:
            return None
        _, queue = min(heads, key=lambda head: head[0])
        _, definition = heapq.heappop(queue)
        self._queued.discard(definition)
        return definition, self._wanted.pop(definition)

    def _skip_dropped(self, queue: list[tuple[int, int]]) -> bool:
        """Take off what was dropped since; whether anything is left."""
        while queue and queue[0][1] not in self._wanted:
            self._queued.discard(heapq.heappop(queue)[1])
        return bool(queue)
