"""Adding and removing keys of dynamic partitions: idempotent, in one transaction, refused where a key is in use.

Nothing that is recorded of a removed key is lost. It keeps its ordinal, so that its records count again when the key is
added again, and no other key is ever taken for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from assets_core.declare.dynamic_sets import (
    DynamicName,
    as_keys,
    name_of,
    refuse_keys,
    unknown_name,
)
from assets_core.errors import ConflictError, NoMatchError, UsageError
from assets_core.model.assets import AssetDefinition
from assets_core.model.keys import AssetPartition
from assets_core.partitions.keys import shown
from assets_core.project.naming import asset_named

if TYPE_CHECKING:
    from assets_core.ports import Lease, Transaction
    from assets_core.project.facade import Project

Of: TypeAlias = "DynamicName | AssetDefinition"
"""Dynamic partitions, by name or as declared, or an asset that has them."""


@dataclass(frozen=True, slots=True)
class ChangedPartitions:
    """What a change came to: keys that were there already, or were not, are in neither."""

    name: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    count: int
    """How many keys there are now."""


def change_partitions(
    project: Project,
    of: Of,
    *,
    add: str | Iterable[str] = (),
    remove: str | Iterable[str] = (),
    force: bool = False,
) -> ChangedPartitions:
    """Add and remove keys; raises ConflictError E436 for a key in use unless ``force``, E201 for what can't be one."""
    name = dynamic_named(project, of)
    adding, removing = as_keys(add), as_keys(remove)
    refuse_keys(project.graph.definitions, name, adding)
    both = [key for key in removing if key in adding]
    if both:
        raise UsageError("E437", f"{shown(both[0])} is to be both added and removed")
    with project.writing() as store:
        with store.writing() as tx:
            facts = tx.set_dynamic(project.env, name, adding, removing)
            removed = tuple(key.key for key in facts if not key.live)
            if removed and not force:
                _refuse_used(project, tx, name, frozenset(removed))
        keys = store.dynamic_partitions(project.env).get(name, ())
    added = tuple(key.key for key in facts if key.live)
    return ChangedPartitions(name, added, removed, sum(key.live for key in keys))


def dynamic_named(project: Project, of: Of) -> str:
    """The name of the dynamic partitions that are meant; raises E433, E434 or E435 where none or several can be."""
    graph, names = project.graph, project.definitions.dynamic_names
    if isinstance(of, AssetDefinition):
        of = of.key
    named = name_of(of)
    try:
        number = None if named is not of else asset_named(graph, named)
    except NoMatchError:
        number = None
    own = (
        () if number is None else tuple(dict.fromkeys(graph.specs[number].partitions.dynamic_names))
    )
    if len(own) == 1:
        return own[0]
    if named in names:
        return named
    if number is None:
        raise unknown_name(named, names)
    spec = graph.specs[number]
    if own:
        listed = ", ".join(shown(one) for one in own)
        raise UsageError(
            "E435",
            f"`{spec.key}` has several dynamic partitions: {listed}",
            help="name one of these",
        )
    kind = (
        f"has {spec.partitions.kind} partitions" if spec.partitions.is_partitioned else "has none"
    )
    raise UsageError(
        "E434",
        f"partitions are added to and removed from `DynamicPartitions` only, and `{spec.key}` {kind}",
        place=spec.place,
        help='declare `partitions=DynamicPartitions("name")`, or edit the definition',
    )


def _refuse_used(project: Project, tx: Transaction, name: str, removed: frozenset[str]) -> None:
    """ConflictError E436 where something was made of a key, or is being made."""
    graph = project.graph
    having = {s.key: s.partitions for s in graph.specs if name in s.partitions.dynamic_names}
    taken: Mapping[AssetPartition, Lease | None] = tx.taken(project.env, list(having))
    used = sorted(
        key for key in taken if having[key.asset].dynamic_parts(key.partition).get(name) in removed
    )
    if not used:
        return
    first = used[0]
    what = "is materialized" if taken[first] is None else "is being computed by a run"
    more = f", and {len(used) - 1:,} more like it" if len(used) > 1 else ""
    key = having[first.asset].dynamic_parts(first.partition)[name]
    raise ConflictError(
        "E436",
        f"{shown(key)} cannot be removed from the dynamic partitions {shown(name)}: "
        f"`{first.asset}` {what} for {shown(first.partition)}{more}",
        help="remove it all the same with `--force` (`force=True`): what is recorded is kept, and counts again when "
        "the key is added again",
    )
