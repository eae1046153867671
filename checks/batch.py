"""All checks of one version, judged together: one connection, and one scan for every condition on single rows.

Counts come first, in one aggregate query; rows are fetched only of the checks that fail. Where that query fails, each
check is asked alone, so that a bad condition spoils its own answer only. Measured on 10 million rows: the conditions
are mostly answered from Parquet statistics, ``unique`` (one GROUP BY, as fast as count distinct) is nearly all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from assets_core.errors import AssetsError, StepError
from assets_core.model.checks import CheckResult, CheckSpec
from checks.conditions import ROW_CONDITIONS, where
from checks.connection import first_line, opened, staged_table
from checks.sets import SET_CHECKS, Scene
from checks.tables import Table
from checks.verdicts import Finding, columns_verdict, count_verdict, verdict

if TYPE_CHECKING:
    from duckdb import Expression

    from assets_core.ports import RelatedTable, Staged

Answer: TypeAlias = "CheckResult | AssetsError"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Counted:
    """A check that one aggregate answers: which rows to judge (None: all), and which fail (None: only count)."""

    spec: CheckSpec
    judged: Expression | None
    failing: Expression | None

    @property
    def rejected(self) -> Expression | None:
        """The rows that are judged and fail."""
        if self.judged is None or self.failing is None:
            return self.failing
        return self.judged & self.failing


def evaluate_many(
    specs: Sequence[CheckSpec], staged: Staged, related: Mapping[str, RelatedTable]
) -> Sequence[Answer]:
    """One answer per spec, in order. A check that can't be judged is answered with its error, which is not raised.

    The specs may be of every kind of this package. A common cause, such as a value that is no table, answers them all.
    """
    paths = [*(staged.tables or ()), *(path for other in related.values() for path in other.tables)]
    try:
        with opened(paths, user_sql=any(map(_has_user_sql, specs))) as connection:
            scene = Scene(connection, staged_table(connection, staged), related)
            return _answers(specs, scene)
    except AssetsError as error:
        return [error] * len(specs)


def evaluate_one(
    spec: CheckSpec, staged: Staged, related: Mapping[str, RelatedTable]
) -> CheckResult:
    """Judge one check; raises StepError E340-E346 where it can't be judged."""
    (answer,) = evaluate_many((spec,), staged, related)
    if isinstance(answer, AssetsError):
        raise answer
    return answer


def _has_user_sql(spec: CheckSpec) -> bool:
    return spec.kind in {"sql", "expression"} or spec.config.get("where") is not None


def _answers(specs: Sequence[CheckSpec], scene: Scene) -> Sequence[Answer]:
    if scene.table.relation is not None and any(map(_has_user_sql, specs)):
        scene.table.relation.create_view("this")
    first = [_attempt(spec, partial(_prepare, spec, scene)) for spec in specs]
    counted = [answer for answer in first if isinstance(answer, _Counted)]
    second = iter(_count(counted, scene.table))
    return [next(second) if isinstance(answer, _Counted) else answer for answer in first]


def _prepare(spec: CheckSpec, scene: Scene) -> _Counted | CheckResult:
    """Answer a check that needs a query or none of its own; the others are counted together."""
    table = scene.table
    if spec.kind == "has_columns":
        return columns_verdict(spec.config, table)
    if spec.kind in SET_CHECKS:
        return verdict(spec.kind, spec.config, table, SET_CHECKS[spec.kind](spec, scene))
    if spec.kind == "row_count":
        judged = where(spec.config)
        if table.relation is None and judged is None:
            return count_verdict(spec.config, table.rows)
        table.scan()
        return _Counted(spec, judged, None)
    condition = ROW_CONDITIONS.get(spec.kind)
    if condition is None:
        raise StepError("E347", f"no evaluator is known for checks of kind `{spec.kind}`")
    return _Counted(spec, where(spec.config), condition(spec.config, table))


def _count(counted: Sequence[_Counted], table: Table) -> Sequence[Answer]:
    if not counted:
        return []
    totals = _attempt(counted[0].spec, partial(_totals, counted, table))
    if isinstance(totals, AssetsError):
        if len(counted) == 1:
            return [totals]
        return [answer for one in counted for answer in _count([one], table)]
    return [
        _attempt(one.spec, partial(_verdict, one, pair, table))
        for one, pair in zip(counted, totals, strict=True)
    ]


def _totals(counted: Sequence[_Counted], table: Table) -> list[tuple[int, int]]:
    """(rows judged, rows that fail) of each, in one scan."""
    from duckdb import FunctionExpression

    everything = FunctionExpression("count_star")
    wanted = []
    for one in counted:
        wanted.append(
            everything if one.judged is None else FunctionExpression("count_if", one.judged)
        )
        wanted.append(
            everything if one.rejected is None else FunctionExpression("count_if", one.rejected)
        )
    named = [expression.alias(f"n{position}") for position, expression in enumerate(wanted)]
    (row,) = table.scan().aggregate(named).fetchall()
    numbers = [int(number or 0) for number in row]  # count_if of no rows is NULL
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _verdict(one: _Counted, totals: tuple[int, int], table: Table) -> CheckResult:
    rows, count = totals
    if one.rejected is None or one.failing is None:
        return count_verdict(one.spec.config, rows)
    failing = table.scan().filter(one.rejected) if count else table.scan()
    return verdict(one.spec.kind, one.spec.config, table, Finding(count, rows, failing))


def _attempt(spec: CheckSpec, action: Callable[[], T]) -> T | AssetsError:
    import duckdb

    try:
        return action()
    except AssetsError as error:
        return error
    except duckdb.Error as error:
        return StepError("E345", f"check `{spec.name}` can't be evaluated: {first_line(error)}")
