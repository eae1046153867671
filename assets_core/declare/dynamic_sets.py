"""Names and keys of dynamic partitions as people give them, and the errors for those that can't be meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypeAlias

from assets_core.errors import AssetsError, DefinitionError, NoMatchError
from assets_core.model.assets import AssetDefinition
from assets_core.partitions import DynamicKey, DynamicPartitions, check_key
from assets_core.partitions.keys import shown

DynamicName: TypeAlias = "str | DynamicPartitions"


def name_of(partitions: DynamicName) -> str:
    """The name under which the keys are kept."""
    return partitions.name if isinstance(partitions, DynamicPartitions) else partitions


def as_keys(keys: str | Iterable[str]) -> tuple[str, ...]:
    """Each key once, in the order given; a text is one key. Raises DefinitionError E201 for what can't be one."""
    listed = (keys,) if isinstance(keys, str) else tuple(keys)
    return tuple(dict.fromkeys(check_key(key) for key in listed))


def refuse_keys(definitions: Collection[AssetDefinition], name: str, keys: tuple[str, ...]) -> None:
    """NoMatchError E433 for a name that no asset uses, DefinitionError E202 for keys too long for some asset.

    Within several dimensions the keys of one partition share the length of a key. Each dynamic dimension gets as much,
    so that what one key may be does not depend on the others.
    """
    having = [s for d in definitions for s in d.outputs if name in s.partitions.dynamic_names]
    if not having:
        every = {n for d in definitions for s in d.outputs for n in s.partitions.dynamic_names}
        raise unknown_name(name, every)
    proposed = [DynamicKey(ordinal, key) for ordinal, key in enumerate(keys)]
    for spec in having:
        try:
            spec.partitions.resolve_with(lambda _: proposed)
        except AssetsError as error:
            message = f"`{spec.key}` cannot have these partitions: {error.message}"
            raise DefinitionError(error.code, message, place=spec.place, help=error.help) from None


def unknown_name(name: str, names: Collection[str]) -> NoMatchError:
    """E433 with the names that there are."""
    listed = ", ".join(shown(one) for one in sorted(names)[:8])
    return NoMatchError(
        "E433",
        f"there are no dynamic partitions {shown(name)}, and no asset of that name",
        help=f"the dynamic partitions here are {listed}"
        if listed
        else "no asset has DynamicPartitions",
    )
