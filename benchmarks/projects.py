"""The projects that are measured, written out as files: a chain of Fibonacci numbers, and layers of 50 assets.

Their modules import nothing heavy at the top: pandas is imported by the functions that use it, so a command that runs
nothing pays for nothing. Sources are plain templates of our own; no measured tool gets a different graph.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LAYER = 50
UPSTREAMS = 3
CHAIN = 40

FIBO = """
def fibo(n: int) -> int:
    return n if n < 2 else fibo(n - 1) + fibo(n - 2)
"""


@dataclass(frozen=True, slots=True)
class Node:
    """One asset of a generated graph: its name and the names it reads."""

    name: str
    upstream: tuple[str, ...]


def chain() -> list[Node]:
    """40 assets, each reading the one before."""
    return [Node(f"a{i}", (f"a{i - 1}",) if i else ()) for i in range(CHAIN)]


def layered(count: int) -> list[list[Node]]:
    """Layers of 50 assets; each reads 3 of the layer before."""
    layers: list[list[Node]] = []
    for first in range(0, count, LAYER):
        depth = len(layers)
        width = min(LAYER, count - first)
        layers.append([Node(f"l{depth}_{i}", _reads(depth, i)) for i in range(width)])
    return layers


def _reads(depth: int, place: int) -> tuple[str, ...]:
    if depth == 0:
        return ()
    return tuple(f"l{depth - 1}_{(place + step) % LAYER}" for step in range(UPSTREAMS))


def write_chain(folder: Path) -> Path:
    """A project of 40 chained assets that each return ``fibo(10)``."""
    lines = ["from __future__ import annotations", "", "from assets_core import asset", FIBO]
    for node in chain():
        arguments = ", ".join(f"{name}: int" for name in node.upstream)
        lines += ["", "@asset", f"def {node.name}({arguments}) -> int:", "    return fibo(10)", ""]
    return _write(folder, {"__init__": "", "numbers": "\n".join(lines)})


def write_layered(folder: Path, count: int) -> Path:
    """A project of ``count`` layered assets, one module per layer, each returning a frame of one row."""
    modules = {"__init__": ""}
    for depth, nodes in enumerate(layered(count)):
        modules[f"layer_{depth:04}"] = "\n".join(_layer(nodes))
    return _write(folder, modules)


def _layer(nodes: list[Node]) -> Iterator[str]:
    yield "from __future__ import annotations\n\nfrom typing import TYPE_CHECKING\n"
    yield "from assets_core import asset\n\nif TYPE_CHECKING:\n    import pandas as pd\n"
    for node in nodes:
        arguments = ", ".join(f"{name}: pd.DataFrame" for name in node.upstream)
        total = " + ".join(["1", *(f'int({name}["value"].sum())' for name in node.upstream)])
        yield f"\n@asset\ndef {node.name}({arguments}) -> pd.DataFrame:"
        yield f'    import pandas as pd\n\n    return pd.DataFrame({{"value": [({total}) % 1_000_003]}})\n'


def _write(folder: Path, modules: dict[str, str]) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    package = folder / "shop"
    package.mkdir(parents=True)
    (folder / "assets.toml").write_text('module = "shop"\n')
    for name, text in modules.items():
        (package / f"{name}.py").write_text(text + "\n")
    return folder


def forget(folder: Path) -> None:
    """Remove the state of a project, so that the next run starts from nothing.

    Synced, or the next run's first flushes would pay for freeing the last one's blocks.
    """
    shutil.rmtree(folder / ".assets", ignore_errors=True)
    os.sync()
