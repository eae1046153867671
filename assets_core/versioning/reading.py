"""What the reader does at each node that binds, names or needs more than its shape."""

from __future__ import annotations

import ast

from assets_core.versioning.normal import Encoder, Handler, constant
from assets_core.versioning.reader import Function, Reader, dotted
from assets_core.versioning.scopes import ScopeKind
from assets_core.versioning.units import Import

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def _name(reader: Reader, node: ast.Name) -> None:
    reader.out.append(f"@{node.id}")
    if type(node.ctx) is ast.Load:
        reader.load(node.id)
    else:
        reader.bind(node.id)


def _attribute(reader: Reader, node: ast.Attribute) -> None:
    names = [node.attr]
    value = node.value
    while type(value) is ast.Attribute:
        names.append(value.attr)
        value = value.value
    names.reverse()
    if type(value) is ast.Name:
        chain = ".".join((value.id, *names))
        reader.out.append(f"@{chain}")
        reader.load(chain)
        return
    reader.out.append("(.")
    reader.node(value)
    reader.out.extend(names)
    reader.out.append(")")
    reader.draft.names.attrs.update(names)


def _call(reader: Reader, node: ast.Call) -> None:
    function = node.func
    if isinstance(function, ast.Name):
        if function.id == "getattr" and len(node.args) >= 2:
            _getattr(reader, node.args[0], node.args[1])
        elif function.id in ("attrgetter", "methodcaller"):
            _getters(reader, node.args)
    elif isinstance(function, ast.Attribute) and function.attr in ("attrgetter", "methodcaller"):
        _getters(reader, node.args)
    reader.shape(node)


def _getattr(reader: Reader, receiver: ast.expr, name: ast.expr) -> None:
    constant_name = name.value if isinstance(name, ast.Constant) else None
    attr = constant_name if isinstance(constant_name, str) and constant_name.isidentifier() else "*"
    chain = dotted(receiver)
    if chain:
        reader.load(f"{chain}.{attr}")
    else:
        reader.draft.names.attrs.add(attr)


def _getters(reader: Reader, names: list[ast.expr]) -> None:
    for name in names:
        text = name.value if isinstance(name, ast.Constant) else "*"
        reader.draft.names.attrs.update(str(text).split("."))


def _constant(reader: Reader, node: ast.Constant) -> None:
    reader.out.append(constant(node.value))
    if reader.hinting and reader.quoted and isinstance(node.value, str):
        try:
            forward = ast.parse(node.value, mode="eval").body
        except (SyntaxError, ValueError):
            return
        out, reader.out = reader.out, []
        reader.quoted = False
        reader.node(forward)
        reader.out, reader.quoted = out, True


def _subscript(reader: Reader, node: ast.Subscript) -> None:
    """In annotations, texts in ``Literal[...]`` and in the metadata of ``Annotated[...]`` are no references."""
    base = dotted(node.value).rpartition(".")[2] if reader.hinting else ""
    if base not in ("Literal", "Annotated"):
        reader.shape(node)
        return
    quoted = reader.quoted
    elements = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    reader.out.append(f"({base}")
    reader.node(node.value)
    for index, element in enumerate(elements):
        reader.quoted = quoted and base == "Annotated" and index == 0
        reader.node(element)
    reader.quoted = quoted
    reader.out.append(")")


def _named(reader: Reader, node: ast.NamedExpr) -> None:
    """``:=`` in a comprehension binds in the scope around it."""
    inner = reader.scope
    while reader.scope.kind is ScopeKind.COMPREHENSION and reader.scope.parent is not None:
        reader.scope = reader.scope.parent
    reader.out.append("(NamedExpr")
    reader.node(node.target)
    reader.scope = inner
    reader.node(node.value)
    reader.out.append(")")


def _comprehension(reader: Reader, node: Comprehension) -> None:
    """The first iterable is evaluated outside, everything else inside."""
    outer = reader.scope
    inner = reader.push(ScopeKind.COMPREHENSION)
    reader.out.append(f"({type(node).__name__}")
    if isinstance(node, ast.DictComp):
        reader.node(node.key)
        reader.node(node.value)
    else:
        reader.node(node.elt)
    for index, generator in enumerate(node.generators):
        reader.out.append("(for" if not generator.is_async else "(async for")
        reader.node(generator.target)
        reader.scope = outer if index == 0 else inner
        reader.node(generator.iter)
        reader.scope = inner
        reader.nodes(generator.ifs)
        reader.out.append(")")
    reader.pop()
    reader.out.append(")")


def _lambda(reader: Reader, node: ast.Lambda) -> None:
    reader.out.append("(Lambda")
    reader.signature(node.args)
    reader.push(ScopeKind.FUNCTION)
    reader.bind_parameters(node.args)
    reader.node(node.body)
    reader.pop()
    reader.out.append(")")


