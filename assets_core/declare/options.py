"""The arguments of the decorators: their types for editors, and one rule each for what is accepted.

Only what was given is looked at, so a bare ``@asset`` pays for nothing here. A wrong or unknown argument is a
DefinitionError E102 at that argument.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NoReturn, TypedDict

from assets_core.declare.creations import active
from assets_core.declare.inputs import Input
from assets_core.declare.places import argument_place, keyword_place
from assets_core.declare.references import name_of, nearest, several_outputs
from assets_core.errors import DefinitionError, Place
from assets_core.model.assets import AssetDefinition, Batch, BatchInputs, Dependency, Retry
from assets_core.model.checks import CheckSpec
from assets_core.model.json import JSON
from assets_core.model.pools import POOL_NAME
from assets_core.partitions import PartitionsDefinition

Checks = Iterable["CheckSpec | Iterable[CheckSpec]"]
Upstreams = Iterable["AssetDefinition | str | Input"]


class OutputOptions(TypedDict, total=False):
    """What can be said of each output."""

    description: str
    """Shown to people; the docstring by default."""
    group: str
    tags: Mapping[str, str] | Iterable[str]
    """``{"domain": "ops"}``, or a list of names; ``"k=v"`` in a list is a name with a value."""
    owners: Iterable[str]
    metadata: Mapping[str, JSON]
    checks: Checks
    materializer: str
    """The name of how values are stored, where the type of the value should not decide."""
    materializer_options: Mapping[str, JSON]
    deterministic: bool
    """False where the same inputs can give another result."""
    key: Sequence[str]
    """The columns that come first in the canonical order of rows."""
    row_order: Literal["canonical", "as_produced"]


class SourceOptions(OutputOptions, total=False):
    """What can be said of a source."""

    name: str
    """The key below ``prefix``, instead of the function's name."""
    prefix: str
    partitions: PartitionsDefinition
    code_version: str


class SqlAssetOptions(OutputOptions, total=False):
    """What can be said of a SQL asset."""

    prefix: str
    partitions: PartitionsDefinition
    code_version: str
    deps: Upstreams
    """Upstreams that are versioned but not loaded: definitions, names or keys, or ``Input`` with a mapping."""
    batch: Batch
    """How many partitions one call may get."""
    retry: Retry
    timeout: float
    """Seconds that one call may take, its checks included; then its process and all it started are stopped."""
    pool: str | Iterable[str] | Mapping[str, int]
    """The pools from which a call takes a slot while it runs, or so many: ``{"warehouse": 2}``."""
    priority: int
    """Of what is ready, calls of greater priority start first; 0 where nothing is said."""


class AssetOptions(SqlAssetOptions, total=False):
    """What can be said of an asset."""

    name: str
    """The key below ``prefix``, instead of the function's name."""
    batch_inputs: BatchInputs
    """``"shared"``: an output may depend on everything its call was given, not only on its own partition's inputs."""


class MultiAssetOptions(TypedDict, total=False):
    """What can be said of a multi-asset as a whole; ``group``, ``tags`` and ``owners`` are for outputs without any."""

    prefix: str
    partitions: PartitionsDefinition
    group: str
    tags: Mapping[str, str] | Iterable[str]
    owners: Iterable[str]
    description: str
    deterministic: bool
    deps: Upstreams
    code_version: str
    batch: Batch
    batch_inputs: BatchInputs
    can_subset: bool
    publish: Literal["each", "together"]
    retry: Retry
    timeout: float
    """Seconds that one call may take, the checks of its outputs included."""
    pool: str | Iterable[str] | Mapping[str, int]
    priority: int


class Refused(Exception):
    """A value that an option does not accept; the message says what it does."""


def checked(options: Mapping[str, object], allowed: frozenset[str], place: Place) -> dict[str, Any]:
    """The given options, each accepted and in its normal form; E102 at the first that is not."""
    accepted: dict[str, Any] = {}
    for name, value in options.items():
        if name not in allowed:
            _unknown(name, allowed, place)
        try:
            accepted[name] = _ACCEPT[name](value)
        except Refused as refusal:
            where = argument_place(place, name)
            raise DefinitionError("E102", f"`{name}` {refusal}", place=where) from None
    return accepted


