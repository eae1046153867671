"""Partition mappings as users write them, and the one that is meant when they write none.

A mapping is a frozen value; ``bind`` puts it between two definitions and refuses what is impossible there.
``canonical()`` is recorded with each input: another text means that the shape of the input changed.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass

from assets_core.errors import DefinitionError
from assets_core.partitions.bound import (
    BoundAll,
    BoundFunctions,
    BoundLast,
    BoundMapping,
    BoundSame,
    BoundSameKey,
    BoundSpecific,
    BoundTable,
)
from assets_core.partitions.bound_boxes import BoundBoxes, Link, sides
from assets_core.partitions.bound_time import BoundTimeWindow
from assets_core.partitions.definitions import PartitionsDefinition
from assets_core.partitions.keys import check_key, shown
from assets_core.partitions.multi import MultiPartitions
from assets_core.partitions.timed import TimeDefinition, check_int

CHOICES = (
    "choose a mapping: All(), Last(), Identity(), TimeWindow(start_offset, end_offset), Specific([keys]), "
    "Static({up: down}), DimensionOf(dim), Multi({down_dim: (up_dim, mapping)})"
)


class PartitionMapping:
    """Which upstream partitions a downstream partition needs.

    Users subclass this with a frozen dataclass that has the two directions ``upstream_keys`` and ``downstream_keys``;
    they must agree (u is needed by d exactly if d is affected by u), and both see partition keys.
    """

    def upstream_keys(self, key: str) -> Iterable[str]:
        """The keys of the upstream partitions that this downstream partition needs."""
        raise NotImplementedError

    def downstream_keys(self, key: str) -> Iterable[str]:
        """The keys of the downstream partitions that need this upstream partition."""
        raise NotImplementedError

    def canonical(self) -> str:
        """The text recorded with an input; the ``repr`` of a user's subclass has to show what it depends on."""
        kind = type(self)
        if kind.__repr__ is not object.__repr__:
            return f"{kind.__module__}.{self!r}"
        if vars(self):
            raise DefinitionError(
                "E202",
                f"the mapping {kind.__qualname__} has no `repr` of its own, so a change of it would go unseen",
                help="make it a frozen dataclass, or override canonical()",
            )
        return f"{kind.__module__}.{kind.__qualname__}()"

    def bind(
        self,
        upstream: PartitionsDefinition,
        downstream: PartitionsDefinition,
        *,
        self_dependency: bool = False,
    ) -> BoundMapping:
        """This mapping between two definitions; DefinitionError E205 or E207 when that is impossible."""
        if self_dependency and not self.strictly_earlier(upstream):
            raise DefinitionError(
                "E207",
                f"an asset can't depend on itself through {self.canonical()}",
                help="use TimeWindow with a negative end_offset, such as TimeWindow(-1, -1), on a time dimension",
            )
        return self._bind(upstream, downstream, earlier=self_dependency)

    def strictly_earlier(self, definition: PartitionsDefinition) -> bool:
        """Whether, within one definition, a partition only ever needs earlier ones."""
        return False

    def _bind(
        self, upstream: PartitionsDefinition, downstream: PartitionsDefinition, *, earlier: bool
    ) -> BoundMapping:
        return BoundFunctions(upstream, downstream, self.upstream_keys, self.downstream_keys)


class _BuiltIn(PartitionMapping, ABC):
    """Ours: bound to arrays instead of key by key."""

    @abstractmethod
    def canonical(self) -> str: ...

    @abstractmethod
    def _bind(
        self, upstream: PartitionsDefinition, downstream: PartitionsDefinition, *, earlier: bool
    ) -> BoundMapping: ...


@dataclass(frozen=True, slots=True)
class Identity(_BuiltIn):
    """The partition of the same key."""

    def canonical(self) -> str:
        return "identity"

    def _bind(
        self, upstream: PartitionsDefinition, downstream: PartitionsDefinition, *, earlier: bool
    ) -> BoundMapping:
        if upstream.label_codec == downstream.label_codec:
            return BoundSame(upstream, downstream)
        if upstream.is_partitioned != downstream.is_partitioned:
            raise _impossible(self, upstream, downstream, "only one side is partitioned")
        if downstream.kind == "static" and not upstream.is_open:
            keys = downstream.keys(downstream.defined(*downstream.span))
            _, known = upstream.find(keys)
            if not known.all():
                raise _impossible(
                    self,
                    upstream,
                    downstream,
                    str(upstream.unknown(keys[int(known.argmin())]).message),
                )
        return BoundSameKey(upstream, downstream)


