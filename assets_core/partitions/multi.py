"""``MultiPartitions``: the product of any number of dimensions, each with a definition of its own.

An ordinal packs one digit per dimension (its ordinal less the lower bound of its span). Time dimensions are the major
digits and lists the minor ones, whose sizes are exact: all regions of all days are one range. Keys name the dimensions
in alphabetical order, so that the order of a dictionary in user code is no identity.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from assets_core.errors import DefinitionError
from assets_core.partitions.definitions import (
    DynamicKeys,
    PartitionsDefinition,
    Window,
    as_array,
    no_ordinal,
)
from assets_core.partitions.keys import MAX_KEY_BYTES, shown
from assets_core.partitions.ranges import RangeTable, product
from assets_core.partitions.sets import PartitionSet
from assets_core.partitions.timed import TimeDefinition, parse_moment
from assets_core.partitions.zones import DAY

if TYPE_CHECKING:
    from assets_core.partitions.sets import Bools, Ints

_NAME = re.compile(r"[^\W\d][\w-]*")
_ESCAPE = re.compile(r"[\\,]")
_CHUNK = re.compile(r"((?:[^\\,]|\\.)*)", re.DOTALL)
FIRST_SECOND, AFTER_SECOND = -62_091 * DAY, 120_529 * DAY
"""Time dimensions inside a product reach from 1800 to 2299, so that three of them fit one int64."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """One digit of the packed ordinal: ``digit = ordinal - lowest``, ``0 <= digit < size``, worth ``stride`` each."""

    name: str
    definition: PartitionsDefinition
    lowest: int
    size: int
    stride: int

    def ordinals(self, packed: Ints) -> Ints:
        """This dimension's ordinals of packed ones."""
        return packed // self.stride % self.size + self.lowest

    def clip(self, members: PartitionSet) -> PartitionSet:
        """The ordinals that a digit can hold, as digits."""
        inside = members & PartitionSet.range(self.lowest, self.lowest + self.size)
        return PartitionSet.from_ranges(inside.starts - self.lowest, inside.stops - self.lowest)


