"""Evaluating checks in the worker: on a version just written, or on one that exists.

Builders' checks go to the evaluators registered for their kind, which push them to DuckDB over the stored files; a
``@check`` function gets the loaded value. Whatever one raises is recorded as errored, which counts as failed.
"""

from __future__ import annotations

import contextlib
import logging
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from assets_core.declare.annotations import load_annotation
from assets_core.declare.context import AssetContext, PartitionContext, RunInfo
from assets_core.errors import AssetsError, ConflictError, CorruptionError, StepError
from assets_core.execution.capture import Capture
from assets_core.execution.check_results import errored_outcome
from assets_core.execution.failures import describe
from assets_core.execution.loading import Loader
from assets_core.execution.metadata import checked_metadata, plain_row
from assets_core.execution.results import awaited
from assets_core.execution.runtime import Runtime
from assets_core.execution.soundness import refuse_unsound, unsound_inputs
from assets_core.model.assets import AssetSpec, InputParameter, Parameter, Retry
from assets_core.model.checks import CheckOutcome, CheckResult, CheckSpec, CheckStatus
from assets_core.model.keys import AssetKey
from assets_core.model.outcomes import CheckRunOutcome
from assets_core.model.values import StoredPart, Written
from assets_core.ports import (
    BatchCheck,
    CheckRequest,
    OutputTask,
    PinnedInput,
    RelatedTable,
    Staged,
    StepRequest,
)

MAX_SAMPLE = 10
"""Failing rows that are kept of one result."""


def evaluate_checks(
    runtime: Runtime, loader: Loader, request: StepRequest, task: OutputTask, written: Written
) -> tuple[CheckOutcome, ...]:
    """Judge a version that was just written with every check that concerns one partition."""
    part = StoredPart(task.partition, Path(task.location), written)
    versions = {name: v for asset, name, v in request.check_versions if asset == task.asset}
    judge = _Judge(runtime, loader, task.asset, (part,), request.related, request.run, request.env)
    return judge.outcomes(versions)


def execute_checks(runtime: Runtime, request: CheckRequest, capture: Capture) -> CheckRunOutcome:
    """Judge a version that exists."""
    versions = {name: v for _, name, v in request.check_versions}
    refuse_other_checks(runtime, request.check_versions)
    with capture(request.log, runtime.redact), contextlib.chdir(runtime.root):
        loader = Loader(runtime)
        parts = request.others or (request.part,)
        judge = _Judge(
            runtime, loader, request.asset, parts, request.related, request.run, request.env
        )
        try:
            refuse_unsound(runtime.materializer, request.asset, parts)
            outcomes = judge.outcomes(versions)
        except CorruptionError as error:
            spec = _spec_of(runtime, request.asset)
            read = (PinnedInput(request.asset, None, parts), *request.related)
            unsound = tuple(unsound_inputs(runtime.materializers, read))
            return replace(errored_outcome(spec, request, error), unsound=unsound)
    reads = tuple(loader.reads.values())
    return CheckRunOutcome(request.call, request.asset, request.partition, outcomes, reads)


def refuse_other_checks(runtime: Runtime, planned: Sequence[tuple[AssetKey, str, str]]) -> None:
    """Raise ConflictError E501 where a check's code here is not the planned one: its result would be another's."""
    for asset in dict.fromkeys(asset for asset, _, _ in planned):
        here = runtime.check_versions_of(asset)
        for key, name, version in planned:
            if key == asset and here.get(name) != version:
                raise ConflictError(
                    "E501",
                    f"the check {name} of `{asset}` is no longer what was planned",
                    place=runtime.definitions[asset].place,
                    help="plan again: it was edited meanwhile",
                )


