"""Where the parts of a definition stand, exactly: for errors, and for faces that open an editor.

Reads and parses the source file, so nothing on a hot path asks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from assets_core.declare.parameters import innermost
from assets_core.declare.places import (
    argument_place,
    first_argument_place,
    function_place,
    mention_place,
    parameter_place,
)
from assets_core.declare.sql_assets import table_place
from assets_core.errors import Place
from assets_core.model.assets import (
    AssetDefinition,
    AssetSpec,
    Dependency,
    InputParameter,
    SqlBody,
)
from assets_core.model.checks import CheckSpec, Relation


def function_behind(definition: AssetDefinition) -> Callable[..., object] | None:
    """The user's function that makes or loads this, None where there is none."""
    return getattr(definition.body, "function", None)


def dependency_place(definition: AssetDefinition, dependency: Dependency) -> Place:
    """Where the user names this input: the parameter, the entry of ``deps``, or the table in the SQL."""
    if isinstance(definition.body, SqlBody) and dependency.parameter is not None:
        return table_place(definition.body, definition.place, dependency.parameter)
    if dependency.parameter is None:
        return argument_place(definition.place, "deps", dependency.upstream)
    return constant_place(definition, dependency.parameter)


def constant_place(definition: AssetDefinition, parameter: str) -> Place:
    """Where the function declares this parameter."""
    function = function_behind(definition)
    if function is None:
        return definition.place
    return parameter_place(definition.place, innermost(function).__name__, parameter)


def relation_place(spec: AssetSpec, check: CheckSpec, relation: Relation) -> Place:
    """Where a check names another asset: the function's parameter, or the builder's argument."""
    place = relation.place or check.place or spec.place
    if check.function is None:
        return mention_place(place, relation.upstream)
    for parameter in check.parameters:
        if not isinstance(parameter, InputParameter):
            continue
        if parameter.dependency.upstream == relation.upstream:
            return parameter_place(place, innermost(check.function).__name__, parameter.name)
    return place


def spec_place(definition: AssetDefinition, spec: AssetSpec) -> Place:
    """Where an asset is named: its function's name, or the output's in ``outputs``."""
    function = function_behind(definition)
    if spec.output:
        return argument_place(definition.place, "outputs", spec.output)
    if function is None:
        return first_argument_place(definition.place)
    return function_place(definition.place, innermost(function).__name__)


def line_of(place: Place) -> Place:
    """The place without its column: how a second place is named within a sentence."""
    return replace(place, column=0, length=0)
