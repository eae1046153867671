"""Judging a frame as a step would: stored as Parquet files, then handed to the evaluator of its entry point."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets_core.model.checks import CheckResult, CheckSpec
from assets_core.model.keys import AssetKey
from assets_core.ports import RelatedTable, Staged
from checks import evaluators

EVALUATORS = {cls.kind: cls() for cls in evaluators.PushedDown.__subclasses__()}


@pytest.fixture
def stage(tmp_path: Path) -> Callable[..., Staged]:
    numbers = itertools.count()

    def staged(*tables: pa.Table) -> Staged:
        paths = []
        for table in tables:
            paths.append(tmp_path / f"part '{next(numbers)}' [a].parquet")
            pq.write_table(table, paths[-1], write_page_checksum=True)
        return Staged(AssetKey("orders"), "", (), tuple(paths))

    return staged


@pytest.fixture
def judge(stage: Callable[..., Staged]) -> Callable[..., CheckResult]:
    def judged(
        data: pa.Table | dict[str, list[object]] | Sequence[pa.Table],
        spec: CheckSpec | tuple[CheckSpec, ...],
        **related: object,
    ) -> CheckResult:
        (one,) = spec if isinstance(spec, tuple) else (spec,)
        tables = [pa.table(data)] if isinstance(data, dict | pa.Table) else data
        others = {}
        for key, value in related.items():
            asset = AssetKey(key.replace("__", "/"))
            if isinstance(value, pa.Table):
                paths = stage(value).tables
                assert paths is not None
                others[str(asset)] = RelatedTable(asset, paths)
            else:
                others[str(asset)] = RelatedTable(asset, (), value)
        return EVALUATORS[one.kind].evaluate(one, stage(*tables), others)

    return judged
