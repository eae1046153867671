"""Projects written to disk, loaded as the command line loads them, and their errors as text."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assets_core.declare.collect import collect
from assets_core.declare.creations import observe_creations
from assets_core.declare.loader import LoadedProject, load_project, unload
from assets_core.errors import AssetsError
from assets_core.graph import AssetGraph, build_graph

HEADER = "from __future__ import annotations\nfrom assets_core import *\n"

Load = Callable[..., AssetGraph]
Refused = Callable[..., str]


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """``load(text)`` is the graph of a project whose one module is HEADER and the text; keywords are further files."""
    loaded: list[LoadedProject] = []

    def load(text: str, **files: str) -> AssetGraph:
        root = tmp_path / f"project{len(loaded)}"
        (root / "shop").mkdir(parents=True)
        (root / "shop" / "__init__.py").write_text("")
        (root / "shop" / "assets.py").write_text(HEADER + textwrap.dedent(text).lstrip("\n"))
        for name, content in files.items():
            path = root / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(content).lstrip("\n"))
        with observe_creations(root) as created:
            project = load_project(root, "shop")
            loaded.append(project)
        return build_graph(collect(project.objects, created))

    yield load
    for project in loaded:
        unload(project)


@pytest.fixture
def refused(load: Load, tmp_path: Path) -> Refused:
    """``refused(text)`` is the whole error of such a project, in a form to compare with golden text."""

    def refused(text: str, **files: str) -> str:
        with pytest.raises(AssetsError) as caught:
            load(text, **files)
        return shown(caught.value).replace(str(tmp_path / "project0"), "ROOT")

    return refused


def shown(error: AssetsError) -> str:
    """Every field of an error. A place is file:line:column+length."""
    lines = [f"{type(error).__name__} {error.code}: {error.message}"]
    if error.place is not None:
        lines.append(f"at {error.place}+{error.place.length}")
    if error.help is not None:
        lines.append(f"help: {error.help}")
    lines += [
        f"note: {text} at {place}+{place.length if place else ''}" for text, place in error.notes
    ]
    return "\n".join(lines) + "\n"