def making(accepted: dict[str, Any], names: frozenset[str], place: Place) -> dict[str, Any]:
    """Takes what describes the calls out of the accepted options; E102 where a call has nobody to share with."""
    taken = {name: accepted.pop(name) for name in names & accepted.keys()}
    if taken.get("batch_inputs") == "shared" and taken.get("batch", 1) == 1:
        raise DefinitionError(
            "E102",
            "`batch_inputs` is 'shared', but every call gets a single partition",
            place=argument_place(place, "batch_inputs"),
            help="leave it out, or add `batch=`",
        )
    return taken


def _unknown(name: str, allowed: frozenset[str], place: Place) -> NoReturn:
    near = nearest(name, allowed)
    raise DefinitionError(
        "E102",
        f"there is no argument `{name}` here",
        place=keyword_place(place, name),
        help=f"did you mean `{near}`?" if near else f"known: {', '.join(sorted(allowed))}",
    )


def dependencies(upstreams: object, place: Place) -> tuple[Dependency, ...]:
    """The inputs listed in ``deps``, each once; E102 at the first entry that is none."""
    if isinstance(upstreams, str | AssetDefinition | Input) or not isinstance(upstreams, Iterable):
        _refuse_deps("takes a list of assets or keys", place)
    found: dict[tuple[object, ...], Dependency] = {}
    for entry in upstreams:
        dependency = _dependency(entry, place)
        found.setdefault((dependency.upstream, id(dependency.mapping)), dependency)
    return tuple(found.values())


def _dependency(entry: object, place: Place) -> Dependency:
    if isinstance(entry, Input):
        problem = entry.problem() or (
            entry.columns and "takes no `columns` in `deps`: nothing is loaded"
        )
        if problem:
            _refuse_deps(f"has an `Input` that {problem}", place)
        return entry.dependency(None, place, None)
    name = name_of(entry)
    if not name:
        _refuse_deps(f"takes assets or keys, not {type(entry).__name__}", place)
    if several_outputs(entry):
        _refuse_deps(f"got the multi-asset of `{name}`: name one of its outputs by key", place)
    return Dependency(name, None, place)


def _refuse_deps(problem: str, place: Place) -> NoReturn:
    raise DefinitionError("E102", f"`deps` {problem}", place=argument_place(place, "deps"))


def _instance(*kinds: type, called: str) -> Callable[[object], object]:
    def accept(value: object) -> object:
        if isinstance(value, kinds):
            return value
        raise Refused(f"takes {called}, not {_shown(value)}")

    return accept


def _one_of(*choices: object) -> Callable[[object], object]:
    def accept(value: object) -> object:
        if value in choices:
            return value
        raise Refused(f"takes {' or '.join(map(repr, choices))}, not {_shown(value)}")

    return accept


def _text(value: object) -> str:
    if isinstance(value, str) and value:
        return value
    raise Refused(f"takes a text, not {_shown(value)}")


def _any_text(value: object) -> str:
    return value if value == "" and isinstance(value, str) else _text(value)


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise Refused(f"takes a list of texts, not {_shown(value)}")
    return tuple(_text(item) for item in value)


