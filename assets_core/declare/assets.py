"""``@asset``: one function, one output; and the typed definition that every decorator returns.

A bare ``@asset`` on a function of three parameters takes about 12 us.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any, Generic, ParamSpec, TypeVar, Unpack, overload

from assets_core.declare.creations import Creations, active, is_observed
from assets_core.declare.options import (
    FOR_ASSET,
    AssetOptions,
    checked,
    dependencies,
    making,
)
from assets_core.declare.parameters import innermost, signature
from assets_core.declare.places import (
    argument_place,
    caller,
    code_place,
    first_argument_place,
    frame_place,
    function_place,
)
from assets_core.errors import DefinitionError, Place
from assets_core.model.assets import (
    AssetDefinition,
    AssetSpec,
    Dependency,
    InputParameter,
    Parameter,
    PythonBody,
)
from assets_core.model.keys import AssetKey, asset_key
from assets_core.partitions import Unpartitioned

P = ParamSpec("P")
R = TypeVar("R")

UNPARTITIONED = Unpartitioned()


class Asset(AssetDefinition, Generic[P, R]):
    """A definition that is called like the function it was made from, with the same parameters and result."""

    __slots__ = ()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:  # type: ignore[override]
        """Call the user's function as it was written."""
        return super().__call__(*args, **kwargs)  # type: ignore[return-value]

    def __repr__(self) -> str:
        return f"<asset {', '.join(spec.key for spec in self.outputs)} ({self.place})>"


@overload
def asset(function: Callable[P, R], /) -> Asset[P, R]: ...
@overload
def asset(**options: Unpack[AssetOptions]) -> Callable[[Callable[P, R]], Asset[P, R]]: ...
def asset(function: Callable[..., Any] | None = None, /, **options: Unpack[AssetOptions]) -> Any:
    """Declare the table, file or value that a function returns.

    The function's parameters name its upstreams and its name is the asset's key, below ``prefix``. See AssetOptions
    for the arguments. Raises DefinitionError at the user's line.
    """
    if function is not None:
        return _define(function, {})
    given: dict[str, Any] = dict(options)
    return lambda function: _define(function, given)


def _define(function: object, options: dict[str, Any]) -> AssetDefinition:
    inner = function_of(function, "@asset", 3)
    place = code_place(inner.__code__)
    accepted = checked(options, FOR_ASSET, place) if options else {}
    found = signature(inner, place, enclosing_names(inner, 3))
    deps = dependencies(accepted.pop("deps"), place) if "deps" in accepted else ()
    calls = making(accepted, _MAKING, place)
    spec = spec_of(inner.__name__, "python", place, accepted, inner)
    return created(
        Asset(
            outputs=(spec,),
            body=PythonBody(function, found.parameters, found.returns, found.constants),  # type: ignore[arg-type]
            place=place,
            dependencies=(*loaded(found.parameters), *deps),
            **calls,
        )
    )


_MAKING = frozenset(
    {"batch", "batch_inputs", "code_version", "pool", "priority", "retry", "timeout"}
)


def function_of(function: object, decorator: str, depth: int) -> FunctionType:
    """The user's function below its other decorators; E102 for anything that is not one."""
    if type(function) is FunctionType and not function.__dict__:
        return function
    problem = None
    if isinstance(function, AssetDefinition):
        problem = f"`{function.key}` is an asset already"
    elif not isinstance(function, FunctionType) and not hasattr(function, "__wrapped__"):
        problem = f"{decorator} decorates a function, not {_called(function)}"
    if problem is None:
        return innermost(function)  # type: ignore[arg-type]
    raise DefinitionError("E102", problem, place=frame_place(caller(depth)))


def _called(value: object) -> str:
    return f"the class `{value.__name__}`" if isinstance(value, type) else type(value).__name__


def enclosing_names(function: FunctionType, depth: int) -> dict[str, Any] | None:
    """The names of the function or class body that is being executed; None at top level."""
    frame = caller(depth)
    if frame.f_locals is frame.f_globals or frame.f_globals is not function.__globals__:
        return None
    return dict(frame.f_locals)


def loaded(parameters: tuple[Parameter, ...]) -> tuple[Dependency, ...]:
    """The dependencies that are passed as parameters, in their order."""
    return tuple([p.dependency for p in parameters if type(p) is InputParameter])


def spec_of(
    name: str, kind: str, place: Place, options: dict[str, Any], function: FunctionType | None
) -> AssetSpec:
    """The facts about one output; ``options`` are the accepted ones, without those of the definition."""
    if not options:
        key = key_of("", name, place, _naming(function, None))
        return AssetSpec(key, kind, place, UNPARTITIONED, description_of(function))
    facts = dict(options)
    given = facts.pop("name", None)
    key = key_of(facts.pop("prefix", ""), given or name, place, _naming(function, given))
    facts["row_key"] = facts.pop("key", ())
    partitions = facts.pop("partitions", UNPARTITIONED)
    description = facts.pop("description", None)
    if description is None:
        description = description_of(function)
    return AssetSpec(key, kind, place, partitions, description, **facts)


Exact = Callable[[Place], Place]
"""From where a declaration starts to the part of it that an error is about."""


def _naming(function: FunctionType | None, name: str | None) -> Exact:
    """Where the name of an asset stands."""
    if name is not None:
        return lambda place: argument_place(place, "name")
    if function is not None:
        return lambda place: function_place(place, function.__name__)
    return first_argument_place


def key_of(prefix: str, name: str, place: Place, exact: Exact) -> AssetKey:
    """``prefix/name`` as a key; E101 where the name stands."""
    try:
        return asset_key(f"{prefix}/{name}" if prefix else name)
    except DefinitionError as error:
        raise DefinitionError(
            error.code, error.message, place=exact(place), help=error.help
        ) from None


def description_of(function: FunctionType | None) -> str:
    """The docstring, without its indentation."""
    text = function.__doc__ if function is not None else None
    if not text:
        return ""
    return inspect.cleandoc(text) if "\n" in text else text.strip()


D = TypeVar("D", bound=AssetDefinition)


def created(definition: D) -> D:
    """Tell the observer, if there is one."""
    creations: Creations = active()
    if is_observed(creations):
        creations.definitions.append(definition)
    return definition
