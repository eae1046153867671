"""The terms of ``-p``: one partition, a range, a period, the last few, a choice per dimension, or a status.

A term is parsed once and then selected in each definition: every definition takes its own windows from a period, and
answers None when a term says nothing about it. What a status means is resolved by whoever knows the state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias, assert_never

from assets_core.errors import UsageError
from assets_core.partitions.definitions import PartitionsDefinition
from assets_core.partitions.keys import key_problem, shown
from assets_core.partitions.multi import MultiPartitions, split_dims
from assets_core.partitions.periods import parse_period
from assets_core.partitions.ranges import runs_within
from assets_core.partitions.sets import PartitionSet
from assets_core.partitions.timed import TimeDefinition

if TYPE_CHECKING:
    from assets_core.partitions.sets import Ints

STATUSES = ("stale", "missing", "failed")
FORMS = "a key, A..B, a date prefix such as 2013-01, last:N, dim=value,dim=value, stale, missing, failed, or key:TEXT"


@dataclass(frozen=True, slots=True)
class KeyTerm:
    """One key."""

    text: str


@dataclass(frozen=True, slots=True)
class LiteralTerm:
    """``key:TEXT``: one key, whatever else its text looks like."""

    key: str

    @property
    def text(self) -> str:
        return f"key:{self.key}"


@dataclass(frozen=True, slots=True)
class RangeTerm:
    """``first..last``, both included; in time definitions the ends may be periods."""

    first: str
    last: str

    @property
    def text(self) -> str:
        return f"{self.first}..{self.last}"


@dataclass(frozen=True, slots=True)
class PeriodTerm:
    """A date prefix: every window that intersects it in the definition's own time zone."""

    text: str


@dataclass(frozen=True, slots=True)
class LastTerm:
    """``last:N``: the last windows that exist."""

    count: int

    @property
    def text(self) -> str:
        return f"last:{self.count}"


@dataclass(frozen=True, slots=True)
class DimsTerm:
    """``dim=term,dim=term``: a dimension that is not named is taken whole."""

    text: str
    dims: tuple[tuple[str, OneTerm], ...]


@dataclass(frozen=True, slots=True)
class StatusTerm:
    """``stale``, ``missing`` or ``failed``."""

    name: str

    @property
    def text(self) -> str:
        return self.name


OneTerm: TypeAlias = KeyTerm | LiteralTerm | RangeTerm | PeriodTerm | LastTerm
SelectableTerm: TypeAlias = OneTerm | DimsTerm
PartitionTerm: TypeAlias = SelectableTerm | StatusTerm


def parse_term(text: str) -> PartitionTerm:
    """Read one ``-p`` argument; UsageError E208 says what is wrong with it."""
    name = text.removeprefix("status:")
    if name in STATUSES:
        return StatusTerm(name)
    if name != text:
        raise _malformed(text, f"the statuses are {', '.join(STATUSES)}")
    dims = None if text.startswith("key:") else split_dims(text)
    if dims is None:
        return _one(text)
    return DimsTerm(text, tuple((dim, _one(value)) for dim, value in dims.items()))


def _one(text: str) -> OneTerm:
    if text.startswith("key:"):
        return LiteralTerm(_checked(text.removeprefix("key:"), text))
    if text.startswith("last:"):
        count = text.removeprefix("last:")
        if not (count.isascii() and count.isdecimal() and int(count[:9]) > 0 and len(count) <= 9):
            raise _malformed(text, "last: takes a whole number from 1 on")
        return LastTerm(int(count))
    first, dots, last = text.partition("..")
    if dots and first and last and ".." not in last:
        return RangeTerm(_checked(first, text), _checked(last, text))
    if parse_period(text) is not None:
        return PeriodTerm(text)
    return KeyTerm(_checked(text, text))


def _checked(key: str, text: str) -> str:
    problem = key_problem(key)
    if problem is not None:
        raise _malformed(text, f"{shown(key)} can't be a partition key: {problem}")
    return key


def _malformed(text: str, why: str) -> UsageError:
    return UsageError("E208", f"`-p` {shown(text)}: {why}", help=f"a term is {FORMS}")


def select(
    term: SelectableTerm, definition: PartitionsDefinition, now: datetime
) -> PartitionSet | None:
    """The existing partitions a term names; None when it does not apply to this definition.

    Empty means that it applies and nothing of it exists. Unpartitioned assets are always included.
    """
    if not definition.is_partitioned:
        return PartitionSet.range(0, 1)
    literal = _exact(term, definition)
    if literal is not None:
        return literal & definition.existing(now)
    match term:
        case KeyTerm() | LiteralTerm():
            return None
        case PeriodTerm() | RangeTerm() | LastTerm():
            return _in_time_or_list(term, definition, now)
        case DimsTerm():
            return _in_dims(dict(term.dims), definition, now)
        case _:
            assert_never(term)


