"""What parsing SQL assets gave, kept between processes: importing sqlglot costs more than most projects' plans.

Plain JSON by digest of the text; a damaged file is as good as none.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from assets_core.execution.paths import Home
from assets_core.model.json import JSON


class ParsedQueries:
    """The memo of one project; ``texts`` is read and filled while its modules are imported."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.texts: dict[str, JSON] = _read(path)
        self._known = set(self.texts)

    def save(self, home: Home) -> None:
        """Write it where something is new; a home that cannot be written to costs only time."""
        if set(self.texts) <= self._known:
            return
        with contextlib.suppress(OSError):
            home.create()
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            fresh = self._path.with_suffix(f".{os.getpid()}")
            fresh.write_text(json.dumps(self.texts))
            fresh.chmod(0o600)
            fresh.replace(self._path)


def _read(path: Path) -> dict[str, JSON]:
    try:
        known = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
