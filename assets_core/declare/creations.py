"""What was created while the user's modules were imported: there is no global registry, so someone has to watch.

Collection compares what was created with what the modules hold on to; a definition that nobody holds is one that the
user has lost (made in a loop, say). Outside ``observe_creations`` decorators leave no trace. The observer also knows
the project's root, which is what places are shown relative to and what relative paths start from.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets_core.model.json import JSON

if TYPE_CHECKING:
    from assets_core.declare.check_functions import CheckFunction
    from assets_core.model.assets import AssetDefinition


@dataclass(frozen=True, slots=True)
class Creations:
    """Everything declared while observing, in the order of creation."""

    root: Path | None = None
    """The project's root, absolute; None in a script or notebook without a project."""
    memo: MutableMapping[str, JSON] = field(default_factory=dict)
    """What parsing SQL gave, by digest; a caller may keep it between processes (plain JSON)."""
    definitions: list[AssetDefinition] = field(default_factory=list)
    checks: list[CheckFunction[..., Any]] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)
    """Compiled file name -> the name shown to the user."""

    def show(self, file: str) -> str:
        """``file`` relative to the root, with ``/``, where it lies below it."""
        if self.root is None:
            return _SHOWN.get(file, file)
        name = self.shown.get(file)
        if name is None:
            prefix = f"{self.root}{os.sep}"
            inside = file.startswith(prefix)
            name = file[len(prefix) :].replace(os.sep, "/") if inside else file
            self.shown[file] = _SHOWN[file] = name
            _FILES[name] = file
        return name


_FILES: dict[str, str] = {}
"""Where a shown name was last found, so that an error can read the line it points at."""

_SHOWN: dict[str, str] = {}
"""The way back: how a file was shown while its project was loaded."""

_ALONE = Creations()
_ACTIVE: ContextVar[Creations] = ContextVar("creations", default=_ALONE)


def active() -> Creations:
    """The observer of this context, or one for code that runs outside any project."""
    return _ACTIVE.get()


def is_observed(creations: Creations) -> bool:
    """Whether anybody collects what is created."""
    return creations is not _ALONE


def real_file(shown: str) -> str:
    """The file on disk behind the name in a Place."""
    return _FILES.get(shown, shown)


@contextmanager
def observe_creations(
    root: Path | None = None, memo: MutableMapping[str, JSON] | None = None
) -> Iterator[Creations]:
    """Wrap the loading of a project in this and hand the result to ``collect``."""
    creations = Creations(root.resolve() if root else None, memo if memo is not None else {})
    token = _ACTIVE.set(creations)
    try:
        yield creations
    finally:
        _ACTIVE.reset(token)
