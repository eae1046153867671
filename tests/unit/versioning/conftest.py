"""A tiny project on disk that can be edited, loaded and fingerprinted, each time as a new process would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from assets_core.declare.loader import LoadedProject, load_project, unload
from assets_core.model.assets import AssetDefinition
from assets_core.versioning.cache import FingerprintCache
from assets_core.versioning.fingerprint import Fingerprinter
from assets_core.versioning.live import asset_functions
from assets_core.versioning.parts import CodeFingerprint


class Shop:
    """The package ``shop`` in a folder; ``shop/__init__.py`` is empty unless written."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.loaded: list[LoadedProject] = []
        self.cache: Path | None = None
        self.write({"shop/__init__.py": ""})

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(
                text if isinstance(text, bytes) else dedent(text).lstrip("\n").encode()
            )

    def load(self) -> LoadedProject:
        project = load_project(self.root, "shop")
        self.loaded.append(project)
        return project

    def fingerprint(
        self, name: str = "shop.orders.build", packages: tuple[str, ...] = (), **more: Any
    ) -> CodeFingerprint:
        project = self.load()
        cache = FingerprintCache(self.cache) if self.cache is not None else None
        fingerprinter = Fingerprinter(project, packages=packages, cache=cache)
        found = fingerprinter.function(function_named(project, name), **more)
        fingerprinter.save()
        self.unload()
        return found

    def unload(self) -> None:
        while self.loaded:
            unload(self.loaded.pop())


def function_named(project: LoadedProject, name: str) -> Any:
    """``module.attribute``, taken out of its definition if it is one; ``module.attribute[2]`` is an item of a list."""
    module, _, attribute = name.rpartition(".")
    attribute, _, index = attribute.partition("[")
    found: Any = getattr(project.objects[module], attribute)
    if index:
        found = found[int(index.rstrip("]"))]
    return asset_functions(found)[0] if isinstance(found, AssetDefinition) else found


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    found = Shop(tmp_path)
    yield found
    found.unload()
