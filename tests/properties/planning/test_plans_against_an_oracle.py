"""The plan that arrays decide is the plan that an oracle decides one asset-partition at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import strategies as st

from assets_core.graph import AssetGraph
from assets_core.model.plans import (
    Action,
    CheckBlocked,
    CodeChanged,
    ConfigChanged,
    InputAdded,
    InputChanged,
    InputMissing,
    InputRemoved,
    ObservationFailed,
    Plan,
    Reason,
    Step,
    UpstreamBlocked,
    UpstreamPending,
)
from assets_core.partitions import PartitionSet
from assets_core.planning.planner import PlanOptions, plan
from tests.properties.partitioned_runs.calendars_in_python import (
    DAY,
    KINDS,
    ORIGIN,
    links_between,
    links_to_itself,
)
from tests.properties.planning.plan_oracle import Oracle
from tests.properties.planning.recorded_states import (
    At,
    Check,
    Node,
    Reading,
    Recorder,
    State,
    declared,
    lowered,
)
from tests.properties.sizes import Property, Size

CHECKS = (Check("unique", "1", True), Check("not_null", "2", True), Check("rows", "1", False))


@st.composite
def nodes(draw: st.DrawFn, number: int, before: list[Node]) -> Node:
    kind = draw(st.sampled_from(KINDS))
    if number == 0 or draw(st.integers(0, 5)) == 0:
        return Node(kind, is_source=True)
    inputs = []
    for upstream in draw(st.lists(st.integers(0, number - 1), max_size=3)):
        link = draw(st.sampled_from(links_between(before[upstream].kind, kind)))
        if draw(st.integers(0, 4)) == 0:
            link = replace(link, optional=True)
        columns = draw(st.sampled_from((None, None, None, ("x",), ("x", "y"))))
        inputs.append(Reading(upstream, link, columns))
    own = links_to_itself(kind)
    if own and draw(st.integers(0, 2)) == 0:
        link = draw(st.sampled_from(own))
        if draw(st.integers(0, 4)) == 0:
            link = replace(link, optional=True)
        inputs.append(Reading(number, link))
    inputs.sort(key=lambda one: f"a{one.upstream}")
    checks = draw(st.sampled_from(((), (), CHECKS[:1], CHECKS[1:], CHECKS)))
    return Node(kind, tuple(inputs), checks=checks)


@st.composite
def projects(draw: st.DrawFn, least: int, most: int) -> tuple[Node, ...]:
    found: list[Node] = []
    for number in range(draw(st.integers(least, most))):
        found.append(draw(nodes(number, found)))
    return tuple(found)


def state_of(project: tuple[Node, ...], graph: AssetGraph, seed: int) -> State:
    """A random past of a project, and a random wish."""
    random = Random(seed)
    every = range(len(project))
    mappings = {(n, str(p)): e.mapping_text for n in every for p, e in enumerate(graph.inputs(n))}
    unobserved = {n for n in every if project[n].is_source and random.random() < 0.05}
    state = State(
        project, ORIGIN + random.randint(0, 9) * DAY, tuple("now" for _ in every),
        tuple("now" for _ in every), mappings,
        tuple(s.partitions.windows for s in graph.specs), unobserved=frozenset(unobserved),
    )  # fmt: skip
    share = random.choice((0.0, 0.02, 0.1, 0.3))
    absent = random.choice((0.0, 0.02, 0.1, 0.3))
    Recorder(state, random, share, absent).record()
    whole = random.random() < 0.6
    wanted = {n: tuple(state.keys(n)) for n in every if whole or random.random() < 0.5}
    if random.random() < 0.3:
        wanted = {n: tuple(k for k in some if random.random() < 0.7) for n, some in wanted.items()}
    forced = {n for n in wanted if random.random() < 0.05}
    failed = {(n, k) for n, some in wanted.items() for k in some if random.random() < 0.03}
    return replace(state, wanted=wanted, forced=frozenset(forced), failed=frozenset(failed))


def said(graph: AssetGraph, found: Plan, action: Action) -> dict[At, Step]:
    return {
        (s.index, k): s
        for s in found.steps
        if s.action is action
        for k in _keys(graph, s.index, s.partitions)
    }


def _keys(graph: AssetGraph, number: int, partitions: PartitionSet) -> list[str]:
    return list(graph.specs[number].partitions.keys(partitions))


def plainly(reason: Reason) -> tuple[str, ...]:
    """A reason as the oracle tells it."""
    match reason:
        case CodeChanged(old, new) | ConfigChanged(old, new):
            return reason.code, old, new
        case InputChanged(upstream) | InputAdded(upstream, _) | InputRemoved(upstream):
            return reason.code, upstream
        case InputMissing(upstream) | UpstreamBlocked(upstream):
            return reason.code, upstream
        case ObservationFailed(source):
            return reason.code, source
        case CheckBlocked(checks, _):
            return reason.code, *checks
        case _:
            return (reason.code,)


def judge(project: tuple[Node, ...], seed: int) -> None:
    graph = declared(project)
    state = state_of(project, graph, seed)
    low = lowered(state, graph)
    options = PlanOptions(forced=state.forced)
    found = plan(graph, low.wanted, low.versions, low.lineage, state.now, options)
    oracle = Oracle(state).decide()

    run = said(graph, found, Action.RUN)
    assert {at: tuple(map(plainly, s.reasons)) for at, s in run.items()} == oracle.run
    maybe = said(graph, found, Action.MAYBE)
    assert set(maybe) == set(oracle.maybe)
    blocked = said(graph, found, Action.BLOCKED)
    assert {at: plainly(s.reasons[0]) for at, s in blocked.items()} == oracle.blocked
    assert sum(len(s.partitions) for s in found.steps) == len(run) + len(maybe) + len(blocked)
    assert found.current == len(oracle.current)
    _judge_pending(found, oracle)
    assert len({(s.asset, s.action, s.reasons) for s in found.steps}) == len(found.steps)
    assert [s.index for s in found.steps] == sorted(s.index for s in found.steps)
    checks = {
        ((c.index, k), c.candidate): c.checks
        for c in found.checks
        for k in _keys(graph, c.index, c.partitions)
    }
    assert checks == oracle.checks
    assert set(found.unselected_stale) == oracle.unselected_stale
    notes = {(a.code, (graph.numbers[a.asset], k)) for a in found.annotations
             for k in _keys(graph, graph.numbers[a.asset], a.partitions)}  # fmt: skip
    assert notes == oracle.annotations
    assert found.as_of == 5


def _judge_pending(found: Plan, oracle: Oracle) -> None:
    for step in found.steps:
        if step.action is Action.MAYBE:
            (reason,) = step.reasons
            assert isinstance(reason, UpstreamPending)
            waits = {u for (n, _), by in oracle.maybe.items() if n == step.index for u in by}
            others = {f"a{u}" for u in waits - {step.index}} or {str(step.asset)}
            assert set(reason.upstreams) == others
            assert set(reason.roots) == oracle.roots(step.index)


def size(case: tuple[tuple[Node, ...], int]) -> Size:
    project, _ = case
    edges = [(n.kind, project[i.upstream].kind) for n in project for i in n.inputs]
    return Size(len(project), any("none" not in edge for edge in edges))


EXAMPLES = 120
PLANS_AS_THE_ORACLE = Property(
    lambda least, most: st.tuples(projects(least, most), st.integers(0, 2**32)),
    size,
    lambda case: judge(*case),
)


def test_the_plan_is_what_the_semantics_say_of_each_asset_partition(
    record_property: Callable[[str, object], None],
) -> None:
    record_property("sizes", PLANS_AS_THE_ORACLE.check(EXAMPLES))


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_the_plan_is_what_the_semantics_say_for_long() -> None:
    PLANS_AS_THE_ORACLE.check(5_000)
