"""The arguments of a call: every pinned input loaded as its annotation says, with the source tokens that were seen."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args, get_origin

from assets_core.declare.annotations import load_annotation
from assets_core.declare.context import AssetContext, PartitionContext, RunInfo
from assets_core.errors import CorruptionError, StepError
from assets_core.execution.observing import call_parameters, observe_source
from assets_core.execution.paths import refuse_links
from assets_core.execution.runtime import Runtime
from assets_core.model.assets import (
    AssetDefinition,
    ConfigParameter,
    ConnectionParameter,
    ContextParameter,
    InputParameter,
    Parameter,
    SourceBody,
)
from assets_core.model.json import JSON
from assets_core.model.keys import AssetKey
from assets_core.model.outcomes import SourceRead
from assets_core.ports import PinnedInput, StepRequest

NOTHING_STORED = "none"
MAX_SOURCE_TRIES = 3


@dataclass(slots=True)
class Loader:
    """Loads what one call reads."""

    runtime: Runtime
    reads: dict[tuple[AssetKey, str], SourceRead] = field(default_factory=dict)
    """The tokens of the sources that were loaded."""

    def arguments(
        self,
        function: Callable[..., object],
        parameters: tuple[Parameter, ...],
        inputs: tuple[PinnedInput, ...],
        context: AssetContext,
    ) -> dict[str, object]:
        """Keyword arguments for a user's function; types that stayed lazy are imported now."""
        pinned = {i.parameter: i for i in inputs if i.parameter is not None}
        for one in inputs:
            if one.parameter is None and one.source:
                self.observe(one)
        arguments: dict[str, object] = {}
        for parameter in parameters:
            match parameter:
                case ContextParameter(name):
                    arguments[name] = context
                case ConfigParameter(name, model):
                    arguments[name] = self.runtime.resolve_config(model, context.asset)
                case ConnectionParameter(name, model):
                    arguments[name] = self.runtime.resolve_connection(model, name)
                case InputParameter(name, dependency):
                    annotation = load_annotation(dependency.annotation, function)
                    arguments[name] = self.load(
                        pinned[name], annotation, optional=dependency.optional
                    )
        return arguments

    def load(self, pinned: PinnedInput, annotation: object, *, optional: bool) -> object:
        """One input: a source called, one stored value, joined partitions, or a mapping by partition key."""
        parts, partitioned = pinned.parts, self._is_partitioned(pinned.upstream)
        if pinned.source and (pinned.partitions or not partitioned):
            return self._source(pinned)
        if not parts and optional:
            return None
        item = mapping_item(annotation) if partitioned else None
        if item is not None:
            return {p.partition: self._parts((p,), pinned, item[0]) for p in parts}
        return self._parts(parts, pinned, annotation)

    def _is_partitioned(self, asset: AssetKey) -> bool:
        """Only then is ``dict[str, T]`` a mapping by partition key; elsewhere it is the type of the value."""
        specs = self.runtime.definitions[asset].outputs
        return next(s for s in specs if s.key == asset).partitions.is_partitioned

    def _parts(self, parts: tuple[Any, ...], pinned: PinnedInput, annotation: object) -> object:
        names = {p.written.materializer for p in parts}
        if not parts or names == {NOTHING_STORED}:
            return None
        if len(names) > 1:
            raise StepError(
                "E512",
                f"the partitions of `{pinned.upstream}` were stored by different materializers: "
                f"{', '.join(sorted(names))}",
                help=f"materialize `{pinned.upstream}` again with `--force`, so that all are stored alike",
            )
        materializer = self.runtime.materializer(names.pop())
        try:
            for part in parts:
                refuse_links(part.location)
            return materializer.load(parts, pinned.columns, annotation)
        except CorruptionError as error:
            raise cannot_be_read(pinned.upstream, error) from error

    # --- sources ------------------------------------------------------------------------------------------------

    def observe(self, pinned: PinnedInput) -> None:
        """Keep the tokens of a source that is not loaded as read; raises StepError E513 like a load."""
        self._read(pinned, self._tokens(pinned))

    def _source(self, pinned: PinnedInput) -> object:
        """Observe, load, observe again: only when both tokens are equal was one version read."""
        for _ in range(MAX_SOURCE_TRIES):
            before = self._tokens(pinned)
            value = self._call_source(pinned)
            if self._tokens(pinned) == before:
                self._read(pinned, before)
                return value
        raise _moved(pinned, f"while it was read, {MAX_SOURCE_TRIES} times in a row")

    def _tokens(self, pinned: PinnedInput) -> Mapping[str, str]:
        """The tokens now of the partitions that are read; the others may move meanwhile."""
        every = observe_source(self.runtime, pinned.upstream, pinned.partitions)
        gone = next((p for p in pinned.partitions if p not in every), None)
        if gone is not None:
            raise _moved(pinned, f"after this was planned: partition `{gone}` is no longer there")
        return {p: every[p] for p in pinned.partitions}

    def _read(self, pinned: PinnedInput, tokens: Mapping[str, str]) -> None:
        """A call has one record of what it read, so a source that it reads twice must not have moved in between."""
        for partition, token in tokens.items():
            read = SourceRead(pinned.upstream, partition, token)
            if self.reads.setdefault((pinned.upstream, partition), read) != read:
                raise _moved(pinned, "between two reads of one call")

    def _call_source(self, pinned: PinnedInput) -> object:
        definition = self.runtime.definitions[pinned.upstream]
        assert isinstance(definition.body, SourceBody)
        if definition.body.function is None:
            raise StepError(
                "E514",
                f"source `{pinned.upstream}` has no function to load it with",
                place=definition.place,
                help="decorate a function with `@source`, or list the source in `deps` instead of a parameter",
            )
        value = call_parameters(
            self.runtime,
            definition.key,
            definition.body.function,
            definition.body.parameters,
            partitions=pinned.partitions,
        )
        return _projected(value, pinned.columns)


