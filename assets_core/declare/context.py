"""``AssetContext``: what a running asset can ask about its call. Built by execution and by ``assets_core.testing``.

Nothing here is ever None: what a call does not have (a partition on an unpartitioned asset, one date in a batch of
many) is a DefinitionError at the user's own line that says what to write instead. Durations are seconds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from assets_core.declare.dynamic_sets import as_keys, name_of, refuse_keys
from assets_core.declare.places import caller, frame_place
from assets_core.errors import AssetsError, DefinitionError
from assets_core.model.assets import AssetDefinition
from assets_core.model.json import JSON
from assets_core.model.keys import AssetKey
from assets_core.partitions import DynamicPartitions, PartitionsDefinition, Window

if TYPE_CHECKING:
    import logging


@dataclass(frozen=True, slots=True)
class RunInfo:
    """The run that this call belongs to; ``now`` (aware) is the run's fixed present."""

    id: str
    env: str
    now: datetime
    number: int = 0


@dataclass(frozen=True, slots=True)
class AddedPartitions:
    """What one ``add_partitions`` said."""

    name: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AddedMetadata:
    """What one ``add_metadata`` said; None means every output, or every partition, of the call."""

    values: Mapping[str, object]
    output: str | None
    partition: str | None


class PartitionContext:
    """The partitions of one call: one, or with ``batch`` a contiguous run of them in order."""

    __slots__ = ("_asset", "_definition", "_ordinals", "keys")

    keys: tuple[str, ...]
    """The partition keys of this call, in order."""

    def __init__(
        self, asset: AssetKey, definition: PartitionsDefinition, keys: Sequence[str]
    ) -> None:
        self._asset = asset
        self._definition = definition.knowing(keys)
        self._ordinals: list[int] | None = None
        self.keys = tuple(keys)

    def __repr__(self) -> str:
        return f"PartitionContext({self._asset!s}, keys={self.keys!r})"

    @property
    def key(self) -> str:
        """The one partition key of this call; an error in a batch of several."""
        if len(self.keys) != 1:
            raise _several(self._asset, "key", len(self.keys))
        return self.keys[0]

    @property
    def start(self) -> datetime:
        """When the (first) partition's window starts, aware, in the definition's time zone."""
        return self._window(0).start

    @property
    def end(self) -> datetime:
        """When the (last) partition's window ends: exclusive, aware."""
        return self._window(-1).end

    @property
    def start_naive(self) -> datetime:
        """``start`` as local time without a zone."""
        return self._window(0).start.replace(tzinfo=None)

    @property
    def end_naive(self) -> datetime:
        """``end`` as local time without a zone."""
        return self._window(-1).end.replace(tzinfo=None)

    @property
    def date(self) -> date:
        """The local date on which the partition's window starts; an error in a batch of several."""
        if len(self.keys) != 1:
            raise _several(self._asset, "date", len(self.keys))
        return self._window(0).start.date()

    @property
    def dims(self) -> Mapping[str, str]:
        """The key of each dimension: ``context.partition.dims["region"]``; an error in a batch of several."""
        if len(self.keys) != 1:
            raise _several(self._asset, "dims", len(self.keys))
        found = self._definition.dims(self._ordinal(0))
        if not found:
            raise _located(
                "E144",
                f"`context.partition.dims` has no meaning: `{self._asset}` has one dimension",
                "use `context.partition.key`",
            )
        return found

    def _ordinal(self, index: int) -> int:
        if self._ordinals is None:
            self._ordinals = [int(o) for o in self._definition.ordinals(self.keys)]
        return self._ordinals[index]

    def _window(self, index: int) -> Window:
        window = self._definition.window(self._ordinal(index))
        if window is None:
            raise _located(
                "E144",
                f"the partitions of `{self._asset}` have no time: it is partitioned by {self._definition.kind} keys",
                "use `context.partition.key`",
            )
        return window


@dataclass(frozen=True, slots=True, eq=False)
class AssetContext:
    """What an asset's function can ask about its call, and tell: annotate a parameter with it."""

    asset: AssetKey
    """The key of the asset; of a multi-asset its first output's."""
    run: RunInfo
    log: logging.Logger
    """Writes to the captured log of this call."""
    wanted: frozenset[str] = frozenset()
    """The names of the outputs that this call has to produce (as given to ``Out``)."""
    config: Mapping[str, JSON] = field(default_factory=dict)
    """The resolved values of the asset's ``Config`` parameters, by field."""
    partitioning: PartitionContext | None = field(default=None, repr=False)
    """For the machinery; users read ``partition``."""
    added: list[AddedMetadata] = field(default_factory=list, repr=False)
    """What ``add_metadata`` was told, for the machinery."""
    added_partitions: list[AddedPartitions] = field(default_factory=list, repr=False)
    """What ``add_partitions`` was told: tests of an asset may look at it."""
    definitions: Collection[AssetDefinition] | None = field(default=None, repr=False)
    """Those of the project, for the machinery; None in tests of one asset, where any dynamic partitions are known."""

    @property
    def partition(self) -> PartitionContext:
        """The partitions of this call; on an unpartitioned asset an error at the line that asks."""
        if self.partitioning is None:
            raise _located(
                "E142",
                f"`context.partition` has no meaning: `{self.asset}` is not partitioned",
                f"give `{self.asset}` a `partitions=`, or leave `context.partition` out",
            )
        return self.partitioning

    def add_metadata(
        self,
        values: Mapping[str, object] | None = None,
        /,
        *,
        output: str | None = None,
        partition: str | None = None,
        **more: object,
    ) -> None:
        """Record metadata with what this call materializes: ``context.add_metadata(rows=len(frame))``.

        Applies to every output and partition of the call unless ``output`` or ``partition`` names one.
        """
        self.added.append(AddedMetadata({**(values or {}), **more}, output, partition))

    def add_partitions(
        self, partitions: str | DynamicPartitions, keys: str | Iterable[str], /
    ) -> None:
        """Add keys to dynamic partitions, given as declared or by name: ``context.add_partitions("customers", ids)``.

        They are recorded together with what this call materializes, and not when all of it fails; those that are there
        already change nothing. The run goes on with the partitions it was planned with, and the next plan has them.
        """
        try:
            added = AddedPartitions(name_of(partitions), as_keys(keys))
            if self.definitions is not None:
                refuse_keys(self.definitions, added.name, added.keys)
        except AssetsError as error:
            raise _located(error.code, error.message, error.help) from None
        self.added_partitions.append(added)


def _several(asset: AssetKey, member: str, count: int) -> DefinitionError:
    return _located(
        "E143",
        f"`context.partition.{member}` has no meaning: this call of `{asset}` is a batch of {count} partitions",
        "use `context.partition.keys`, `.start` and `.end`, or `batch=1`",
    )


def _located(code: str, message: str, help: str | None) -> DefinitionError:
    """An error at the nearest line outside this module."""
    frame = caller(1)
    while frame.f_globals.get("__name__") == __name__ and frame.f_back is not None:
        frame = frame.f_back
    return DefinitionError(code, message, place=frame_place(frame), help=help)
