"""Annotations resolved name by name, so that ``from __future__ import annotations`` and ``TYPE_CHECKING`` imports work.

A type that does not resolve stays its text: nothing here needs a data frame's class. What must resolve is whatever
could be an ``Input``, ``Config``, ``Connection`` or ``AssetContext``, because those decide what a parameter is. Most
annotations are a dotted name, looked up without compiling anything (0.3 us; compiling an expression takes 10 us).
"""

from __future__ import annotations

import ast
import builtins
import importlib
import linecache
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import CodeType, ModuleType
from typing import Annotated, Any, ForwardRef, get_args, get_origin

from assets_core.declare.places import code_place, parameter_place
from assets_core.errors import DefinitionError

Names = Mapping[str, object]


def resolve(annotation: object, names: Names, local: Names | None = None) -> object:
    """What ``annotation`` names, or its text where some name in it is not defined at run time.

    ``Annotated[T, ...]`` with an unresolvable ``T`` keeps its metadata, with the text in place of ``T``.
    """
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if not isinstance(annotation, str):
        return annotation
    found = _dotted(annotation, names, local)
    if found is None:
        found = _expression(annotation, names, local)
    if isinstance(found, str) and len(found) < len(annotation):
        return resolve(found, names, local)  # a text within the text: ``x: "Frame"``
    return found


def _dotted(text: str, names: Names, local: Names | None) -> object:
    first, _, rest = text.partition(".")
    value: object = local.get(first) if local else None
    if value is None:
        value = names.get(first)
    if value is None:
        value = getattr(builtins, first, None)
    while rest and value is not None:
        first, _, rest = rest.partition(".")
        value = getattr(value, first, None)
    return value


def _expression(text: str, names: Names, local: Names | None) -> object:
    if text.replace(".", "").isidentifier():
        return text
    try:
        return eval(_compiled(text), dict(names), local or {})  # noqa: S307 - the user's own source
    except SyntaxError:
        return text
    except Exception:  # whatever a user's name or operator raises: the annotation stays a text
        return _annotated(text, names, local)


def _annotated(text: str, names: Names, local: Names | None) -> object:
    """``Annotated[T, metadata...]`` by its parts; UnresolvedName for metadata that may hide an Input."""
    tree = ast.parse(text, mode="eval").body
    if not isinstance(tree, ast.Subscript) or not isinstance(tree.slice, ast.Tuple):
        return text
    head = ast.unparse(tree.value)
    if resolve(head, names, local) is not Annotated:
        if head.rpartition(".")[2] == "Annotated":
            raise UnresolvedName(head)
        return text
    first, *metadata = tree.slice.elts
    values = tuple(_metadata(ast.unparse(item), names, local) for item in metadata)
    of = resolve(ast.unparse(first), names, local)
    return Annotated[(of, *values)]


def _metadata(text: str, names: Names, local: Names | None) -> object:
    try:
        return eval(_compiled(text), dict(names), local or {})  # noqa: S307 - the user's own source
    except NameError as error:
        raise UnresolvedName(error.name or text) from error
    except Exception as error:
        raise FailedMetadata(text, error) from error


@lru_cache(maxsize=4096)
def _compiled(text: str) -> CodeType:
    return compile(text, "<annotation>", "eval", dont_inherit=True)