@dataclass(frozen=True, slots=True)
class TimeWindow(_BuiltIn):
    """Every upstream window that overlaps the downstream window.

    ``start_offset`` and ``end_offset`` move its two ends by whole downstream windows: ``TimeWindow(-6, 0)`` on days is
    the week up to that day. ``allow_missing`` drops windows that the upstream's definition doesn't reach.
    """

    start_offset: int = 0
    end_offset: int = 0
    _: KW_ONLY
    allow_missing: bool = False

    def __post_init__(self) -> None:
        for name, value in (("start_offset", self.start_offset), ("end_offset", self.end_offset)):
            check_int(name, value, -1_000_000, 1_000_000)
        if self.start_offset > self.end_offset:
            raise DefinitionError(
                "E202",
                f"`start_offset={self.start_offset}` is after `end_offset={self.end_offset}`",
                help="the offsets are counted in downstream windows, earlier ones are negative",
            )

    def canonical(self) -> str:
        return f"time_window({self.start_offset},{self.end_offset})"

    def strictly_earlier(self, definition: PartitionsDefinition) -> bool:
        return isinstance(definition, TimeDefinition) and self.end_offset < 0

    def _bind(
        self, upstream: PartitionsDefinition, downstream: PartitionsDefinition, *, earlier: bool
    ) -> BoundMapping:
        if not isinstance(upstream, TimeDefinition) or not isinstance(downstream, TimeDefinition):
            raise _impossible(self, upstream, downstream, "both sides must be partitioned by time")
        if upstream.codec == downstream.codec and self.start_offset == self.end_offset == 0:
            return BoundSame(upstream, downstream, drop_outside=self.allow_missing)
        return BoundTimeWindow(
            upstream,
            downstream,
            (self.start_offset, self.end_offset),
            drop_outside=self.allow_missing or earlier,
        )


@dataclass(frozen=True, slots=True)
class All(_BuiltIn):
    """All materialized upstream partitions."""

    def canonical(self) -> str:
        return "all"

    def _bind(
        self, upstream: PartitionsDefinition, downstream: PartitionsDefinition, *, earlier: bool
    ) -> BoundMapping:
        return BoundAll(upstream, downstream)


@dataclass(frozen=True, slots=True)
class Last(_BuiltIn):
    """The last materialized upstream partition, in the definition's order."""

    def canonical(self) -> str:
        return "last"

    def _bind(
        self, upstream: PartitionsDefinition, downstream: PartitionsDefinition, *, earlier: bool
    ) -> BoundMapping:
        return BoundLast(upstream, downstream)


@dataclass(frozen=True, slots=True)
class Specific(_BuiltIn):
    """The same upstream partitions for every downstream one."""

    keys: Sequence[str]

    def __post_init__(self) -> None:
        if isinstance(self.keys, str) or not self.keys:
            raise DefinitionError("E202", "Specific takes a list of at least one partition key")
        object.__setattr__(self, "keys", tuple(check_key(key) for key in self.keys))

    def canonical(self) -> str:
        return f"specific({_digest(sorted(self.keys))})"

    def _bind(
        self, upstream: PartitionsDefinition, downstream: PartitionsDefinition, *, earlier: bool
    ) -> BoundMapping:
        _require_keys(self, "upstream", upstream, self.keys)
        return BoundSpecific(upstream, downstream, tuple(self.keys))


