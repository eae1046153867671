"""``plan``, ``materialize`` and ``load`` for scripts and notebooks."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal

from assets_core.execution.tally import RunResult
from assets_core.model.assets import AssetDefinition
from assets_core.model.conflicts import conflict_named
from assets_core.project.adhoc import Declared, project_of
from assets_core.project.facade import Planned, Project
from assets_core.project.running import RunOptions
from assets_core.project.unenforced import unenforced_timeouts
from assets_core.project.values import load_value
from assets_core.project.wishes import Wish


def plan(
    assets: Project | Iterable[Declared] | None = None,
    *,
    select: str | Sequence[str] = (),
    partitions: str | Sequence[str] = (),
    force: bool = False,
) -> Planned:
    """What is out of date, and why; nothing is run. None is the project found upward from here."""
    return _project(assets).plan(_wish(select, partitions, force=force))


def materialize(
    assets: Project | Iterable[Declared] | None = None,
    *,
    select: str | Sequence[str] = (),
    partitions: str | Sequence[str] = (),
    force: bool = False,
    executor: str | None = None,
    jobs: int | None = None,
    on_conflict: Literal["wait", "join", "fail"] | None = None,
) -> RunResult:
    """Materialize what is out of date; outcomes are in the result, exceptions mean misuse or a bug.

    ``on_conflict`` says what to do where another live run holds an asset-partition: go on with everything else, then
    decide again (``wait``, the default), take what becomes of it there (``join``), or end as failed (``fail``).

    Definitions given as values run inline: another process could not import what a notebook cell defines.
    """
    options = RunOptions(
        executor=executor,
        jobs=jobs,
        on_conflict=None if on_conflict is None else conflict_named(on_conflict),
    )
    project = _project(assets)
    chosen = executor or project.definitions.settings.executor

    def warn(planned: Planned) -> None:
        if (text := unenforced_timeouts(planned, chosen)) is not None:
            warnings.warn(text, stacklevel=4)

    wish = _wish(select, partitions, force=force)
    return project.materialize(wish, options, planned=warn)


def load(
    asset: str | AssetDefinition,
    *,
    as_type: object = None,
    partition: str | Sequence[str] | None = None,
    project: Project | None = None,
) -> Any:
    """The current value of an asset, or of some of its partitions joined; as produced unless ``as_type`` says.

    A definition that is not of the project found upward is looked up as what ``materialize([...])`` made of it.
    """
    key = asset.key if isinstance(asset, AssetDefinition) else asset
    found = project or _project_with(asset)
    return load_value(found, key, as_type, partition)


def _project_with(asset: str | AssetDefinition) -> Project:
    """The project to look an asset up in: one of its own for what a script or a notebook cell defined."""
    if isinstance(asset, AssetDefinition):
        function = getattr(asset.body, "function", None)
        if getattr(function, "__module__", None) == "__main__":
            return project_of([_alone(asset)])
    return Project.load()


def _alone(asset: AssetDefinition) -> AssetDefinition:
    """The definition as one that reads nothing: enough to find and load what was materialized."""
    outputs = tuple(replace(spec, checks=()) for spec in asset.outputs)
    return replace(asset, dependencies=(), outputs=outputs)


def _project(assets: Project | Iterable[Declared] | None) -> Project:
    if assets is None:
        return Project.load()
    return assets if isinstance(assets, Project) else project_of(assets)


def _wish(select: str | Sequence[str], partitions: str | Sequence[str], *, force: bool) -> Wish:
    return Wish(_texts(select), (), _texts(partitions), force)


def _texts(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
