"""``assets init``: create a project from a template. Nothing that exists is overwritten.

Templates are plain data below ``templates/``: each file's name ends in ``.txt`` (so that no tool takes it for a module
of ours), and ``{module}`` stands for the name of the package.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assets_core.cli.session import Session, session_of
from assets_core.errors import ConfigError, Place, UsageError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

TEMPLATES = ("quickstart", "blank")
_SUFFIX = ".txt"
_FALLBACK = "pipeline"

Folder = Annotated[str | None, typer.Argument(metavar="[DIR]", help="Where; default: here.")]
Template = Annotated[
    str, typer.Option("--template", metavar="NAME", help="quickstart (with data) or blank.")
]


def run(ctx: typer.Context, folder: Folder = None, template: Template = "quickstart") -> int:
    """Create a project, in a new folder or in an existing one.

    Nothing that exists is overwritten. The quickstart has its own small data and works offline.
    """
    session = session_of(ctx)
    if template not in TEMPLATES:
        raise UsageError(
            "E909", f"there is no template `{template}`", help=f"one of {', '.join(TEMPLATES)}"
        )
    target = (session.directory / folder) if folder else session.directory
    _refuse_project(target)
    content = dict(_content(template, _module_name(target)))
    _refuse_existing(target, content)
    for name, text in content.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    _tell(session, target, sorted(content), folder)
    return 0


def _module_name(target: Path) -> str:
    """The folder's name as a package, unless that would hide an installed module."""
    name = "".join(c if c.isalnum() else "_" for c in target.resolve().name.lower()).strip("_")
    if not name.isidentifier() or name in sys.stdlib_module_names or _is_installed(name):
        return _FALLBACK
    return name


def _is_installed(name: str) -> bool:
    from importlib.machinery import PathFinder

    return PathFinder.find_spec(name, [p for p in sys.path if p]) is not None


def _content(template: str, module: str) -> Iterator[tuple[str, str]]:
    yield from _below(files("assets_core.cli").joinpath("templates", template), "", module)


def _below(folder: Traversable, prefix: str, module: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        name = prefix + entry.name.replace("{module}", module)
        if entry.is_dir():
            yield from _below(entry, f"{name}/", module)
        elif name.endswith(_SUFFIX):
            text = entry.read_text(encoding="utf-8").replace("{module}", module)
            yield name.removesuffix(_SUFFIX), text


def _refuse_project(target: Path) -> None:
    """A folder that is a project already; one that lies inside another project is fine."""
    from assets_core.settings import find_config

    known = find_config(target) if target.is_dir() else None
    if known is not None and known.root == target.resolve():
        raise ConfigError(
            "E920",
            f"`{known.name}` configures a project here already",
            place=Place(str(known.path)),
            help="see what is in it with `assets ls`",
        )


def _refuse_existing(target: Path, content: dict[str, str]) -> None:
    taken = sorted(name for name in content if (target / name).exists())
    if target.exists() and not target.is_dir():
        raise UsageError("E921", f"`{target}` is a file", help="name a folder")
    if taken:
        raise UsageError(
            "E921",
            f"nothing was created: {', '.join(taken)} would be overwritten",
            help="choose another folder: assets init NAME",
        )


def _tell(session: Session, target: Path, names: list[str], folder: str | None) -> None:
    if session.as_json:
        document = {"schema": "assets.init/1", "folder": str(target.resolve()), "files": names}
        session.document(document)
        return
    for name in names:
        session.out.line(("  + ", "ok"), name)
    inside = f"cd {folder} && " if folder else ""
    session.out.line(("Next: ", "dim"), (f"{inside}assets plan", "bold"))
