"""Reading current values back, for scripts and notebooks: what readers see, never a candidate."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from assets_core.errors import NoMatchError, StepError
from assets_core.execution.loading import Loader
from assets_core.execution.observing import observe_source
from assets_core.model.keys import AssetPartition
from assets_core.model.values import OMITTED, StoredPart
from assets_core.ports import PinnedInput

if TYPE_CHECKING:
    from assets_core.project.facade import Project


def load_value(
    project: Project, key: str, as_type: object, partition: str | Sequence[str] | None
) -> object:
    """The current value of an asset, joined over the partitions asked for (default: all that are materialized).

    Raises NoMatchError E430 for an unknown key and StepError E431 where nothing is materialized.
    """
    number = project.graph.numbers.get(key)  # type: ignore[call-overload]
    if number is None:
        raise NoMatchError("E430", f"there is no asset `{key}`", help="list them: assets ls")
    asset = project.graph.keys[number]
    if project.definition(number).is_source:
        wanted = _source_partitions(project, number, partition)
        pinned = PinnedInput(asset, None, (), source=True, partitions=wanted)
    else:
        pinned = PinnedInput(asset, None, tuple(_parts(project, number, partition)))
    with contextlib.chdir(project.root):  # as everywhere: a source's relative paths start there
        return Loader(project.definitions.runtime).load(pinned, as_type, optional=False)


def _source_partitions(
    project: Project, number: int, partition: str | Sequence[str] | None
) -> tuple[str, ...]:
    """The partitions of a source to load: those asked for, else all that it has now."""
    definition = project.graph.specs[number].partitions
    if partition is not None:
        keys = (partition,) if isinstance(partition, str) else tuple(partition)
        definition.ordinals(keys)
        return keys
    if not definition.is_partitioned:
        return ("",)
    runtime, now = project.definitions.runtime, project.clock.now()
    with contextlib.chdir(project.root):
        seen = observe_source(runtime, project.graph.keys[number], now)
    return tuple(k for k in definition.keys(definition.existing(now)) if k in seen)


def _parts(
    project: Project, number: int, partition: str | Sequence[str] | None
) -> Sequence[StoredPart]:
    asset = project.graph.keys[number]
    with project.reading() as reader:
        if partition is None:
            records = list(reader.current_of(project.env, asset).values())
        else:
            keys = [partition] if isinstance(partition, str) else list(partition)
            wanted = [AssetPartition(asset, k) for k in keys]
            found = reader.current(project.env, wanted)
            records = [found[w] for w in wanted if w in found]
    records = [r for r in records if r.written.materializer != OMITTED]
    if not records:
        raise StepError(
            "E431", f"`{asset}` is not materialized", help=f"run it: assets materialize {asset}"
        )
    ordinals, known = project.graph.specs[number].partitions.find([r.partition for r in records])
    records = [records[n] for n in ordinals.argsort(kind="stable").tolist() if known[n]]
    home = project.definitions.home
    return [
        StoredPart(r.partition, home.version(r.asset, r.partition, r.attempt), r.written)
        for r in records
    ]