def select_any(
    terms: Sequence[SelectableTerm], definition: PartitionsDefinition, now: datetime
) -> PartitionSet | None:
    """The union of what the terms name; None when none of them applies."""
    chosen = [found for term in terms if (found := select(term, definition, now)) is not None]
    if not chosen:
        return None
    return PartitionSet.from_ranges(
        [lo for one in chosen for lo in one.starts.tolist()],
        [hi for one in chosen for hi in one.stops.tolist()],
    )


def no_term_applies(
    terms: Sequence[PartitionTerm], definition: PartitionsDefinition, asset: str
) -> UsageError:
    """The error for an asset to which no term applies, with a key that would."""
    listed = ", ".join(shown(term.text) for term in terms)
    near = definition.suggestions(terms[0].text) if terms else []
    example = f"its partitions look like {', '.join(shown(key) for key in near)}" if near else None
    which = "the term" if len(terms) == 1 else "none of the terms"
    verb = "does not apply" if len(terms) == 1 else "applies"
    return UsageError(
        "E209",
        f"{which} {listed} {verb} to `{asset}`, which has {definition.kind} partitions",
        help=example or f"a term is {FORMS}",
    )


def _exact(term: SelectableTerm, definition: PartitionsDefinition) -> PartitionSet | None:
    """The partition whose key is the term's text: a key may look like a range or a period."""
    if isinstance(term, LastTerm):
        return None
    text = term.key if isinstance(term, LiteralTerm) else term.text
    found, known = definition.find([text])
    return PartitionSet.range(int(found[0]), int(found[0]) + 1) if known[0] else None


def _in_time_or_list(
    term: PeriodTerm | RangeTerm | LastTerm, definition: PartitionsDefinition, now: datetime
) -> PartitionSet | None:
    if isinstance(definition, MultiPartitions):
        timed = [one for one in definition.layout if isinstance(one.definition, TimeDefinition)]
        if len(timed) == 1:
            return _in_dims({timed[0].name: term}, definition, now)
        if not isinstance(term, LastTerm):
            return None
    existing = definition.existing(now)
    match term:
        case LastTerm():
            return existing.slice(existing.count - term.count, existing.count)
        case PeriodTerm():
            whole = _ordinals_of(term.text, definition)
        case RangeTerm():
            whole = _between(term, definition)
        case _:
            assert_never(term)
    return None if whole is None else existing & PartitionSet.range(*whole)


def _between(term: RangeTerm, definition: PartitionsDefinition) -> tuple[int, int] | None:
    first = _ordinals_of(term.first, definition)
    last = _ordinals_of(term.last, definition)
    if first is None or last is None:
        return None
    if first[0] >= last[1]:
        raise _malformed(term.text, f"{shown(term.first)} comes after {shown(term.last)}")
    return first[0], last[1]


def _ordinals_of(text: str, definition: PartitionsDefinition) -> tuple[int, int] | None:
    """Half-open ordinals that one end of a range stands for."""
    found, known = definition.find([text])
    if known[0]:
        return int(found[0]), int(found[0]) + 1
    period = parse_period(text)
    if period is None or not isinstance(definition, TimeDefinition):
        return None
    return definition.within(*period)


def has_end(definition: PartitionsDefinition, text: str) -> bool:
    """Whether one end of a range names something of this definition."""
    inner = (
        [one.definition for one in definition.layout]
        if isinstance(definition, MultiPartitions)
        else [definition]
    )
    return any(_ordinals_of(text, one) is not None for one in inner)


def _in_dims(
    terms: Mapping[str, OneTerm], definition: PartitionsDefinition, now: datetime
) -> PartitionSet | None:
    if not isinstance(definition, MultiPartitions):
        return None
    if not set(terms) <= {one.name for one in definition.layout}:
        return None
    chosen = {}
    for one in definition.layout:
        found = (
            select(terms[one.name], one.definition, now)
            if one.name in terms
            else one.definition.existing(now)
        )
        if found is None:
            return None
        chosen[one.name] = found
    return definition.box(chosen)


def describe_ranges(
    definition: PartitionsDefinition,
    members: PartitionSet,
    existing: PartitionSet,
    limit: int | None = None,
) -> list[tuple[str, str, int]]:
    """``members`` as (first key, last key, count) of each run without a gap among ``existing``, at most ``limit``."""
    runs = runs_within(members, existing | members, most=limit)
    if not runs:
        return []
    firsts = definition.keys(_array([run.first for run in runs]))
    lasts = definition.keys(_array([run.last for run in runs]))
    return [(first, last, run.count) for first, last, run in zip(firsts, lasts, runs, strict=True)]


def _array(ordinals: list[int]) -> Ints:
    import numpy as np

    return np.array(ordinals, dtype=np.int64)
