"""What selection asks of the graph and of the state; ``project`` supplies both."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from assets_core.model.keys import AssetKey


class AssetFacts(Protocol):
    """The declared facts that a term can name."""

    @property
    def group(self) -> str | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def tags(self) -> Mapping[str, str]: ...
    @property
    def owners(self) -> Collection[str]: ...
    @property
    def path(self) -> str | None:
        """The defining file relative to the project root, with ``/``; None when there is none (a notebook cell)."""

    @property
    def checks(self) -> Collection[str]:
        """Names of the asset's checks."""


class SelectionGraph(Protocol):
    """Assets by number, in declaration order. Self-dependencies may show as edges to oneself."""

    @property
    def keys(self) -> Sequence[AssetKey]: ...
    def upstream(self, index: int, /) -> Sequence[int]: ...
    def downstream(self, index: int, /) -> Sequence[int]: ...
    def facts_of(self, index: int, /) -> AssetFacts: ...


class Facts(Protocol):
    """Facts about state; asked once per ``status:`` term, never for other terms."""

    def with_status(self, status: str, /) -> Collection[int]:
        """The numbers of the assets with any partition in ``status`` (one of ``STATUSES``)."""
