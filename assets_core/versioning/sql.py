"""The normal form of SQL: sqlglot's tree written as our own node list, stable across sqlglot releases.

``repr`` and ``sql()`` change between releases. Here a node is its class and those arguments that are set, by name;
empty arguments, comments and positions don't count, so a release that adds an argument changes nothing. Names stay as
written: DuckDB keeps the case of a column in its result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assets_core.errors import DefinitionError, Place
from assets_core.model.versions import digest
from assets_core.versioning.modules import ALGORITHM

if TYPE_CHECKING:
    from assets_core.versioning.cache import FingerprintCache


def sql_digest(
    text: str, dialect: str, *, file: str, line: int, cache: FingerprintCache | None = None
) -> str:
    """The digest of a query's tree. Raises DefinitionError E122, placed in the query, for what cannot be parsed."""
    key = f"sql {ALGORITHM} {digest(dialect, text)}"
    cached = cache.get(key) if cache is not None else None
    if isinstance(cached, str):
        return cached
    found = digest(" ".join(_tokens(text, dialect, file, line)))
    if cache is not None:
        cache.put(key, found)
    return found


def _tokens(text: str, dialect: str, file: str, line: int) -> list[str]:
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        trees = sqlglot.parse(text, read=dialect)
    except (SqlglotError, ValueError) as error:
        raise _located(error, file, line) from error
    tokens: list[str] = []
    for tree in trees:
        _write(tree, tokens)
    return tokens


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
            case _ if hasattr(item, "args") and hasattr(item, "key"):
                pending.append(_Token(")"))
                for name in sorted(item.args, reverse=True):
                    if _is_set(item.args[name]):
                        pending.extend([item.args[name], _Token(f"{name.rstrip('_')}:")])
                pending.append(_Token(f"({type(item).__name__}"))
            case _:
                tokens.append(f"{type(item).__name__}{len(str(item))}:{item}")


def _is_set(value: object) -> bool:
    return value is not None and value is not False and value != []


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
