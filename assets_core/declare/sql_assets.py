"""``sql_asset``: a query over other assets. Its upstreams are the tables it names, found by parsing it.

A query runs with one DuckDB thread unless told otherwise, because parallel aggregation of floating-point numbers is not
repeatable. Volatile functions, samples and more threads make an asset non-deterministic.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, Unpack

from assets_core.declare.assets import created, spec_of
from assets_core.declare.creations import active
from assets_core.declare.inputs import Input
from assets_core.declare.options import FOR_SQL_ASSET, SqlAssetOptions, checked, dependencies
from assets_core.declare.places import argument_place, caller, frame_place, text_place
from assets_core.declare.references import name_of
from assets_core.declare.sql_reading import (
    SqlReading,
    UnreadableSql,
    read_sql,
    table_position,
)
from assets_core.errors import DefinitionError, Place
from assets_core.model.assets import AssetDefinition, Dependency, SqlBody

DIALECT = "duckdb"
_MAKING = frozenset({"batch", "code_version", "pool", "priority", "retry", "timeout"})


def sql_asset(
    name: str,
    text: str | None = None,
    /,
    *,
    file: str | os.PathLike[str] | None = None,
    threads: int = 1,
    inputs: Iterable[Input] = (),
    **options: Unpack[SqlAssetOptions],
) -> AssetDefinition:
    """Declare the table that a query gives, in DuckDB's dialect; ``a.b`` in it is the asset ``a/b``.

    The query is ``text``, or stands in ``file`` (relative to the project's root). ``inputs`` says more of tables that
    the query reads, such as a mapping. See SqlAssetOptions for the other arguments. Raises DefinitionError at the
    user's line, or within the file.
    """
    place = frame_place(caller(1))
    key: object = name
    if not isinstance(key, str):
        _refuse(f"`sql_asset` takes the name of the asset first, not {key!r}", place)
    given: dict[str, Any] = dict(options)
    accepted = checked(given, FOR_SQL_ASSET, place)
    body = _body(text, file, threads, place)
    reading = _reading(body, place)
    deps = dependencies(accepted.pop("deps"), place) if "deps" in accepted else ()
    making = {option: accepted.pop(option) for option in _MAKING & accepted.keys()}
    if threads > 1 or reading.volatile:
        accepted.setdefault("deterministic", False)
    return created(
        AssetDefinition(
            outputs=(spec_of(name, "sql", place, accepted, None),),
            body=body,
            place=place,
            dependencies=(*_dependencies(reading, inputs, place), *deps),
            **making,
        )
    )


def _body(text: object, file: object, threads: object, place: Place) -> SqlBody:
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        _refuse(
            f"`threads` takes a number from 1, not {threads!r}", argument_place(place, "threads")
        )
    if (text is None) == (file is None):
        _refuse("`sql_asset` takes either the text of a query or a `file`", place)
    if file is not None:
        if not isinstance(file, str | os.PathLike):
            _refuse(
                f"`file` takes a path, not {type(file).__name__}", argument_place(place, "file")
            )
        return SqlBody(*_read_file(os.fspath(file), place), threads)
    if not isinstance(text, str):
        _refuse(f"`sql_asset` takes the text of a query, not {type(text).__name__}", place)
    return SqlBody(text, DIALECT, place.file, place.line, threads)


def _refuse(message: str, place: Place) -> NoReturn:
    raise DefinitionError("E102", message, place=place)


def _read_file(file: Any, place: Place) -> tuple[str, str, str, int]:
    root = active().root or Path.cwd()
    path = Path(os.path.normpath(root / str(file)))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise DefinitionError(
            "E135",
            f"the SQL file `{file}` can't be read: {reason}",
            place=argument_place(place, "file"),
            help=f"the path is relative to the project's root: {path}",
        ) from error
    return text, DIALECT, active().show(str(path)), 1


def _reading(body: SqlBody, place: Place) -> SqlReading:
    try:
        return read_sql(body.text, body.dialect, active().memo)
    except UnreadableSql as error:
        raise DefinitionError(
            "E134",
            f"the SQL can't be read: {error.problem}",
            place=sql_place(body, place, error.line, error.column, 0),
            help=error.help or "write one SELECT in DuckDB's dialect",
        ) from None


def _dependencies(reading: SqlReading, inputs: object, place: Place) -> tuple[Dependency, ...]:
    """One dependency per table; what ``inputs`` says of it replaces what was inferred, its columns included."""
    more = _described(inputs, place)
    found: list[Dependency] = []
    for name, columns in reading.tables:
        dependency = Dependency(name, name, place, columns=columns)
        described = more.pop(name, None)
        if described is not None:
            dependency = replace(
                dependency,
                upstream=name_of(described.asset) or name,
                mapping=described.mapping,
                optional=described.optional,
                columns=described.columns,
            )
        found.append(dependency)
    if more:
        name = next(iter(more))
        _refuse(
            f"`inputs` describes `{name}`, which the query does not read",
            argument_place(place, "inputs"),
        )
    return tuple(found)


def _described(inputs: object, place: Place) -> dict[str, Input]:
    where = argument_place(place, "inputs") if inputs else place
    if not isinstance(inputs, Iterable) or isinstance(inputs, str | Mapping):
        _refuse("`inputs` takes a list of `Input(...)`", where)
    found: dict[str, Input] = {}
    for item in inputs:
        if not isinstance(item, Input):
            _refuse(f"`inputs` takes `Input(...)`, not {type(item).__name__}", where)
        problem = item.problem()
        if problem is not None:
            _refuse(f"`Input` {problem}", where)
        found[str(name_of(item.asset))] = item
    return found


def sql_place(body: SqlBody, place: Place, line: int, column: int, length: int) -> Place:
    """A position within the query (1-based; 0 is unknown) as a place in the file where it stands."""
    if body.file != place.file:
        return Place(body.file, line, column, length)
    return text_place(place, body.text, line, column, length)


def table_place(body: SqlBody, place: Place, name: str) -> Place:
    """Where the query first names a table."""
    return sql_place(body, place, *table_position(body.text, body.dialect, name))