def _columns(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        raise Refused("takes a list of column names; to name the asset itself write `name=`")
    return _texts(value)


def _tags(value: object) -> dict[str, str]:
    if isinstance(value, Mapping):
        if all(isinstance(k, str) and isinstance(v, str) for k, v in value.items()):
            return dict(value)
        raise Refused("takes texts as names and values")
    return {name: text for name, _, text in (tag.partition("=") for tag in _texts(value))}


def _json_object(value: object) -> Mapping[str, JSON]:
    if not isinstance(value, Mapping):
        raise Refused(f"takes a mapping, not {_shown(value)}")
    _require_json(value, "")
    return value


def _require_json(value: object, path: str) -> None:
    """Refuse, by its path, the first value that JSON can't hold exactly."""
    match value:
        case None | bool() | str():
            return
        case float():
            if not math.isfinite(value):
                raise Refused(f"holds {value} at `{path}`, which JSON can't say")
        case int():
            return
        case Mapping():
            for name, inner in value.items():
                if not isinstance(name, str):
                    raise Refused(f"holds a key that is not a text at `{path or '.'}`")
                _require_json(inner, f"{path}.{name}" if path else name)
        case list() | tuple():
            for index, inner in enumerate(value):
                _require_json(inner, f"{path}[{index}]")
        case _:
            raise Refused(f"holds {_shown(value)} at `{path}`, which is not plain JSON")


def _checks(value: object) -> tuple[CheckSpec, ...]:
    if isinstance(value, CheckSpec):
        return (_shown_check(value),)
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise Refused(f"takes checks such as `not_null(...)`, not {_shown(value)}")
    return tuple(spec for item in value for spec in _checks(item))


def _shown_check(spec: CheckSpec) -> CheckSpec:
    """The check with its places relative to the project's root: builders don't know it."""
    relations = tuple(replace(r, place=_shown_place(r.place)) for r in spec.relations)
    return replace(spec, place=_shown_place(spec.place), relations=relations)


def _shown_place(place: Place | None) -> Place | None:
    return None if place is None else replace(place, file=active().show(place.file))


def _batch(value: object) -> object:
    if _is_count(value) or value == "all":
        return value
    raise Refused(f"takes a number of partitions or 'all', not {_shown(value)}")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _pools(value: object) -> tuple[tuple[str, int], ...]:
    if isinstance(value, str | Mapping):
        slots = {value: 1} if isinstance(value, str) else dict(value)
    elif isinstance(value, Iterable):
        slots = dict.fromkeys(value, 1)
    else:
        raise Refused(f"takes the name of a pool or several, not {_shown(value)}")
    for name, number in slots.items():
        if not isinstance(name, str) or not POOL_NAME.fullmatch(name):
            said = "lower-case letters, digits and `-`, at most 64"
            raise Refused(f"takes names of pools ({said}), not {_shown(name)}")
        if not _is_count(number):
            raise Refused(f"takes a number of slots from 1 for `{name}`, not {_shown(number)}")
    return tuple(sorted(slots.items()))


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise Refused(f"takes a whole number, not {_shown(value)}")


def _seconds(value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and 0 < float(str(value)) < math.inf:
        return float(str(value))
    raise Refused(f"takes a number of seconds above 0, not {_shown(value)}")


def _path(value: object) -> str:
    return _text(value).strip("/")


def _as_given(value: object) -> object:
    return value


def _shown(value: object) -> str:
    return (
        repr(value) if isinstance(value, str | int | float | bool | None) else type(value).__name__
    )


_ACCEPT: dict[str, Callable[[object], object]] = {
    "batch": _batch,
    "batch_inputs": _one_of("own", "shared"),
    "can_subset": _instance(bool, called="True or False"),
    "checks": _checks,
    "code_version": _text,
    "deps": _as_given,
    "description": _any_text,
    "deterministic": _instance(bool, called="True or False"),
    "group": _text,
    "key": _columns,
    "materializer": _text,
    "materializer_options": _json_object,
    "metadata": _json_object,
    "name": _text,
    "optional": _instance(bool, called="True or False"),
    "owners": _texts,
    "partitions": _instance(PartitionsDefinition, called="a partitions definition"),
    "pool": _pools,
    "prefix": _path,
    "priority": _whole,
    "publish": _one_of("each", "together"),
    "retry": _instance(Retry, called="`Retry(...)`"),
    "row_order": _one_of("canonical", "as_produced"),
    "tags": _tags,
    "timeout": _seconds,
}

FOR_OUTPUT = frozenset(OutputOptions.__optional_keys__)
FOR_SOURCE = frozenset(SourceOptions.__optional_keys__)
FOR_SQL_ASSET = frozenset(SqlAssetOptions.__optional_keys__)
FOR_ASSET = frozenset(AssetOptions.__optional_keys__)
FOR_MULTI_ASSET = frozenset(MultiAssetOptions.__optional_keys__)
