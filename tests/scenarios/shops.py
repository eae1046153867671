"""A real project in a folder, edited and materialized again and again; every call of its functions is written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

from assets_core import load
from assets_core.execution.tally import RunResult
from assets_core.model.events import Event
from assets_core.model.plans import Action
from assets_core.partitions import PartitionSet
from assets_core.ports import Clock
from assets_core.project import Planned, Project
from assets_core.project.running import RunOptions
from assets_core.project.wishes import Wish

NOW = datetime(2026, 1, 10, tzinfo=UTC)

_CONFIG = """\
[tool.assets]
module = "shop"
executor = "inline"
"""

_CALLS = """\
from pathlib import Path

LOG = Path(__file__).with_name("calls.log")


def ran(name, *partitions):
    with LOG.open("a") as file:
        for partition in partitions or ("",):
            file.write(f"{name}@{partition}\\n" if partition else f"{name}\\n")
"""

_HEADER = """\
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pyarrow as pa

from assets_core import (
    CONSTANT, All, AssetContext, CheckResult, Config, Connection, DailyPartitions, DimensionOf, DynamicPartitions,
    Identity, Input, Last, MonthlyPartitions, MultiPartitions, Out, Output, Retry, Severity, Specific, Static,
    StaticPartitions, TimeWindow, asset, check, file_digest, multi_asset, not_null, relationship, row_count, source,
    sql_asset, unique,
)
from calls import ran
"""
"""No star import: with one, every file of the project counts for every asset."""


@dataclass
class FakeClock:
    """Time that passes only while the runner waits."""

    slept: list[float] = field(default_factory=list)
    at: float = 1000.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.at)

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


@dataclass
class Shop:
    """One project folder. ``build`` materializes it and says which functions were called."""

    root: Path
    now: datetime = NOW
    clock: Clock | None = None
    events: list[Event] = field(default_factory=list)
    """Those of the latest run."""
    result: RunResult | None = None
    _seen: int = 0

    @classmethod
    def at(cls, root: Path, config: str = "") -> Shop:
        """A new project without assets yet; ``config`` is appended to its configuration file."""
        shop = cls(root)
        shop.write("pyproject.toml", _CONFIG + dedent(config))
        shop.write("calls.py", _CALLS)
        return shop

    # --- editing ------------------------------------------------------------------------------------------------

    def write(self, file: str, text: str) -> Path:
        """Put a file below the root."""
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def define(self, text: str) -> None:
        """The whole project, in one module."""
        self.write("shop.py", _HEADER + dedent(text))

    def edit(self, old: str, new: str) -> None:
        """Replace what stands exactly once in the module."""
        path = self.root / "shop.py"
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        path.write_text(text.replace(old, new))

    # --- doing --------------------------------------------------------------------------------------------------

    def project(self, overrides: Sequence[str] = ()) -> Project:
        """The project as it stands in its files now."""
        return Project.load(self.root, overrides=overrides, clock=self.clock)

    def attempt(
        self,
        *select: str,
        partitions: Sequence[str] = (),
        force: bool = False,
        overrides: Sequence[str] = (),
        planned: Callable[[Planned], None] = lambda planned: None,
        on_event: Callable[[Event], None] = lambda event: None,
        **options: Any,
    ) -> list[str]:
        """Materialize, whatever comes of it; the calls that were made, in order."""
        self.events.clear()
        wish = Wish(tuple(select), (), tuple(partitions), force)
        chosen = replace(RunOptions(), **options)

        def see(event: Event) -> None:
            self.events.append(event)
            on_event(event)

        self.result = self.project(overrides).materialize(
            wish, chosen, on_event=see, now=self.now, planned=planned
        )
        return self.calls()

    def build(self, *select: str, **options: Any) -> list[str]:
        """Materialize with success; the calls that were made, sorted."""
        calls = self.attempt(*select, **options)
        assert self.result is not None
        assert self.result.ok, [s for s in self.result.steps if s.outcome != "materialized"]
        return sorted(calls)

    def calls(self) -> list[str]:
        """The calls since they were last asked for, in the order in which they started."""
        log = self.root / "calls.log"
        lines = log.read_text().splitlines() if log.exists() else []
        new, self._seen = lines[self._seen :], len(lines)
        return new

    # --- asking -------------------------------------------------------------------------------------------------

    def outcomes(self) -> dict[str, str]:
        """What became of each asset-partition in the latest run."""
        assert self.result is not None
        return {
            (f"{s.asset}@{s.partition}" if s.partition else str(s.asset)): s.outcome
            for s in self.result.steps
        }

    def failure(self, asset: str) -> Any:
        """Why that asset failed in the latest run."""
        assert self.result is not None
        return next(s.failure for s in self.result.steps if s.asset == asset and s.failure)

    def of(self, kind: type) -> list[Any]:
        """The events of one kind of the latest run."""
        return [e for e in self.events if isinstance(e, kind)]

    def plan(self, *select: str, partitions: Sequence[str] = (), force: bool = False) -> Planned:
        """The plan as of now."""
        return self.project().plan(Wish(tuple(select), (), tuple(partitions), force), now=self.now)

    def todo(self, *select: str, **options: Any) -> list[str]:
        """The plan in words: ``asset action reason reason`` per step, then ``asset checks name``."""
        planned = self.plan(*select, **options)
        lines = []
        for step in planned.plan.steps:
            reasons = " ".join(r.code for r in step.reasons)
            keys = _shown(planned, step.index, step.partitions)
            lines.append(f"{step.asset}{keys} {_VERBS[step.action]} {reasons}")
        for check in planned.plan.checks:
            keys = _shown(planned, check.index, check.partitions)
            lines.append(f"{check.asset}{keys} checks {' '.join(check.checks)}".rstrip())
        return lines

    def value(self, key: str, **options: Any) -> Any:
        """What readers of an asset see."""
        return load(key, project=self.project(), **options)


_VERBS = {Action.RUN: "run", Action.MAYBE: "maybe", Action.BLOCKED: "blocked"}


def _shown(planned: Planned, asset: int, partitions: PartitionSet) -> str:
    spec = planned.graph.specs[asset]
    if not spec.partitions.is_partitioned:
        return ""
    keys = spec.partitions.keys(partitions)
    return f"@{','.join(keys)}" if len(keys) <= 3 else f"@{len(keys)}"