def _function(reader: Reader, node: Function) -> None:
    reader.decorate(node)
    reader.bind(node.name)
    reader.function(node)


def _class(reader: Reader, node: ast.ClassDef) -> None:
    reader.decorate(node)
    reader.bind(node.name)
    typed = reader.type_parameters(node)
    reader.class_head(node)
    scope = reader.push(ScopeKind.CLASS)
    reader.nodes(node.body)
    reader.draft.members |= scope.bound
    reader.pop()
    if typed:
        reader.pop()
    reader.out.append(")")


def _annotated(reader: Reader, node: ast.AnnAssign) -> None:
    """In a class body the annotation counts (dataclasses, pydantic); elsewhere only its names are followed."""
    in_class = reader.scope.kind is ScopeKind.CLASS
    if in_class:
        reader.out.append("(AnnAssign")
        hinting, reader.hinting = reader.hinting, True
        reader.node(node.annotation)
        reader.hinting = hinting
    else:
        reader.hint(node.annotation, written=False)
        reader.out.append("(Assign" if node.value is not None else "(Declare")
    if node.value is None and in_class and isinstance(node.target, ast.Name):
        reader.out.append(node.target.id)
    else:
        reader.nodes([node.target])
    if node.value is not None:
        reader.node(node.value)
    reader.out.append(")")


def _augmented(reader: Reader, node: ast.AugAssign) -> None:
    if isinstance(node.target, ast.Name):
        reader.load(node.target.id)
    reader.shape(node)


def _import(reader: Reader, node: ast.Import) -> None:
    reader.shape(node)
    for alias in node.names:
        bound = alias.asname or alias.name.partition(".")[0]
        take_import(
            reader, bound, Import(0, alias.name, "", alias.asname is not None, reader.runtime)
        )


def _import_from(reader: Reader, node: ast.ImportFrom) -> None:
    reader.shape(node)
    for alias in node.names:
        found = Import(node.level, node.module or "", alias.name, False, reader.runtime)
        if alias.name == "*":
            reader.star = True
            reader.draft.imports.append(found)
        else:
            take_import(reader, alias.asname or alias.name, found)


def take_import(reader: Reader, bound: str, found: Import) -> None:
    """Bind an imported name: the module's, or a local of the function."""
    reader.draft.imports.append(found)
    if reader.scope.kind is ScopeKind.UNIT:
        reader.global_imports.setdefault(bound, []).append(found)
    else:
        reader.bind(bound)
        reader.scope.imports.setdefault(bound, []).append(found)


def _global(reader: Reader, node: ast.Global) -> None:
    reader.scope.globals.update(node.names)
    reader.shape(node)


def _nonlocal(reader: Reader, node: ast.Nonlocal) -> None:
    reader.scope.nonlocals.update(node.names)
    reader.shape(node)


def _binding(reader: Reader, node: ast.AST) -> None:
    """``except ... as name`` and the captures of patterns."""
    bound = getattr(node, "name", None) or getattr(node, "rest", None)
    if bound:
        reader.bind(bound)
    reader.shape(node)


def _type_alias(reader: Reader, node: ast.AST) -> None:
    name = node.name  # type: ignore[attr-defined]
    reader.bind(name.id)
    reader.out.append(f"(TypeAlias {name.id}")
    typed = reader.type_parameters(node)
    hinting, reader.hinting = reader.hinting, True
    reader.node(node.value)  # type: ignore[attr-defined]
    reader.hinting = hinting
    if typed:
        reader.pop()
    reader.out.append(")")


def _handlers() -> dict[type[ast.AST], Handler]:
    found: dict[type[ast.AST], object] = {
        **Encoder.handlers,
        ast.Name: _name,
        ast.Attribute: _attribute,
        ast.Call: _call,
        ast.Constant: _constant,
        ast.Subscript: _subscript,
        ast.NamedExpr: _named,
        ast.ListComp: _comprehension,
        ast.SetComp: _comprehension,
        ast.DictComp: _comprehension,
        ast.GeneratorExp: _comprehension,
        ast.Lambda: _lambda,
        ast.FunctionDef: _function,
        ast.AsyncFunctionDef: _function,
        ast.ClassDef: _class,
        ast.AnnAssign: _annotated,
        ast.AugAssign: _augmented,
        ast.Import: _import,
        ast.ImportFrom: _import_from,
        ast.Global: _global,
        ast.Nonlocal: _nonlocal,
        ast.ExceptHandler: _binding,
        ast.MatchAs: _binding,
        ast.MatchStar: _binding,
        ast.MatchMapping: _binding,
    }
    if hasattr(ast, "TypeAlias"):
        found[ast.TypeAlias] = _type_alias
    return found  # type: ignore[return-value]


def register() -> None:
    """Make the reader use these handlers; they stand apart from it only because of their number."""
    Reader.handlers.update(_handlers())
