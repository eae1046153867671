"""The laws of the whole over partitions: incremental equals from scratch, exactly what changed is run, then nothing.

Worlds are random: days, weeks, months, quarters of days, days of another time zone, lists and two dimensions, read
through every mapping, by themselves too, in batches of every size; time passes, data arrives late, code and mappings
are edited, runs fail half way or are asked for one partition only. Every call writes down what it read, and what must
run is computed from that alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import event, note
from hypothesis import strategies as st

from assets_core import load
from assets_core.model.assets import Batch
from assets_core.model.plans import Action
from assets_core.project import Project
from assets_core.project.wishes import Wish
from assets_core.testing import memory_project
from tests.properties.partitioned_runs.calendars_in_python import (
    DAY,
    KINDS,
    ORIGIN,
    keys,
    links_between,
    links_to_itself,
)
from tests.properties.partitioned_runs.partitioned_worlds import Model, Node, Oracle, World
from tests.properties.sizes import Property, Size

Move: TypeAlias = tuple[str, int, int, int]
StoryCase: TypeAlias = tuple[tuple[Model, int], list[Move]]

SOURCE_KINDS = ("none", "day", "day", "letter", "quarter")
BATCHES: tuple[Batch, ...] = (1, 1, 1, 2, 3, "all", "all")
FIRST, LAST = 6, 17
"""Days since the origin between which ``now`` moves."""


def moment(days: float) -> datetime:
    return ORIGIN + days * DAY


@st.composite
def sources(draw: st.DrawFn, days: int) -> Node:
    kind = draw(st.sampled_from(SOURCE_KINDS))
    known = keys(kind, moment(days))
    late = draw(st.integers(0, 2)) if kind not in {"none", "letter"} else 0
    tokens = {k: draw(st.integers(0, 2)) for k in known[: len(known) - late]}
    return Node(kind, tokens=tokens)


@st.composite
def assets(draw: st.DrawFn, number: int, model: list[Node]) -> Node:
    kind = draw(st.sampled_from(KINDS))
    inputs = [
        (upstream, draw(st.sampled_from(links_between(model[upstream].kind, kind))))
        for upstream in draw(st.lists(st.integers(0, number - 1), max_size=3))
    ]
    own = links_to_itself(kind)
    times = draw(st.sampled_from((0, 0, 0, 1, 1, 2))) if own else 0
    inputs += [(number, draw(st.sampled_from(own))) for _ in range(times)]
    batch = draw(st.sampled_from(BATCHES)) if kind != "none" else 1
    return Node(kind, tuple(inputs), draw(st.integers(0, 4)), batch)


@st.composite
def worlds(draw: st.DrawFn, least: int, most: int) -> tuple[Model, int]:
    days = draw(st.integers(FIRST, LAST - 2))
    size = draw(st.integers(least, most))
    model: list[Node] = []
    for number in range(size):
        is_source = number == 0 or draw(st.integers(0, 6)) == 0
        model.append(draw(sources(days) if is_source else assets(number, model)))
    return tuple(model), days


@dataclass
class Story:
    """One project on its way through the moves."""

    folder: Path
    world: World
    model: Model
    days: float
    project: Project | None = None

    @property
    def now(self) -> datetime:
        return moment(self.days)

    def open(self, model: Model) -> Project:
        self.project = memory_project(
            self.world.definitions(model), root=self.folder, state_of=self.project
        )
        return self.project

    def try_model(self, model: Model, days: float) -> bool:
        """Move on, unless that takes away what something published was made of."""
        before, after = Oracle.of(self.model, self.now), Oracle.of(model, moment(days))
        lost = {(n, k) for n, k in self.world.read if k not in after.values[n]}
        if any(k not in after.values[n] for n, values in enumerate(before.values) for k in values):
            return False
        if lost:
            return False
        self.model, self.days = model, days
        return True

    def check_laws(self) -> None:
        """Materialize everything; then the laws."""
        project, world, model = self.open(self.model), self.world, self.model
        oracle = Oracle.of(model, self.now)
        due = {at for at, made_of in oracle.signatures.items() if world.read.get(at) != made_of}
        planned = project.plan(now=self.now)
        allowed = set()
        for step in planned.plan.steps:
            partitions = planned.graph.specs[step.index].partitions
            if step.action is not Action.BLOCKED:
                number = int(step.asset[1:])
                allowed |= {(number, k) for k in partitions.keys(step.partitions)}
        world.calls.clear()
        result = project.materialize(now=self.now)
        ran = world.calls
        assert len(ran) == len(set(ran)), "something was run twice"
        assert set(ran) <= allowed
        assert due <= set(ran), f"not run: {sorted(due - set(ran))}"
        extra = {at for at in set(ran) - due if not self._runs_on(*at)}
        assert not extra, f"current and run: {sorted(extra)}"
        after = project.plan(now=self.now).plan
        assert all(step.action is Action.BLOCKED for step in after.steps), after.steps
        expected_blocked = sum(
            len(keys(n.kind, self.now)) - len(v)
            for n, v in zip(model, oracle.values, strict=True)
            if n.tokens is None
        )
        assert sum(len(s.partitions) for s in after.steps) == expected_blocked
        assert result.ok == (expected_blocked == 0)
        assert self._published() == [
            {} if n.tokens is not None else v for n, v in zip(model, oracle.values, strict=True)
        ]

    def _runs_on(self, number: int, _: str) -> bool:
        """A batch that reads itself goes on to its end once it has begun."""
        return self.model[number].reads_itself and self.model[number].batch != 1

    def _published(self) -> list[dict[str, int]]:
        assert self.project is not None
        found: list[dict[str, int]] = []
        with self.project.reading() as reader:
            for number, node in enumerate(self.model):
                key = self.project.graph.keys[self.project.graph.numbers[f"a{number}"]]  # type: ignore[index]
                recorded = (
                    [] if node.tokens is not None else sorted(reader.current_of("default", key))
                )
                found.append({p: self._value(number, p) for p in recorded})
        return found

    def _value(self, number: int, partition: str) -> int:
        value = load(f"a{number}", partition=partition or None, project=self.project)
        assert isinstance(value, int)
        return value


@st.composite
def moves(draw: st.DrawFn) -> Move:
    kind = draw(
        st.sampled_from(
            (
                "edit",
                "edit",
                "token",
                "token",
                "arrive",
                "time",
                "time",
                "fail",
                "one",
                "only",
                "link",
                "batch",
            )
        )
    )
    return kind, draw(st.integers(0, 50)), draw(st.integers(0, 50)), draw(st.integers(0, 50))


def move(story: Story, kind: str, which: int, value: int, where: int) -> None:
    """Make one move; what it makes out of date is for the laws to say."""
    model, at = story.model, which % len(story.model)
    node = model[at]
    existing = keys(node.kind, story.now)
    match kind:
        case "edit" if node.tokens is None:
            story.try_model(_with(model, at, replace(node, version=value % 5)), story.days)
        case "token" if node.tokens:
            key = sorted(node.tokens)[where % len(node.tokens)]
            tokens = {**node.tokens, key: value % 3}
            story.try_model(_with(model, at, replace(node, tokens=tokens)), story.days)
        case "arrive" if node.tokens is not None:
            late = [k for k in existing if k not in node.tokens]
            tokens = {**node.tokens, **dict.fromkeys(late, value % 3)}
            story.try_model(_with(model, at, replace(node, tokens=tokens)), story.days)
        case "time":
            story.try_model(model, min(story.days + value % 9 / 4, LAST))
        case "link" if node.inputs:
            place = where % len(node.inputs)
            upstream = node.inputs[place][0]
            choices = (
                links_to_itself(node.kind)
                if upstream == at
                else links_between(model[upstream].kind, node.kind)
            )
            inputs = list(node.inputs)
            inputs[place] = (upstream, choices[value % len(choices)])
            story.try_model(_with(model, at, replace(node, inputs=tuple(inputs))), story.days)
        case "batch" if node.tokens is None and node.kind != "none":
            story.try_model(
                _with(model, at, replace(node, batch=BATCHES[value % len(BATCHES)])), story.days
            )
        case "fail" if node.tokens is None and existing:
            bad = frozenset(existing if where % 3 == 0 else [existing[where % len(existing)]])
            failing = replace(node, version=value % 5, fails_at=bad)
            story.open(_with(model, at, failing)).materialize(now=story.now)
        case "one" if node.tokens is None and existing:
            key = f"key:{existing[where % len(existing)]}"
            wish = Wish(select=(f"a{at}",), partitions=(key,) if node.kind != "none" else ())
            story.open(model).materialize(wish, now=story.now)
        case "only":
            story.open(model).materialize(Wish(select=(f"a{at}+",)), now=story.now)


def _with(model: Model, at: int, node: Node) -> Model:
    return (*model[:at], node, *model[at + 1 :])


def tell(world: tuple[Model, int], then: list[Move]) -> None:
    """One story from its first build to its last move, with the laws checked after each."""
    model, days = world
    event(f"{len(model)} assets, {sum(n.reads_itself for n in model)} read themselves")
    with tempfile.TemporaryDirectory() as folder:
        story = Story(Path(folder), World(), model, days)
        story.check_laws()
        for one in then:
            note(f"move {one}")
            move(story, *one)
            story.check_laws()
        event(f"longest batch {min(story.world.longest, 5)}{'+' * (story.world.longest > 5)}")


def stories(least: int, most: int) -> st.SearchStrategy[StoryCase]:
    return st.tuples(worlds(least, most), st.lists(moves(), min_size=1, max_size=5))


def size(case: StoryCase) -> Size:
    (model, _), _ = case
    edges = [(n.kind, model[upstream].kind) for n in model for upstream, _ in n.inputs]
    return Size(len(model), any("none" not in edge for edge in edges))


EXAMPLES = 20
EXACTLY_WHAT_CHANGED = Property(stories, size, lambda case: tell(*case))


@pytest.mark.timeout(600)  # real runs, twenty to forty stories of them
def test_over_partitions_exactly_what_changed_runs_and_equals_from_scratch(
    record_property: Callable[[str, object], None],
) -> None:
    record_property("sizes", EXACTLY_WHAT_CHANGED.check(EXAMPLES))


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_over_partitions_the_laws_hold_for_long() -> None:
    EXACTLY_WHAT_CHANGED.check(1_000)
