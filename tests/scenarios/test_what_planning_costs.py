"""Estimates, and the number of queries that a plan takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from assets_core import DailyPartitions, Severity, asset, not_null
from assets_core.project import Project
from assets_core.project.adhoc import project_of
from tests.scenarios.shops import NOW, Shop


@contextmanager
def queries() -> Iterator[list[str]]:
    """The statements that are executed while the body runs."""
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def layered(size: int, root: Path, version: str = "1") -> Project:
    """Assets of which each reads the one before, every tenth daily, every fifth with a check."""

    def value(number: int) -> Any:
        name = f"a{number}"
        parameter = f"a{number - 1}" if number % 10 else ""
        scope: dict[str, Any] = {}
        exec(f"def {name}({parameter}):\n    return 1\n", scope)
        options: dict[str, Any] = {"code_version": version}
        if number % 10 == 0:
            options["partitions"] = DailyPartitions(start="2026-01-01", end="2026-01-03")
        if number % 5 == 0:
            options["checks"] = [not_null("x", name=f"c{version}", severity=Severity.WARN)]
        return asset(**options)(scope[name])

    return project_of(
        [value(n) for n in range(size)], root=root, store=f"sqlite:///{root}/state.db"
    )


@pytest.mark.parametrize("built", [False, True])
def test_a_plan_takes_as_many_queries_for_many_assets_as_for_few(
    tmp_path: Path, *, built: bool
) -> None:
    counts = []
    for size in (20, 200) if built else (20, 10_000):
        root = tmp_path / str(size)
        root.mkdir()
        if built:
            assert layered(size, root).materialize(now=NOW) is not None
            project = layered(size, root, "2")
        else:
            project = layered(size, root)
        with project.writing():
            pass
        with queries() as seen:
            planned = project.plan(now=NOW)
        assert len(planned.plan.steps) >= size * 0.9
        counts.append(len(seen))
    assert counts[0] == counts[1] < 40


def test_an_estimate_needs_three_samples(shop: Shop) -> None:
    shop.define("""
        @asset(code_version="1")
        def timed() -> int:
            return 1
        """)
    for _ in range(2):
        shop.build(force=True)
        assert [s.estimate_s for s in shop.plan(force=True).plan.steps] == [None]
    shop.build(force=True)
    (step,) = shop.plan(force=True).plan.steps
    assert step.estimate_s is not None
    assert 0 < step.estimate_s < 5


def test_an_estimate_is_of_all_partitions_of_the_step(shop: Shop) -> None:
    shop.define("""
        days = DailyPartitions(start="2026-01-01", end="2026-01-05")


        @asset(partitions=days, code_version="1")
        def timed(context: AssetContext) -> int:
            return 1
        """)
    shop.build()
    with shop.project().reading() as reader:
        stats = reader.durations("default", ["timed"])["timed"]  # type: ignore[list-item,index]
    assert stats.samples == 4
    (step,) = shop.plan(force=True).plan.steps
    assert step.estimate_s == pytest.approx(4 * stats.mean_s)
