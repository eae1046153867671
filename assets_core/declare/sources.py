"""``source``: what the project reads but does not make, with how its state is observed.

With a function it can be loaded; without one it is there for lineage only. ``observe`` is required: a source whose
changes nobody looks at would make everything downstream of it falsely fresh.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any, ParamSpec, TypeVar, Unpack, overload

from assets_core.declare.assets import (
    Asset,
    created,
    enclosing_names,
    function_of,
    spec_of,
)
from assets_core.declare.observers import CONSTANT
from assets_core.declare.options import FOR_SOURCE, SourceOptions, checked
from assets_core.declare.parameters import Signature, innermost, signature
from assets_core.declare.places import (
    argument_place,
    caller,
    code_place,
    frame_place,
    parameter_place,
)
from assets_core.errors import DefinitionError, Place
from assets_core.model.assets import AssetDefinition, InputParameter, Parameter, SourceBody

P = ParamSpec("P")
R = TypeVar("R")
Observer = Callable[..., Any]
"""Returns a token (a text), or a mapping from partition key to token; may be async and take a Config, a Connection and
the context."""

_MISSING: Any = object()
_MAKING = frozenset({"code_version"})


@overload
def source(
    *, observe: Observer, **options: Unpack[SourceOptions]
) -> Callable[[Callable[P, R]], Asset[P, R]]: ...
@overload
def source(
    key: str, /, *, observe: Observer, **options: Unpack[SourceOptions]
) -> AssetDefinition: ...
def source(
    key: Any = None, /, *, observe: Observer = _MISSING, **options: Unpack[SourceOptions]
) -> Any:
    """Declare a source, by decorating the function that loads it or, for lineage only, by its key alone.

    ``observe`` is ``CONSTANT``, an observer such as ``file_digest(path)``, or a function of yours that returns a token
    or a mapping from partition key to token. Raises DefinitionError at the user's line.
    """
    given: dict[str, Any] = dict(options)
    if isinstance(key, str):
        place = frame_place(caller(1))
        return _define(None, key, observe, given, place, None)

    def decorate(function: Callable[..., object]) -> AssetDefinition:
        inner = function_of(function, "@source", 2)
        place = code_place(inner.__code__)
        found = signature(inner, place, enclosing_names(inner, 2))
        return _define(function, inner.__name__, observe, given, place, found)

    return decorate if key is None else decorate(key)


def _define(
    function: Callable[..., object] | None,
    name: str,
    observe: Any,
    options: dict[str, Any],
    place: Place,
    found: Signature | None,
) -> AssetDefinition:
    accepted = checked(options, FOR_SOURCE, place)
    making = {name: accepted.pop(name) for name in _MAKING & accepted.keys()}
    inner = innermost(function) if function is not None else None
    spec = spec_of(name, "source", place, accepted, inner)
    parameters = found.parameters if found else ()
    if inner is not None:
        _refuse_inputs(parameters, spec.key, code_place(inner.__code__), inner.__name__)
    body = SourceBody(
        observe=observe,
        function=function,
        parameters=parameters,
        observe_parameters=_observed(observe, spec.key, place),
        constant=observe is CONSTANT,
        returns=found.returns if found else None,
        constants=found.constants if found else (),
    )
    return created(Asset(outputs=(spec,), body=body, place=place, dependencies=(), **making))


def _observed(observe: Any, key: str, place: Place) -> tuple[Parameter, ...]:
    """What the observer is called with."""
    if observe is _MISSING or not callable(observe):
        given = (
            "has no `observe`" if observe is _MISSING else "has an `observe` that can't be called"
        )
        raise DefinitionError(
            "E102",
            f"the source `{key}` {given}: without it no change would ever be seen",
            place=argument_place(place, "observe"),
            help='write `observe=file_digest("path")`, a function that returns a token, or CONSTANT',
        )
    function = _function(observe)
    if function is None:
        return ()
    where = code_place(function.__code__)
    found = signature(function, where)
    parameters = tuple(p for p in found.parameters if p.name != "self")
    _refuse_inputs(parameters, key, where, function.__name__)
    return parameters


def _function(observe: Any) -> FunctionType | None:
    """The function behind an observer; None for what can't be looked into, which is called without arguments."""
    if isinstance(observe, FunctionType) or hasattr(observe, "__wrapped__"):
        return innermost(observe)
    if isinstance(observe, MethodType):
        call: object = observe.__func__
    else:
        call = vars(type(observe)).get("__call__")
    return call if isinstance(call, FunctionType) else None


def _refuse_inputs(
    parameters: tuple[Parameter, ...], key: str, place: Place, function: str
) -> None:
    for parameter in parameters:
        if isinstance(parameter, InputParameter):
            raise DefinitionError(
                "E108",
                f"the source `{key}` takes `{parameter.name}`, but a source has no upstreams",
                place=parameter_place(place, function, parameter.name),
                help="sources take a Config, a Connection and the context; make it an @asset to read other assets",
            )
