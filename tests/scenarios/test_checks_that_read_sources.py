"""A check of a version that exists reads a source: what it saw is what is recorded, whatever the planner saw before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assets_core import asset, check, source
from assets_core.testing import memory_project


def test_a_source_that_moves_before_its_check_is_judged_under_what_it_is(tmp_path: Path) -> None:
    world = {"value": "1"}

    @source(observe=lambda: world["value"], code_version="1")
    def raw() -> str:
        return world["value"]

    @asset(code_version="1")
    def table() -> int:
        return 7

    @check(asset=table)
    def agrees(table: int, raw: str) -> bool:
        return raw == "2"

    project = memory_project([raw, table], root=tmp_path)
    assert project.materialize().ok
    checked = memory_project([raw, table, agrees], root=tmp_path, state_of=project)

    def moves(_: Any) -> None:
        world["value"] = "2"

    assert checked.materialize(planned=moves).ok
    world["value"] = "1"
    again = checked.plan().plan
    assert [step.asset for step in again.checks] == ["table"]
    assert not checked.materialize().ok
