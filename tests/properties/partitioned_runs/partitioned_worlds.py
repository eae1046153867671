"""Random partitioned projects: as data, as real definitions that write down what they read, and as an oracle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, TypeAlias

from assets_core import (
    All,
    DailyPartitions,
    DimensionOf,
    Identity,
    Input,
    Last,
    MonthlyPartitions,
    Multi,
    MultiPartitions,
    Output,
    Specific,
    Static,
    StaticPartitions,
    TimePartitions,
    TimeWindow,
    WeeklyPartitions,
    asset,
    source,
)
from assets_core.model.assets import Batch
from assets_core.partitions import PartitionMapping, PartitionsDefinition
from tests.properties.partitioned_runs.calendars_in_python import (
    LETTERS,
    TABLE,
    Link,
    keys,
    needed,
)

Values: TypeAlias = dict[str, int]
"""By partition key; ``""`` for an unpartitioned asset."""


@dataclass(frozen=True)
class Node:
    """One generated asset. ``inputs`` are (upstream number, how); an upstream equal to its own number is itself."""

    kind: str
    inputs: tuple[tuple[int, Link], ...] = ()
    version: int = 0
    batch: Batch = 1
    tokens: Mapping[str, int] | None = None
    """A source's tokens by partition key; None for an asset."""
    fails_at: frozenset[str] = frozenset()

    @property
    def reads_itself(self) -> bool:
        return any(
            link.name in {"window", "both", "any_region"} and link.last < 0
            for _, link in self.inputs
        )


Model: TypeAlias = tuple[Node, ...]
Signature: TypeAlias = tuple[Any, ...]

START = "2026-01-26"
_DAYS = DailyPartitions(start=START)
DEFINITIONS: dict[str, PartitionsDefinition] = {
    "day": _DAYS,
    "today": DailyPartitions(start=START, end_offset=1),
    "tokyo": DailyPartitions(start=START, timezone="Asia/Tokyo"),
    "quarter": TimePartitions("0 */6 * * *", start=START, fmt="%Y-%m-%dT%H:%M"),
    "week": WeeklyPartitions(start=START, day_offset=1),
    "month": MonthlyPartitions(start="2026-01-01"),
    "letter": StaticPartitions(LETTERS),
    "multi": MultiPartitions({"day": _DAYS, "region": StaticPartitions(LETTERS)}),
}


def mapping(link: Link, *, own: bool) -> PartitionMapping | None:
    """The mapping that a user would write for a link."""
    window = TimeWindow(link.first, link.last, allow_missing=not own)
    match link.name:
        case "infer":
            return None
        case "identity":
            return Identity()
        case "all":
            return All()
        case "last":
            return Last()
        case "specific":
            return Specific(["a", "b"])
        case "table":
            return Static(TABLE)
        case "window":
            return window
        case "regions_of" | "day_of":
            return DimensionOf("day", window)
        case "days_of" | "region_of":
            return DimensionOf("region")
        case "both":
            return Multi({"day": ("day", window), "region": ("region", Identity())})
        case "any_region":
            return Multi({"day": ("day", window)})
    raise AssertionError(link)


def combine(version: int, key: str, inputs: list[Values]) -> int:
    """What every asset computes; versions 0 and 3 give the same, and many inputs do, so cutoffs happen all the time."""
    total = version % 3 + _weight(key)
    for values in inputs:
        total += len(values) + sum(_weight(k) * v for k, v in values.items())
    return total % 3


def _weight(key: str) -> int:
    return sum(map(ord, key)) % 2 + 1


