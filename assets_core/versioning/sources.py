"""The modules of a project as the fingerprint sees them: analysis, live namespace, and the way from a line to a unit.

Modules are analysed once per process and, through the cache, once per content. Code that our loader did not load (a
script, a notebook cell, a test file) is analysed from the text that ``linecache`` holds for it.
"""

from __future__ import annotations

import linecache
import sys
import sysconfig
from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from assets_core.declare.loader import LoadedProject
from assets_core.model.versions import digest
from assets_core.versioning.cache import FingerprintCache
from assets_core.versioning.modules import analyse
from assets_core.versioning.units import Analysis, Import, from_plain

UNREADABLE = Analysis((), {}, {}, (), {}, star=True, effects=-1)
"""What is not Python: whoever names it gets every file."""


class Module:
    """One module: ``name`` as it is imported, ``file`` as it is shown, ``namespace`` None until it is imported."""

    def __init__(
        self,
        name: str,
        file: str,
        analysis: Analysis,
        *,
        data_digest: str,
        is_package: bool = False,
        foreign: Mapping[str, object] | None = None,
    ) -> None:
        self.name = name
        self.file = file
        self.analysis = analysis
        self.data_digest = data_digest
        self.is_package = is_package
        self.is_foreign = foreign is not None
        self.globals: Mapping[str, object] = {} if foreign is None else foreign
        """The globals of code that our loader did not load: in a notebook, a name is bound by another cell's text."""

    def absolute(self, imported: Import) -> str:
        """The dotted name of the module that an import names."""
        if not imported.level:
            return imported.module
        parts = self.name.split(".")
        drop = imported.level - 1 if self.is_package else imported.level
        base = parts[: len(parts) - drop] if drop else parts
        return ".".join([*base, imported.module] if imported.module else base)

    def is_redefined(self, name: str) -> bool:
        """Whether a name is best followed as the live object: in notebooks a later cell may have replaced it."""
        live = self.globals.get(name)
        return isinstance(live, FunctionType | type) and live.__module__ == self.name

    def units_at(self, line: int) -> tuple[int, ...]:
        """The innermost units that contain a line: several when they share it, none for an unknown line."""
        if line not in self._by_line:
            units = self.analysis.units
            found = [index for index, unit in enumerate(units) if unit.first <= line <= unit.last]
            methods = [index for index in found if units[index].kind == "method"]
            exact = [index for index in found if units[index].kind != "effects"]
            self._by_line[line] = tuple(methods or exact or found)
        return self._by_line[line]

    @cached_property
    def _by_line(self) -> dict[int, tuple[int, ...]]:
        """Filled by the first line of every function that shares no line, the case that must be fast."""
        units = self.analysis.units
        starts = Counter(unit.first for unit in units)
        ends = {unit.last for unit in units}
        return {
            unit.first: (index,)
            for index, unit in enumerate(units)
            if unit.kind == "function"
            and starts[unit.first] == 1
            and not (ends & {unit.first} - {unit.last})
        }


