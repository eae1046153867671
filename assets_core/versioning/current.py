"""Today's versions of a whole project, as the planner and the runner read them.

Everything is indexed by asset number (a position in the graph's topological order). Sources have versions too: their
code and config take part in their source versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assets_core.model.checks import Scope, Severity
from assets_core.model.records import Failure
from assets_core.model.versions import CodeVersion, ConfigVersion, SourceVersion, digest


@dataclass(frozen=True, slots=True)
class CheckVersion:
    """Today's version of one check: 32 hex digits over its kind, config and code."""

    name: str
    version: str
    severity: Severity
    blocking: bool
    scope: Scope


@dataclass(frozen=True, slots=True)
class CurrentVersions:
    """What the code, config and checks of every asset are today."""

    code: tuple[CodeVersion, ...]
    config: tuple[ConfigVersion, ...]
    checks: tuple[tuple[CheckVersion, ...], ...]


@dataclass(frozen=True, slots=True)
class Observed:
    """A source as seen before planning: its token per partition key (``""`` for the whole of it)."""

    tokens: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NotObserved:
    """A source whose observation failed; what reads it is blocked."""

    failure: Failure


Observation = Observed | NotObserved


def source_version(token: str, code: CodeVersion, config: ConfigVersion) -> SourceVersion:
    """H(observed token, the source's code version, its config)."""
    return SourceVersion(digest("source", token, code, config))
