"""Keys of a project: which asset a name means, and the errors where it means none, several or another.

A name ``n`` in asset ``p/x`` means ``p/n``, then ``n``, then the only key that ends in ``/n``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from assets_core.declare.annotations import load_annotation
from assets_core.declare.definition_places import (
    constant_place,
    dependency_place,
    function_behind,
    line_of,
    relation_place,
    spec_place,
)
from assets_core.declare.parameters import innermost, is_special
from assets_core.declare.references import Suffixes, candidates, nearest
from assets_core.errors import DefinitionError, Place
from assets_core.model.assets import (
    AssetDefinition,
    AssetSpec,
    Dependency,
    PythonBody,
    SourceBody,
)
from assets_core.model.checks import CheckSpec, Relation
from assets_core.model.keys import AssetKey


class Names:
    """Every key with the definition that makes it, by position in the order of declaration."""

    def __init__(self, definitions: Sequence[AssetDefinition]) -> None:
        """Raises DefinitionError E105 for keys that are equal, or but for case; E137 for equal checks of one asset."""
        self.definitions = definitions
        self.owner: dict[AssetKey, int] = {}
        for number, definition in enumerate(definitions):
            for spec in definition.outputs:
                if spec.key in self.owner:
                    raise self._duplicate(definition, spec)
                self.owner[spec.key] = number
                if len(spec.checks) > 1:
                    _refuse_equal_checks(spec)
        if len({key.folded for key in self.owner}) < len(self.owner):
            raise self._case_twins()
        self._suffixes = Suffixes(self.owner)

    def resolve(self, definition: AssetDefinition, dependency: Dependency, prefix: str) -> AssetKey:
        """The key that an input means; E103 or E104 at the place where the user names it.

        ``prefix`` is that of the definition's key.
        """
        name = dependency.upstream
        if not prefix and name in self.owner:
            return name if isinstance(name, AssetKey) else AssetKey(name)
        keys = candidates(name, prefix, self.owner.__contains__, self._suffixes)
        if len(keys) == 1:
            return AssetKey(keys[0])
        place = dependency_place(definition, dependency)
        if keys:
            raise self._ambiguous(f"asset `{definition.key}` depends on", name, keys, place)
        _refuse_hidden(definition, dependency)
        raise self._unknown(f"asset `{definition.key}` depends on", name, place)

    def resolve_relation(self, spec: AssetSpec, check: CheckSpec, relation: Relation) -> AssetKey:
        """The key of another asset that a check reads; E103 or E104."""
        name = relation.upstream
        keys = candidates(name, spec.key.prefix, self.owner.__contains__, self._suffixes)
        if len(keys) == 1:
            return AssetKey(keys[0])
        subject = f"the check `{check.name}` of `{spec.key}` reads"
        place = relation_place(spec, check, relation)
        if keys:
            raise self._ambiguous(subject, name, keys, place)
        raise self._unknown(subject, name, place)

    def refuse_constants(self, definition: AssetDefinition) -> None:
        """E130 where a parameter with a default has the name of an asset: which of the two was meant is a guess."""
        body = definition.body
        if not isinstance(body, PythonBody | SourceBody) or not body.constants:
            return
        for name in body.constants:
            keys = candidates(name, definition.key.prefix, self.owner.__contains__, _none)
            if keys:
                raise DefinitionError(
                    "E130",
                    f"the parameter `{name}` of `{definition.key}` has a default, but `{keys[0]}` is also an asset",
                    place=constant_place(definition, name),
                    help=f'write `Annotated[..., Input("{keys[0]}")]` to read the asset, or rename the parameter',
                )

    def place(self, key: str) -> Place:
        """Where an asset is named."""
        definition = self.definitions[self.owner[AssetKey(key)]]
        spec = next(s for s in definition.outputs if s.key == key)
        return spec_place(definition, spec)

    def _unknown(self, subject: str, name: str, place: Place) -> DefinitionError:
        near = nearest(name, self.owner)
        help = "declare an @asset or a source with that name"
        if near is not None:
            help = f"a similar asset exists: `{near}` ({line_of(self.place(near))})"
        return DefinitionError(
            "E103", f"{subject} `{name}`, which is not defined", place=place, help=help
        )

    def _ambiguous(
        self, subject: str, name: str, keys: Sequence[str], place: Place
    ) -> DefinitionError:
        choices = sorted(keys)
        return DefinitionError(
            "E104",
            f"{subject} `{name}`, which can mean {_listed(choices)}",
            place=place,
            help=f'write the whole key: `Annotated[..., Input("{choices[0]}")]`',
            notes=tuple((f"`{key}` is defined here", self.place(key)) for key in choices[:8]),
        )

    def _duplicate(self, definition: AssetDefinition, spec: AssetSpec) -> DefinitionError:
        return DefinitionError(
            "E105",
            f"two definitions have the key `{spec.key}`",
            place=spec_place(definition, spec),
            help="rename one of them, or give it a `prefix`",
            notes=(("the other one", self.place(spec.key)),),
        )

    def _case_twins(self) -> DefinitionError:
        seen: dict[str, AssetKey] = {}
        for key in self.owner:
            first = seen.setdefault(key.folded, key)
            if first is not key:
                return DefinitionError(
                    "E105",
                    f"the keys `{first}` and `{key}` differ only in case",
                    place=self.place(key),
                    help="rename one of them: some filesystems and databases can't tell them apart",
                    notes=(("the other one", self.place(first)),),
                )
        raise AssertionError("there are case twins")


def _none(_: str) -> Sequence[str]:
    return ()


def _listed(keys: Sequence[str]) -> str:
    shown = [f"`{key}`" for key in keys[:8]]
    more = f" or {len(keys) - 8} more" if len(keys) > 8 else ""
    return f"{', '.join(shown[:-1])} or {shown[-1]}" if not more else f"{', '.join(shown)}{more}"


def _refuse_equal_checks(spec: AssetSpec) -> None:
    seen: set[str] = set()
    for check in spec.checks:
        if check.name in seen:
            raise DefinitionError(
                "E137",
                f"`{spec.key}` has two checks with the name `{check.name}`",
                place=check.place or spec.place,
                help="give one of them another `name=`",
            )
        seen.add(check.name)


def _refuse_hidden(definition: AssetDefinition, dependency: Dependency) -> None:
    """E131 where the parameter is no upstream at all, but a Config or the like that is only there for type checkers."""
    function = function_behind(definition)
    lazy = dependency.annotation
    if function is None or not isinstance(lazy, str):
        return
    try:
        found = load_annotation(lazy, innermost(function))
    except Exception:  # whatever importing the user's type raises: then it is no Config
        return
    if is_special(found):
        _refuse_lazy(definition, dependency, lazy)


def _refuse_lazy(definition: AssetDefinition, dependency: Dependency, lazy: str) -> NoReturn:
    raise DefinitionError(
        "E131",
        f"`{lazy}`, in the annotation of `{dependency.parameter}`, is not defined at run time",
        place=dependency_place(definition, dependency),
        help=f"import `{lazy}` outside `if TYPE_CHECKING:`",
    )
