"""``@check``: a user's function that judges an asset. It is attached to its asset when the project is collected.

The parameter named after the asset receives the version that is judged; every other upstream is a relation, which the
asset's step waits for. The rules about parameters are those of assets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, ParamSpec, TypedDict, TypeVar, Unpack

from assets_core.declare.assets import enclosing_names, function_of
from assets_core.declare.creations import active, is_observed
from assets_core.declare.parameters import signature
from assets_core.declare.places import argument_place, code_place, keyword_place
from assets_core.declare.references import name_of, several_outputs
from assets_core.errors import DefinitionError, Place
from assets_core.model.assets import AssetDefinition, InputParameter
from assets_core.model.checks import CheckSpec, Relation, Scope, Severity
from assets_core.model.keys import AssetKey

P = ParamSpec("P")
R = TypeVar("R")


class CheckOptions(TypedDict, total=False):
    """What can be said of a check."""

    severity: Severity
    blocking: bool | None
    """Whether a failure keeps a new version from being published; by default only ERROR does."""
    name: str
    scope: Scope


@dataclass(frozen=True, slots=True, eq=False)
class CheckFunction(Generic[P, R]):
    """What ``@check`` returns: it is still called like the function."""

    asset: str
    """The key (an AssetKey where a definition was given) or name of the asset that is judged."""
    spec: CheckSpec
    place: Place
    function: Callable[P, R]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the user's function as it was written."""
        return self.function(*args, **kwargs)


def check(
    *, asset: AssetDefinition | str, **options: Unpack[CheckOptions]
) -> Callable[[Callable[P, R]], CheckFunction[P, R]]:
    """Declare a check of ``asset``: the function returns whether it passed, or a CheckResult.

    See CheckOptions for the arguments. Raises DefinitionError at the user's line.
    """
    given: dict[str, Any] = dict(options)
    return lambda function: _define(function, asset, given)


def _define(
    function: Callable[P, R], asset: object, options: dict[str, Any]
) -> CheckFunction[P, R]:
    inner = function_of(function, "@check", 3)
    place = code_place(inner.__code__)
    judged = _asset(asset, place)
    name, severity, blocking, scope = _accepted(options, inner.__name__, place)
    found = signature(inner, place, enclosing_names(inner, 3))
    spec = CheckSpec(
        name=name,
        kind="python",
        severity=severity,
        blocking=severity is Severity.ERROR if blocking is None else blocking,
        scope=scope,
        function=function,
        parameters=found.parameters,
        place=place,
    )
    made = CheckFunction(judged, spec, place, function)
    creations = active()
    if is_observed(creations):
        creations.checks.append(made)
    return made


def _asset(asset: object, place: Place) -> str:
    name = name_of(asset)
    problem = None
    if not name:
        problem = f"takes an asset or its key, not {type(asset).__name__}"
    elif several_outputs(asset):
        problem = f"got the multi-asset of `{name}`: name one of its outputs by key"
    if problem is not None or name is None:
        raise DefinitionError("E102", f"`asset` {problem}", place=argument_place(place, "asset"))
    return name


def _accepted(
    options: dict[str, Any], name: str, place: Place
) -> tuple[str, Severity, bool | None, Scope]:
    values = {"severity": Severity.ERROR, "blocking": None, "name": name, "scope": "partition"}
    for option, value in options.items():
        if option not in values:
            raise DefinitionError(
                "E102",
                f"there is no argument `{option}` here",
                place=keyword_place(place, option),
                help=f"known: asset, {', '.join(sorted(values))}",
            )
        values[option] = value
    expected = {
        "severity": isinstance(values["severity"], Severity),
        "blocking": values["blocking"] is None or isinstance(values["blocking"], bool),
        "name": isinstance(values["name"], str) and bool(values["name"]),
        "scope": values["scope"] in ("partition", "asset"),
    }
    for option, holds in expected.items():
        if not holds:
            raise DefinitionError(
                "E102",
                f"`{option}` does not accept {values[option]!r}",
                place=argument_place(place, option),
            )
    found: Any = (values["severity"], values["blocking"], values["name"], values["scope"])
    return (found[2], found[0], found[1], found[3])


def attached_to(made: CheckFunction[..., Any], key: AssetKey) -> CheckSpec:
    """The check as a spec of the asset ``key``: its own parameter named, every other upstream a relation."""
    parameters: list[object] = []
    relations: list[Relation] = []
    for parameter in made.spec.parameters:
        if not isinstance(parameter, InputParameter):
            parameters.append(parameter)
            continue
        dependency = parameter.dependency
        if _is_itself(dependency.upstream, key):
            parameters.append(replace(parameter, dependency=replace(dependency, upstream=key)))
            continue
        parameters.append(parameter)
        relations.append(Relation(dependency.upstream, dependency.columns, dependency.place))
    return replace(made.spec, parameters=tuple(parameters), relations=tuple(relations))


def _is_itself(upstream: str, key: AssetKey) -> bool:
    return upstream == key or (not isinstance(upstream, AssetKey) and upstream == key.name)