@dataclass(frozen=True, init=False)
class MultiPartitions(PartitionsDefinition):
    """Every combination of the partitions of its dimensions, ``{name: definition}``."""

    dimensions: tuple[tuple[str, PartitionsDefinition], ...]

    kind = "multi"

    def __init__(self, dimensions: Mapping[str, PartitionsDefinition]) -> None:
        for name, definition in dimensions.items():
            _check_dimension(name, definition)
        if len(dimensions) < 2:
            raise DefinitionError(
                "E202",
                f"MultiPartitions has {len(dimensions)} dimensions, it needs at least two",
                help="write MultiPartitions({'day': DailyPartitions(...), 'region': StaticPartitions([...])})",
            )
        object.__setattr__(self, "dimensions", tuple(sorted(dimensions.items())))
        longest = sum(len(name) + 2 + _longest(one) for name, one in self.dimensions) - 1
        if longest > MAX_KEY_BYTES:
            raise DefinitionError(
                "E202", f"the keys of these dimensions together exceed {MAX_KEY_BYTES} bytes"
            )
        if self.layout[0].size * self.layout[0].stride > 2**62:
            raise DefinitionError(
                "E202",
                "these dimensions have more combinations than fit 62 bits",
                help="use fewer dimensions, or coarser time",
            )

    @cached_property
    def layout(self) -> tuple[Dimension, ...]:
        """The dimensions from the major digit to the minor one."""
        ordered = sorted(self.dimensions, key=lambda one: (_rank(one[1]), one[0]))
        stride, built = 1, []
        for name, definition in reversed(ordered):
            lo, hi = _span(definition)
            built.append(Dimension(name, definition, lo, hi - lo, stride))
            stride *= hi - lo
        return tuple(reversed(built))

    def dimension(self, name: str) -> Dimension:
        """The dimension of this name; DefinitionError E205 lists the names when there is none."""
        for one in self.layout:
            if one.name == name:
                return one
        names = ", ".join(name for name, _ in self.dimensions)
        raise DefinitionError("E205", f"there is no dimension `{name}`", help=f"it has {names}")

    @property
    def codec(self) -> str:
        inner = ";".join(f"{name}=({one.codec})" for name, one in self.dimensions)
        return f"multi/1;{inner}"

    @property
    def is_open(self) -> bool:
        return any(one.is_open for _, one in self.dimensions)

    @property
    def rows_codec(self) -> str:
        gone = [one.rows_codec for _, one in self.dimensions if one.rows_codec != one.codec]
        return ";".join([self.codec, *gone])

    @property
    def label_codec(self) -> str:
        inner = ";".join(f"{name}=({one.label_codec})" for name, one in self.dimensions)
        return f"multi/1;{inner}"

    @property
    def windows(self) -> str:
        timed = [(name, one.windows) for name, one in self.dimensions if one.windows]
        return "; ".join(f"{name}: {windows}" for name, windows in timed)

    def same_windows(self, recorded: str, ordinals: Ints) -> Bools:
        import numpy as np

        before = dict(text.partition(": ")[::2] for text in recorded.split("; ") if text)
        timed = [one for one in self.layout if one.definition.windows]
        if before.keys() != {one.name for one in timed}:
            return super().same_windows(recorded, ordinals)
        same = np.ones(ordinals.shape, dtype=np.bool_)
        for one in timed:
            same &= one.definition.same_windows(before[one.name], one.ordinals(ordinals))
        return same

    @property
    def span(self) -> tuple[int, int]:
        return (0, self.layout[0].size * self.layout[0].stride)

    def existing(self, now: datetime) -> PartitionSet:
        return self.box({one.name: one.definition.existing(now) for one in self.layout})

    def defined(self, lo: int, hi: int) -> PartitionSet:
        return self.clip(PartitionSet.range(max(lo, 0), min(hi, self.span[1])))

    def clip(self, members: PartitionSet) -> PartitionSet:
        if not members:
            return members
        members &= PartitionSet.range(*self.span)
        return members & self.box(
            {one.name: one.definition.defined(*_reach(one, members)) for one in self.layout}
        )

    def box(self, sides: Mapping[str, PartitionSet]) -> PartitionSet:
        """All combinations of these ordinals, one set per dimension."""
        tables = {
            one.name: RangeTable.same_in_each_row(1, one.clip(sides[one.name]))
            for one in self.layout
        }
        return self.pack(tables).union()

    def pack(self, tables: Mapping[str, RangeTable]) -> RangeTable:
        """Row by row all combinations, from one table of *digits* per dimension."""
        minor, *rest = reversed(self.layout)
        packed = tables[minor.name]
        for one in rest:
            packed = product(tables[one.name], packed, one.stride)
        return packed

    def keys(self, ordinals: PartitionSet | Ints) -> list[str]:
        import numpy as np

        array = as_array(ordinals)
        outside = (array < 0) | (array >= self.span[1])
        if outside.any():
            raise no_ordinal(self, int(array[int(outside.argmax())]))
        columns = []
        for name, _ in self.dimensions:
            one = self.dimension(name)
            unique, inverse = np.unique(one.ordinals(array), return_inverse=True)
            texts = [f"{name}={_escaped(key)}" for key in one.definition.keys(unique)]
            columns.append([texts[index] for index in inverse.tolist()])
        return [",".join(parts) for parts in zip(*columns, strict=True)]

    def find(self, keys: Sequence[str]) -> tuple[Ints, Bools]:
        import numpy as np

        names = {name for name, _ in self.dimensions}
        split = [split_dims(key) or {} for key in keys]
        known = np.array([parts.keys() == names for parts in split], dtype=np.bool_)
        packed = np.zeros(len(keys), dtype=np.int64)
        for one in self.layout:
            values = [parts.get(one.name, "") for parts in split]
            distinct = {value: index for index, value in enumerate(dict.fromkeys(values))}
            found, there = one.definition.find(list(distinct))
            there = there & (found >= one.lowest) & (found < one.lowest + one.size)
            at = np.array([distinct[value] for value in values], dtype=np.int64)
            if at.size:
                known &= there[at]
                packed += (found[at] - one.lowest) * one.stride
        return np.where(known, packed, 0), known

    def dims(self, ordinal: int) -> Mapping[str, str]:
        return split_dims(self.key(ordinal)) or {}

    def window(self, ordinal: int) -> Window | None:
        """The window of the time dimension; None when there is none or more than one."""
        timed = [one for one in self.layout if isinstance(one.definition, TimeDefinition)]
        if len(timed) != 1:
            return None
        digit = ordinal // timed[0].stride % timed[0].size
        return timed[0].definition.window(digit + timed[0].lowest)

    def suggestions(self, key: str) -> list[str]:
        parts = split_dims(key) or {}
        near = []
        for name, one in self.dimensions:
            value = parts.get(name, "")
            good = bool(one.find([value])[1][0]) if value else False
            near.append(value if good else next(iter(one.suggestions(value)), "..."))
        pairs = zip(self.dimensions, near, strict=True)
        return [",".join(f"{name}={_escaped(value)}" for (name, _), value in pairs)]

    def describe(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "dimensions": {name: one.describe() for name, one in self.dimensions},
        }

    @property
    def dynamic_names(self) -> tuple[str, ...]:
        return tuple(itertools.chain.from_iterable(one.dynamic_names for _, one in self.dimensions))

    @property
    def dynamic_members(self) -> Mapping[str, PartitionSet]:
        return {n: m for _, one in self.dimensions for n, m in one.dynamic_members.items()}

    def dynamic_parts(self, key: str) -> Mapping[str, str]:
        parts, found = split_dims(key) or {}, dict[str, str]()
        for name, one in self.dimensions:
            found.update(one.dynamic_parts(parts[name]) if name in parts else {})
        return found

    def may_come(self, key: str) -> bool:
        parts = split_dims(key) or {}
        return any(name in parts and one.may_come(parts[name]) for name, one in self.dimensions)

    def resolve_with(self, lookup: DynamicKeys) -> PartitionsDefinition:
        if not self.dynamic_names:
            return self
        return MultiPartitions({name: one.resolve_with(lookup) for name, one in self.dimensions})

    def knowing(self, keys: Sequence[str]) -> PartitionsDefinition:
        if not self.dynamic_names:
            return self
        parts = [split_dims(key) or {} for key in keys]
        return MultiPartitions(
            {
                name: one.knowing([part[name] for part in parts if name in part])
                for name, one in self.dimensions
            }
        )


