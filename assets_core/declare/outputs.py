"""``Out`` declares an output of a multi-asset; ``Output`` is what a call returns or yields for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, Unpack

from assets_core.declare.options import OutputOptions
from assets_core.model.assets import AssetDefinition, AssetSpec
from assets_core.model.versions import DataVersion

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Output(Generic[T]):
    """A value with what is to be recorded of it: ``yield Output(frame, "train", metadata={"rows": len(frame)})``.

    ``name`` is the output of a multi-asset, ``partition`` the key within a batch; both may be left out where there is
    only one. ``data_version`` replaces the content digest: equal versions mean that nothing downstream has to run.
    """

    value: T
    name: str | None = None
    partition: str | None = field(default=None, kw_only=True)
    data_version: DataVersion | str | None = field(default=None, kw_only=True)
    metadata: Mapping[str, object] = field(default_factory=dict, kw_only=True)


class Out:
    """One output of a multi-asset; ``name`` is its key below the multi-asset's ``prefix``.

    With ``optional=True`` a call may leave it out. The other arguments are those of OutputOptions.
    """

    __slots__ = ("name", "optional", "options")

    def __init__(
        self, name: str, *, optional: bool = False, **options: Unpack[OutputOptions]
    ) -> None:
        self.name = name
        self.optional = optional
        self.options: dict[str, Any] = dict(options)

    def __repr__(self) -> str:
        return f"Out({self.name!r})"


def output_named(definition: AssetDefinition, name: str | None) -> AssetSpec | None:
    """The output that a call means by ``name``: as given to ``Out``, or the whole key; None means the only one."""
    if name is None:
        return definition.outputs[0] if len(definition.outputs) == 1 else None
    for spec in definition.outputs:
        if name in (spec.output, spec.key):
            return spec
    return None
