"""The laws of the whole: incremental equals from scratch, the plan after success is empty, nothing current was run.

Graphs, partitions and edits are random; the oracle computes every value in plain Python. Values are small numbers
modulo three, so that early cutoff happens all the time.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import strategies as st

from assets_core import asset, load, source
from assets_core.partitions import DailyPartitions, PartitionsDefinition
from assets_core.project import Project
from assets_core.project.wishes import Wish
from assets_core.testing import memory_project
from tests.properties.sizes import Property, Size

DAYS = ("2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04")
NOW = datetime(2026, 1, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Node:
    """One generated asset: its upstreams by number, whether it is daily, and a code version."""

    upstream: tuple[int, ...]
    daily: bool
    version: int
    is_source: bool
    fails: bool = False


Model = tuple[Node, ...]
Value = int | dict[str, int]
Change: TypeAlias = tuple[int, int, str]


def days() -> PartitionsDefinition:
    return DailyPartitions(start="2026-01-01", end="2026-01-05")


def combine(version: int, day: str, inputs: list[Any]) -> int:
    """What every generated asset computes: versions 0 and 3 give the same values, so an edit may change nothing."""
    total = version % 3
    for given_input in inputs:
        values = given_input.values() if isinstance(given_input, dict) else [given_input]
        total += sum(values)
    return (total + (int(day[-1]) if day else 0)) % 3


class World:
    """The generated project as definitions, and every call of its functions."""

    def __init__(self) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()
        self.made_of: dict[tuple[int, str], object] = {}
        """By asset-partition, what its latest successful call was made of."""

    def definitions(self, model: Model) -> list[Any]:
        return [self.definition(n, node, model) for n, node in enumerate(model)]

    def definition(self, number: int, node: Node, model: Model) -> Any:
        names = ", ".join(
            f"a{u}: {'dict[str, int]' if model[u].daily and not node.daily else 'int'}"
            for u in node.upstream
        )
        context = "context, " if node.daily else ""
        day = "context.partition.key" if node.daily else "''"
        inputs = ", ".join(f"a{u}" for u in node.upstream)
        text = f"def a{number}({context}{names}):\n    return made({number}, {day}, [{inputs}])\n"
        scope: dict[str, Any] = {"made": lambda n, d, i: self.made(n, model, d, i)}
        exec(text, scope)
        function = scope[f"a{number}"]
        if node.is_source:
            return source(observe=lambda: str(node.version), code_version="1")(function)
        options: dict[str, Any] = {"partitions": days()} if node.daily else {}
        return asset(code_version=str(node.version), **options)(function)

    def made(self, number: int, model: Model, day: str, inputs: list[Any]) -> int:
        node = model[number]
        self.calls[f"a{number}", day] += 1
        if node.fails:
            raise ValueError(f"a{number} fails")
        tokens = [model[u].version for u in node.upstream if model[u].is_source]
        made_of = node.version, inputs, tokens
        assert node.is_source or made_of != self.made_of.get((number, day)), "current, and was run"
        self.made_of[number, day] = made_of
        return combine(node.version, day, inputs)


def from_scratch(model: Model) -> list[Value]:
    """The oracle: every value computed in order."""
    values: list[Value] = []
    for node in model:
        if not node.daily:
            values.append(combine(node.version, "", [values[u] for u in node.upstream]))
            continue
        by_day = {}
        for day in DAYS:
            inputs = []
            for u in node.upstream:
                upstream = values[u]
                inputs.append(upstream[day] if isinstance(upstream, dict) else upstream)
            by_day[day] = combine(node.version, day, inputs)
        values.append(by_day)
    return values


@st.composite
def models(draw: st.DrawFn, least: int, most: int) -> Model:
    nodes: list[Node] = []
    for number in range(draw(st.integers(least, most))):
        is_source = number == 0 or draw(st.integers(0, 7)) == 0
        upstream: tuple[int, ...] = ()
        if not is_source:
            wanted = draw(st.lists(st.integers(0, number - 1), max_size=3, unique=True))
            upstream = tuple(sorted(wanted))
        daily = not is_source and draw(st.booleans())
        nodes.append(Node(upstream, daily, draw(st.integers(0, 4)), is_source))
    return tuple(nodes)


edits = st.lists(
    st.tuples(
        st.integers(0, 13), st.integers(0, 4), st.sampled_from(("edit", "edit", "fail", "select"))
    ),
    min_size=1,
    max_size=5,
)


def values_of(project: Project, model: Model) -> list[Value]:
    found: list[Value] = []
    for number, node in enumerate(model):
        key = f"a{number}"
        if node.is_source:
            found.append(combine(node.version, "", []))
        elif node.daily:
            found.append({d: load(key, partition=d, project=project) for d in DAYS})
        else:
            found.append(load(key, project=project))
    return found


def check_laws(project: Project, world: World, model: Model) -> None:
    """Materialize everything; then the three laws."""
    planned = project.plan(now=NOW)
    allowed = {
        (str(step.asset), key)
        for step in planned.plan.steps
        for key in planned.graph.specs[step.index].partitions.keys(step.partitions)
    }
    before = Counter(world.calls)
    result = project.materialize(now=NOW)
    ran = world.calls - before
    sources = {f"a{n}" for n, node in enumerate(model) if node.is_source}
    ran_assets = {call: n for call, n in ran.items() if call[0] not in sources}
    assert result.ok
    assert set(ran_assets) <= allowed
    assert max(ran_assets.values(), default=1) == 1
    assert project.plan(now=NOW).plan.is_empty
    assert values_of(project, model) == from_scratch(model)


def tell(model: Model, changes: list[Change]) -> None:
    """One project from its first build through all changes, with the laws checked after each."""
    with tempfile.TemporaryDirectory() as folder:
        world = World()
        project = memory_project(world.definitions(model), root=Path(folder))
        check_laws(project, world, model)
        for number, version, kind in changes:
            at = number % len(model)
            broken = kind == "fail" and not model[at].is_source
            model = (*model[:at], replace(model[at], version=version), *model[at + 1 :])
            if broken:
                bad = (*model[:at], replace(model[at], fails=True, version=9), *model[at + 1 :])
                failing = memory_project(
                    world.definitions(bad), root=Path(folder), state_of=project
                )
                assert not failing.materialize(now=NOW).ok
            edited = memory_project(world.definitions(model), root=Path(folder), state_of=project)
            if kind == "select":
                edited.materialize(Wish(select=(f"a{at}+",)), now=NOW)
            check_laws(edited, world, model)


def size(case: tuple[Model, list[Change]]) -> Size:
    model, _ = case
    edges = [(n.daily, model[upstream].daily) for n in model for upstream in n.upstream]
    return Size(len(model), (True, True) in edges)


EXAMPLES = 40
INCREMENTAL_EQUALS_FROM_SCRATCH = Property(
    lambda least, most: st.tuples(models(least, most), edits), size, lambda case: tell(*case)
)


@pytest.mark.timeout(600)  # real runs, twenty to forty stories of them
def test_incremental_equals_from_scratch_and_the_plan_after_success_is_empty(
    record_property: Callable[[str, object], None],
) -> None:
    record_property("sizes", INCREMENTAL_EQUALS_FROM_SCRATCH.check(EXAMPLES))
