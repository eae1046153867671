"""Live values as bytes, so that a module's constants and a closure's cells count by value when they are plain data.

Plain: None, booleans, numbers, text, bytes, dates, paths, patterns, enum members, containers of these in their order
(sets sorted by digest, because Python randomizes theirs), dataclass and pydantic instances. Code inside a value is not
digested here but handed back to be followed. Everything else is *opaque*: only its type counts, its statement is
followed by whoever asked. Texts and paths below the project's root are taken relative to it, so that a checkout
elsewhere has the same versions.
"""

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import fractions
import functools
import os
import re
import types
import uuid
import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from pathlib import PurePath
from typing import Any

from assets_core.model.versions import digest

MAX_DEPTH = 100
HARMLESS = (
    "_thread",
    "threading",
    "logging",
    "weakref",
    "asyncio",
    "concurrent",
    "contextvars",
    "structlog",
    "assets_core",
)
"""Opaque values of these packages carry no data that shapes an output."""

Writer = Callable[["Value", Any], None]


class Value:
    """What one live value consists of: ``tokens``, ``code`` to follow, and whether anything in it is opaque."""

    def __init__(self, root: str, is_code: Callable[[object], bool]) -> None:
        self.tokens: list[str] = []
        self.code: list[object] = []
        self.opaque = False
        self.plain = False
        """Whether any data was found, as opposed to only code and opaque objects."""
        self._root = root
        self._is_code = is_code
        self._within: dict[int, int] = {}

    def digest(self) -> str:
        """The digest of the whole value."""
        return digest(" ".join(self.tokens).encode("utf-8", "surrogatepass"))

    def write(self, value: object) -> None:
        """Add a value."""
        if self._is_code(value):
            self._code(value)
            return
        writer = _WRITERS.get(type(value)) or _by_base(value)
        if writer is None:
            self._opaque(value)
            return
        self.plain = True
        if id(value) in self._within or len(self._within) >= MAX_DEPTH:
            self.tokens.append(f"again {self._within.get(id(value), MAX_DEPTH)}")
            return
        self._within[id(value)] = len(self._within)
        writer(self, value)
        del self._within[id(value)]

    def items(self, tag: str, values: Iterable[object]) -> None:
        """A sequence."""
        self.tokens.append(f"({tag}")
        for item in values:
            self.write(item)
        self.tokens.append(")")

    def text(self, value: str) -> None:
        """A text, relative to the root if it is a path below it."""
        if value.startswith(self._root) and value[len(self._root) :][:1] in ("", os.sep):
            value = "\0root" + value[len(self._root) :]
        self.tokens.append(f"s{len(value)}:{value}")

    def state(self, value: object) -> None:
        """The attributes of an instance, for closures: nothing but its class says where it came from."""
        self.tokens.append(f"({_type_name(value)}")
        self.mapping(attributes(value))
        self.tokens.append(")")

    def mapping(self, value: Mapping[Any, Any]) -> None:
        """A mapping in its order, which programs can observe."""
        self.tokens.append("{")
        for key, item in value.items():
            self.write(key)
            self.write(item)
        self.tokens.append("}")

    def _code(self, value: object) -> None:
        name = (
            getattr(value, "__qualname__", None)
            or getattr(value, "__name__", None)
            or _type_name(value)
        )
        self.tokens.append(f"code {getattr(value, '__module__', '')}.{name}")
        self.code.append(value)

    def _opaque(self, value: object) -> None:
        self.tokens.append(f"opaque {_type_name(value)}")
        if not str(type(value).__module__).startswith(HARMLESS):
            self.opaque = True


