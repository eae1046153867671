"""The names that completion offers, kept in one small file so that a Tab imports neither the project nor an engine.

Written by every command that loads the project, when something in it changed.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assets_core.graph import AssetGraph

FORMAT = 1


def index_path(home: Path) -> Path:
    """Where a project's index lies."""
    return home / "cache" / "names.json"


def write_index(home: Path, graph: AssetGraph) -> None:
    """Store the project's names; a folder that cannot be written only costs completion."""
    from assets_core.private_folders import make_private

    tags = {f"{k}={v}" if v else k for spec in graph.specs for k, v in spec.tags.items()}
    names = {
        "format": FORMAT,
        "keys": list(graph.keys),
        "group": sorted({spec.group for spec in graph.specs}),
        "tag": sorted(tags),
        "owner": sorted({owner for spec in graph.specs for owner in spec.owners}),
        "kind": sorted({spec.kind for spec in graph.specs}),
        "check": sorted({check.name for spec in graph.specs for check in spec.checks}),
    }
    text = json.dumps(names, separators=(",", ":"))
    path = index_path(home)
    with contextlib.suppress(OSError):
        if path.exists() and path.read_text(encoding="utf-8") == text:
            return
        make_private(home)
        _ignore_for_git(home)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix="names-")
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        Path(temporary).replace(path)


def _ignore_for_git(home: Path) -> None:
    ignore = home / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
        ignore.chmod(0o600)


def read_index(home: Path) -> dict[str, list[str]]:
    """The names as they were last seen; empty where there is no index or it is not one."""
    try:
        names = json.loads(index_path(home).read_bytes())
    except (OSError, ValueError):
        return {}
    if not isinstance(names, dict) or names.get("format") != FORMAT:
        return {}
    return {
        kind: [text for text in found if isinstance(text, str)]
        for kind, found in names.items()
        if isinstance(found, list)
    }
