"""One evaluation of checks on a version that exists: what is due, and what is on its way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from assets_core.model.plans import CheckStep
from assets_core.model.records import MaterializationRecord
from assets_core.model.versions import InputVersion
from assets_core.ports import CheckRequest


@dataclass(frozen=True, slots=True)
class Due:
    """One version whose checks are to be evaluated; ``ordinal`` None is all of the asset's partitions together."""

    asset: int
    ordinal: int | None
    candidate: bool = False


@dataclass(frozen=True, slots=True)
class Checkup:
    """What is being evaluated, and on what: ``record`` is the version that the results are recorded with."""

    id: str
    due: Due
    record: MaterializationRecord
    related: Mapping[str, InputVersion]
    request: CheckRequest


def dues(step: CheckStep) -> Iterator[Due]:
    """What a step of a plan makes due, one by one."""
    if step.whole:
        yield Due(step.index, None)
        return
    for ordinal in step.partitions:
        yield Due(step.index, ordinal, step.candidate)