def _moved(pinned: PinnedInput, when: str) -> StepError:
    return StepError(
        "E513",
        f"source `{pinned.upstream}` changed {when}",
        help="materialize again when whatever writes it has finished",
    )


def _projected(value: object, columns: tuple[str, ...] | None) -> object:
    """Only the declared columns of a table that a source returned."""
    if columns is None:
        return value
    select = getattr(value, "select", None)
    if callable(select) and type(value).__module__.startswith(("pyarrow", "polars")):
        selected: object = select(list(columns))
        return selected
    if hasattr(value, "project") and type(value).__module__.startswith(("duckdb", "_duckdb")):
        relation: Any = value
        return relation.select(*columns)
    frame: Any = value
    return frame[list(columns)]


def cannot_be_read(asset: AssetKey, error: CorruptionError) -> CorruptionError:
    """The damage as what reads ``asset`` sees it."""
    return type(error)(
        error.code,
        f"`{asset}` cannot be read: {error.message}",
        help="it counts as out of date from now on: the next `assets materialize` makes it again",
    )


def mapping_item(annotation: object) -> tuple[object] | None:
    """``(T,)`` for the annotation ``dict[str, T]`` or ``Mapping[str, T]``, else None."""
    origin = get_origin(annotation)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        arguments = get_args(annotation)
        if len(arguments) == 2 and arguments[0] is str:
            return (arguments[1],)
    return None


def make_context(
    definition: AssetDefinition,
    definitions: Collection[AssetDefinition],
    request: StepRequest,
    log: logging.Logger,
    config: Mapping[str, JSON],
) -> AssetContext:
    """The context of one call."""
    partitions = tuple(dict.fromkeys(o.partition for o in request.outputs))
    spec = definition.outputs[0]
    wanted = {o.asset for o in request.outputs}
    return AssetContext(
        definition.key,
        RunInfo(request.run, request.env, request.now),
        log,
        frozenset(s.output or s.key.name for s in definition.outputs if s.key in wanted),
        config,
        PartitionContext(spec.key, spec.partitions, partitions) if partitions != ("",) else None,
        definitions=definitions,
    )
