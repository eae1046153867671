"""Results of checks as they are compared and recorded: the latest of each, and what a crash of the worker counts as."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypeAlias

from assets_core.errors import AssetsError
from assets_core.model.assets import AssetSpec
from assets_core.model.checks import CheckOutcome, CheckStatus
from assets_core.model.outcomes import CheckRunOutcome
from assets_core.model.records import CheckRecord
from assets_core.model.versions import InputVersion
from assets_core.ports import CheckRequest, StateReader

Results: TypeAlias = dict[int, dict[str, tuple[str, InputVersion]]]
"""Per materialization number: check -> (version, related) of its latest result."""


def results_of(reader: StateReader, numbers: Collection[int]) -> Results:
    """The latest result of each check evaluated on these materializations."""
    return latest_results(reader.check_results(numbers) if numbers else ())


def latest_results(records: Iterable[CheckRecord]) -> Results:
    """The latest result of each check among ``records``, which stand in the order of evaluation."""
    found: Results = {}
    for record in records:
        results = found.setdefault(record.materialization, {})
        results[record.outcome.name] = (record.outcome.version, record.related)
    return found


def whole_result(record: CheckRecord) -> tuple[str, InputVersion, bool]:
    """(version, what was judged, whether it blocks) of a check of a whole asset."""
    return record.outcome.version, record.related, record.outcome.blocks


def errored_outcome(spec: AssetSpec, request: CheckRequest, error: AssetsError) -> CheckRunOutcome:
    """Every check of the request as errored, because of what ended its worker."""
    versions = {name: version for _, name, version in request.check_versions}
    outcomes = tuple(
        CheckOutcome(
            check.name,
            CheckStatus.ERRORED,
            check.severity,
            check.blocking,
            versions[check.name],
            message=error.message,
            scope=check.scope,
        )
        for check in spec.checks
        if check.name in versions
    )
    return CheckRunOutcome(request.call, request.asset, request.partition, outcomes)
