"""Every SQL evaluator finds the rows that a plain pandas reading of the same rule finds."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from assets_core.model.checks import CheckResult, CheckSpec
from assets_core.model.keys import AssetKey
from assets_core.ports import RelatedTable, Staged
from checks.builders import (
    accepted_values,
    expression,
    in_range,
    matches,
    not_null,
    relationship,
    row_count,
    sql_check,
    unique,
)
from checks.evaluators import PushedDown

FLOATS = st.sampled_from([None, math.nan, -1.5, 0.0, 1.0, 2.0, 1e300])
INTS = st.none() | st.integers(-3, 3)
TEXTS = st.sampled_from([None, "", "a", "b", "ab", "A", "'", "é"])
ROW = st.tuples(FLOATS, INTS, TEXTS)
LIMIT = 1

FAST = settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@dataclass(frozen=True)
class Case:
    """A check, and the same rule over a frame whose missing values are None."""

    spec: CheckSpec
    failing: Callable[[pd.DataFrame, pd.DataFrame], pd.Series]


def present(series: pd.Series) -> pd.Series:
    return series.map(lambda value: value is not None and value == value)


def outside(low: float | None, high: float | None, inclusive: bool) -> Callable[[object], bool]:
    def judged(value: object) -> bool:
        assert isinstance(value, int | float)
        if inclusive:
            return (low is not None and value < low) or (high is not None and value > high)
        return (low is not None and value <= low) or (high is not None and value >= high)

    return judged


def where_present(column: str, rule: Callable[[object], bool]) -> Callable[..., pd.Series]:
    return lambda frame, _: frame[column].map(
        lambda value: value is not None and value == value and rule(value)
    )


def shared(columns: list[str]) -> Callable[..., pd.Series]:
    def rule(frame: pd.DataFrame, _: pd.DataFrame) -> pd.Series:
        full = pd.concat([present(frame[column]) for column in columns], axis=1).all(axis=1)
        return frame[full].duplicated(columns, keep=False).reindex(frame.index, fill_value=False)

    return rule


def cases(other_column: str, column: str) -> list[Case]:
    return [
        Case(not_null("f")[0], lambda frame, _: ~present(frame["f"])),
        Case(not_null("t")[0], lambda frame, _: ~present(frame["t"])),
        Case(unique("i"), shared(["i"])),
        Case(unique("f"), shared(["f"])),
        Case(unique("t", "i"), shared(["t", "i"])),
        Case(
            accepted_values("t", values=["a", "'"]),
            where_present("t", lambda v: v not in {"a", "'"}),
        ),
        Case(accepted_values("f", values=[0, 1.0]), where_present("f", lambda v: v not in {0, 1})),
        Case(accepted_values("i", values=[1, 1.5]), where_present("i", lambda v: v != 1)),
        Case(in_range("f", min=-1.5, max=1), where_present("f", outside(-1.5, 1, True))),
        Case(in_range("i", max=1, inclusive=False), where_present("i", outside(None, 1, False))),
        Case(matches("t", "a?b"), where_present("t", lambda v: not re.fullmatch("a?b", str(v)))),
        Case(expression("i <= 1"), where_present("i", lambda v: v > 1)),  # type: ignore[operator]
        Case(sql_check("q", "select * from this where i > 1"), where_present("i", lambda v: v > 1)),  # type: ignore[operator]
        Case(
            relationship(column, to="other", column=other_column),
            lambda frame, other: frame[column].map(
                lambda value: (
                    value is not None
                    and value == value
                    and value not in {v for v in other[other_column] if v is not None and v == v}
                )
            ),
        ),
    ]


def stored(folder: Path, rows: list[tuple[object, ...]]) -> tuple[Path, pd.DataFrame]:
    schema = pa.schema([("f", pa.float64()), ("i", pa.int64()), ("t", pa.string())])
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    table = pa.table(
        [pa.array(list(c), f.type) for c, f in zip(columns, schema, strict=True)], schema
    )
    path = folder / f"{next(NUMBERS)}.parquet"
    pq.write_table(table, path)
    frame = pd.DataFrame(rows, columns=["f", "i", "t"], dtype=object)
    return path, frame.astype(object).where(frame.notna() | frame.map(lambda v: v != v), None)


NUMBERS = itertools.count()


@pytest.mark.parametrize("where", [None, "i >= 0"])
@FAST
@given(
    rows=st.lists(ROW, max_size=12), others=st.lists(ROW, max_size=6), column=st.sampled_from("fit")
)
def test_sql_and_pandas_agree_on_what_fails(
    tmp_path: Path,
    where: str | None,
    rows: list[tuple[object, ...]],
    others: list[tuple[object, ...]],
    column: str,
) -> None:
    path, frame = stored(tmp_path, rows)
    other_path, other = stored(tmp_path, others)
    if where is not None:
        frame = frame[frame["i"].map(lambda value: value is not None and value >= 0)]
    chosen = [case for case in cases(column, column) if where is None or case.spec.kind != "sql"]
    specs = [limited(case.spec, where) for case in chosen]
    staged = Staged(AssetKey("orders"), "", (), (path,))
    related = {"other": RelatedTable(AssetKey("other"), (other_path,))}
    answers = PushedDown.evaluate_many(
        [*specs, limited(row_count(min=LIMIT), where)], staged, related
    )
    event(f"rows: {min(len(frame), 5)}")
    for case, answer in zip(chosen, answers, strict=False):
        assert isinstance(answer, CheckResult), (case.spec.name, answer)
        failing = (
            case.failing(frame, other).astype(bool) if len(frame) else pd.Series([], dtype=bool)
        )
        expected = int(failing.sum())
        assert (case.spec.name, answer.count) == (case.spec.name, expected)
        assert answer.passed == (expected == 0)
        assert len(answer.sample) == min(expected, 10)
        assert set(map(key, answer.sample)) <= {
            key(row) for row in frame[failing].to_dict("records")
        }
    counted = answers[-1]
    assert isinstance(counted, CheckResult)
    assert (counted.count, counted.passed) == (len(frame), len(frame) >= LIMIT)


def limited(spec: CheckSpec, where: str | None) -> CheckSpec:
    if where is None:
        return spec
    config = {**spec.config, "where": where}
    return CheckSpec(spec.name, spec.kind, config, relations=spec.relations)


def key(row: dict[str, object] | object) -> tuple[str, ...]:
    assert isinstance(row, dict)
    return tuple(
        "NaN" if isinstance(row[c], float) and math.isnan(row[c]) else str(row[c]) for c in "fit"
    )