class _Judge:
    """Evaluates the checks of one asset on one stored version."""

    def __init__(
        self,
        runtime: Runtime,
        loader: Loader,
        asset: AssetKey,
        parts: tuple[StoredPart, ...],
        related: tuple[PinnedInput, ...],
        run: str,
        env: str,
    ) -> None:
        self.runtime = runtime
        self.loader = loader
        self.asset = asset
        self.parts = parts
        self.related = {p.upstream: p for p in related}
        self.run = RunInfo(run, env, datetime.now(UTC))
        self.spec = _spec_of(runtime, asset)

    def outcomes(self, versions: Mapping[str, str]) -> tuple[CheckOutcome, ...]:
        """The outcome of every check named in ``versions``, in declared order; a crash is *errored*.

        Raises CorruptionError where what they read is damaged: then nothing was judged.
        """
        checks = [c for c in self.spec.checks if c.name in versions]
        answers = self._answers(checks)
        return tuple(self._outcome(c, versions[c.name], answers[c.name]) for c in checks)

    def _answers(self, checks: Sequence[CheckSpec]) -> dict[str, CheckResult | BaseException]:
        """Each check's answer by name; those that one evaluator can judge together share one scan."""
        groups: dict[object, list[CheckSpec]] = {}
        answers: dict[str, CheckResult | BaseException] = {}
        for check in checks:
            evaluator = self.runtime.evaluators.get(check.kind)
            together = evaluator.evaluate_many if isinstance(evaluator, BatchCheck) else None
            groups.setdefault(together or check.name, []).append(check)
        for group in groups.values():
            try:
                answers |= self._judged(group)
            except CorruptionError:  # says nothing of what is judged, only that it cannot be
                raise
            except BaseException as error:
                answers |= dict.fromkeys((c.name for c in group), error)
        return answers

    def _outcome(
        self, check: CheckSpec, version: str, answer: CheckResult | BaseException
    ) -> CheckOutcome:
        if isinstance(answer, BaseException):
            return self._errored(check, version, answer)
        status = CheckStatus.PASSED if answer.passed else CheckStatus.FAILED
        return CheckOutcome(
            check.name,
            status,
            check.severity,
            check.blocking,
            version,
            answer.count,
            answer.sample,
            answer.metadata,
            answer.message,
            check.scope,
        )

    def _errored(self, check: CheckSpec, version: str, error: BaseException) -> CheckOutcome:
        failure = describe(error, self.runtime.redact, Retry())
        message = (
            failure.message
            if isinstance(error, AssetsError)
            else f"{failure.kind}: {failure.message}"
        )
        return CheckOutcome(
            check.name,
            CheckStatus.ERRORED,
            check.severity,
            check.blocking,
            version,
            message=message,
            scope=check.scope,
        )

    # --- checks of a registered kind ----------------------------------------------------------------------------

    def _judged(self, group: Sequence[CheckSpec]) -> Mapping[str, CheckResult | BaseException]:
        first = group[0]
        if first.kind == "python":
            return {first.name: self._function(first)}
        evaluator = self.runtime.evaluators.get(first.kind)
        if evaluator is None:
            known = ", ".join(sorted(self.runtime.evaluators))
            raise StepError(
                "E540", f"there is no check of kind `{first.kind}`", help=f"known: {known}"
            )
        materializer = self.runtime.materializers.get(self.parts[0].written.materializer)
        tables = materializer.tables(self.parts) if materializer is not None else None
        files = tuple(tables) if tables is not None else None
        staged = Staged(self.asset, self.parts[0].partition, self.parts, files)
        names = dict.fromkeys(r.upstream for c in group for r in c.relations)
        related = {name: self._related(name) for name in names}
        if isinstance(evaluator, BatchCheck):
            answers = evaluator.evaluate_many(group, staged, related)
            return {c.name: a for c, a in zip(group, answers, strict=True)}
        return {first.name: evaluator.evaluate(first, staged, related)}

    def _related(self, name: str) -> RelatedTable:
        pinned = next(p for k, p in self.related.items() if k == name or k.endswith(f"/{name}"))
        if pinned.source:
            return RelatedTable(pinned.upstream, (), self.loader.load(pinned, None, optional=False))
        paths: list[Path] = []
        refuse_unsound(self.runtime.materializer, pinned.upstream, pinned.parts)
        for part in pinned.parts:
            materializer = self.runtime.materializer(part.written.materializer)
            paths += materializer.tables((part,)) or ()
        return RelatedTable(pinned.upstream, tuple(paths))

    # --- check functions ----------------------------------------------------------------------------------------

    def _function(self, check: CheckSpec) -> CheckResult:
        assert check.function is not None
        arguments: dict[str, object] = {}
        for parameter in check.parameters:
            assert not isinstance(parameter, str)
            arguments.update(self._argument(check.function, parameter))  # type: ignore[arg-type]
        answer = awaited(check.function(**arguments))
        if isinstance(answer, CheckResult):
            return _plain(answer, self.runtime.redact)
        if isinstance(answer, bool) or type(answer).__name__ == "bool":
            return CheckResult(bool(answer))
        raise StepError(
            "E541",
            f"check `{check.name}` returned `{type(answer).__name__}`",
            place=check.place,
            help="return a bool or a CheckResult",
        )

    def _argument(
        self, function: Callable[..., object], parameter: Parameter
    ) -> Mapping[str, object]:
        if isinstance(parameter, InputParameter):
            annotation = load_annotation(parameter.dependency.annotation, function)
            upstream = parameter.dependency.upstream
            if upstream in (self.asset, self.asset.name):
                own = PinnedInput(self.asset, parameter.name, self.parts)
                return {parameter.name: self.loader.load(own, annotation, optional=False)}
            pinned = self.related[AssetKey(upstream)]
            return {parameter.name: self.loader.load(pinned, annotation, optional=False)}
        return self.loader.arguments(function, (parameter,), (), self._context())

    def _context(self) -> AssetContext:
        keys = tuple(p.partition for p in self.parts)
        partitioning = (
            PartitionContext(self.asset, self.spec.partitions, keys) if keys != ("",) else None
        )
        return AssetContext(
            self.asset,
            self.run,
            logging.getLogger(f"assets.{self.asset}"),
            partitioning=partitioning,
        )


def _plain(result: CheckResult, redact: Callable[[str], str]) -> CheckResult:
    """A user's result as it can be recorded, without secrets; raises StepError E530 for metadata that is not JSON."""
    return CheckResult(
        bool(result.passed),
        None if result.count is None else operator.index(result.count),
        tuple(plain_row(row, redact) for row in result.sample[:MAX_SAMPLE]),
        checked_metadata(result.metadata, redact),
        redact(str(result.message)),
    )


def _spec_of(runtime: Runtime, asset: AssetKey) -> AssetSpec:
    return next(s for s in runtime.definitions[asset].outputs if s.key == asset)
