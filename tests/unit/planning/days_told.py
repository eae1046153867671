"""Small projects of days as plain values, all recorded as of today, and their plan as one line per partition."""

from __future__ import annotations

from dataclasses import replace

from assets_core.graph import AssetGraph
from assets_core.model.plans import (
    InputChanged,
    InputMissing,
    Plan,
    Reason,
    UpstreamBlocked,
    UpstreamPending,
)
from assets_core.partitions import PartitionSet
from assets_core.planning.planner import PlanOptions, plan
from tests.properties.partitioned_runs.calendars_in_python import DAY, ORIGIN, Link
from tests.properties.planning.recorded_states import (
    Check,
    Node,
    Reading,
    State,
    Version,
    declared,
    lowered,
)

SAME, BEFORE, LAST = Link("window", 0, 0), Link("window", -1, -1), Link("last")
RULE = Check("rule", "1", blocking=True)
SOURCE = Node("day", is_source=True)


def days(*inputs: tuple[int, Link], checked: bool = False) -> Node:
    """A daily asset and what it reads: (asset number, how)."""
    return Node("day", tuple(Reading(*i) for i in inputs), checks=(RULE,) if checked else ())


class Days:
    """Four days of every asset, each made of what is there today and passing its check."""

    def __init__(self, *nodes: Node) -> None:
        self.graph: AssetGraph = declared(nodes)
        now, every = ORIGIN + 4 * DAY, range(len(nodes))
        mappings = {
            (n, str(p)): e.mapping_text for n in every for p, e in enumerate(self.graph.inputs(n))
        }
        today = tuple("now" for _ in every)
        windows = tuple(s.partitions.windows for s in self.graph.specs)
        self.state = State(nodes, now, today, today, mappings, windows)
        self.state.wanted.update({n: tuple(self.state.keys(n)) for n in every})
        for asset in every:
            for day in range(4):
                self.make(asset, day)

    def at(self, asset: int, day: int) -> tuple[int, str]:
        return asset, self.state.keys(asset)[day]

    def version(self, asset: int, day: int) -> Version:
        """What would be recorded of it now."""
        state, at = self.state, self.at(asset, day)
        number = 1 + len(state.recorded) + len(state.candidates)
        results = {c.name: (c.version, True) for c in state.nodes[asset].checks}
        return Version(
            number, "now", "now", state.shape(asset), state.input_versions(*at), (asset, day + 1),
            state.windows[asset], None, frozenset(), results,
        )  # fmt: skip

    def make(self, asset: int, day: int) -> None:
        self.state.recorded[self.at(asset, day)] = self.version(asset, day)

    def lose(self, asset: int, day: int) -> None:
        del self.state.recorded[self.at(asset, day)]

    def age(self, asset: int, day: int) -> None:
        """Its code was another."""
        self._spoil(asset, day, code="older")

    def change(self, asset: int, day: int) -> None:
        """It has other content."""
        self._spoil(asset, day, term=(99, 99))

    def mark(self, asset: int, day: int, flag: str) -> None:
        self._spoil(asset, day, flags=frozenset({flag}))

    def fail(self, asset: int, day: int) -> None:
        """What readers see of it fails its check."""
        self._spoil(asset, day, results={"rule": ("1", False)}, blocked_by=frozenset({"rule"}))

    def keep_back(self, asset: int, day: int, *, judged: bool) -> None:
        """A version of today's was made and not published; nothing else was of this day."""
        results = {"rule": ("1" if judged else "edited since", False)}
        kept = replace(self.version(asset, day), results=results, blocked_by=frozenset({"rule"}))
        self.lose(asset, day)
        self.state.candidates[self.at(asset, day)] = kept

    def unobserve(self, asset: int) -> None:
        """Nobody can say what is there."""
        self.state = replace(self.state, unobserved=frozenset({asset}))

    def leave_out(self, asset: int) -> None:
        """Plan without it."""
        del self.state.wanted[asset]

    def _spoil(self, asset: int, day: int, **changes: object) -> None:
        at = self.at(asset, day)
        self.state.recorded[at] = replace(self.state.recorded[at], **changes)  # type: ignore[arg-type]

    def plan(self) -> Plan:
        low = lowered(self.state, self.graph)
        return plan(low.graph, low.wanted, low.versions, low.lineage, self.state.now, PlanOptions())

    def told(self) -> list[str]:
        """``a1 0,2 run code_changed``: asset, days, action and reasons of every step; then the checks."""
        found = self.plan()
        steps = [
            f"{s.asset} {self._days(s.partitions)} {s.action} {' '.join(map(_told, s.reasons))}"
            for s in found.steps
        ]
        return steps + [f"{c.asset} {self._days(c.partitions)} checks" for c in found.checks]

    def _days(self, partitions: PartitionSet) -> str:
        first = self.graph.specs[0].partitions.ordinals(self.state.keys(0)[:1])[0]
        return ",".join(str(o - first) for o in partitions)


def _told(reason: Reason) -> str:
    match reason:
        case InputChanged(upstream) | InputMissing(upstream) | UpstreamBlocked(upstream):
            return f"{reason.code}({upstream})"
        case UpstreamPending(upstreams):
            return f"{reason.code}({','.join(upstreams)})"
        case _:
            return reason.code