class UnresolvedName(Exception):
    """A name that decides what a parameter is does not exist at run time."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class FailedMetadata(Exception):
    """What stands beside a type, such as a call of Input, exists but raises ``error``."""

    def __init__(self, text: str, error: Exception) -> None:
        super().__init__(text)
        self.text, self.error = text, error


def load_annotation(annotation: object, function: Callable[..., object]) -> object:
    """The type that a lazy annotation names, importing what its module imports under ``TYPE_CHECKING``.

    For the worker, just before a value is loaded. Raises DefinitionError E131 where it still does not resolve.
    """
    if not _is_lazy(annotation):
        return annotation
    code = function.__code__
    names = {**function.__globals__, **_checking_imports(function, _names_in(annotation))}
    found = _complete(annotation, names)
    if _is_lazy(found):
        raise DefinitionError(
            "E131",
            f"the annotation `{_text(found)}` of `{code.co_name}` names nothing that can be imported",
            place=code_place(code),
            help="import the type, if only under `if TYPE_CHECKING:`",
        )
    return found


def _is_lazy(annotation: object) -> bool:
    if isinstance(annotation, str | ForwardRef):
        return True
    if get_origin(annotation) is Annotated:
        return _is_lazy(get_args(annotation)[0])
    is_generic = get_origin(annotation) is not None and not isinstance(annotation, type)
    return is_generic and any(_is_lazy(a) for a in _type_arguments(annotation))


def _type_arguments(annotation: object) -> tuple[object, ...]:
    """The arguments that are types: those of ``Literal["a"]`` are not."""
    from typing import Literal

    return () if get_origin(annotation) is Literal else get_args(annotation)


def _complete(annotation: object, names: Names) -> object:
    found = resolve(annotation, names)
    if not _is_lazy(found) or isinstance(found, str):
        return found
    generic: Any = found
    return (
        generic.copy_with(tuple(_complete(a, names) for a in get_args(found)))
        if hasattr(generic, "copy_with")
        else get_origin(generic)[tuple(_complete(a, names) for a in get_args(found))]
    )


def _text(annotation: object) -> str:
    return annotation if isinstance(annotation, str) else str(annotation)


def _names_in(annotation: object) -> frozenset[str]:
    """The names that the texts in an annotation start from."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if not isinstance(annotation, str):
        return frozenset().union(*map(_names_in, _type_arguments(annotation)))
    tree = ast.parse(annotation, mode="eval")
    inner = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)} - {annotation}
    texts = frozenset().union(*(_names_in(text) for text in inner if isinstance(text, str)))
    return texts | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _checking_imports(function: Callable[..., object], wanted: frozenset[str]) -> dict[str, object]:
    """Of the names that the function's module imports under ``if TYPE_CHECKING:``, those wanted."""
    text = "".join(linecache.getlines(function.__code__.co_filename))
    package = str(function.__globals__.get("__package__") or "")
    found: dict[str, object] = {}
    for statement in _checking_statements(text):
        found.update(_imported(statement, package, wanted - found.keys()))
    return found


@lru_cache(maxsize=256)
def _checking_statements(text: str) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """The imports under ``if TYPE_CHECKING:`` of a module's text.

    Kept, because parsing a module of 50 assets takes 12 ms and every load of a lazily typed input asks.
    """
    return tuple(
        statement
        for node in ast.parse(text).body
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        if isinstance(statement, ast.Import | ast.ImportFrom)
    )


def _imported(
    statement: ast.Import | ast.ImportFrom, package: str, wanted: frozenset[str]
) -> dict[str, object]:
    found: dict[str, object] = {}
    for alias in statement.names:
        bound = alias.asname or alias.name.partition(".")[0]
        if bound not in wanted:
            continue
        if isinstance(statement, ast.ImportFrom):
            name = "." * statement.level + (statement.module or "")
            found[bound] = _member(importlib.import_module(name, package), alias.name)
        else:
            module = importlib.import_module(alias.name)
            found[bound] = module if alias.asname else importlib.import_module(bound)
    return found


def _member(module: ModuleType, name: str) -> object:
    if hasattr(module, name):
        return getattr(module, name)
    return importlib.import_module(f"{module.__name__}.{name}")


def unresolved_parameter(
    function: Callable[..., object], parameter: str, name: str
) -> DefinitionError:
    """E131 for an annotation that decides what ``parameter`` is and does not resolve."""
    code = function.__code__
    return DefinitionError(
        "E131",
        f"`{name}`, in the annotation of `{parameter}`, is not defined at run time",
        place=parameter_place(code_place(code), code.co_name, parameter),
        help=f"import `{name}` outside `if TYPE_CHECKING:`",
    )


def failed_parameter(
    function: Callable[..., object], parameter: str, failed: FailedMetadata
) -> DefinitionError:
    """E102 for a call in the annotation of ``parameter`` that raises, such as ``Input`` without an asset."""
    code = function.__code__
    said = str(failed.error) or type(failed.error).__name__
    is_input = failed.text.partition("(")[0].rpartition(".")[2] == "Input"
    return DefinitionError(
        "E102",
        f"`{failed.text}`, in the annotation of `{parameter}`, can't be evaluated: {said}",
        place=parameter_place(code_place(code), code.co_name, parameter),
        help=f'the asset or its key comes first: `Input("{parameter}", ...)`' if is_input else None,
    )
