"""Which type a value has or an annotation asks for, told by name so that no library is imported to find out.

An annotation arrives as a class, a ``typing`` form, or text that stays lazy (``"pd.DataFrame"``). Names are compared as
(root package, class name): the module that defines ``pandas.DataFrame`` differs between releases.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Annotated, Any, Union, get_args, get_origin

PANDAS = "pandas.DataFrame"
ARROW = "pyarrow.Table"
DUCKDB = "duckdb.DuckDBPyRelation"
POLARS = "polars.DataFrame"
TABLES = (PANDAS, ARROW, DUCKDB, POLARS)

_ROOTS = {
    "pd": "pandas",
    "pa": "pyarrow",
    "pl": "polars",
    "_duckdb": "duckdb",
    "pydantic_core": "pydantic",
}
_BARE = {"DataFrame": PANDAS, "Table": ARROW, "DuckDBPyRelation": DUCKDB}


def value_names(value: object) -> tuple[str, ...]:
    """``root.Class`` of every class a value is an instance of, most specific first."""
    return tuple(class_name(kind) for kind in type(value).__mro__)


def family_of(value: object) -> str | None:
    """Which kind of table a value is; None if it is none."""
    return next((name for name in value_names(value) if name in TABLES), None)


def class_name(kind: type) -> str:
    """``root.Class``: the top-level package that defines a class, and its name."""
    root = kind.__module__.partition(".")[0]
    return f"{_ROOTS.get(root, root)}.{kind.__qualname__}"


def annotation_name(annotation: object) -> str | None:
    """The same name for an annotation; None where it asks for nothing (``Any``, ``object``, no annotation)."""
    wanted = unwrap(annotation)
    if wanted is None or wanted is Any or wanted is object:
        return None
    if isinstance(wanted, str):
        return _text_name(wanted)
    if isinstance(wanted, type):
        return class_name(wanted)
    return str(wanted)


def unwrap(annotation: object) -> object:
    """An annotation without ``Annotated`` and ``Optional``; text without quotes and ``| None``."""
    if isinstance(annotation, str):
        return _unwrap_text(annotation)
    if get_origin(annotation) is Annotated:
        return unwrap(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        members = [member for member in get_args(annotation) if member is not type(None)]
        if len(members) == 1:
            return unwrap(members[0])
    return annotation


def _unwrap_text(text: str) -> str:
    bare = text.strip().strip("'\"").strip()
    if bare.startswith(("Optional[", "typing.Optional[")) and bare.endswith("]"):
        return _unwrap_text(bare.partition("[")[2][:-1])
    members = [part.strip() for part in bare.split("|")]
    named = [member for member in members if member != "None"]
    return _unwrap_text(named[0]) if len(members) > 1 and len(named) == 1 else bare


def _text_name(text: str, bare: Mapping[str, str] = _BARE) -> str:
    root, _, rest = text.partition(".")
    if not rest:
        return bare.get(text, f"builtins.{text}")
    return f"{_ROOTS.get(root, root)}.{rest.rpartition('.')[2]}"
