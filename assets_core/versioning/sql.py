"""The normal form of SQL: sqlglot's tree written as our own node list, stable across sqlglot releases.

``repr`` and ``sql()`` change between releases. Here a node is its class and those arguments that are set, by name;
empty arguments, comments and positions don't count, so a release that adds an argument changes nothing. Names stay as
written: DuckDB keeps the case of a column in its result.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from assets_core.errors import DefinitionError, Place
from assets_core.model.versions import digest
from assets_core.versioning.modules import ALGORITHM

if TYPE_CHECKING:
    from assets_core.versioning.cache import FingerprintCache


def sql_digest(
    text: str,
    dialect: str,
    *,
    file: str,
    line: int,
    cache: FingerprintCache | None = None,
    former: Mapping[str, str] | None = None,
) -> str:
    """The digest of a query's tree, its tables called what they were in ``former`` (today's name -> the former one).

    Raises DefinitionError E122, placed in the query, for what cannot be parsed.
    """
    if former:
        return digest(" ".join(_tokens(text, dialect, file, line, former)))
    key = f"sql {ALGORITHM} {digest(dialect, text)}"
    cached = cache.get(key) if cache is not None else None
    if isinstance(cached, str):
        return cached
    found = digest(" ".join(_tokens(text, dialect, file, line, {})))
    if cache is not None:
        cache.put(key, found)
    return found


def _tokens(text: str, dialect: str, file: str, line: int, former: Mapping[str, str]) -> list[str]:
    from sqlglot.errors import SqlglotError

    try:
        trees = _parse(text, dialect)
    except (SqlglotError, ValueError) as error:
        raise _located(error, file, line) from error
    tokens: list[str] = []
    for tree in trees:
        for name, before in former.items():
            _rename_table(tree, name.split("/"), before.split("/"))
        _write(tree, tokens)
    return tokens


def _rename_table(tree: Any, name: list[str], before: list[str]) -> None:
    """Call a table what it was, with the qualifiers that mean it; nothing where a word of either is used otherwise.

    An expression without an alias names its column, and so does the table in it.
    """
    from sqlglot import exp

    qualified = [c.parts[:-1] for c in tree.find_all(exp.Column) if len(c.parts) > 1]
    found = [table.parts for table in tree.find_all(exp.Table)] + qualified
    meant = [parts for parts in found if [p.name for p in parts] in (name, name[-1:])]
    renamed = {id(part) for parts in meant for part in parts}
    words = {i.name.casefold() for i in tree.find_all(exp.Identifier) if id(i) not in renamed}
    naming = [
        identifier
        for select in tree.find_all(exp.Select)
        for item in select.expressions
        if not isinstance(item, exp.Alias | exp.Column)
        for identifier in item.find_all(exp.Identifier)
    ]
    if len(name) != len(before) or {name[-1].casefold(), before[-1].casefold()} & words:
        return
    if any(id(identifier) in renamed for identifier in naming):
        return
    for parts in meant:
        for part, word in zip(parts, before[-len(parts) :], strict=True):
            part.set("this", word)


def _parse(text: str, dialect: str) -> list[Any]:
    """Trees in which every plain function call is a name and its arguments.

    Each release of sqlglot knows more functions by a class of their own, with arguments under other names.
    """
    from sqlglot.dialects.dialect import Dialect

    known = Dialect.get_or_raise(dialect)
    parser = type("NamesOnly", (known.parser_class,), {"FUNCTIONS": {}})
    trees = parser(dialect=known).parse(known.tokenize(text), text)
    return [tree for tree in trees if tree is not None]


def _write(value: Any, tokens: list[str]) -> None:
    """Without recursion: a query of 1,000 unions is a tree as deep."""
    pending: list[Any] = [value]
    while pending:
        item = pending.pop()
        match item:
            case _Token():
                tokens.append(item)
            case None | False:
                tokens.append("-")
            case True:
                tokens.append("+")
            case list() | tuple():
                pending.extend([_Token("]"), *reversed(item), _Token("[")])
            case Enum():
                tokens.append(item.name)
            case str() | int() | float():
                tokens.append(f"{type(item).__name__}{len(str(item))}:{item}")
            case _:
                pending.extend(reversed(_node(item)))


def _node(item: Any) -> list[Any]:
    """A node as the tokens and values to write."""
    inner: list[Any] = [_Token(f"({type(item).__name__}")]
    for name in sorted(item.args):
        argument = item.args[name]
        if argument is None or argument is False or argument == [] or name == "negate":
            continue
        if isinstance(argument, str) and _is_word(item, name):
            argument = argument.upper()
        inner += [_Token(f"{name.rstrip('_')}:"), argument]
    inner.append(_Token(")"))
    if item.args.get("negate"):  # since 30.1: before, NOT LIKE was a node around LIKE
        inner = [_Token("(Not"), _Token("this:"), *inner, _Token(")")]
    return inner


def _is_word(item: Any, name: str) -> bool:
    """Whether a text is a word of the language, which has no case: a join's side, a function's name."""
    return name in ("side", "kind", "method") or (
        name == "this" and type(item).__name__ == "Anonymous"
    )


class _Token(str):
    """Text that is written as it is."""

    __slots__ = ()


def _located(error: Exception, file: str, line: int) -> DefinitionError:
    details = getattr(error, "errors", None) or [{}]
    first = details[0]
    inner, column = first.get("line"), first.get("col")
    description = str(first.get("description") or error).splitlines()[0]
    highlight = str(first.get("highlight") or "")
    place = Place(file, line)
    if inner and column:
        place = Place(file, line + inner - 1, max(column - len(highlight) + 1, 1), len(highlight))
    return DefinitionError("E122", f"the query cannot be parsed: {description}", place=place)
