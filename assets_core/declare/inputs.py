"""``Input``: what a parameter's annotation, or an entry of ``deps``, says about the upstream it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assets_core.declare.references import name_of, several_outputs
from assets_core.errors import Place
from assets_core.model.assets import AssetDefinition, Dependency
from assets_core.partitions import PartitionMapping


@dataclass(frozen=True, slots=True, init=False)
class Input:
    """The upstream of a parameter: ``Annotated[pd.DataFrame, Input("raw/orders", columns=["id"])]``.

    ``asset`` is a definition, or a key or name. With ``columns`` only those are loaded, and only their content decides
    whether the asset is out of date. ``mapping`` overrides the inferred partition mapping. With ``optional`` a missing
    upstream partition does not block; the parameter is None when nothing is there.
    """

    asset: AssetDefinition | str
    columns: tuple[str, ...] | None
    mapping: PartitionMapping | None
    optional: bool

    def __init__(
        self,
        asset: AssetDefinition | str,
        *,
        columns: Sequence[str] | None = None,
        mapping: PartitionMapping | None = None,
        optional: bool = False,
    ) -> None:
        chosen = (columns,) if isinstance(columns, str) else columns
        object.__setattr__(self, "asset", asset)
        object.__setattr__(self, "columns", None if chosen is None else tuple(chosen))
        object.__setattr__(self, "mapping", mapping)
        object.__setattr__(self, "optional", optional)

    def dependency(self, parameter: str | None, place: Place, annotation: object) -> Dependency:
        """The dependency this describes, once ``problem`` has found none."""
        return Dependency(
            upstream=name_of(self.asset) or "",
            parameter=parameter,
            place=place,
            mapping=self.mapping,
            columns=self.columns,
            optional=self.optional,
            annotation=annotation,
        )

    def problem(self) -> str | None:
        """Why this can't be a dependency, as the rest of a sentence about ``Input``."""
        if not name_of(self.asset):
            return f"takes an asset or its key, not {type(self.asset).__name__}"
        if several_outputs(self.asset):
            return "got a multi-asset: name one of its outputs by key"
        mapping: object = self.mapping
        if mapping is not None and not isinstance(mapping, PartitionMapping):
            return f"takes a partition mapping as `mapping`, not {type(mapping).__name__}"
        if self.columns is not None and not all(isinstance(c, str) for c in self.columns):
            return "takes column names as `columns`"
        if self.columns is not None and len(set(self.columns)) < max(1, len(self.columns)):
            return "takes at least one column, and each once"
        return None
