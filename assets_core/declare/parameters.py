"""What each parameter of an asset's function receives, decided in the order that the reference gives.

1. ``AssetContext`` by annotation, or a parameter without one named ``context``.  2. A ``Config``.  3. A ``Connection``.
4. ``Annotated[T, Input(...)]``.  5. With a default: a constant.  6. Anything else: the upstream of that name.

Reads ``__code__`` directly: ``inspect.signature`` alone takes 12 us for three parameters, a project of 10,000 assets
should spend less than that on a whole declaration. Config and Connection are looked up in ``sys.modules`` because
their modules load pydantic; where they are not loaded no annotation can be a subclass.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import FunctionType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from assets_core.declare.annotations import (
    FailedMetadata,
    Names,
    UnresolvedName,
    failed_parameter,
    resolve,
    unresolved_parameter,
)
from assets_core.declare.context import AssetContext
from assets_core.declare.inputs import Input
from assets_core.declare.places import code_place, parameter_place
from assets_core.errors import DefinitionError, Place
from assets_core.model.assets import (
    ConfigParameter,
    ConnectionParameter,
    ContextParameter,
    Dependency,
    InputParameter,
    Parameter,
)

_NOTHING: Any = object()
_CONTEXT = ContextParameter("context")


@dataclass(frozen=True, slots=True)
class Signature:
    """A function's parameters as they were declared."""

    parameters: tuple[Parameter, ...]
    constants: tuple[str, ...]
    """The parameters that keep their default."""
    returns: object
    """The return annotation, resolved or as text; None where there is none, NoneType for ``-> None``."""


def innermost(function: Callable[..., object]) -> FunctionType:
    """The user's own function below decorators that use ``functools.wraps``."""
    inner: Any = function
    while hasattr(inner, "__wrapped__"):
        inner = inner.__wrapped__
    assert isinstance(inner, FunctionType)
    return inner


def signature(function: FunctionType, place: Place, local: Names | None = None) -> Signature:
    """The parameters of ``function``, which is innermost; DefinitionError E109 or E131 where one has no meaning.

    ``local`` are the names of an enclosing function, which annotations may use as well.
    """
    code = function.__code__
    count = code.co_argcount + code.co_kwonlyargcount
    if code.co_flags & (CO_VARARGS | CO_VARKEYWORDS) or code.co_posonlyargcount:
        raise _unsupported(function)
    annotations = function.__annotations__
    reader = _Reader(function, place, local)
    parameters: list[Parameter] = []
    constants: list[str] = []
    defaults = _with_default(function)
    for name in code.co_varnames[:count]:
        parameter = reader.parameter(name, annotations.get(name, _NOTHING), name in defaults)
        if parameter is None:
            constants.append(name)
        else:
            parameters.append(parameter)
    return Signature(tuple(parameters), tuple(constants), reader.returns(annotations))


def _with_default(function: FunctionType) -> frozenset[str] | tuple[str, ...]:
    positional, keyword = function.__defaults__, function.__kwdefaults__
    if not positional and not keyword:
        return ()
    code = function.__code__
    names = code.co_varnames[: code.co_argcount]
    return frozenset((*(names[-len(positional) :] if positional else ()), *(keyword or ())))