def split_dims(text: str) -> dict[str, str] | None:
    r"""``day=2013-01-01,region=eu`` as a mapping; ``\,`` and ``\\`` stand for themselves. None if not of that form."""
    chunks = text.split(",") if "\\" not in text else _unescaped(text)
    parts: dict[str, str] = {}
    for chunk in chunks:
        name, equals, value = chunk.partition("=")
        if not equals or name in parts or not _is_name(name):
            return None
        parts[name] = value
    return parts


def _unescaped(text: str) -> list[str]:
    """The text between commas that are not escaped, without the escapes; no name holds a backslash."""
    chunks, at = [], 0
    while match := _CHUNK.match(text, at):
        chunks.append(re.sub(r"\\(.)", r"\1", match.group(1), flags=re.DOTALL))
        at = match.end() + 1
        if match.end() == len(text):
            return chunks
        if text[match.end()] != ",":
            break
    return [""]


@lru_cache(maxsize=1024)
def _is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def _escaped(value: str) -> str:
    return _ESCAPE.sub(lambda match: f"\\{match.group()}", value)


def _check_dimension(name: object, definition: object) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise DefinitionError(
            "E202", f"{shown(name)} can't name a dimension: it is not an identifier"
        )
    if not isinstance(definition, PartitionsDefinition):
        raise DefinitionError("E202", f"the dimension `{name}` is not a partitions definition")
    if isinstance(definition, MultiPartitions) or not definition.is_partitioned:
        raise DefinitionError(
            "E202",
            f"the dimension `{name}` can't be {definition.kind}",
            help="list its dimensions here",
        )
    if isinstance(definition, TimeDefinition):
        year = parse_moment("start", str(definition.start)).year
        if not 1800 <= year < 2300:
            raise DefinitionError(
                "E202", f"the time dimension `{name}` begins in {year}, not between 1800 and 2299"
            )


def _rank(definition: PartitionsDefinition) -> int:
    if isinstance(definition, TimeDefinition):
        return 0
    return 1 if definition.kind == "dynamic" else 2


def _span(definition: PartitionsDefinition) -> tuple[int, int]:
    if isinstance(definition, TimeDefinition):
        return definition.axis.near(FIRST_SECOND), definition.axis.near(AFTER_SECOND)
    return definition.span


def _longest(definition: PartitionsDefinition) -> int:
    """Bytes of the longest key, as far as the definition knows it (commas and backslashes count twice)."""
    if isinstance(definition, TimeDefinition):
        return definition.format.width + len("+00:00")
    names = getattr(definition, "names", None) or [
        key for _, key in getattr(definition, "pairs", ())
    ]
    return max((len(_escaped(name).encode()) for name in names), default=0)


def _reach(one: Dimension, members: PartitionSet) -> tuple[int, int]:
    """Half-open bounds of a dimension's ordinals among packed members; its whole span where a range wraps around."""
    import numpy as np

    begin, end = members.starts // one.stride, (members.stops - 1) // one.stride
    wraps = begin // one.size != end // one.size
    lo = int(np.where(wraps, 0, begin % one.size).min())
    hi = int(np.where(wraps, one.size - 1, end % one.size).max())
    return one.lowest + lo, one.lowest + hi + 1
