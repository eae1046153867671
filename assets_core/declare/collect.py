"""From the user's modules to the tuple of definitions that a graph is built of.

Definitions are module attributes and what stands in module-level lists, tuples and dicts. Whatever was created while
the modules were imported but is held by none of them has been lost by the user and is an error: without this, an asset
made in a loop would silently not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

from assets_core.declare.annotations import FailedMetadata, Names, UnresolvedName, resolve
from assets_core.declare.assets import loaded
from assets_core.declare.check_functions import CheckFunction, attached_to
from assets_core.declare.creations import Creations
from assets_core.declare.definition_places import function_behind
from assets_core.declare.parameters import innermost, signature
from assets_core.declare.places import argument_place, code_place, function_place
from assets_core.declare.references import Suffixes, candidates, nearest
from assets_core.errors import DefinitionError
from assets_core.model.assets import AssetDefinition, InputParameter, PythonBody
from assets_core.model.checks import CheckSpec
from assets_core.model.keys import AssetKey

_Check = CheckFunction[..., Any]
_Found = AssetDefinition | _Check
_KINDS = (AssetDefinition, CheckFunction)
_CONTAINERS = (list, tuple, dict)


def collect(modules: Mapping[str, ModuleType], created: Creations) -> tuple[AssetDefinition, ...]:
    """Every definition of the project, in the order of creation, with its ``@check`` functions attached.

    Raises DefinitionError E106 for a definition that no module holds, E132 for a check that fits no asset.
    """
    held = {id(item): item for item in _held(modules)}
    _refuse_lost(held, created, modules)
    observed = [d for d in created.definitions if id(d) in held]
    known = {id(d) for d in observed}
    others = [d for d in held.values() if isinstance(d, AssetDefinition) and id(d) not in known]
    still_lazy: dict[tuple[int, str], bool] = {}
    definitions = [_completed(d, still_lazy) for d in (*observed, *others)]
    checks = [c for c in held.values() if isinstance(c, CheckFunction)]
    return with_checks(definitions, checks)


def with_checks(
    definitions: Iterable[AssetDefinition], checks: Iterable[_Check]
) -> tuple[AssetDefinition, ...]:
    """The definitions with each check attached to the asset it judges; E132 or E104 where there is none, or several."""
    found = tuple(definitions)
    owners = {spec.key: n for n, d in enumerate(found) for spec in d.outputs}
    suffixes = Suffixes(owners)
    added: dict[AssetKey, list[CheckSpec]] = {}
    for check in checks:
        key = _judged(check, owners, suffixes)
        added.setdefault(key, []).append(attached_to(check, key))
    if not added:
        return found
    touched = {owners[key] for key in added}
    return tuple(_with_checks(d, added) if n in touched else d for n, d in enumerate(found))


def _with_checks(
    definition: AssetDefinition, added: Mapping[AssetKey, list[CheckSpec]]
) -> AssetDefinition:
    outputs = tuple(
        replace(spec, checks=(*spec.checks, *added[spec.key])) if spec.key in added else spec
        for spec in definition.outputs
    )
    return replace(definition, outputs=outputs)


def _judged(check: _Check, owners: Mapping[AssetKey, int], suffixes: Suffixes) -> AssetKey:
    keys = candidates(check.asset, "", owners.__contains__, suffixes)
    if len(keys) == 1:
        return AssetKey(keys[0])
    place = argument_place(check.place, "asset")
    if keys:
        raise DefinitionError(
            "E104",
            f"the check `{check.spec.name}` is of `{check.asset}`, which can be any of {_listed(keys)}",
            place=place,
            help="write the whole key",
        )
    near = nearest(check.asset, owners)
    raise DefinitionError(
        "E132",
        f"the check `{check.spec.name}` is of `{check.asset}`, which is not defined",
        place=place,
        help=f"a similar asset exists: `{near}`" if near else "declare the asset in the project",
    )


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(f"`{key}`" for key in sorted(keys))


def _held(modules: Mapping[str, ModuleType]) -> Iterator[_Found]:
    for module in list(modules.values()):
        for value in list(vars(module).values()):
            if isinstance(value, _KINDS):
                yield value
            elif isinstance(value, _CONTAINERS):
                yield from _contained(value)


def _contained(container: Any) -> Iterator[_Found]:
    """What stands in a container and in those within it; one that contains itself is entered once."""
    waiting, entered = [container], {id(container)}
    while waiting:
        current = waiting.pop()
        for item in list(current.values() if isinstance(current, dict) else current):
            if isinstance(item, _KINDS):
                yield item
            elif isinstance(item, _CONTAINERS) and id(item) not in entered:
                entered.add(id(item))
                waiting.append(item)


def _refuse_lost(
    held: Mapping[int, _Found], created: Creations, modules: Mapping[str, ModuleType]
) -> None:
    """E106 for the first creation in a file of the project that none of its modules holds."""
    made: list[_Found] = [*created.definitions, *created.checks]
    lost = [item for item in made if id(item) not in held]
    if not lost:
        return
    files = {
        created.show(str(m.__file__)) for m in modules.values() if getattr(m, "__file__", None)
    }
    for item in lost:
        if item.place.file not in files:
            continue  # an installed package's own affair
        name = _function_name(item)
        raise DefinitionError(
            "E106",
            f"the {_called(item)} is created here, but no module-level name holds it, so it would not exist",
            place=function_place(item.place, name) if name else item.place,
            help="put it in a list: a module-level list, tuple or dict is searched for definitions",
        )


def _called(item: _Found) -> str:
    if isinstance(item, AssetDefinition):
        return f"asset `{item.key}`"
    return f"check `{item.spec.name}`"


def _function_name(item: _Found) -> str | None:
    function = item.spec.function if isinstance(item, CheckFunction) else function_behind(item)
    return None if function is None else innermost(function).__name__


def _completed(
    definition: AssetDefinition, still_lazy: dict[tuple[int, str], bool]
) -> AssetDefinition:
    """The definition with annotations that were texts resolved against the whole module.

    A class below the function that names it, a ``Config`` say, is defined by now. Most texts name what only type
    checkers import: ``still_lazy`` remembers, per module's names and text, that it is so still.
    """
    body = definition.body
    if not isinstance(body, PythonBody):
        return definition
    texts = [text for p in body.parameters if (text := _lazy_text(p)) is not None]
    inner = innermost(body.function)
    if all(_stays_text(text, inner.__globals__, still_lazy) for text in texts):
        return definition
    found = signature(inner, code_place(inner.__code__))
    if found.parameters == body.parameters:
        return definition
    kept = tuple(d for d in definition.dependencies if d.parameter is None)
    return replace(
        definition,
        body=replace(body, parameters=found.parameters, constants=found.constants),
        dependencies=(*loaded(found.parameters), *kept),
    )


def _lazy_text(parameter: object) -> str | None:
    if not isinstance(parameter, InputParameter):
        return None
    annotation = parameter.dependency.annotation
    return annotation if isinstance(annotation, str) else None


def _stays_text(text: str, names: Names, known: dict[tuple[int, str], bool]) -> bool:
    place = (id(names), text)
    if place not in known:
        try:
            found = resolve(text, names)
            known[place] = isinstance(found, str) and found == text
        except (
            UnresolvedName,
            FailedMetadata,
        ):  # an error at the user's line, once the function is read again
            known[place] = False
    return known[place]
