"""Which settings exist, and what each accepts: the one list behind files, variables, flags and ``config show``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from assets_core.declare.secrets import is_reference
from assets_core.errors import ConfigError
from assets_core.settings.files import OWN, ConfigFile
from assets_core.settings.origins import Given, Origin, Source

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """``accept`` gives the value in its final type, None where it is not ``expected``."""

    expected: str
    accept: Callable[[object], object | None]
    from_text: Callable[[str], object] = str


def _text(value: object) -> object | None:
    return value if isinstance(value, str) and value else None


def _address(value: object) -> object | None:
    """A text, or a reference to a secret that holds one."""
    return value if is_reference(value) else _text(value)


def _texts(value: object) -> object | None:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) and item for item in items):
        return None
    return tuple(items)


def _positive(value: object) -> object | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 1 else None


def _whole(value: object) -> object | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _number(value: object) -> object | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if 0 <= value < float("inf") else None


def _lease(value: object) -> object | None:
    number = _number(value)
    return number if isinstance(number, float) and number >= 1 else None


def _slots(value: object) -> object | None:
    from assets_core.settings.concurrency import (
        pool_slots,
    )  # a Tab reads settings, and needs none of these

    return pool_slots(value)


def _rate(value: object) -> object | None:
    from assets_core.settings.concurrency import rate_of

    return rate_of(value)


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


TEXT = Reader("a text", _text)
ADDRESS = Reader('a text, or a reference such as {env = "NAME"}', _address)
TEXTS = Reader("a text or a list of texts", _texts, _split)
POSITIVE = Reader("a whole number of 1 or more", _positive, int)
WHOLE = Reader("a whole number of 0 or more", _whole, int)
NUMBER = Reader("a number of 0 or more", _number, float)
SECONDS = Reader("a number of seconds above 0", lambda value: _number(value) or None, float)
CONFLICT = Reader(
    "`wait`, `join` or `fail`",
    lambda value: value if value in ("wait", "join", "fail") else None,
)
LEASE = Reader("a number of seconds of 1 or more", _lease, float)

READERS: Mapping[Path, Reader] = {
    ("module",): TEXTS,
    ("home",): TEXT,
    ("data",): TEXT,
    ("store",): ADDRESS,
    ("executor",): TEXT,
    ("jobs",): POSITIVE,
    ("fingerprint_packages",): TEXTS,
    ("materializer",): TEXT,
    ("timeout",): SECONDS,
    ("pool",): TEXTS,
    ("grace",): NUMBER,
    ("lease",): LEASE,
    ("on_conflict",): CONFLICT,
    ("run_retries",): WHOLE,
    ("retry", "max_retries"): WHOLE,
    ("retry", "delay"): NUMBER,
    ("retry", "backoff"): NUMBER,
    ("retry", "jitter"): NUMBER,
    ("gc", "keep"): POSITIVE,
    ("gc", "grace"): NUMBER,
    ("gc", "candidates"): NUMBER,
    ("gc", "logs"): NUMBER,
}
NAMED: Mapping[str, Reader] = {
    "pools": Reader("a number of slots from 1, or {slots = 2}", _slots, int),
    "rate_limits": Reader('a rate such as "10/minute" (or second, hour)', _rate),
}
"""Tables whose names are the user's and whose values are read alike."""
FREE = ("materializer_options", "connections")
"""Tables of tables whose inner names are the user's: ``[connections.warehouse]``."""
CONFIG, ENV = "config", "env"


