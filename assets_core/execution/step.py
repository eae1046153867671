"""One call, in the worker: load the pinned inputs, call, write, check, make durable, and tell what came of it.

The store is never seen here. A step fails as an outcome, per asset-partition: what was written and checked before an
exception stays good. Data is on disk before the outcome leaves, because the record must never point at less (G4).
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from assets_core.declare.outputs import Output
from assets_core.errors import ConflictError, CorruptionError, StepError
from assets_core.execution.audit import watched
from assets_core.execution.capture import Capture, LogFile
from assets_core.execution.checking import evaluate_checks, refuse_other_checks
from assets_core.execution.failures import describe
from assets_core.execution.loading import NOTHING_STORED, Loader, make_context
from assets_core.execution.metadata import checked_metadata
from assets_core.execution.paths import refuse_links, sync_trees
from assets_core.execution.queries import run_query
from assets_core.execution.results import awaited, outputs_of
from assets_core.execution.runtime import Runtime
from assets_core.execution.soundness import unsound_inputs
from assets_core.execution.storing import not_durable, stored
from assets_core.model.assets import (
    AssetDefinition,
    AssetSpec,
    ConfigParameter,
    PythonBody,
    SqlBody,
)
from assets_core.model.json import JSON
from assets_core.model.keys import AssetKey
from assets_core.model.outcomes import (
    NotProduced,
    Omitted,
    OutputOutcome,
    Produced,
    StepOutcome,
    Unsound,
)
from assets_core.model.records import Failure
from assets_core.model.values import Written
from assets_core.model.versions import DataVersion, digest
from assets_core.ports import OutputTask, StepRequest, WriteOptions
from assets_core.private_folders import make_private


def execute_step(runtime: Runtime, request: StepRequest, capture: Capture) -> StepOutcome:
    """Make one call and return what came of each of its asset-partitions; never raises for user code."""
    started = time.monotonic()
    with capture(request.log, runtime.redact) as log, contextlib.chdir(runtime.root):
        step = _Step(runtime, request, log)
        outputs = step.durable(tuple(step.run()))
    return StepOutcome(
        request.call,
        outputs,
        tuple(step.loader.reads.values()),
        time.monotonic() - started,
        log.path,
        tuple(log.tail),
        tuple(step.undeclared),
        step.added_partitions(),
        step.unsound(),
    )


class _Step:
    def __init__(self, runtime: Runtime, request: StepRequest, log: LogFile) -> None:
        self.runtime = runtime
        self.request = request
        self.definition = runtime.definitions[request.key]
        self.specs = {s.key: s for s in self.definition.outputs}
        self.tasks = {(o.asset, o.partition): o for o in request.outputs}
        self.loader = Loader(runtime)
        self.undeclared: list[str] = []
        self._met_damage = False
        self._created: list[Path] = []
        self._locations: list[Path] = []
        self.context = make_context(
            self.definition,
            runtime.definitions.values(),
            request,
            _logger(request, log),
            self._config_values(),
        )

    def run(self) -> Iterator[OutputOutcome]:
        """Every task's outcome: produced as the call goes on, the rest when it has ended."""
        left = dict(self.tasks)
        failure: Failure | None = None
        try:
            self._refuse_other_code()
            for asset, partition, output in self._call():
                task = left.pop((asset, partition), None)
                if task is not None:
                    yield self._produce(task, output)
                elif (asset, partition) in self.tasks:
                    raise _twice(asset, partition)
        except BaseException as error:
            failure = self._failure(error)
        for task in left.values():
            yield self._left_over(task, failure)

    def added_partitions(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The keys that the call added, by the name of their partitions."""
        found: dict[str, dict[str, None]] = {}
        for added in self.context.added_partitions:
            found.setdefault(added.name, {}).update(dict.fromkeys(added.keys))
        return tuple((name, tuple(keys)) for name, keys in found.items())

    def durable(self, outcomes: tuple[OutputOutcome, ...]) -> tuple[OutputOutcome, ...]:
        """The outcomes once everything written is on disk; none of it counts where that fails."""
        try:
            sync_trees(self._locations, self._created)
        except OSError as error:
            failure = self._failure(
                not_durable(error, f"`{self.definition.key}`", self.definition.place)
            )
            return tuple(NotProduced(o.asset, o.partition, o.attempt, failure) for o in outcomes)
        return outcomes

    def unsound(self) -> tuple[Unsound, ...]:
        """Where a read failed of damage, everything among the inputs that is damaged: all of it is to be made again."""
        if not self._met_damage:
            return ()
        read = (*self.request.inputs, *self.request.related)
        return tuple(unsound_inputs(self.runtime.materializers, read))

    def _failure(self, error: BaseException) -> Failure:
        self._met_damage |= isinstance(error, CorruptionError)
        return describe(error, self.runtime.redact, self.definition.retry)

    def _refuse_other_code(self) -> None:
        """The planned code must be the code that runs: it was edited if these differ."""
        for (asset, code), (_, config) in zip(self.request.code, self.request.config, strict=True):
            if self.runtime.versions_of(asset) != (code, config):
                self.runtime.explain_other_code(asset, self.request)
                raise ConflictError(
                    "E501",
                    f"the code or config of `{asset}` is no longer what was planned",
                    place=self.definition.place,
                    help="plan again: it was edited meanwhile",
                )
        refuse_other_checks(self.runtime, self.request.check_versions)

    # --- calling ------------------------------------------------------------------------------------------------

    def _call(self) -> Iterator[tuple[AssetKey, str, Output[object]]]:
        body = self.definition.body
        partitions = tuple(dict.fromkeys(o.partition for o in self.request.outputs))
        if isinstance(body, SqlBody):
            yield from self._queried(body, partitions)
            return
        assert isinstance(body, PythonBody)
        arguments = self.loader.arguments(
            body.function, body.parameters, self.request.inputs, self.context
        )
        with watched(self._declared) as opened:
            results = outputs_of(self.definition, partitions, awaited(body.function(**arguments)))
            first = next(results, None)
        self.undeclared += opened
        while first is not None:
            yield first
            with watched(self._declared) as opened:
                first = next(results, None)
            self.undeclared += [o for o in opened if o not in self.undeclared]

    def _declared(self) -> Iterator[Path]:
        """Where the inputs and the outputs of the call lie."""
        yield from (output.location for output in self.request.outputs)
        yield from (part.location for one in self.request.inputs for part in one.parts)

    def _queried(
        self, body: SqlBody, partitions: tuple[str, ...]
    ) -> Iterator[tuple[AssetKey, str, Output[object]]]:
        for partition in partitions:
            with run_query(self.runtime, self.loader, body, self.request, partition) as relation:
                yield self.definition.key, partition, Output(relation)

    def _config_values(self) -> dict[str, JSON]:
        """The resolved values of every Config parameter, by field."""
        body = self.definition.body
        found: list[ConfigParameter] = []
        if isinstance(body, PythonBody):
            found = [p for p in body.parameters if isinstance(p, ConfigParameter)]
        values: dict[str, JSON] = {}
        for parameter in found:
            from assets_core.declare.config import Config, config_values

            config = self.runtime.resolve_config(parameter.model, self.definition.key)
            assert isinstance(config, Config)
            values.update(config_values(config))
        return values

    # --- writing ------------------------------------------------------------------------------------------------

    def _produce(self, task: OutputTask, output: Output[object]) -> OutputOutcome:
        try:
            written = self._write(task, output)
            checks = evaluate_checks(self.runtime, self.loader, self.request, task, written)
            metadata = checked_metadata(
                {**self._added(task), **output.metadata}, self.runtime.redact
            )
        except BaseException as error:
            failure = self._failure(error)
            return NotProduced(task.asset, task.partition, task.attempt, failure)
        return Produced(task.asset, task.partition, task.attempt, written, checks, metadata)

    def _write(self, task: OutputTask, output: Output[object]) -> Written:
        spec = self.specs[task.asset]
        if output.value is None and spec.materializer is None:
            version = output.data_version or digest("attempt", task.attempt)
            return Written(NOTHING_STORED, DataVersion(str(version)), (), NOTHING_STORED)
        refuse_links(task.location)
        with stored(task.asset, task.location, self.definition.place):
            materializer = self.runtime.choose_materializer(output.value, spec.materializer)
            options = self.runtime.materializer_options.get(materializer.name, {})
            self._created += make_private(task.location)
            written = materializer.write(
                output.value, task.location, _write_options(spec, self.definition, options)
            )
        self._locations.append(task.location)
        if output.data_version is None:
            return written
        version = DataVersion(digest("given", str(output.data_version)))
        return replace(written, data_version=version, columns=None)

    def _added(self, task: OutputTask) -> dict[str, object]:
        values: dict[str, object] = {}
        name = self.specs[task.asset].output or task.asset.name
        for added in self.context.added:
            if added.output in (None, name, task.asset) and added.partition in (
                None,
                task.partition,
            ):
                values.update(added.values)
        return values

    def _left_over(self, task: OutputTask, failure: Failure | None) -> OutputOutcome:
        """What the call did not give: failed with the call, left out on purpose, or forgotten."""
        if failure is not None:
            return NotProduced(task.asset, task.partition, task.attempt, failure)
        if self.specs[task.asset].optional:
            return Omitted(task.asset, task.partition, task.attempt)
        what = (
            f"partition `{task.partition}` of `{task.asset}`"
            if task.partition
            else f"`{task.asset}`"
        )
        message = f"the call ended without giving {what}"
        place = self.definition.place
        return NotProduced(
            task.asset,
            task.partition,
            task.attempt,
            Failure("not_yielded", message, "", place.file, place.line, retryable=False),
        )


def _write_options(
    spec: AssetSpec, definition: AssetDefinition, configured: Mapping[str, JSON]
) -> WriteOptions:
    canonical = spec.row_order == "canonical" or (
        spec.row_order is None and isinstance(definition.body, SqlBody)
    )
    return WriteOptions({**configured, **spec.materializer_options}, canonical, spec.row_key)


def _logger(request: StepRequest, log: LogFile) -> logging.Logger:
    """A logger of this call alone, which writes to the captured log."""
    logger = logging.Logger(f"assets.{request.key}", logging.DEBUG)  # noqa: LOG001
    handler = logging.StreamHandler(log)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    return logger


def _twice(asset: AssetKey, partition: str) -> StepError:
    what = f"`{asset}` partition `{partition}`" if partition else f"`{asset}`"
    return StepError("E526", f"the call gave {what} twice")
