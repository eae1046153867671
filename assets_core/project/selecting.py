"""Selections for faces that plan nothing: the state is read only if a ``status:`` term asks for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from assets_core.project.status import Status, recorded_status
from assets_core.selection import select

if TYPE_CHECKING:
    from assets_core.project.facade import Project


def select_with_status(
    project: Project, texts: Sequence[str], exclude: Sequence[str]
) -> tuple[int, ...]:
    """The selected asset numbers; raises UsageError or NoMatchError."""
    facts = _RecordedFacts(project)
    return select(texts, exclude, project.graph, facts, is_file=lambda text: Path(text).is_file())


class _RecordedFacts:
    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def _status(self) -> Status:
        with self._project.reading() as reader:
            return recorded_status(self._project, reader, self._project.clock.now())

    def with_status(self, status: str, /) -> Collection[int]:
        """The assets with any partition in ``status``."""
        return self._status.with_status(status)
