"""What can be said of stored bytes where a materializer is not installed any more."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

from assets_core.execution.soundness import unsound_inputs
from assets_core.model.keys import AssetKey
from assets_core.model.records import Soundness
from assets_core.model.values import StoredFile, StoredPart, Written
from assets_core.model.versions import DataVersion, digest
from assets_core.ports import PinnedInput
from materializers.json_values import JsonMaterializer

INSTALLED = MappingProxyType({"json": JsonMaterializer()})


def stored(folder: Path, materializer: str, number: int) -> StoredPart:
    """A version of which nothing is left on disk."""
    files = (StoredFile("value.json", 1, digest("x")),)
    written = Written(materializer, DataVersion(digest("x")), files, "json")
    return StoredPart("", folder / f"~{number}", written, number)


def test_an_input_that_nobody_here_can_judge_hides_no_damage_of_another(tmp_path: Path) -> None:
    strange = PinnedInput(AssetKey("strange"), "strange", (stored(tmp_path, "plugin", 1),))
    gone = PinnedInput(AssetKey("gone"), "gone", (stored(tmp_path, "json", 2),))
    (found,) = unsound_inputs(INSTALLED, [strange, gone])
    assert (found.asset, found.number, found.soundness) == ("gone", 2, Soundness.MISSING)
