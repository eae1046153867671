"""Dagster on the same work, in an environment of its own that is built on demand below ``benchmarks/.peers``.

Two faces of it are measured: its command line, as a user runs it (which forks a process per asset), and
``dagster.materialize`` in one process with a persistent instance and its file IO manager, its fastest durable way.
For P4 it is its staleness resolver, with all records fetched in one query first, over what P3 left.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks import peer_partitions
from benchmarks.limits import fresh
from benchmarks.measuring import CommandFailed, Figure, measure
from benchmarks.projects import FIBO, Node, chain, layered

ENVIRONMENTS = Path(__file__).parent / ".peers"
DAGSTER = "dagster>=1.13,<1.14"

IN_PROCESS = """
import sys
import dagster as dg
import shop
folder = sys.argv[1]
with dg.DagsterInstance.get() as instance:
    done = dg.materialize(
        shop.ASSETS, instance=instance, resources={"io_manager": dg.FilesystemIOManager(base_dir=folder)}
    )
sys.exit(not done.success)
"""

STALENESS = """
import dagster as dg
import shop
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContextForTest

graph = dg.Definitions(assets=shop.ASSETS).resolve_asset_graph()
with dg.DagsterInstance.get() as instance:
    resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    resolver.instance_queryer.prefetch_asset_records([asset.key for asset in shop.ASSETS])
    states = [resolver.get_status(asset.key) for asset in shop.ASSETS]
assert all(str(state.name) == "FRESH" for state in states), states[:3]
"""


def figures(work: Path, rows: Sequence[str]) -> Iterator[Figure]:
    """The rows asked for, each with a fresh DAGSTER_HOME per run unless it is about nothing having changed."""
    bin_ = _environment("dagster", [DAGSTER, "pandas", "pyarrow"]) / "bin"
    home = work / "dagster-home"
    env = {"DAGSTER_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "1"}
    cli = [str(bin_ / "dagster")]
    python = [str(bin_ / "python")]
    if "P1" in rows:
        yield from _startup(work, cli)
    if "P2" in rows:
        project = _write(work / "dagster-chain", _chain())
        reset = partial(fresh, home)
        argv = [*python, "in_process.py", str(home / "storage")]
        title = "40 in a chain"
        yield measure(
            "P2",
            f"{title}, inline",
            "Dagster in process",
            argv,
            project,
            before_each=reset,
            env=env,
        )
        argv = [*cli, "asset", "materialize", "-f", "shop.py", "--select", "*"]
        yield measure(
            "P2", f"{title}, processes", "Dagster", argv, project, before_each=reset, env=env
        )
    if {"P3", "P4"} & set(rows):
        project = _write(work / "dagster-layered", _layered(1_000))
        reset = partial(fresh, home)
        argv = [*python, "in_process.py", str(home / "storage")]
        yield measure(
            "P3", "1,000 layered", "Dagster in process", argv, project, before_each=reset, env=env
        )
        argv = [*python, "staleness.py"]
        yield measure("P4", "1,000 unchanged", "Dagster staleness resolver", argv, project, env=env)
    if "P5" in rows:
        yield from peer_partitions.figures(work, python[0])


def _startup(work: Path, cli: list[str]) -> Iterator[Figure]:
    yield measure("P1", "--help", "Dagster", [*cli, "--help"], work)
    for count in (10, 1_000):
        project = _write(work / f"dagster-list-{count}", _layered(count))
        argv = [*cli, "asset", "list", "-f", "shop.py"]
        yield measure("P1", f"list {count:,}", "Dagster", argv, project)


def _environment(name: str, packages: list[str]) -> Path:
    """A virtual environment with these packages, built once."""
    folder = ENVIRONMENTS / name
    ready = folder / ".ready"
    if ready.exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    python = str(folder / "bin" / "python")
    for argv in (
        [sys.executable, "-m", "venv", str(folder)],
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages],
    ):
        if subprocess.run(argv, check=False).returncode != 0:
            raise CommandFailed(f"the environment of {name} could not be built: {' '.join(argv)}")
    ready.touch()
    return folder


def _write(folder: Path, shop: str) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "shop.py").write_text(shop)
    (folder / "in_process.py").write_text(IN_PROCESS)
    (folder / "staleness.py").write_text(STALENESS)
    return folder


def _module(preamble: str, nodes: Sequence[Node], body: str) -> str:
    """Dagster's spelling of a generated graph: upstreams are parameters there too."""
    lines = ["import dagster as dg", preamble]
    for node in nodes:
        total = " + ".join(["1", *(f'int({name}["value"].sum())' for name in node.upstream)])
        lines += ["", "@dg.asset", f"def {node.name}({', '.join(node.upstream)}):"]
        lines += [f"    {line}" for line in body.replace("TOTAL", total).splitlines()]
    lines += [
        "",
        f"ASSETS = [{', '.join(node.name for node in nodes)}]",
        "defs = dg.Definitions(assets=ASSETS)",
    ]
    return "\n".join(lines) + "\n"


def _chain() -> str:
    return _module(FIBO, chain(), "return fibo(10)")


def _layered(count: int) -> str:
    nodes = [node for layer in layered(count) for node in layer]
    body = 'import pandas as pd\nreturn pd.DataFrame({"value": [(TOTAL) % 1_000_003]})'
    return _module("", nodes, body)
