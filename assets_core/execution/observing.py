"""Observing a source: its token now, per partition. The planner asks before planning, the worker around loading."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from assets_core.declare.context import AssetContext, PartitionContext, RunInfo
from assets_core.errors import StepError
from assets_core.execution.results import awaited
from assets_core.execution.runtime import Runtime
from assets_core.model.assets import (
    ConfigParameter,
    ConnectionParameter,
    ContextParameter,
    InputParameter,
    Parameter,
    SourceBody,
)
from assets_core.model.keys import UNPARTITIONED, AssetKey

CONSTANT_TOKEN = "constant"  # noqa: S105


def observe_source(runtime: Runtime, key: AssetKey, partitions: Iterable[str]) -> Mapping[str, str]:
    """The source's token per partition key (``""`` for all of it); raises what the observer raises, or StepError.

    One token for a partitioned source is that of each of ``partitions``.
    """
    definition = runtime.definitions[key]
    body = definition.body
    assert isinstance(body, SourceBody)
    partitioned = definition.outputs[0].partitions.is_partitioned
    if body.constant:
        seen: object = CONSTANT_TOKEN
    else:
        seen = call_parameters(runtime, key, body.observe, body.observe_parameters)
    if isinstance(seen, Mapping) and partitioned:
        return {str(partition): _token(key, token) for partition, token in seen.items()}
    if partitioned:
        return dict.fromkeys(partitions, _token(key, seen))
    return {UNPARTITIONED: _token(key, seen)}


def _token(key: AssetKey, seen: object) -> str:
    if isinstance(seen, str | int) and not isinstance(seen, bool):
        return str(seen)
    raise StepError(
        "E515",
        f"the observer of source `{key}` returned `{type(seen).__name__}`, not a token",
        help="return text that changes exactly when the data does, such as a digest or a version number; "
        "a source with `partitions=` may return a mapping from partition key to token",
    )


def call_parameters(
    runtime: Runtime,
    key: AssetKey,
    function: Callable[..., object],
    parameters: tuple[Parameter, ...],
    *,
    partitions: tuple[str, ...] = (),
) -> object:
    """Call an observer or a source's function with what its parameters ask for."""
    arguments: dict[str, object] = {}
    for parameter in parameters:
        match parameter:
            case ContextParameter(name):
                arguments[name] = _context(runtime, key, partitions)
            case ConfigParameter(name, model):
                arguments[name] = runtime.resolve_config(model, key)
            case ConnectionParameter(name, model):
                arguments[name] = runtime.resolve_connection(model, name)
            case InputParameter(name):
                raise StepError(
                    "E516",
                    f"source `{key}` reads an asset through `{name}`, but sources have no inputs",
                )
    return awaited(function(**arguments))


def _context(runtime: Runtime, key: AssetKey, partitions: tuple[str, ...]) -> AssetContext:
    spec = runtime.definitions[key].outputs[0]
    partitioning = (
        PartitionContext(key, spec.partitions, partitions)
        if partitions not in ((), ("",))
        else None
    )
    return AssetContext(
        key,
        RunInfo("", "", datetime.now(UTC)),
        logging.getLogger(f"assets.{key}"),
        partitioning=partitioning,
    )
