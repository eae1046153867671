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
from assets_core.ports import PinnedInput, StateReader
from assets_core.project.observing import existing_keys

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
    with project.reading() as reader:
        if project.definition(number).is_source:
            wanted = _source_partitions(project, reader, number, partition)
            pinned = PinnedInput(asset, None, (), source=True, partitions=wanted)
        else:
            pinned = PinnedInput(asset, None, tuple(_parts(project, reader, number, partition)))
    with contextlib.chdir(project.root):  # as everywhere: a source's relative paths start there
        return Loader(project.definitions.runtime).load(pinned, as_type, optional=False)


def _source_partitions(
    project: Project, reader: StateReader, number: int, partition: str | Sequence[str] | None
) -> tuple[str, ...]:
    """The partitions of a source to load: those asked for, else all that it has now."""
    graph = project.definitions.graph_with(reader)
    definition = graph.specs[number].partitions
    if partition is not None:
        keys = (partition,) if isinstance(partition, str) else tuple(partition)
        definition.ordinals(keys)
        return keys
    if not definition.is_partitioned:
        return ("",)
    existing = existing_keys(graph, number, project.clock.now())
    with contextlib.chdir(project.root):
        seen = observe_source(project.definitions.runtime, graph.keys[number], existing)
    return tuple(key for key in existing if key in seen)


def _parts(
    project: Project, reader: StateReader, number: int, partition: str | Sequence[str] | None
) -> Sequence[StoredPart]:
    found = stored_parts(project, reader, number, partition)
    found = [part for part in found if part.written.materializer != OMITTED]
    if not found:
        asset = project.graph.keys[number]
        raise StepError(
            "E431", f"`{asset}` is not materialized", help=f"run it: assets materialize {asset}"
        )
    return found


def stored_parts(
    project: Project, reader: StateReader, number: int, partition: str | Sequence[str] | None
) -> list[StoredPart]:
    """What readers see of an asset, or of some of its partitions, in the order of partitions."""
    asset, home = project.graph.keys[number], project.definitions.home
    if partition is None:
        records = list(reader.current_of(project.env, asset).values())
    else:
        keys = [partition] if isinstance(partition, str) else list(partition)
        found = reader.current(project.env, [AssetPartition(asset, key) for key in keys])
        records = list(found.values())
    definition = project.definitions.graph_with(reader).specs[number].partitions
    ordinals, known = definition.find([r.partition for r in records])
    records = [records[n] for n in ordinals.argsort(kind="stable").tolist() if known[n]]
    return [StoredPart(r.partition, home.version_of(r), r.written) for r in records]
