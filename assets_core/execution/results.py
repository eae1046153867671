"""What a user's function may return, brought into one form: (asset, partition) and its output, as they come.

One output of one partition may be returned bare. A multi-asset returns or yields ``Output``s, a mapping by output name
or a tuple in declared order; a batch returns or yields ``Output(..., partition=...)``s or a mapping by partition key.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from assets_core.declare.outputs import Output, output_named
from assets_core.errors import StepError
from assets_core.model.assets import AssetDefinition
from assets_core.model.keys import AssetKey


def outputs_of(
    definition: AssetDefinition, partitions: tuple[str, ...], returned: object
) -> Iterator[tuple[AssetKey, str, Output[Any]]]:
    """Every output in the order in which it was returned or yielded; raises StepError E52x for a wrong form."""
    for output in _flatten(definition, returned, partitions):
        key = _asset(definition, output)
        yield key, _partition(key, partitions, output), output


def awaited(value: object) -> object:
    """The result of a coroutine, the items of an async generator, anything else as it is."""
    if not inspect.iscoroutine(value) and not inspect.isasyncgen(value):
        return value
    import asyncio  # with what it imports, 20 ms that few projects need

    return asyncio.run(_await(value) if inspect.iscoroutine(value) else _drain(value))


async def _await(value: Any) -> object:
    return await value


async def _drain(value: Any) -> list[object]:
    return [item async for item in value]


def _flatten(
    definition: AssetDefinition, returned: object, partitions: tuple[str, ...]
) -> Iterator[Output[Any]]:
    if isinstance(returned, Output):
        yield returned
        return
    batched = definition.batch != 1
    if isinstance(returned, Mapping) and batched and len(definition.outputs) == 1:
        for partition, value in returned.items():
            yield _with_partition(value, partition)
    elif len(definition.outputs) > 1 and isinstance(returned, Mapping):
        for name, value in returned.items():
            yield _with_name(value, name)
    elif len(definition.outputs) > 1 and isinstance(returned, tuple):
        yield from _positional(definition, returned)
    elif _is_stream(returned) or (
        (batched or len(definition.outputs) > 1) and isinstance(returned, list)
    ):
        yield from _stream(definition, returned)
    elif batched and partitions != ("",):
        raise StepError(
            "E520",
            f"asset `{definition.key}` has batch={definition.batch!r} and returned "
            f"`{type(returned).__name__}`, not an output per partition",
            place=definition.place,
            help="return a mapping by partition key, or yield `Output(value, partition=key)`",
        )
    elif len(definition.outputs) > 1:
        raise _unnamed(definition)
    else:
        yield Output(returned)


def _is_stream(returned: object) -> bool:
    return inspect.isgenerator(returned)


def _stream(definition: AssetDefinition, returned: object) -> Iterator[Output[Any]]:
    assert isinstance(returned, Iterable)
    for item in returned:
        if not isinstance(item, Output):
            raise StepError(
                "E521",
                f"asset `{definition.key}` yielded `{type(item).__name__}`, not an Output",
                place=definition.place,
                help="yield `Output(value, ...)`",
            )
        yield item


def _positional(definition: AssetDefinition, returned: tuple[object, ...]) -> Iterator[Output[Any]]:
    if all(isinstance(v, Output) and v.name is not None for v in returned):
        yield from (v for v in returned if isinstance(v, Output))
        return
    if len(returned) != len(definition.outputs):
        raise _unnamed(definition)
    for spec, value in zip(definition.outputs, returned, strict=True):
        yield _with_name(value, spec.key)


def _with_partition(value: object, partition: object) -> Output[Any]:
    if isinstance(value, Output):
        return replace(value, partition=str(partition))
    return Output(value, partition=str(partition))


def _with_name(value: object, name: str) -> Output[Any]:
    if isinstance(value, Output):
        return replace(value, name=name)
    return Output(value, name)


def _asset(definition: AssetDefinition, output: Output[Any]) -> AssetKey:
    spec = output_named(definition, output.name)
    if spec is not None:
        return spec.key
    if output.name is None:
        raise _unnamed(definition)
    known = ", ".join(f"`{s.key}`" for s in definition.outputs)
    raise StepError(
        "E522",
        f"asset `{definition.key}` gave an output named `{output.name}`, which it does not declare",
        place=definition.place,
        help=f"its outputs are {known}",
    )


def _partition(key: AssetKey, partitions: tuple[str, ...], output: Output[Any]) -> str:
    if output.partition is None:
        if len(partitions) == 1:
            return partitions[0]
        raise StepError(
            "E523",
            f"an output of `{key}` does not say which of {len(partitions)} partitions it is",
            help="use `Output(value, partition=key)`",
        )
    if output.partition not in partitions:
        raise StepError(
            "E524",
            f"asset `{key}` gave partition `{output.partition}`, which this call was not asked for",
            help="the partitions of a call are `context.partition.keys`",
        )
    return output.partition


def _unnamed(definition: AssetDefinition) -> StepError:
    return StepError(
        "E525",
        f"multi-asset `{definition.key}` must name its outputs",
        place=definition.place,
        help="yield `Output(value, name)`, or return a tuple with one value per declared output",
    )
