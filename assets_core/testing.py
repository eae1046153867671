"""Testing assets: they stay plain functions, so most tests just call them. This gives them what they ask for.

def test_flights():
rows = flights(context(partition="2013-01-01"), raw_flights=frame, cleaning=Cleaning())

def test_chain(tmp_path):
project = memory_project([raw, clean, report], root=tmp_path)
assert project.materialize().ok
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from assets_core.declare.context import AssetContext, PartitionContext, RunInfo
from assets_core.model.assets import AssetDefinition
from assets_core.model.json import JSON
from assets_core.model.keys import AssetKey, asset_key
from assets_core.partitions import PartitionsDefinition, StaticPartitions
from assets_core.ports import Clock
from assets_core.project.adhoc import Declared, project_of
from assets_core.project.facade import Project

__all__ = ["context", "memory_project"]


def context(
    partition: str | Sequence[str] | None = None,
    *,
    asset: AssetDefinition | str = "asset",
    partitions: PartitionsDefinition | None = None,
    config: Mapping[str, JSON] | None = None,
    wanted: Iterable[str] = (),
    now: datetime | None = None,
) -> AssetContext:
    """A context as a step would make it.

    ``partition`` is one key, or the keys of a batch; ``partitions`` says what they are keys of (default: those of
    ``asset``, else the keys themselves, which then have no dates).
    """
    key, own = _described(asset)
    keys = (partition,) if isinstance(partition, str) else tuple(partition or ())
    definition = partitions or own or (StaticPartitions(keys) if keys else None)
    return AssetContext(
        key,
        RunInfo("test", "default", now or datetime.now(UTC)),
        logging.getLogger(f"assets.{key}"),
        frozenset(wanted),
        dict(config or {}),
        PartitionContext(key, definition, keys) if keys and definition is not None else None,
    )


def _described(asset: AssetDefinition | str) -> tuple[AssetKey, PartitionsDefinition | None]:
    if isinstance(asset, str):
        return asset_key(asset), None
    spec = asset.outputs[0]
    return spec.key, spec.partitions if spec.partitions.is_partitioned else None


def memory_project(
    declared: Iterable[Declared],
    *,
    root: Path,
    state_of: Project | None = None,
    overrides: Sequence[str] = (),
    clock: Clock | None = None,
) -> Project:
    """A project of these definitions whose state is kept in memory; values are written below ``root``.

    ``state_of`` continues with the state of an earlier one, as after an edit; both need the same ``root``.
    """
    project = project_of(declared, root=root, store="memory://", overrides=overrides, clock=clock)
    if state_of is not None:
        project.share_state(state_of)
    return project