@dataclass
class World:
    """Real definitions of a model, and what every call of them read."""

    read: dict[tuple[int, str], Signature] = field(default_factory=dict)
    """Per asset-partition what its latest successful call read."""
    calls: list[tuple[int, str]] = field(default_factory=list)
    longest: int = 0
    """The largest batch that was called."""

    def definitions(self, model: Model) -> list[Any]:
        return [self._definition(number, node, model) for number, node in enumerate(model)]

    def _definition(self, number: int, node: Node, model: Model) -> Any:
        partitioned = node.kind != "none"
        options: dict[str, Any] = {"code_version": str(node.version)}
        if partitioned:
            options["partitions"] = DEFINITIONS[node.kind]
        scope: dict[str, Any] = {"Annotated": Annotated, "Input": Input}
        parameters = ["context"] if partitioned else []
        names = []
        for place, (upstream, link) in enumerate(node.inputs):
            scope[f"m{place}"] = mapping(link, own=upstream == number)
            loaded = "int" if model[upstream].kind == "none" else "dict[str, int]"
            about = f'Input("a{upstream}", mapping=m{place}, optional={link.optional})'
            parameters.append(f"i{place}: Annotated[{loaded}, {about}]")
            names.append(f"i{place}")
        called = "context.partition.keys" if partitioned else "('',)"
        scope["made"] = lambda keys, inputs: self._made(number, node, model, keys, inputs)
        body = f"return made({called}, [{', '.join(names)}])"
        if node.tokens is not None:
            scope["loaded"] = lambda keys: {k: node.tokens[k] for k in keys}
            body = f"return loaded({called})" + ("" if partitioned else "['']")
        exec(f"def a{number}({', '.join(parameters)}):\n    {body}\n", scope)
        if node.tokens is not None:
            tokens = {k: str(v) for k, v in node.tokens.items()}
            return source(observe=lambda: tokens if partitioned else tokens[""], **options)(
                scope[f"a{number}"]
            )
        return asset(batch=node.batch, **options)(scope[f"a{number}"])

    def _made(
        self, number: int, node: Node, model: Model, wanted: tuple[str, ...], given: list[Any]
    ) -> Any:
        if node.kind == "none" or node.batch == 1:
            outputs = dict(self._outputs(number, node, model, wanted, given))
            return outputs[wanted[0]]
        return (
            Output(value, partition=key)
            for key, value in self._outputs(number, node, model, wanted, given)
        )

    def _outputs(
        self, number: int, node: Node, model: Model, wanted: tuple[str, ...], given: list[Any]
    ) -> Iterator[tuple[str, int]]:
        self.longest = max(self.longest, len(wanted))
        loaded = [
            _by_key(model[u].kind, values)
            for (u, _), values in zip(node.inputs, given, strict=True)
        ]
        own: Values = {}
        for values, (upstream, _) in zip(loaded, node.inputs, strict=True):
            if upstream == number:
                assert not set(values) & set(wanted), (
                    "a batch was given old versions of what it makes"
                )
        for key in wanted:
            self.calls.append((number, key))
            if key in node.fails_at:
                raise ValueError(f"a{number} fails at {key}")
            inputs = []
            for values, (upstream, link) in zip(loaded, node.inputs, strict=True):
                there = {**values, **own} if upstream == number else values
                inputs.append(read_of(link, model[upstream].kind, node.kind, key, there))
                _check_read(link, model[upstream].kind, node, key, inputs[-1])
            value = own[key] = combine(node.version, key, inputs)
            self.read[number, key] = signature(node, inputs)
            yield key, value
        for values, (upstream, link) in zip(loaded, node.inputs, strict=True):
            _check_whole(link, model[upstream].kind, node.kind, wanted, values)


def _by_key(kind: str, values: Any) -> Values:
    if values is None:
        return {}
    return {"": values} if kind == "none" else dict(values)


def read_of(link: Link, up: str, down: str, key: str, there: Values) -> Values:
    """What one partition reads of an input of which ``there`` is there."""
    return {k: there[k] for k in needed(link, up, down, key, there) if k in there}


def _check_read(link: Link, up: str, node: Node, key: str, values: Values) -> None:
    """A required input is there in full."""
    if not link.optional and not link.takes_what_is_there:
        assert list(values) == needed(link, up, node.kind, key, values), (link, key, values)


def _check_whole(link: Link, up: str, down: str, wanted: tuple[str, ...], values: Values) -> None:
    """A call is given nothing that none of its partitions reads."""
    every = {k for key in wanted for k in needed(link, up, down, key, values)}
    assert set(values) <= every, (link, wanted, values)


def signature(node: Node, inputs: list[Values]) -> Signature:
    """All that a version was made of: an asset-partition is out of date exactly where this differs."""
    shape = tuple(node.inputs)
    return node.version, node.batch, shape, tuple(tuple(sorted(v.items())) for v in inputs)


@dataclass(frozen=True)
class Oracle:
    """Everything computed from scratch, in order."""

    values: list[Values]
    signatures: dict[tuple[int, str], Signature]

    @classmethod
    def of(cls, model: Model, now: datetime) -> Oracle:
        values: list[Values] = []
        signatures: dict[tuple[int, str], Signature] = {}
        for number, node in enumerate(model):
            made: Values = {}
            values.append(made)
            if node.tokens is not None:
                made.update(node.tokens)
                continue
            for key in keys(node.kind, now):
                inputs = _inputs(number, node, model, key, values)
                if inputs is not None:
                    made[key] = combine(node.version, key, inputs)
                    signatures[number, key] = signature(node, inputs)
        return cls(values, signatures)


def _inputs(
    number: int, node: Node, model: Model, key: str, values: list[Values]
) -> list[Values] | None:
    """What one partition reads, or None where a required input is not there."""
    inputs = []
    for upstream, link in node.inputs:
        there, kind = values[upstream], model[upstream].kind
        read = read_of(link, kind, node.kind, key, there)
        if not link.optional and upstream != number:
            lacking = (
                not there
                if link.takes_what_is_there
                else (len(read) < len(needed(link, kind, node.kind, key, there)))
            )
            if lacking:
                return None
        if upstream == number and len(read) < len(needed(link, kind, node.kind, key, there)):
            return None
        inputs.append(read)
    return inputs
