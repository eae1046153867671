"""The meta-path finder that owns a project's modules: bytes are read once, and those very bytes are compiled.

CPython trusts a ``.pyc`` whose source has the same mtime (in seconds) and size, so an edit within the same second runs
stale bytecode for ever. Here no ``.pyc`` is read or written, and the bytes that were compiled stay available to whoever
fingerprints them. Compiled code is not cached on disk either: ``marshal`` from a folder that others can write to is
unpickling under another name (fault 26).

The finder stands first on ``sys.meta_path`` but claims only the named packages and those top-level modules under the
root that nothing else provides, which is what a root at the *end* of ``sys.path`` means.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path, PurePath
from types import CodeType, ModuleType

from assets_core.errors import DefinitionError, Place
from assets_core.model.versions import digest

NOT_WALKED = frozenset({"tests", "conftest", "__main__", "__pycache__"})
OURS = ("assets_core", "materializers", "checks", "integrations")


@dataclass(frozen=True, slots=True)
class ModuleSource:
    """One module as it was read: ``digest`` is the version digest of ``data``, ``path`` is absolute."""

    name: str
    path: Path
    data: bytes
    digest: str
    is_package: bool


class ProjectLoader(SourceFileLoader):
    """Compiles pinned bytes. A ``SourceFileLoader`` so that ``inspect`` and ``importlib.resources`` keep working."""

    def __init__(self, source: ModuleSource, finder: ProjectFinder) -> None:
        super().__init__(source.name, str(source.path))
        self.source = source
        self.finder = finder

    def get_code(self, fullname: str) -> CodeType:
        try:
            code = compile(self.source.data, self.path, "exec", dont_inherit=True)
        except SyntaxError as error:
            error.filename = error.filename or self.path  # null bytes are reported without a file
            raise
        assert isinstance(code, CodeType)
        return code

    def get_data(self, path: str) -> bytes:
        return self.source.data if path == self.path else super().get_data(path)

    def exec_module(self, module: ModuleType) -> None:
        self.finder.objects[self.source.name] = module
        try:
            super().exec_module(module)
        except BaseException:
            self.finder.objects.pop(self.source.name, None)
            raise


class ProjectFinder(MetaPathFinder):
    """Finds the modules below ``root``; ``sources`` and ``objects`` fill up as they are read and executed."""

    def __init__(self, root: Path, packages: Sequence[str]) -> None:
        """``root`` is resolved; ``packages`` are the dotted names of ``[tool.assets] module``."""
        self.root = root
        self.owned = frozenset(package.partition(".")[0] for package in packages)
        self.sources: dict[str, ModuleSource] = {}
        self.objects: dict[str, ModuleType] = {}
        self._listings: dict[str, frozenset[str]] = {}
        self._claimed: dict[str, bool] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not self.claims(fullname.partition(".")[0]):
            return None
        source = self.source(fullname)
        if source is None:
            # elsewhere a folder without __init__.py may have parts in several places: Python's own finder joins them
            return self._namespace(fullname) if fullname.partition(".")[0] in self.owned else None
        where = [str(source.path.parent)] if source.is_package else None
        loader = ProjectLoader(source, self)
        return spec_from_file_location(
            fullname, source.path, loader=loader, submodule_search_locations=where
        )

    def claims(self, top: str) -> bool:
        """Whether this top-level name is the project's: named, or under the root and nowhere else."""
        if top in self.owned:
            return True
        if top not in self._claimed:
            here = top not in NOT_WALKED and top not in OURS and self.holds(top)
            self._claimed[top] = here and self.elsewhere(top) is None
        return self._claimed[top]

    def holds(self, name: str) -> bool:
        """Whether the root holds a module or a folder of that dotted name."""
        if self.locate(name) is not None:
            return True
        *parents, last = name.split(".")
        folder = self.root.joinpath(*parents) if parents else self.root
        return last in self._names(folder) and bool(self._names(folder / last))

    def source(self, name: str) -> ModuleSource | None:
        """The module's bytes, read at the first call and pinned from then on; None if there is no such file."""
        if name not in self.sources:
            path = self.locate(name)
            if path is None:
                return None
            data = _read(path, self.root)
            package = path.name == "__init__.py"
            self.sources[name] = ModuleSource(name, path, data, digest(data), package)
        return self.sources[name]

    def locate(self, name: str) -> Path | None:
        """The file of a module below the root; names must match exactly, also where case is folded."""
        *parents, last = name.split(".")
        folder = self.root
        for parent in parents:
            if parent not in self._names(folder):
                return None
            folder = folder / parent
        names = self._names(folder)
        if last in names and "__init__.py" in self._names(folder / last):
            return folder / last / "__init__.py"
        return folder / f"{last}.py" if f"{last}.py" in names else None

    def elsewhere(self, top: str) -> str | None:
        """The file that provides this top-level name outside the root, ``"built-in"`` for one without a file."""
        mine = str(self.locate(top) or self.root)
        for finder in sys.meta_path:
            if isinstance(finder, ProjectFinder):
                continue
            spec = self._ask(finder, top)
            if spec is None or (spec.origin is None and spec.loader is None):
                continue
            # not "lies under the root": so does a virtual environment in the project's folder
            if os.path.realpath(spec.origin or "") != os.path.realpath(mine):
                return spec.origin or "built-in"
        return None

    def is_under(self, file: str | None) -> bool:
        """Whether a file lies under the root, by its name or by what its links lead to."""
        prefix = f"{self.root}{os.sep}"
        return file is not None and (
            file.startswith(prefix) or os.path.realpath(file).startswith(prefix)
        )

    def _ask(self, finder: object, top: str) -> ModuleSpec | None:
        find = getattr(finder, "find_spec", None)
        if find is None:
            return None
        if finder is PathFinder:
            return PathFinder.find_spec(top, [p for p in sys.path if not self._is_root(p)])
        spec = find(top, None)
        return spec if isinstance(spec, ModuleSpec) else None

    def _is_root(self, entry: str) -> bool:
        return os.path.realpath(entry or ".") == str(self.root)

    def _namespace(self, name: str) -> ModuleSpec | None:
        if not self.holds(name):
            return None
        folder = self.root.joinpath(*name.split("."))
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        return spec

    def _names(self, folder: Path) -> frozenset[str]:
        key = str(folder)
        if key not in self._listings:
            try:
                self._listings[key] = frozenset(entry.name for entry in folder.iterdir())
            except (NotADirectoryError, FileNotFoundError):
                self._listings[key] = frozenset()
        return self._listings[key]

    def walk(self, package: str) -> list[str]:
        """The dotted names of a package and all modules in it, parents first, each level sorted."""
        folder = self.root.joinpath(*package.split("."))
        names = [] if self.locate(package) is None else [package]
        children: set[str] = set()
        for entry in self._names(folder):
            stem, suffix = PurePath(entry).stem, PurePath(entry).suffix
            wanted = stem.isidentifier() and stem not in NOT_WALKED and stem != "__init__"
            if wanted and (suffix == ".py" or (not suffix and self._names(folder / entry))):
                children.add(stem)
        for child in sorted(children):
            names.extend(self.walk(f"{package}.{child}"))
        return names


def _read(path: Path, root: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        place = Place(path.relative_to(root).as_posix())
        raise DefinitionError(
            "E118",
            f"a module of the project cannot be read: {error.strerror or error}",
            place=place,
            help="make the file readable for the user who runs `assets`",
        ) from error
