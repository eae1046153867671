"""What a check is, and what one evaluation of it found.

A check belongs to an asset but is no part of its code version: editing one never makes data stale. Its own version is
of what decides its answer and of whether it blocks: softening a check is a change that can publish what it kept back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from assets_core.errors import Place
from assets_core.model.json import JSON

Scope: TypeAlias = Literal["partition", "asset"]


class Severity(StrEnum):
    """What a failure means to the reader; ERROR blocks publication unless ``blocking=False``."""

    WARN = "warn"
    ERROR = "error"


class CheckStatus(StrEnum):
    """A check that crashes is *errored*, which counts as failed."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"


@dataclass(frozen=True, slots=True)
class Relation:
    """Another asset that a check reads: an edge that the owner's step waits for."""

    upstream: str
    columns: tuple[str, ...] | None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class CheckSpec:
    """One check of one asset.

    ``kind`` names the evaluator (an entry point of ``assets_core.checks``) and ``config`` is everything that decides
    its answer, as JSON. A ``@check`` function has kind ``python`` and carries its ``function`` and ``parameters``.
    """

    name: str
    kind: str
    config: Mapping[str, JSON] = field(default_factory=dict)
    severity: Severity = Severity.ERROR
    blocking: bool = True
    scope: Scope = "partition"
    relations: tuple[Relation, ...] = ()
    function: Callable[..., object] | None = None
    parameters: tuple[object, ...] = ()
    """Of a ``@check`` function: the same closed union of parameters that an asset's function has."""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one evaluation found. User functions may return it instead of a bool.

    ``count`` is the number of failing rows (or of what the check counts), ``sample`` up to ten of them as JSON rows.
    """

    passed: bool
    count: int | None = None
    sample: tuple[Mapping[str, JSON], ...] = ()
    metadata: Mapping[str, JSON] = field(default_factory=dict)
    message: str = ""


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """One evaluation as it is recorded: the result, and under which version of the check."""

    name: str
    status: CheckStatus
    severity: Severity
    blocking: bool
    version: str
    """The check's version: 32 hex digits over its kind, config and code."""
    count: int | None = None
    sample: tuple[Mapping[str, JSON], ...] = ()
    metadata: Mapping[str, JSON] = field(default_factory=dict)
    message: str = ""
    scope: Scope = "partition"

    @property
    def blocks(self) -> bool:
        """Whether this keeps a new version from being published."""
        return self.blocking and self.status is not CheckStatus.PASSED
