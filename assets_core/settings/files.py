"""Finding and reading a project's one configuration file: ``assets.toml``, or ``[tool.assets]`` in pyproject.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from assets_core.errors import ConfigError, Place

if TYPE_CHECKING:
    from assets_core.settings.toml_places import TomlPlaces

OWN = "assets.toml"
SHARED = "pyproject.toml"
_LINE_AND_COLUMN = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True)
class ConfigFile:
    """A file that configures a project; ``table`` is what stands under ``prefix`` in it."""

    path: Path
    text: str
    prefix: tuple[str, ...]
    table: Mapping[str, object]

    @classmethod
    def open(cls, path: Path) -> ConfigFile:
        """Read a file that is known to configure a project; raises ConfigError E401 or E403."""
        found = _read(path)
        if found is None:
            help = "add a table [tool.assets] to it, or create a project with `assets init`"
            raise ConfigError(
                "E401", f"`{path.name}` configures no project", place=Place(path.name), help=help
            )
        return found

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.path.parent

    @property
    def name(self) -> str:
        """The file as places show it: relative to the root."""
        return self.path.name

    def place(self, path: tuple[str, ...], *, value: bool = True) -> Place:
        """Where the value (or the name) of a setting is written."""
        spot = (*self.prefix, *path)
        return self._places.value(spot) if value else self._places.key(spot)

    @cached_property
    def _places(self) -> TomlPlaces:
        from assets_core.settings.toml_places import TomlPlaces

        return TomlPlaces(self.text, self.name)


def find_config(start: Path) -> ConfigFile | None:
    """The configuration of the nearest project at or above ``start``; raises ConfigError E402 or E403."""
    start = start.resolve()
    for folder in (start, *start.parents):
        own, shared = _read(folder / OWN), _read(folder / SHARED)
        if own is not None and shared is not None:
            raise ConfigError(
                "E402",
                f"both `{OWN}` and [tool.assets] in `{SHARED}` configure this project",
                place=shared.place((), value=False),
                help="keep one of them",
                notes=((f"the other is `{OWN}`", Place(OWN)),),
            )
        if own is not None or shared is not None:
            return own or shared
    return None


def _read(path: Path) -> ConfigFile | None:
    """None where there is no such file, or where it says nothing about a project."""
    try:
        raw = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(
            "E403", f"`{path.name}` cannot be read: {error.strerror}", place=Place(path.name)
        ) from error
    # A pyproject.toml that does not even mention the word is other people's, broken or not.
    if path.name != OWN and b"assets" not in raw:
        return None
    text, document = _parsed(path.name, raw)
    if path.name == OWN:
        return ConfigFile(path, text, (), document)
    tool = document.get("tool")
    table = tool.get("assets") if isinstance(tool, dict) else None
    return ConfigFile(path, text, ("tool", "assets"), table) if isinstance(table, dict) else None


def _parsed(name: str, raw: bytes) -> tuple[str, dict[str, object]]:
    import tomllib

    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError("E403", f"`{name}` is not UTF-8 text", place=Place(name, line)) from error
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        spot = _LINE_AND_COLUMN.search(message)
        line, column = (int(spot[1] or 0), int(spot[2] or 0)) if spot else (0, 0)
        place = Place(name, line or text.count("\n") + 1, column)
        reason = _LINE_AND_COLUMN.sub("", message)
        summary = f"`{name}` is not valid TOML: {reason[:1].lower()}{reason[1:]}"
        raise ConfigError("E403", summary, place=place) from error
