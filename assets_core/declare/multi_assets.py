"""``@multi_asset``: one function, several outputs that share its code version and its inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar, Unpack

from assets_core.declare.assets import (
    UNPARTITIONED,
    Asset,
    created,
    description_of,
    enclosing_names,
    function_of,
    key_of,
    loaded,
)
from assets_core.declare.options import (
    FOR_MULTI_ASSET,
    FOR_OUTPUT,
    MultiAssetOptions,
    checked,
    dependencies,
    making,
)
from assets_core.declare.outputs import Out
from assets_core.declare.parameters import signature
from assets_core.declare.places import argument_place, code_place
from assets_core.errors import DefinitionError, Place
from assets_core.model.assets import AssetSpec, PythonBody

P = ParamSpec("P")
R = TypeVar("R")


def multi_asset(
    *, outputs: Sequence[Out | str], **options: Unpack[MultiAssetOptions]
) -> Callable[[Callable[P, R]], Asset[P, R]]:
    """Declare several assets that one call makes: the function returns or yields an ``Output`` for each.

    By default all outputs run when one is out of date; with ``can_subset=True`` the function looks at
    ``context.wanted``. See MultiAssetOptions for the arguments. Raises DefinitionError at the user's line.
    """
    listed: object = outputs
    declared = tuple(listed) if isinstance(listed, list | tuple) else (listed,)
    given: dict[str, Any] = dict(options)
    return lambda function: _define(function, declared, given)


def _define(
    function: Callable[..., object], outs: Sequence[object], options: dict[str, Any]
) -> Any:
    inner = function_of(function, "@multi_asset", 3)
    place = code_place(inner.__code__)
    accepted = checked(options, FOR_MULTI_ASSET, place)
    found = signature(inner, place, enclosing_names(inner, 3))
    deps = dependencies(accepted.pop("deps"), place) if "deps" in accepted else ()
    calls = making(accepted, _MAKING, place)
    accepted.setdefault("description", description_of(inner))
    return created(
        Asset(
            outputs=_outputs(outs, accepted, place),
            body=PythonBody(function, found.parameters, found.returns, found.constants),
            place=place,
            dependencies=(*loaded(found.parameters), *deps),
            **calls,
        )
    )


_MAKING = frozenset(
    {
        "batch",
        "batch_inputs",
        "can_subset",
        "code_version",
        "pool",
        "priority",
        "publish",
        "retry",
        "timeout",
    }
)


def _outputs(outs: Sequence[object], shared: dict[str, Any], place: Place) -> tuple[AssetSpec, ...]:
    named = [Out(out) if isinstance(out, str) else out for out in outs]
    problem = _problem(named)
    if problem is not None:
        raise DefinitionError(
            "E102", f"`outputs` {problem}", place=argument_place(place, "outputs")
        )
    return tuple(_spec(out, shared, place) for out in named if isinstance(out, Out))


def _problem(outs: Sequence[object]) -> str | None:
    if not outs:
        return "takes at least one output"
    names = []
    for out in outs:
        if not isinstance(out, Out) or not isinstance(out.name, str):
            return f"takes names and `Out(...)`, not {type(out).__name__}"
        names.append(out.name)
    twice = next((n for i, n in enumerate(names) if n in names[:i]), None)
    return None if twice is None else f"names `{twice}` twice"


def _spec(out: Out, shared: dict[str, Any], place: Place) -> AssetSpec:
    facts = {**shared, **checked(out.options, FOR_OUTPUT, place)}
    return AssetSpec(
        key=key_of(
            facts.pop("prefix", ""),
            out.name,
            place,
            lambda start: argument_place(start, "outputs", out.name),
        ),
        kind="python",
        place=place,
        partitions=facts.pop("partitions", UNPARTITIONED),
        row_key=facts.pop("key", ()),
        output=out.name,
        optional=out.optional,
        **facts,
    )
