"""The source tree as the architecture tests see it: files, modules and their syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("assets_core", "materializers", "checks", "integrations")
EVERYTHING = (*PACKAGES, "tests", "benchmarks", "example_project", "docs")


def files(*folders: str, suffix: str = "") -> Iterator[Path]:
    """Every file of these top-level folders, caches and state directories left out."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob(f"*{suffix}")):
            hidden = any(
                p == "__pycache__" or p.startswith(".") for p in path.parts[len(ROOT.parts) :]
            )
            if path.is_file() and not hidden:
                yield path


def shown(path: Path) -> str:
    """The path as it is written in the repository."""
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of one file."""
    return ast.parse(path.read_text(encoding="utf-8"), shown(path))


def modules(package: str) -> Iterator[str]:
    """Dotted names of all modules of a package; ``__main__`` and Alembic's scripts run when imported, so not those."""
    for path in files(package, suffix=".py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[-1] != "__main__" and "migrations" not in parts:
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
