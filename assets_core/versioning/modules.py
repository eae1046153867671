"""Splits a module into units, statement by statement, and indexes what its names are bound to.

Anything but a definition, an import, a plain assignment and a docstring has effects on the whole module. Two blocks are
looked into instead: ``if TYPE_CHECKING`` never runs, and ``if __name__ == "__main__"`` runs only in a script, where it
is what drives us. A bare call of our own API (``materialize(...)`` at the end of a script) has no effect on assets.
"""

from __future__ import annotations

import ast
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from assets_core.versioning import reading
from assets_core.versioning.reader import Definition, Reader, dotted
from assets_core.versioning.scopes import ScopeKind
from assets_core.versioning.units import Analysis, Import, Unit

ALGORITHM = 1
"""Part of every version and cache key: a change of what counts makes everything *changed*, never falsely equal."""

EFFECTS = "<module>"
NESTING = 50_000
TYPE_ALIAS: type[ast.AST] | None = getattr(ast, "TypeAlias", None)

reading.register()


def analyse(data: bytes, edit: Callable[[ast.Module], object] = lambda tree: None) -> Analysis:
    """The analysis of a module's bytes, once ``edit`` changed its tree; raises SyntaxError for what is not Python."""
    with warnings.catch_warnings(), _deep_recursion():
        warnings.simplefilter("ignore")
        tree = ast.parse(data)
        edit(tree)
        return _Splitter().split(tree)


class _Splitter:
    def __init__(self) -> None:
        self.reader = Reader()
        self.units: list[Unit] = []
        self.names: Counter[str] = Counter()
        self.members: dict[str, list[int]] = {}
        self.effects: list[ast.stmt] = []
        self.imports: list[Import] = []
        self.future = False

    def split(self, tree: ast.Module) -> Analysis:
        self.block(tree.body, runtime=True, driving=False)
        effects = self.read_effects()
        return Analysis(
            tuple(self.units),
            _bindings(self.units),
            {name: tuple(found) for name, found in self.reader.global_imports.items()},
            tuple(dict.fromkeys(self.imports)),
            {name: tuple(dict.fromkeys(found)) for name, found in self.members.items()},
            self.reader.star,
            effects,
        )

    def block(self, statements: list[ast.stmt], *, runtime: bool, driving: bool) -> None:
        for statement in statements:
            guard = _guard(statement)
            if guard is not None:
                assert isinstance(statement, ast.If)
                self.block(
                    statement.body, runtime=guard != "TYPE_CHECKING", driving=guard == "__main__"
                )
                self.block(statement.orelse, runtime=runtime, driving=driving)
            else:
                self.reader.runtime = runtime
                self.statement(statement, driving)
        self.reader.runtime = True

    def statement(self, statement: ast.stmt, driving: bool) -> None:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.definition(statement)
            case ast.ClassDef():
                self.class_definition(statement)
            case ast.Import() | ast.ImportFrom():
                self.module_import(statement)
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                pass
            case _ if _is_plain(statement):
                self.value(statement)
            case _ if not driving:
                self.effects.append(statement)
            case _:
                pass

    def definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        draft = self.reader.begin()
        self.reader.decorate(node)
        self.reader.bind(node.name)
        self.reader.function(node)
        self.reader.end()
        index = self.add(draft.unit(self.unique(node.name), "function", node))
        self.note_members(draft.members, index)

    def class_definition(self, node: ast.ClassDef) -> None:
        reader, name = self.reader, self.unique(node.name)
        draft = reader.begin()
        if self.future:
            draft.out.append("(future annotations)")
        reader.decorate(node)
        reader.bind(node.name)
        typed = reader.type_parameters(node)
        reader.class_head(node)
        index = len(self.units)
        self.units.append(None)  # type: ignore[arg-type]
        scope = reader.push(ScopeKind.CLASS)
        methods: set[str] = set()
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                reader.bind(statement.name)
                reader.out.append(f"(method {statement.name})")
                method = reader.method(statement, f"{name}.{statement.name}", index)
                self.members.setdefault(statement.name, []).append(len(self.units))
                self.units.append(method)
                methods.add(statement.name)
            else:
                reader.node(statement)
        self.note_members((scope.bound - methods) | draft.members, index)
        reader.pop()
        if typed:
            reader.pop()
        reader.end()
        self.units[index] = draft.unit(name, "class", node)

    def module_import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__" and not node.level:
            self.future = self.future or any(alias.name == "annotations" for alias in node.names)
            return
        draft = self.reader.begin()
        self.reader.node(node)
        self.imports.extend(draft.imports)

    def value(self, node: ast.stmt) -> None:
        draft = self.reader.begin()
        self.reader.node(node)
        self.reader.end()
        draft.alias = _alias(node)
        names = sorted(draft.names.binds)
        if isinstance(node, ast.AnnAssign) and node.value is None:
            return
        index = self.add(draft.unit(self.unique(",".join(names)), "value", node))
        self.note_members(draft.members, index)

    def read_effects(self) -> int:
        counted = [s for s in self.effects if not self.drives_us(s)]
        if not counted:
            return -1
        draft = self.reader.begin()
        for statement in counted:
            self.reader.node(statement)
        self.reader.end()
        self.imports.extend(i for i in draft.imports if i not in self.imports)
        unit = draft.unit(EFFECTS, "effects", counted[0])
        index = self.add(unit._replace(last=max(s.end_lineno or s.lineno for s in counted)))
        self.note_members(draft.members, index)
        return index

    def drives_us(self, statement: ast.stmt) -> bool:
        if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
            return False
        root = dotted(statement.value.func).partition(".")[0]
        found = self.reader.global_imports.get(root, ())
        return any(i.module.partition(".")[0] == "assets_core" and not i.level for i in found)

    def add(self, unit: Unit) -> int:
        self.units.append(unit)
        return len(self.units) - 1

    def note_members(self, names: set[str], index: int) -> None:
        for name in sorted(names):
            self.members.setdefault(name, []).append(index)

    def unique(self, name: str) -> str:
        self.names[name] += 1
        return name if self.names[name] == 1 else f"{name}#{self.names[name]}"