class Sources:
    """Finds modules by name and by file."""

    def __init__(self, project: LoadedProject, cache: FingerprintCache | None) -> None:
        self.project = project
        self.cache = cache
        self._modules: dict[str, Module | None] = {}
        self._files: dict[str, Module | None] = {}
        self._names: dict[str, str] = {}
        self._library = tuple({*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix})

    def module(self, name: str) -> Module | None:
        """The project's module of that name; None for packages without a file and for anything external."""
        if name not in self._modules:
            source = self.project.source(name)
            found = None
            if source is not None:
                shown = self.project.display(source.path) or source.path.name
                found = Module(
                    name,
                    shown,
                    self.analysis(source.digest, source.data),
                    data_digest=source.digest,
                    is_package=source.is_package,
                )
                self._files[str(source.path)] = found
            self._modules[name] = found
        return self._modules[name]

    def data(self, module: Module) -> bytes | None:
        """The bytes of a module that our loader knows; None for a notebook's cell or a script."""
        source = None if module.is_foreign else self.project.source(module.name)
        return None if source is None else source.data

    def owns(self, name: str) -> bool:
        """Whether a dotted name belongs to the project; of a folder that Python joins from several, what lies here."""
        finder, top = self.project.finder, name.partition(".")[0]
        if not finder.claims(top):
            return False
        return finder.locate(top) is not None or top in finder.owned or finder.holds(name)

    def all(self) -> list[Module]:
        """Every module of the project's packages, and those outside of them that were imported or named."""
        finder = self.project.finder
        walked = [name for package in self.project.packages for name in finder.walk(package)]
        names = sorted({*walked, *self.project.modules, *self._modules})
        return [module for module in map(self.module, names) if module is not None]

    def files(self) -> list[Module]:
        """All of these, and whatever else at the root could be imported."""
        finder = self.project.finder
        for entry in sorted(finder.root.iterdir()):
            top = entry.name.removesuffix(".py")
            importable = finder.locate(top) is not None or any(entry.glob("*.py"))
            if importable and top.isidentifier() and finder.claims(top):
                for name in finder.walk(top):
                    self.module(name)
        return self.all()

    def namespace(self, module: Module) -> Mapping[str, object]:
        """The live globals of a module; empty when it was never imported."""
        if module.is_foreign:
            return module.globals
        live = self.project.objects.get(module.name)
        return vars(live) if isinstance(live, ModuleType) else {}

    def of_code(self, code: CodeType, namespace: Mapping[str, object]) -> Module | None:
        """The module a code object was compiled from; None for installed packages and the standard library."""
        return self.of_file(code.co_filename, namespace)

    def of_file(self, file: str, namespace: Mapping[str, object]) -> Module | None:
        """The module of a file, or of what a notebook calls its cells."""
        if file not in self._files:
            self._files[file] = self._foreign(file, namespace)
        return self._files[file]

    def holder(self, module: Module, name: str) -> Module:
        """The module whose text binds a global: in a notebook the latest cell that does, else the module itself."""
        if not module.is_foreign or module.name != "__main__":
            return module
        cells = (
            file
            for file in reversed(linecache.cache)
            if file.startswith("<") or "ipykernel" in file
        )
        for file in cells:
            cell = self.of_file(file, module.globals)
            if cell is not None and (
                name in cell.analysis.bindings or name in cell.analysis.imported
            ):
                return cell
        return module

    def of_class(self, value: type) -> Module | None:
        """The module in whose text a class stands; a class without methods does not say."""
        name = value.__module__
        if self.owns(name):
            return self.module(name)
        namespace = vars(sys.modules[name]) if name in sys.modules else {}
        codes = [
            function.__code__
            for function in map(_function, vars(value).values())
            if function is not None
        ]
        file = namespace.get("__file__")
        files = [code.co_filename for code in codes if not code.co_filename.startswith("<string")]
        files += [file] if isinstance(file, str) else []
        for candidate in [*files, *(reversed(linecache.cache) if name == "__main__" else ())]:
            module = self.of_file(candidate, namespace)
            if (
                module is not None
                and value.__qualname__.partition(".")[0] in module.analysis.bindings
            ):
                return module
        return None

    def analysis(self, key: str, data: bytes) -> Analysis:
        """The analysis of these bytes, from the cache where it holds a sound one."""
        cached = self.cache.get(f"module {key}") if self.cache is not None else None
        if cached is not None:
            try:
                return from_plain(cached)
            except (TypeError, ValueError, AttributeError):
                pass
        try:
            found = analyse(data)
        except SyntaxError:
            return UNREADABLE  # never imported, or importing it would have failed
        if self.cache is not None:
            self.cache.put(f"module {key}", found)
        return found

    def _foreign(self, file: str, namespace: Mapping[str, object]) -> Module | None:
        name = str(namespace.get("__name__", "__main__"))
        if len(self._names) != len(self.project.modules):
            self._names = {str(known.path): known.name for known in self.project.modules.values()}
        if file in self._names:
            return self.module(self._names[file])
        if self.owns(name) and str(self.project.finder.locate(name)) == file:
            return self.module(name)
        if file.startswith(self._library) or name.partition(".")[0] == "assets_core":
            return None
        text = "".join(linecache.getlines(file, dict(namespace)))
        if not text:
            return None
        data = text.encode("utf-8", "surrogatepass")
        shown = self.project.display(file) or Path(file).name
        found = self.analysis(digest(data), data)
        return Module(name, shown, found, data_digest=digest(data), foreign=namespace)


def _function(member: object) -> FunctionType | None:
    inner = getattr(member, "__func__", getattr(member, "fget", member))
    return inner if isinstance(inner, FunctionType) else None
