"""The import contracts cover every module there is: a new one cannot stay outside the layers unnoticed."""

from __future__ import annotations

import tomllib
from typing import Any

from tests.architecture.tree import ROOT, modules

PURE = {"planning", "lineage", "selection", "graph", "partitions", "model"}
FACES = {"cli", "tui"}


def contracts() -> dict[str, dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    return {contract["id"]: contract for contract in settings["contracts"]}


def present() -> set[str]:
    """The direct submodules of ``assets_core``, without the package itself."""
    return {name.split(".")[1] for name in modules("assets_core") if "." in name}


def test_every_module_has_its_layer() -> None:
    layers = contracts()["layers"]["layers"]
    placed = {
        name.strip(" ()")
        for layer in layers
        for part in layer.split("|")
        for name in part.split(":")
    }
    missing = {f"assets_core.{name}" for name in present()} - placed
    assert missing == set()


def test_what_decides_is_held_to_purity() -> None:
    sources = set(contracts()["pure"]["source_modules"])
    assert sources == {f"assets_core.{name}" for name in PURE & present()}


def test_adapters_see_the_low_layers_only() -> None:
    allowed = {"ports", "model", "partitions", "errors", "explanations"}
    forbidden = set(contracts()["adapters"]["forbidden_modules"])
    assert forbidden == {f"assets_core.{name}" for name in present() - allowed}


def test_faces_never_reach_into_the_store() -> None:
    contract = contracts()["faces"]
    assert set(contract["source_modules"]) == {f"assets_core.{name}" for name in FACES & present()}
    assert contract["forbidden_modules"] == ["assets_core.store"]
