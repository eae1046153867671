"""A configured value together with where it was given. Strongest first: flag, variable, environment, file, default."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from assets_core.errors import Place
from assets_core.settings.files import ConfigFile


class Source(StrEnum):
    """The kinds of place that a value comes from, strongest first."""

    FLAG = "flag"
    VARIABLE = "variable"
    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was given: the flag's or variable's ``name``, or the ``path`` of a key in ``file``."""

    source: Source
    name: str = ""
    file: ConfigFile | None = None
    path: tuple[str, ...] = ()

    @property
    def place(self) -> Place | None:
        """The value in the file; None for flags, variables and defaults. Found on demand."""
        return None if self.file is None else self.file.place(self.path)

    @property
    def key_place(self) -> Place | None:
        """The name in the file."""
        return None if self.file is None else self.file.place(self.path, value=False)

    @property
    def is_text(self) -> bool:
        """Flags and variables are text whatever their type; TOML values have one."""
        return self.source in (Source.FLAG, Source.VARIABLE)

    def __str__(self) -> str:
        place = self.place
        if place is None:
            return self.name or self.source.value
        table = f" [{'.'.join((*(self.file.prefix if self.file else ()), *self.path[:2]))}]"
        return f"{place.file}:{place.line}" + table * (self.source is Source.ENVIRONMENT)


DEFAULT = Origin(Source.DEFAULT)


@dataclass(frozen=True, slots=True)
class Given:
    """One value and its origin. TOML values keep their types, dates included."""

    value: object
    origin: Origin = DEFAULT