def names_at(path: Path) -> tuple[str, ...]:
    """The names that may stand in the table at ``path`` (relative to a settings table)."""
    fixed = dict.fromkeys(known[len(path)] for known in READERS if known[: len(path)] == path)
    return (*fixed, *((*NAMED, *FREE, CONFIG) if not path else ()))


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that was probably meant."""
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), list(names), 1)
    return close[0] if close else None


def read_table(file: ConfigFile, table: Mapping[str, object], base: Path = ()) -> dict[Path, Given]:
    """The leaves of one settings table of ``file``, by path relative to it.

    ``base`` is ``("env", NAME)`` for the settings of an environment. Raises ConfigError E404 (unknown key) or E405
    (wrong value) with the place.
    """
    leaves: dict[Path, Given] = {}
    for name, value in table.items():
        if name == ENV and not base:
            continue
        _read_key(leaves, file, base, (name,), value)
    return leaves


def _read_key(
    leaves: dict[Path, Given], file: ConfigFile, base: Path, path: Path, value: object
) -> None:
    origin = Origin(Source.ENVIRONMENT if base else Source.FILE, "", file, (*base, *path))
    if path in READERS:
        leaves[path] = Given(accepted(path, value, origin), origin)
    elif path[0] in NAMED:
        _read_named(leaves, file, origin, path[0], value)
    elif path[0] in (*FREE, CONFIG):
        _read_free(leaves, file, origin, path, value)
    elif names_at(path):
        for name, inner in _table(value, origin).items():
            _read_key(leaves, file, base, (*path, name), inner)
    else:
        raise unknown_key(file, origin, path)


def _read_named(
    leaves: dict[Path, Given], file: ConfigFile, origin: Origin, table: str, value: object
) -> None:
    for name, inner in _table(value, origin).items():
        below = Origin(origin.source, "", file, (*origin.path, name))
        path = (table, named(table, name, below))
        leaves[path] = Given(accepted(path, inner, below), below)


def named(table: str, name: str, origin: Origin) -> str:
    """A name that may stand in a table of ``NAMED``; raises ConfigError E405."""
    from assets_core.model.pools import POOL_NAME

    if table != "pools" or POOL_NAME.fullmatch(name):
        return name
    raise ConfigError(
        "E405",
        f"`{name[:100]}` is not a name for a pool" + (f" ({origin.name})" if origin.name else ""),
        place=origin.key_place,
        help="use lower-case letters, digits and `-`, at most 64",
    )


def _read_free(
    leaves: dict[Path, Given], file: ConfigFile, origin: Origin, path: Path, value: object
) -> None:
    """Names of the user's own: two levels below, one for the common values of ``config``."""
    is_leaf = len(path) == 3 or (
        len(path) == 2 and path[0] == CONFIG and not isinstance(value, dict)
    )
    if is_leaf:
        leaves[path] = Given(value, origin)
        return
    for name, inner in _table(value, origin).items():
        below = Origin(origin.source, "", file, (*origin.path, name))
        _read_free(leaves, file, below, (*path, name), inner)


def _table(value: object, origin: Origin) -> Mapping[str, object]:
    if isinstance(value, dict):
        return value
    raise ConfigError("E405", f"`{'.'.join(origin.path)}` must be a table", place=origin.place)


def accepted(path: Path, value: object, origin: Origin) -> object:
    """``value`` in its final type; raises ConfigError E405."""
    reader = _reader(path)
    if origin.is_text and isinstance(value, str):
        try:
            value = reader.from_text(value)
        except ValueError:
            raise _wrong(path, value, origin) from None
    result = reader.accept(value)
    if result is None:
        raise _wrong(path, value, origin)
    return result


def _reader(path: Path) -> Reader:
    return READERS[path] if path in READERS else NAMED[path[0]]


def _wrong(path: Path, value: object, origin: Origin) -> ConfigError:
    shown = (
        f'"{value}"'
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else repr(value)
    )
    given = f" ({origin.name})" if origin.name else ""
    summary = f"`{'.'.join(path)}`{given} must be {_reader(path).expected}, not {shown}"
    return ConfigError("E405", summary, place=origin.place)


def unknown_key(file: ConfigFile, origin: Origin, path: Path) -> ConfigError:
    """A key that no setting has, with the nearest one that there is."""
    names = (*names_at(path[:-1]), *((ENV,) if len(path) == 1 else ()))
    close = nearest(path[-1], names)
    help = f"did you mean `{close}`?" if close else f"the keys here are {', '.join(sorted(names))}"
    if file.name == OWN and origin.path == ("tool",):
        help = f"in `{OWN}` the settings stand at the top, without [tool.assets]"
    where = "" if len(origin.path) == 1 else f" in [{'.'.join((*file.prefix, *origin.path[:-1]))}]"
    return ConfigError(
        "E404", f"`{path[-1]}` is not a setting{where}", place=origin.key_place, help=help
    )