def _type_name(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _literal(value: Value, item: object) -> None:
    value.tokens.append(f"{type(item).__name__} {item!s}")


def _int(value: Value, item: int) -> None:
    value.tokens.append(f"i{item:x}")


def _float(value: Value, item: float) -> None:
    value.tokens.append(f"f{item.hex()}")


def _complex(value: Value, item: complex) -> None:
    value.tokens.append(f"c{item.real.hex()},{item.imag.hex()}")


def _bytes(value: Value, item: bytes | bytearray | memoryview) -> None:
    value.tokens.append(f"{type(item).__name__} {bytes(item).hex()}")


def _set(value: Value, item: set[object] | frozenset[object]) -> None:
    found: list[tuple[str, list[str]]] = []
    outer = value.tokens
    for element in item:
        value.tokens = []
        value.write(element)
        found.append((" ".join(value.tokens), value.tokens))
    value.tokens = outer
    outer.append(f"({type(item).__name__}")
    for _, tokens in sorted(found):
        outer.extend(tokens)
    outer.append(")")


def _mapping(value: Value, item: Mapping[object, object]) -> None:
    value.tokens.append(_type_name(item))
    value.mapping(item)


def _defaults(value: Value, item: collections.defaultdict[object, object]) -> None:
    value.write(item.default_factory)
    _mapping(value, item)


def _pattern(value: Value, item: re.Pattern[Any]) -> None:
    value.items(f"pattern {item.flags}", [item.pattern])


def _partial(value: Value, item: functools.partial[Any]) -> None:
    value.items("partial", [item.func, item.args, item.keywords])


def _time(value: Value, item: datetime.datetime | datetime.time) -> None:
    value.tokens.append(f"{type(item).__name__} {item.isoformat()} {item.tzinfo!r} {item.fold}")


def _repr(value: Value, item: object) -> None:
    value.tokens.append(f"{type(item).__name__} {item!r}")


def _path(value: Value, item: PurePath) -> None:
    value.tokens.append("path")
    value.text(str(item))


def _enum(value: Value, item: enum.Enum) -> None:
    value.items(f"enum {_type_name(item)}.{item.name}", [item.value])


def _dataclass(value: Value, item: Any) -> None:
    value.write(type(item))
    value.items("dataclass", (getattr(item, f.name, None) for f in fields(item)))


def _model(value: Value, item: Any) -> None:
    value.write(type(item))
    value.mapping(attributes(item))


def _sequence(value: Value, item: Iterable[object]) -> None:
    value.items(_type_name(item), item)


def _text(value: Value, item: str) -> None:
    if type(item) is not str:
        value.tokens.append(_type_name(item))
    value.text(str.__str__(item))


_WRITERS: dict[type, Writer] = {
    type(None): _literal,
    bool: _literal,
    type(Ellipsis): _literal,
    type(NotImplemented): _literal,
    int: _int,
    float: _float,
    complex: _complex,
    str: _text,
    bytes: _bytes,
    bytearray: _bytes,
    memoryview: _bytes,
    tuple: _sequence,
    list: _sequence,
    collections.deque: _sequence,
    set: _set,
    frozenset: _set,
    dict: _mapping,
    collections.OrderedDict: _mapping,
    collections.Counter: _mapping,
    collections.defaultdict: _defaults,
    types.MappingProxyType: _mapping,
    range: _repr,
    slice: _repr,
    datetime.date: _repr,
    datetime.datetime: _time,
    datetime.time: _time,
    datetime.timedelta: _repr,
    datetime.timezone: _repr,
    zoneinfo.ZoneInfo: _repr,
    decimal.Decimal: _literal,
    fractions.Fraction: _literal,
    uuid.UUID: _literal,
    re.Pattern: _pattern,
    functools.partial: _partial,
}


def _by_base(value: object) -> Writer | None:
    """The writer of a value whose exact type is not listed: subclasses that add no hidden state worth knowing.

    Attributes are looked for in the classes' own dictionaries: asking the object would run the user's code.
    """
    kind = type(value)
    if str(kind.__module__).partition(".")[0] == "assets_core" or isinstance(value, type):
        return None
    if isinstance(value, enum.Enum):
        return _enum
    if _has(kind, "__dataclass_fields__"):
        return _dataclass
    if _has(kind, "__pydantic_validator__"):
        return None if _is_connection(kind) else _model
    if isinstance(value, PurePath):
        return _path
    for base, writer in _BASES:
        if isinstance(value, base):
            return writer
    return None


def _has(kind: type, name: str) -> bool:
    return any(name in vars(base) for base in kind.__mro__)


def _is_connection(kind: type) -> bool:
    return any(
        b.__module__.startswith("assets_core") and b.__name__ == "Connection" for b in kind.__mro__
    )


def _plainly(base: type) -> Writer:
    """A container by its base class's own iteration, whatever a subclass makes of it."""

    def write(value: Value, item: Any) -> None:
        value.items(_type_name(item), base.__iter__(item))  # type: ignore[attr-defined]

    return write


def _plain_mapping(value: Value, item: dict[object, object]) -> None:
    value.tokens.append(_type_name(item))
    value.mapping(dict(dict.items(item)))


_BASES: tuple[tuple[type, Writer], ...] = (
    (str, _text),
    (bytes, _bytes),
    (tuple, _plainly(tuple)),
    (list, _plainly(list)),
    (dict, _plain_mapping),
    (set, _set),
    (frozenset, _set),
)


def attributes(value: object) -> dict[str, object]:
    """An object's own attributes, without running any code of its class."""
    try:
        found = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return found if isinstance(found, dict) else {}
