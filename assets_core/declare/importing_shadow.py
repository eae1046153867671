"""The shadowing guard: two files that answer to one module name are an error that names both.

Three cases. A *named* package that something outside the root also provides (E112). One of *our* package names as a
module of the project (E113). Another top-level module under the root that an installed package hides, once a file of
the project imports that name (E112, at the import). Without the guard the winner would depend on ``sys.path``, and a
project would silently run someone else's code.
"""

from __future__ import annotations

import ast
from pathlib import Path

from assets_core.declare.importing import NOT_WALKED, OURS, ModuleSource, ProjectFinder
from assets_core.errors import DefinitionError, Place


def refuse_our_names(finder: ProjectFinder, shown: str) -> None:
    """E113 when the root holds a module called like one of our own packages (``shown``: the root's display prefix)."""
    home = Path(__file__).resolve().parents[2]
    for name in OURS:
        mine = finder.locate(name)
        if mine is None and any((finder.root / name).glob("*.py")):
            mine = finder.root / name
        ours = home / name / "__init__.py"
        if mine is None or _same(mine, ours) or _same(mine, ours.parent):
            continue
        raise DefinitionError(
            "E113",
            f"the project's `{name}` and the package `{name}` of assets-core have the same name: {mine} and {ours}",
            place=Place(shown + mine.relative_to(finder.root).as_posix()),
            help=f"rename the project's `{name}`, or move it into your own package",
        )


def refuse_installed_twin(finder: ProjectFinder, top: str, shown: str) -> None:
    """E112 when a named package also exists outside the root, so that Python would import that one instead."""
    other = finder.elsewhere(top)
    mine = finder.locate(top)
    if other is None:
        return
    file = mine or finder.root / top
    raise DefinitionError(
        "E112",
        f"two modules are called `{top}`: {file} and {other}",
        place=Place(shown + file.relative_to(finder.root).as_posix()),
        help=f"rename the project's `{top}`, or uninstall the other one (`pip uninstall {top}`)",
    )


def refuse_hidden_modules(finder: ProjectFinder, shown: str) -> None:
    """E112 at an import in the project whose name both the root and something installed provide."""
    hidden = {top: other for top in _tops(finder) if (other := finder.elsewhere(top)) is not None}
    for source in list(finder.sources.values()) if hidden else []:
        for top, line in _imports(source):
            if top in hidden:
                raise DefinitionError(
                    "E112",
                    f"two modules are called `{top}`: {finder.locate(top)} and {hidden[top]}",
                    place=Place(shown + source.path.relative_to(finder.root).as_posix(), line),
                    help=f"rename the project's `{top}`: Python imports the other one here",
                )


def _tops(finder: ProjectFinder) -> list[str]:
    stems = {entry.name.removesuffix(".py") for entry in finder.root.iterdir()}
    names = stems - finder.owned - NOT_WALKED - {*OURS, "setup"}
    return sorted(n for n in names if n.isidentifier() and finder.locate(n) is not None)


def _imports(source: ModuleSource) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for node in ast.walk(ast.parse(source.data)):
        if isinstance(node, ast.Import):
            found.extend((alias.name.partition(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.append((node.module.partition(".")[0], node.lineno))
    return found


def _same(first: Path, second: Path) -> bool:
    return first.exists() and second.exists() and first.samefile(second)
