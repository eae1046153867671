"""Loading a user's project: every module of the named packages, from bytes that were read exactly once.

``load_project`` is what the command line, notebooks and workers call; a worker is a fresh process that loads the same
root. Loading a second project evicts modules of the first that would clash, so tests and notebooks can load one after
another. Anything printed during import goes to stderr: stdout belongs to results.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType, ModuleType

from assets_core.declare.import_output import redacted_output
from assets_core.declare.importing import ModuleSource, ProjectFinder
from assets_core.declare.importing_errors import located
from assets_core.declare.importing_limit import ImportTookTooLong, import_limit
from assets_core.declare.importing_shadow import (
    refuse_hidden_modules,
    refuse_installed_twin,
    refuse_our_names,
)
from assets_core.errors import DefinitionError, Place
from assets_core.model.versions import digest

__all__ = ["LoadedProject", "ModuleSource", "load_project", "project_in_place", "unload"]


@dataclass(frozen=True, slots=True)
class LoadedProject:
    """A project as it was loaded.

    ``root`` is the folder of the configuration file, ``import_root`` that folder or its ``src/``. ``modules`` and
    ``objects`` are live views: a module imported later, inside a function, joins them then. ``digest`` is that of the
    bytes of all modules that loading read: a worker that loaded the same project has the same one.
    """

    root: Path
    import_root: Path
    packages: tuple[str, ...]
    modules: Mapping[str, ModuleSource]
    objects: Mapping[str, ModuleType]
    finder: ProjectFinder = field(repr=False, compare=False)
    digest: str = ""

    def source(self, name: str) -> ModuleSource | None:
        """The bytes of a module of the project, pinned now if nothing imported it yet; None for anything else."""
        top = name.partition(".")[0]
        return self.finder.source(name) if self.finder.claims(top) else None

    def display_own(self, file: str) -> str | None:
        """The same for files of modules that were read, and None for a virtual environment in the folder."""
        own = any(str(source.path) == file for source in self.modules.values())
        return _display(self.root, file) if own else None

    def display(self, file: str | os.PathLike[str]) -> str | None:
        """``file`` relative to the root with ``/``; None when it lies elsewhere."""
        return _display(self.root, os.fspath(file))


def load_project(
    root: Path | str,
    modules: str | Sequence[str],
    *,
    limit_s: float | None = None,
    redact: Callable[[str], str] = str,
) -> LoadedProject:
    """Import every module of the named packages below ``root`` or ``root/src``.

    Raises DefinitionError E110-E118, located in the user's file, with the original exception as its cause. ``limit_s``
    bounds the import in seconds (main thread only); ``redact`` goes over what the modules print.
    """
    names = (modules,) if isinstance(modules, str) else tuple(modules)
    folder = Path(root).resolve()
    finder = ProjectFinder(_import_root(folder, names), names)
    project = LoadedProject(
        folder,
        finder.root,
        names,
        MappingProxyType(finder.sources),
        MappingProxyType(finder.objects),
        finder,
    )
    shown = "" if finder.root == folder else "src/"
    refuse_our_names(finder, shown)
    _evict(finder)
    for top in sorted(finder.owned):
        refuse_installed_twin(finder, top, shown)
    sys.meta_path.insert(0, finder)
    try:
        _import_all(project, limit_s, redact)
        refuse_hidden_modules(finder, shown)
    except BaseException:
        unload(project)
        raise
    read = sorted(project.modules.items())
    return replace(project, digest=digest(*(t for name, m in read for t in (name, m.digest))))


def project_in_place(root: Path | str) -> LoadedProject:
    """A project whose definitions were made in ``__main__`` or in notebook cells below ``root``.

    Nothing is imported: Python already imported the script and the modules beside it, which count as the project's.
    """
    folder = Path(root).resolve()
    finder = ProjectFinder(folder, ())
    return LoadedProject(
        folder, folder, (), MappingProxyType(finder.sources), _Imported(finder), finder
    )


class _Imported(Mapping[str, ModuleType]):
    """Those of Python's modules that lie below the root."""

    def __init__(self, finder: ProjectFinder) -> None:
        self._finder = finder

    def __getitem__(self, name: str) -> ModuleType:
        module = sys.modules[name]
        if not self._finder.is_under(getattr(module, "__file__", None)):
            raise KeyError(name)
        return module

    def __iter__(self) -> Iterator[str]:
        return (name for name in list(sys.modules) if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def unload(project: LoadedProject) -> None:
    """Forget a loaded project: its finder and its modules. Objects that others still hold stay usable."""
    _remove(project.finder)


def _import_root(folder: Path, names: tuple[str, ...]) -> Path:
    for name in names:
        if not all(part.isidentifier() for part in name.split(".")):
            raise DefinitionError(
                "E110",
                f"`{name}` is not the name of a module",
                help='write it as in `module = "shop"`',
            )
    first = ""
    for candidate in (folder, folder / "src"):
        finder = ProjectFinder(candidate, names)
        missing = next((name for name in names if not finder.walk(name)), None)
        if missing is None:
            return candidate
        first = first or missing
    path = first.replace(".", "/")
    raise DefinitionError(
        "E110",
        f"the module `{first}` of `[tool.assets]` was not found: there is no `{path}.py` and no folder `{path}` "
        f"with Python files in {folder} or its `src`",
        help="`module` names your package, relative to the folder of the configuration file",
    )


def _import_all(
    project: LoadedProject, limit_s: float | None, redact: Callable[[str], str]
) -> None:
    if not any(os.path.realpath(p or ".") == str(project.import_root) for p in sys.path):
        sys.path.append(str(project.import_root))
    current = project.packages[0]
    try:
        with redacted_output(redact), import_limit(limit_s):
            for package in project.packages:
                for current in project.finder.walk(package):
                    importlib.import_module(current)
    except KeyboardInterrupt:
        raise
    except ImportTookTooLong as error:
        inner = located(error, current, project.display_own)
        raise DefinitionError(
            "E116",
            f"importing `{current}` took longer than {limit_s:g} s",
            place=inner.place or Place(project.packages[0]),
            help="do slow work inside an asset, not while its module is imported",
            notes=inner.notes,
        ) from error
    except BaseException as error:
        known = located(error, current, project.display_own)
        if known is error:
            raise
        raise known from error
    _verify_files(project)


def _verify_files(project: LoadedProject) -> None:
    """A module that put something else in its place in ``sys.modules`` is caught here (E112)."""
    for name in project.packages:
        module = sys.modules[name]
        file = getattr(module, "__file__", None)
        if file is not None and not project.finder.is_under(file):
            mine = project.finder.locate(name)
            raise DefinitionError(
                "E112",
                f"two modules are called `{name}`: {mine} and {file}",
                place=Place(project.display(mine) or str(mine)) if mine else None,
                help=f"rename the project's `{name}`",
            )


def _evict(finder: ProjectFinder) -> None:
    """Drop modules that would be taken instead of this project's: another project's, or a plain import's."""
    for other in [f for f in sys.meta_path if isinstance(f, ProjectFinder)]:
        tops = {name.partition(".")[0] for name in other.objects}
        if other.root == finder.root or any(
            finder.locate(top) or top in finder.owned for top in tops
        ):
            _remove(other)
    for name, module in list(sys.modules.items()):
        claimed = name != "__main__" and finder.claims(name.partition(".")[0])
        if claimed and finder.is_under(getattr(module, "__file__", None)):
            del sys.modules[name]


def _remove(finder: ProjectFinder) -> None:
    with contextlib.suppress(ValueError):
        sys.meta_path.remove(finder)
    gone = [
        n
        for n, m in list(sys.modules.items())
        if n in finder.objects or _is_namespace_of(m, finder)
    ]
    for name in gone:
        del sys.modules[name]
    if not any(isinstance(f, ProjectFinder) and f.root == finder.root for f in sys.meta_path):
        with contextlib.suppress(ValueError):
            sys.path.remove(str(finder.root))
    importlib.invalidate_caches()


def _is_namespace_of(module: ModuleType, finder: ProjectFinder) -> bool:
    spec = getattr(module, "__spec__", None)
    if spec is None or spec.origin is not None:
        return False
    own = str(finder.root.joinpath(*spec.name.split(".")))
    return own in list(spec.submodule_search_locations or ())


def _display(root: Path, file: str) -> str | None:
    prefix = str(root) + os.sep
    if not file.startswith(prefix):
        return None
    return file[len(prefix) :].replace(os.sep, "/")
