"""What judges a staged version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from assets_core.errors import AssetsError
from assets_core.model.checks import CheckResult, CheckSpec
from assets_core.model.keys import AssetKey
from assets_core.model.values import StoredPart


@dataclass(frozen=True, slots=True)
class Staged:
    """A written version that a check judges: before publication, or one that exists."""

    asset: AssetKey
    partition: str
    parts: tuple[StoredPart, ...]
    """One part, or every partition of the asset for a check of scope ``asset``."""
    tables: tuple[Path, ...] | None
    """The Parquet files of ``parts``; None where the value is not tabular."""


@dataclass(frozen=True, slots=True)
class RelatedTable:
    """Another asset that a check reads: stored Parquet files, or a table in memory that a source returned."""

    asset: AssetKey
    tables: tuple[Path, ...] = ()
    value: object = None


class Check(Protocol):
    """An evaluator of one kind of check."""

    kind: str

    def evaluate(
        self, spec: CheckSpec, staged: Staged, related: Mapping[str, RelatedTable]
    ) -> CheckResult:
        """Judge ``staged``; ``related`` is keyed as in ``spec.relations``. What it raises is recorded as errored."""
        ...


@runtime_checkable
class BatchCheck(Check, Protocol):
    """An evaluator that judges several checks of one version in one scan.

    Kinds whose ``evaluate_many`` is one and the same function are judged together.
    """

    def evaluate_many(
        self, specs: Sequence[CheckSpec], staged: Staged, related: Mapping[str, RelatedTable]
    ) -> Sequence[CheckResult | AssetsError]:
        """One answer per spec, in order; a check that cannot be judged is answered with its error."""
        ...
