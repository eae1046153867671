"""Installed packages that the project lists in ``fingerprint_packages``: version and the digests of their files.

A wheel's ``RECORD`` names the digest of every file, so that a rebuilt package of the same version is seen. An editable
installation has no such list, there the Python files themselves are digested.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assets_core.errors import ConfigError
from assets_core.model.versions import digest
from assets_core.versioning.parts import CodePart

if TYPE_CHECKING:
    from importlib.metadata import Distribution


def package_parts(names: Sequence[str]) -> tuple[CodePart, ...]:
    """One part per listed distribution; raises ConfigError E121 for one that is not installed."""
    return tuple(sorted(_part(name) for name in dict.fromkeys(names)))


def _part(name: str) -> CodePart:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        found = distribution(name)
    except PackageNotFoundError as error:
        raise ConfigError(
            "E121",
            f"`fingerprint_packages` lists `{name}`, which is not installed",
            help="install it, or take it off the list",
        ) from error
    content = _editable(found) if _is_editable(found) else _record(found)
    return CodePart(f"package {name}", "", 0, digest(found.version, content))


def _record(found: Distribution) -> str:
    """The lines of ``RECORD`` that describe what runs: not bytecode, scripts or notes of the installer."""
    text = found.read_text("RECORD") or ""
    lines = [
        line
        for line in text.splitlines()
        if ".dist-info/" not in line and "__pycache__" not in line
    ]
    return "\n".join(sorted(line for line in lines if not line.startswith("..")))


def _is_editable(found: Distribution) -> bool:
    try:
        direct = json.loads(found.read_text("direct_url.json") or "{}")
    except ValueError:
        return False
    return bool(direct.get("dir_info", {}).get("editable")) or not found.read_text("RECORD")


def _editable(found: Distribution) -> str:
    tops = (found.read_text("top_level.txt") or found.name.replace("-", "_")).split()
    digests: list[str] = []
    for top in sorted(tops):
        spec = importlib.util.find_spec(top)
        for folder in spec.submodule_search_locations or () if spec else ():
            files = sorted(Path(folder).rglob("*.py"))
            digests.extend(
                digest(file.relative_to(folder).as_posix(), file.read_bytes()) for file in files
            )
        if spec is not None and spec.origin and spec.submodule_search_locations is None:
            digests.append(digest(Path(spec.origin).read_bytes()))
    return digest(*digests)
