"""Every error this project raises on purpose, drawn as one tree.

    AssetsError
    ├── UsageError          2   bad arguments, selectors, partition terms
    │   └── NoMatchError    4   a name, glob, tag, group or owner that matches no definition
    ├── DefinitionError     2   the user's project declares something impossible
    ├── ConfigError         2   configuration files, variables, connections
    ├── StepError           1   one step cannot go on (a failed step is an outcome, this is its cause)
    ├── ConflictError       5   someone else holds it, or the code is no longer the planned code
    ├── StoreError          6   the state store is unavailable, damaged or of another schema
    │   └── CorruptionError 6   stored bytes are not what was recorded
    │       └── GoneError   6   there are none any more
    └── InternalError      70   a bug in us

A code such as ``E103`` names one cause for ever; ``assets_core/explanations.py`` holds the long text that
``assets explain`` prints, and a test keeps the two in step. Anything that is not an ``AssetsError`` is a bug.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Place:
    """A spot in the user's files: 1-based line and column, ``length`` characters to underline.

    ``file`` is shown relative to the project root where possible; ``line`` 0 means the whole file.
    """

    file: str
    line: int = 0
    column: int = 0
    length: int = 0

    def __str__(self) -> str:
        parts = [self.file]
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        return ":".join(parts)


class AssetsError(Exception):
    """One cause, said once: what is wrong, where in the user's files, and what to do next."""

    exit_code: ClassVar[int] = 70

    def __init__(
        self,
        code: str,
        message: str,
        *,
        place: Place | None = None,
        help: str | None = None,
        notes: tuple[tuple[str, Place | None], ...] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.place = place
        self.help = help
        self.notes = notes
        """Further places that belong to the cause, such as the other definition of a key."""

    def __str__(self) -> str:
        where = f" ({self.place})" if self.place else ""
        hint = f"; {self.help}" if self.help else ""
        return f"{self.code}: {self.message}{where}{hint}"

    def redact(self, redact: Callable[[str], str]) -> None:
        """Replace what its texts quote from user code, in place: a copy would lose the traceback."""
        self.message = redact(self.message)
        self.help = redact(self.help) if self.help else self.help
        self.notes = tuple((redact(text), place) for text, place in self.notes)
        self.args = (self.message,)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.code, self.message, self.place, self.help, self.notes))


def _rebuild(
    kind: type[AssetsError],
    code: str,
    message: str,
    place: Place | None,
    help: str | None,
    notes: tuple[tuple[str, Place | None], ...],
) -> AssetsError:
    return kind(code, message, place=place, help=help, notes=notes)


class UsageError(AssetsError):
    """Bad arguments, selectors or partition terms."""

    exit_code = 2


class NoMatchError(UsageError):
    """A name, glob, tag, group or owner that matches no definition."""

    exit_code = 4


class DefinitionError(AssetsError):
    """The user's project declares something impossible."""

    exit_code = 2


class ConfigError(AssetsError):
    """A configuration file, variable, connection or secret reference is wrong."""

    exit_code = 2


class StepError(AssetsError):
    """One step cannot go on; the runner records it as that step's failed outcome."""

    exit_code = 1


class ConflictError(AssetsError):
    """Another run holds it, or what was planned is no longer what is there."""

    exit_code = 5


class StoreError(AssetsError):
    """The state store is unavailable, not a state store, or of another schema."""

    exit_code = 6


class CorruptionError(StoreError):
    """Stored bytes are not what was recorded: always an error with a location (G13)."""


class GoneError(CorruptionError):
    """Stored bytes are not there any more."""


class InternalError(AssetsError):
    """A bug in us; the message says what to report."""

    exit_code = 70


class StopNow(BaseException):
    """Somebody asked to end everything at once: whatever is being run did not fail, and nobody may swallow it."""