@dataclass(frozen=True, slots=True)
class Static(_BuiltIn):
    """By table: ``{upstream key: downstream key or keys}``; keys may occur several times on either side."""

    table: Mapping[str, str | Sequence[str]]

    def __post_init__(self) -> None:
        if not self.table:
            raise DefinitionError("E202", "Static needs at least one pair of partition keys")
        rows = {
            check_key(up): (down,) if isinstance(down, str) else tuple(down)
            for up, down in self.table.items()
        }
        for downs in rows.values():
            for down in downs:
                check_key(down)
        object.__setattr__(self, "table", rows)

    def __hash__(self) -> int:
        return hash(self.pairs)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The distinct (upstream key, downstream key) pairs, sorted."""
        return tuple(sorted({(up, down) for up, downs in self.table.items() for down in downs}))

    def canonical(self) -> str:
        return f"static({_digest(self.pairs)})"

    def _bind(
        self, upstream: PartitionsDefinition, downstream: PartitionsDefinition, *, earlier: bool
    ) -> BoundMapping:
        _require_keys(self, "upstream", upstream, [up for up, _ in self.pairs])
        _require_keys(self, "downstream", downstream, [down for _, down in self.pairs])
        return BoundTable(upstream, downstream, self.pairs)


@dataclass(frozen=True, slots=True)
class DimensionOf(_BuiltIn):
    """One dimension of the multi-dimensional side against the other side, by ``inner`` (inferred when not given)."""

    dim: str
    inner: PartitionMapping | None = None

    def canonical(self) -> str:
        inner = "" if self.inner is None else f",{self.inner.canonical()}"
        return f"dimension_of({self.dim}{inner})"

    def _bind(
        self, upstream: PartitionsDefinition, downstream: PartitionsDefinition, *, earlier: bool
    ) -> BoundMapping:
        if isinstance(upstream, MultiPartitions) == isinstance(downstream, MultiPartitions):
            why = "exactly one side must be multi-dimensional; between two, use Multi"
            raise _impossible(self, upstream, downstream, why)
        if isinstance(upstream, MultiPartitions):
            up, down = upstream.dimension(self.dim), sides(downstream)[0]
        elif isinstance(downstream, MultiPartitions):
            up, down = sides(upstream)[0], downstream.dimension(self.dim)
        else:
            raise AssertionError("one side is multi-dimensional")
        inner = self.inner or infer_mapping(up.definition, down.definition)
        bound = inner.bind(up.definition, down.definition)
        return BoundBoxes(upstream, downstream, (Link(up, down, bound),))


@dataclass(frozen=True, slots=True)
class Multi(_BuiltIn):
    """Per dimension: ``{downstream dimension: (upstream dimension, mapping)}``; unlisted ones map all to all."""

    links: Mapping[str, tuple[str, PartitionMapping]]

    def __post_init__(self) -> None:
        ups = [up for up, _ in self.links.values()]
        if not ups or len(set(ups)) < len(ups):
            raise DefinitionError(
                "E202",
                "Multi needs at least one dimension, and each upstream dimension at most once",
            )
        object.__setattr__(self, "links", dict(sorted(self.links.items())))

    def __hash__(self) -> int:
        return hash(tuple(self.links.items()))

    def canonical(self) -> str:
        inner = ",".join(f"{d}:({u},{one.canonical()})" for d, (u, one) in self.links.items())
        return f"multi({inner})"

    def strictly_earlier(self, definition: PartitionsDefinition) -> bool:
        return isinstance(definition, MultiPartitions) and any(
            up == down and one.strictly_earlier(definition.dimension(up).definition)
            for down, (up, one) in self.links.items()
        )

    def _bind(
        self, upstream: PartitionsDefinition, downstream: PartitionsDefinition, *, earlier: bool
    ) -> BoundMapping:
        if not isinstance(upstream, MultiPartitions) or not isinstance(downstream, MultiPartitions):
            raise _impossible(self, upstream, downstream, "both sides must be multi-dimensional")
        links = []
        for down_name, (up_name, one) in self.links.items():
            up, down = upstream.dimension(up_name), downstream.dimension(down_name)
            strict = earlier and one.strictly_earlier(up.definition)
            bound = one.bind(up.definition, down.definition, self_dependency=strict)
            links.append(Link(up, down, bound))
        return BoundBoxes(upstream, downstream, tuple(links))


def infer_mapping(
    upstream: PartitionsDefinition, downstream: PartitionsDefinition
) -> PartitionMapping:
    """The mapping meant when none is given; DefinitionError E206 names the choices when none is obvious."""
    if isinstance(upstream, TimeDefinition) and isinstance(downstream, TimeDefinition):
        return TimeWindow()
    if _alike(upstream, downstream):
        return Identity()
    if not upstream.is_partitioned or not downstream.is_partitioned:
        return All()
    dims = _dimensions_like(upstream, downstream) or _dimensions_like(downstream, upstream)
    if len(dims) == 1:
        return DimensionOf(dims[0])
    why = (
        f"it could follow any of the dimensions {', '.join(dims)}"
        if dims
        else "they have nothing in common"
    )
    raise DefinitionError(
        "E206",
        f"no mapping can be inferred from {upstream.kind} to {downstream.kind} partitions: {why}",
        help=CHOICES,
    )


def _alike(one: PartitionsDefinition, other: PartitionsDefinition) -> bool:
    """Equal definitions; dynamic partitions are alike by name, resolved or not."""
    return one == other or (one.kind == other.kind != "multi" and one.codec == other.codec)


def _dimensions_like(multi: PartitionsDefinition, other: PartitionsDefinition) -> list[str]:
    if not isinstance(multi, MultiPartitions) or isinstance(other, MultiPartitions):
        return []
    return [name for name, one in multi.dimensions if _alike(one, other)]


def _impossible(
    mapping: PartitionMapping, up: PartitionsDefinition, down: PartitionsDefinition, why: str
) -> DefinitionError:
    return DefinitionError(
        "E205",
        f"{mapping.canonical()} can't map {up.kind} to {down.kind} partitions: {why}",
        help=CHOICES,
    )


def _require_keys(
    mapping: PartitionMapping, which: str, side: PartitionsDefinition, keys: Sequence[str]
) -> None:
    """Refuse keys that a definition doesn't know; those of dynamic partitions are only known when it is used."""
    if side.is_open:
        return
    _, known = side.find(keys)
    if not known.all():
        unknown = side.unknown(keys[int(known.argmin())])
        raise DefinitionError(
            "E205",
            f"{mapping.canonical().split('(')[0]} names {shown(keys[int(known.argmin())])}, "
            f"which is not a partition of the {which}",
            help=unknown.help or CHOICES,
        )


def _digest(value: object) -> str:
    text = json.dumps(value, ensure_ascii=True).encode()
    return hashlib.blake2b(text, digest_size=16).hexdigest()
