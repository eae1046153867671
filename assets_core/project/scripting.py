"""``plan``, ``materialize`` and ``load`` for scripts and notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assets_core.execution.tally import RunResult
from assets_core.model.assets import AssetDefinition
from assets_core.project.facade import Planned, Project
from assets_core.project.running import RunOptions
from assets_core.project.values import load_value
from assets_core.project.wishes import Wish


def plan(
    project: Project | None = None,
    *,
    select: str | Sequence[str] = (),
    partitions: str | Sequence[str] = (),
    force: bool = False,
) -> Planned:
    """What is out of date in the project found upward from here, and why; nothing is run."""
    return (project or Project.load()).plan(_wish(select, partitions, force=force))


def materialize(
    project: Project | None = None,
    *,
    select: str | Sequence[str] = (),
    partitions: str | Sequence[str] = (),
    force: bool = False,
    executor: str | None = None,
    jobs: int | None = None,
) -> RunResult:
    """Materialize what is out of date; outcomes are in the result, exceptions mean misuse or a bug."""
    options = RunOptions(executor=executor, jobs=jobs)
    wish = _wish(select, partitions, force=force)
    return (project or Project.load()).materialize(wish, options)


def load(
    asset: str | AssetDefinition,
    *,
    as_type: object = None,
    partition: str | Sequence[str] | None = None,
    project: Project | None = None,
) -> Any:
    """The current value of an asset, or of some of its partitions joined; as produced unless ``as_type`` says."""
    key = asset.key if isinstance(asset, AssetDefinition) else asset
    return load_value(project or Project.load(), key, as_type, partition)


def _wish(select: str | Sequence[str], partitions: str | Sequence[str], *, force: bool) -> Wish:
    return Wish(_texts(select), (), _texts(partitions), force)


def _texts(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
