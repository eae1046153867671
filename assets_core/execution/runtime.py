"""What a step needs of its project, as one value: made by the composition root, in this process or in a worker's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from assets_core.errors import StepError
from assets_core.model.assets import AssetDefinition
from assets_core.model.json import JSON
from assets_core.model.keys import AssetKey
from assets_core.model.versions import CodeVersion, ConfigVersion
from assets_core.ports import Check, Materializer, StepRequest


@dataclass(frozen=True, slots=True)
class Runtime:
    """A loaded project with everything that executes its steps."""

    root: Path
    """The project's folder: relative paths in user code start here."""
    definitions: Mapping[AssetKey, AssetDefinition]
    """The definition behind every key."""
    materializers: Mapping[str, Materializer]
    evaluators: Mapping[str, Check]
    resolve_config: Callable[[type, AssetKey], object]
    resolve_connection: Callable[[type, str], object]
    versions_of: Callable[[AssetKey], tuple[CodeVersion, ConfigVersion]]
    """The versions of the code that is loaded here, which must be the planned ones."""
    explain_other_code: Callable[[AssetKey, StepRequest], None]
    """Raises E120 ``volatile_value`` where the code is the planned one byte for byte and yet a value differs."""
    check_versions_of: Callable[[AssetKey], Mapping[str, str]]
    """The versions of an asset's checks as they are loaded here, by name."""
    materializer_options: Mapping[str, Mapping[str, JSON]]
    """Configured options by materializer, which a definition's own options override."""
    redact: Callable[[str], str]
    """Replaces every secret value this process knows."""

    def materializer(self, name: str) -> Materializer:
        """The materializer of that name; raises StepError E510 naming the known ones."""
        found = self.materializers.get(name)
        if found is None:
            known = ", ".join(sorted(self.materializers))
            raise StepError("E510", f"there is no materializer `{name}`", help=f"known: {known}")
        return found

    def choose_materializer(self, value: object, name: str | None) -> Materializer:
        """The named materializer, else the one to which ``value`` comes naturally."""
        if name is not None:
            return self.materializer(name)
        for candidate in self.materializers.values():
            if candidate.accepts(value):
                return candidate
        raise StepError(
            "E511",
            f"no materializer stores a value of type `{type(value).__module__}.{type(value).__qualname__}`",
            help="return a table, JSON, text, bytes or a Path, or name one: `@asset(materializer=...)`",
        )
