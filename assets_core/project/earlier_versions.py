"""The versions of an asset that were current before, and what a person may choose among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from assets_core.errors import UsageError
from assets_core.execution.loading import NOTHING_STORED
from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.records import MaterializationRecord
from assets_core.ports import StateReader
from assets_core.selection.complaints import listed

if TYPE_CHECKING:
    from assets_core.project.facade import Project

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Move:
    """One asset-partition that is to show another version."""

    key: AssetPartition
    before: MaterializationRecord | None
    """What is current; None where it was wiped."""
    after: MaterializationRecord


class Earlier:
    """The versions of one asset that may be current again, by partition and oldest first."""

    def __init__(self, project: Project, reader: StateReader, key: AssetKey) -> None:
        self._key = key
        self._current = reader.current_of(project.env, key)
        self._versions: dict[str, list[MaterializationRecord]] = {}
        for one in reader.published(project.env, key, None):
            self._versions.setdefault(one.partition, []).append(one)

    @property
    def partitions(self) -> list[str]:
        """Every partition that has a version, or had one that is still there."""
        return sorted(self._versions.keys() | self._current.keys())

    def _choosable(self, partition: str) -> list[MaterializationRecord]:
        found = self._versions.get(partition, ())
        return [one for one in found if one.written.materializer != NOTHING_STORED]

    def back(self, partition: str) -> Move | None:
        """The step to the version before; None where there is none."""
        before = self._current.get(partition)
        earlier = [
            one
            for one in self._choosable(partition)
            if before is None or one.number < before.number
        ]
        return self._move(partition, earlier[-1]) if earlier else None

    def to(self, partition: str, version: str) -> Move:
        """The step to the version with this number; raises UsageError E932."""
        found = self._choosable(partition)
        for one in found:
            if str(one.number) == version:
                return self._move(partition, one)
        if not found:
            refuse(self._key, self.why_not([partition]))
        raise UsageError(
            "E932",
            f"`{AssetPartition(self._key, partition)}` has no version `{version}` that could be current again",
            help=f"choose one of {choices(found)}",
        )

    def of_run(self, partition: str, run: str) -> Move | None:
        """The step to what a run published; None where that is gone."""
        made = [one for one in self._choosable(partition) if one.run == run]
        return self._move(partition, made[-1]) if made else None

    def _move(self, partition: str, after: MaterializationRecord) -> Move:
        key = AssetPartition(self._key, partition)
        return Move(key, self._current.get(partition), after)

    def others(self, move: Move) -> list[MaterializationRecord]:
        """What could be chosen instead."""
        found = self._choosable(move.key.partition)
        return [one for one in found if one.number != move.after.number]

    def why_not(self, partitions: Sequence[str]) -> str:
        """Why none of these can go back."""
        current = [self._current[p] for p in partitions if p in self._current]
        if any(one.written.materializer == NOTHING_STORED for one in current):
            return "nothing is stored of it, and what it did elsewhere can't be taken back"
        if not current:
            return "it was never published"
        return "there is no version before the current one"


def choices(found: Sequence[MaterializationRecord]) -> str:
    """The numbers of versions, the newest first."""
    return listed(str(one.number) for one in reversed(found[-_SHOWN:]))


def refuse(key: AssetKey, why: str) -> NoReturn:
    """Raise UsageError E931: there is nothing to go back to."""
    raise UsageError(
        "E931",
        f"`{key}` can't be rolled back: {why}",
        help=f"see `assets show {key}`; correct the code and run `assets materialize {key}`",
    )
