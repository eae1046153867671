"""Which of a mapping is user code: its classes count for the code of what reads through it."""

from __future__ import annotations

from collections.abc import Iterator

from assets_core.partitions.mappings import DimensionOf, Multi, PartitionMapping

_OURS = __name__.rpartition(".")[0] + "."


def own_classes(mapping: PartitionMapping | None) -> Iterator[type]:
    """The classes that users defined, also within ``DimensionOf`` and ``Multi``."""
    match mapping:
        case None:
            return
        case DimensionOf(inner=inner):
            yield from own_classes(inner)
        case Multi(links=links):
            for _, one in links.values():
                yield from own_classes(one)
        case _ if not type(mapping).__module__.startswith(_OURS):
            yield type(mapping)
        case _:
            return