def _bindings(units: list[Unit]) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for index, unit in enumerate(units):
        for name in unit.binds:
            found.setdefault(name, []).append(index)
    return {name: tuple(indexes) for name, indexes in found.items()}


def _guard(statement: ast.stmt) -> str | None:
    if not isinstance(statement, ast.If):
        return None
    test = statement.test
    if dotted(test).rpartition(".")[2] == "TYPE_CHECKING":
        return "TYPE_CHECKING"
    if isinstance(test, ast.Compare) and dotted(test.left) == "__name__" and len(test.ops) == 1:
        other = test.comparators[0]
        if (
            isinstance(test.ops[0], ast.Eq)
            and isinstance(other, ast.Constant)
            and other.value == "__main__"
        ):
            return "__main__"
    return None


def _is_plain(statement: ast.stmt) -> bool:
    """An assignment that does nothing but bind names."""
    match statement:
        case ast.Assign():
            return all(_is_names(target) for target in statement.targets)
        case ast.AnnAssign() | ast.AugAssign():
            return isinstance(statement.target, ast.Name)
        case _:
            return TYPE_ALIAS is not None and isinstance(statement, TYPE_ALIAS)


def _is_names(target: ast.expr) -> bool:
    match target:
        case ast.Name():
            return True
        case ast.Tuple() | ast.List():
            return all(_is_names(element) for element in target.elts)
        case ast.Starred():
            return _is_names(target.value)
        case _:
            return False


def _alias(node: ast.stmt) -> str:
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    if (
        isinstance(value, ast.Call)
        and dotted(value.func) in ("partial", "functools.partial")
        and value.args
    ):
        value = value.args[0]
    return dotted(value) if value is not None else ""


@contextmanager
def _deep_recursion() -> Iterator[None]:
    """A chain of 1,000 ``elif`` or ``+`` is legal Python, and the tree is as deep as it is long."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, NESTING))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


__all__ = ["ALGORITHM", "EFFECTS", "Definition", "analyse"]
