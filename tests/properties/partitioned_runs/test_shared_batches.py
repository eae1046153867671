"""Batches that share their inputs: an output is current exactly while everything that its call read is what it was.

An output may depend on all that its call was given, so nothing from scratch can be compared with it. What is compared
is what each call wrote down of its inputs: that, and what the mapping needs, says which partitions must run.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from hypothesis import event, given, note, settings
from hypothesis import strategies as st

from assets_core import All, AssetContext, DailyPartitions, Input, Output, TimeWindow, asset, source
from assets_core.model.plans import Action
from assets_core.partitions import PartitionMapping
from assets_core.project import Project
from assets_core.project.wishes import Wish
from assets_core.testing import memory_project

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
WINDOWS = [(0, 0), (-1, 0), (-2, 1), None]
BATCHES: list[Any] = [2, 3, "all"]


def day(number: int) -> str:
    return (FIRST + timedelta(days=number)).strftime("%Y-%m-%d")


@dataclass
class World:
    """One project and what its calls read."""

    folder: Path
    window: tuple[int, int] | None
    """None: all days."""
    batch: Any
    days: int
    tokens: dict[str, int]
    start: int = 0
    """The first day of the upstreams."""
    version: int = 0
    read: dict[str, tuple[int, dict[str, int]]] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    project: Project | None = None

    @property
    def now(self) -> datetime:
        return FIRST + timedelta(days=self.days)

    @property
    def clean(self) -> dict[str, int]:
        """What the upstream holds when everything is current."""
        days = [day(n) for n in range(self.start, self.days)]
        return {d: self.tokens[d] // 2 for d in days if d in self.tokens}

    @property
    def mapping(self) -> PartitionMapping:
        return All() if self.window is None else TimeWindow(*self.window, allow_missing=True)

    def needed(self, key: str) -> set[str]:
        """The days that a partition needs, of those that are there."""
        if self.window is None:
            return set(self.clean)
        at = (datetime.fromisoformat(key).replace(tzinfo=UTC) - FIRST).days
        return {day(at + n) for n in range(self.window[0], self.window[1] + 1)} & set(self.clean)

    def due(self) -> set[str]:
        """The partitions whose call read something else than is there now."""
        return {key for key in map(day, range(self.days)) if self._is_due(key)}

    def _is_due(self, key: str) -> bool:
        if not self.clean and self.window is None:
            return False  # blocked: there is nothing to read
        version, read = self.read.get(key, (-1, {}))
        same = all(self.clean.get(k) == v for k, v in read.items())
        return version != self.version or not same or not self.needed(key) <= read.keys()

    def open(self) -> Project:
        upstream = DailyPartitions(FIRST.date() + timedelta(days=self.start))
        tokens, mapping = {k: str(v) for k, v in self.tokens.items()}, self.mapping

        @source(partitions=upstream, observe=lambda: tokens, code_version="1")
        def raw(context: AssetContext) -> dict[str, int]:
            return {key: self.tokens[key] for key in context.partition.keys}

        @asset(partitions=upstream, code_version="1")
        def clean(context: AssetContext, raw: dict[str, int]) -> int:
            return raw[context.partition.key] // 2

        @asset(
            partitions=DailyPartitions(FIRST.date()),
            batch=self.batch,
            batch_inputs="shared",
            code_version=str(self.version),
        )
        def shared(
            context: AssetContext,
            given: Annotated[dict[str, int], Input("clean", mapping=mapping, optional=True)],
        ) -> Any:
            for key in context.partition.keys:
                self.ran.append(key)
                self.read[key] = (self.version, dict(given or {}))
                yield Output(sum((given or {}).values()), partition=key)

        self.project = memory_project([raw, clean, shared], root=self.folder, state_of=self.project)
        return self.project

    def check_laws(self) -> None:
        due = self.due()
        project = self.open()
        self.ran.clear()
        project.materialize(now=self.now)
        event(f"{min(len(due), 3)} or more due, {'all' if self.window is None else 'window'}")
        assert sorted(self.ran) == sorted(due)
        assert not self.due()
        after = project.plan(now=self.now).plan
        assert all(step.action is Action.BLOCKED for step in after.steps), after.steps


def move(world: World, kind: str, which: int, value: int) -> None:
    match kind:
        case "token" if world.tokens:
            key = sorted(world.tokens)[which % len(world.tokens)]
            world.tokens = {**world.tokens, key: value}
        case "arrive":
            missing = [d for d in map(day, range(world.days)) if d not in world.tokens]
            world.tokens = {**world.tokens, **dict.fromkeys(missing[:2], value)}
        case "time":
            world.days += 1
        case "start":
            world.start = which % 3
        case "code":
            world.version += 1
        case "one":
            wish = Wish(("shared",), (), (day(which % world.days),), force=True)
            world.open().materialize(wish, now=world.now)
        case "upstream":
            world.open().materialize(Wish(("clean",)), now=world.now)


MOVES = ("token", "token", "token", "arrive", "time", "start", "code", "one", "one", "upstream")


@settings(max_examples=25)
@given(
    st.sampled_from(WINDOWS),
    st.sampled_from(BATCHES),
    st.integers(3, 8),
    st.lists(st.integers(0, 4), min_size=8, max_size=8),
    st.sets(st.integers(0, 7), max_size=3),
    st.lists(
        st.tuples(st.sampled_from(MOVES), st.integers(0, 20), st.integers(0, 4)),
        min_size=1,
        max_size=5,
    ),
)
def test_exactly_what_was_made_of_something_else_runs_again(
    window: tuple[int, int] | None,
    batch: Any,
    days: int,
    values: list[int],
    late: set[int],
    then: list[tuple[str, int, int]],
) -> None:
    tokens = {day(n): values[n] for n in range(days) if n not in late}
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), window, batch, days, tokens)
        world.check_laws()
        for one in then:
            note(f"move {one}")
            move(world, *one)
            world.check_laws()