class _Reader:
    __slots__ = ("_config", "_connection", "_function", "_local", "_named", "_names", "_place")

    def __init__(self, function: FunctionType, place: Place, local: Names | None) -> None:
        self._function = function
        self._names: Mapping[str, object] = function.__globals__
        self._local = local
        self._named: dict[str, object] = {}
        """What annotations are as texts -> what they name: most functions name one type several times."""
        self._place = place
        self._config = _loaded("assets_core.declare.config", "Config")
        self._connection = _loaded("assets_core.declare.connection", "Connection")

    def parameter(self, name: str, annotation: object, has_default: bool) -> Parameter | None:
        """What ``name`` receives, None for a constant."""
        if annotation is _NOTHING:
            if name == "context":
                return _CONTEXT
            return None if has_default else self._input(name, None)
        resolved = self._resolve(name, annotation)
        if isinstance(resolved, str):  # a type that exists for type checkers only
            if name == "context":
                raise _reserved(self._function)
            return None if has_default else self._input(name, resolved)
        is_class = isinstance(resolved, type)  # most are, and need no look at their inside
        kind = resolved if isinstance(resolved, type) else _only_class(resolved)
        special = None if kind is None else self._special(name, kind)
        if special is not None:
            return special
        if name == "context":
            raise _reserved(self._function)
        described = None if is_class else self._described(name, resolved)
        if described is not None or has_default:
            return described
        return self._input(name, resolved if is_class else _plain(resolved))

    def returns(self, annotations: Mapping[str, object]) -> object:
        if "return" not in annotations:
            return None
        found = annotations["return"]
        if found is None or found == "None":
            return type(None)
        try:
            return self._look_up(found)
        except (UnresolvedName, FailedMetadata):
            return found

    def _look_up(self, annotation: object) -> object:
        if not isinstance(annotation, str):
            return resolve(annotation, self._names, self._local)
        found = self._named.get(annotation, _NOTHING)
        if found is _NOTHING:
            found = self._named[annotation] = resolve(annotation, self._names, self._local)
        return found

    def _input(self, name: str, annotation: object) -> InputParameter:
        return InputParameter(name, Dependency(name, name, self._place, annotation=annotation))

    def _resolve(self, name: str, annotation: object) -> object:
        if not isinstance(annotation, str):
            return annotation
        try:
            resolved = self._look_up(annotation)
        except UnresolvedName as error:
            raise unresolved_parameter(self._function, name, error.name) from None
        except FailedMetadata as failed:
            raise failed_parameter(self._function, name, failed) from failed.error
        if isinstance(resolved, str) and resolved.rpartition(".")[2] in _MUST_RESOLVE:
            raise unresolved_parameter(self._function, name, resolved)
        return resolved

    def _special(self, name: str, kind: type) -> Parameter | None:
        bases = kind.__mro__
        if AssetContext in bases:
            return _CONTEXT if name == "context" else ContextParameter(name)
        if self._config is not None and self._config in bases:
            return ConfigParameter(name, kind)
        if self._connection is not None and self._connection in bases:
            return ConnectionParameter(name, kind)
        return None

    def _described(self, name: str, annotation: object) -> InputParameter | None:
        inputs = [m for m in getattr(annotation, "__metadata__", ()) if isinstance(m, Input)]
        if not inputs:
            return None
        problem = "stands twice in one annotation" if len(inputs) > 1 else inputs[0].problem()
        if problem is not None:
            place = parameter_place(self._place, self._function.__name__, name)
            raise DefinitionError("E102", f"`Input` {problem}", place=place)
        of = resolve(get_args(annotation)[0], self._names, self._local)
        return InputParameter(name, inputs[0].dependency(name, self._place, of))


_MUST_RESOLVE = frozenset({"AssetContext", "Config", "Connection", "Input"})


def _loaded(module: str, name: str) -> type | None:
    found = sys.modules.get(module)
    return None if found is None else getattr(found, name, None)


def _only_class(annotation: object) -> type | None:
    """The class in ``C | None``, ``Optional[C]`` or ``Annotated[C, ...]``."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, UnionType):
        classes = [a for a in get_args(annotation) if a is not type(None)]
        annotation = classes[0] if len(classes) == 1 else None
    return annotation if isinstance(annotation, type) else None


def _plain(annotation: object) -> object:
    """The type to load: without metadata that is not ours."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _unsupported(function: FunctionType) -> DefinitionError:
    code = function.__code__
    named = code.co_argcount + code.co_kwonlyargcount
    if code.co_posonlyargcount:
        name, what = code.co_varnames[0], "is positional-only"
        help = "remove the `/`: parameters are passed by name"
    else:
        star = "*" if code.co_flags & CO_VARARGS else "**"
        name = code.co_varnames[named]
        what, help = f"is `{star}{name}`", "name each upstream as a parameter, or list it in `deps`"
    return DefinitionError(
        "E109",
        f"the parameter `{name}` of `{function.__name__}` {what}, which can't be matched with upstreams",
        place=parameter_place(code_place(code), function.__name__, name),
        help=help,
    )


def _reserved(function: FunctionType) -> DefinitionError:
    return DefinitionError(
        "E109",
        f"the parameter `context` of `{function.__name__}` is annotated as something other than AssetContext",
        place=parameter_place(code_place(function.__code__), function.__name__, "context"),
        help="annotate it with `AssetContext`, or give it another name",
    )


def is_special(annotation: object) -> bool:
    """Whether this type makes a parameter something other than an upstream."""
    kind = annotation if isinstance(annotation, type) else _only_class(annotation)
    special = (
        AssetContext,
        _loaded("assets_core.declare.config", "Config"),
        _loaded("assets_core.declare.connection", "Connection"),
    )
    return kind is not None and any(s in kind.__mro__ for s in special)
