"""From counts to a ``CheckResult``: what passed, how many rows failed out of how many, ten of them, one sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from assets_core.model.checks import CheckResult
from assets_core.model.json import JSON
from checks.samples import sample
from checks.tables import Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation

Config: TypeAlias = Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class Finding:
    """How many rows fail, out of how many (None where that says nothing), and the rows themselves."""

    count: int
    rows: int | None
    failing: DuckDBPyRelation


def verdict(kind: str, config: Config, table: Table, finding: Finding) -> CheckResult:
    """The result of a check on rows; rows are fetched only where some fail."""
    metadata: dict[str, JSON] = {} if finding.rows is None else {"rows": finding.rows}
    if not finding.count:
        return CheckResult(passed=True, count=0, metadata=metadata)
    names = _names(kind, table, finding.failing)
    first = [table.columns[name].sql_name for name in _judged(config) if name in table.columns]
    return CheckResult(
        passed=False,
        count=finding.count,
        sample=sample(finding.failing, names, first),
        metadata=metadata,
        message=_sentence(kind, config, finding),
    )


def count_verdict(config: Config, rows: int) -> CheckResult:
    """Whether the number of rows lies within ``min`` and ``max``; ``count`` is that number."""
    low, high = config.get("min"), config.get("max")
    expected = [
        f"{word} {bound:,}"
        for word, bound in (("at least", low), ("at most", high))
        if isinstance(bound, int)
    ]
    passed = not (isinstance(low, int) and rows < low) and not (
        isinstance(high, int) and rows > high
    )
    message = "" if passed else f"{_plural(rows, 'row')}, expected {' and '.join(expected)}"
    return CheckResult(passed=passed, count=rows, metadata={"rows": rows}, message=message)


def columns_verdict(config: Config, table: Table) -> CheckResult:
    """Whether the columns are those declared; ``count`` is how many are missing or, if exact, too many."""
    wanted, present = _judged(config), list(table.columns)
    absent = [name for name in wanted if name not in table.columns]
    surplus = [name for name in present if name not in wanted] if config.get("exact") else []
    problems = [
        f"{word} {', '.join(f'`{name}`' for name in names)}"
        for word, names in (("missing", absent), ("not declared", surplus))
        if names
    ]
    if not problems and config.get("exact") and present != wanted:
        problems = [f"in another order: {', '.join(f'`{name}`' for name in present)}"]
    return CheckResult(
        passed=not problems,
        count=len(absent) + len(surplus),
        metadata={"columns": len(present)},
        message="; ".join(problems),
    )


def _names(kind: str, table: Table, failing: DuckDBPyRelation) -> dict[str, str]:
    if kind == "sql":
        return {name: name for name in failing.columns}
    return {column.sql_name: column.name for column in table.columns.values()}


def _judged(config: Config) -> list[str]:
    one, many = config.get("column"), config.get("columns")
    if isinstance(many, list | tuple):
        return [str(name) for name in many]
    return [one] if isinstance(one, str) else []


def _sentence(kind: str, config: Config, finding: Finding) -> str:
    phrase = _PHRASES.get(kind)
    if phrase is None or finding.rows is None:
        return f"the query returned {_plural(finding.count, 'row')}"
    return f"{finding.count:,} of {_plural(finding.rows, 'row')} {phrase(config)}"


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _range(config: Config) -> str:
    low, high = config.get("min"), config.get("max")
    if high is None:
        return f"below {low}" if config.get("inclusive", True) else f"not above {low}"
    if low is None:
        return f"above {high}" if config.get("inclusive", True) else f"not below {high}"
    return f"outside {low}..{high}"


_PHRASES: Mapping[str, Callable[[Config], str]] = {
    "not_null": lambda c: f"without `{c['column']}`",
    "accepted_values": lambda c: f"with a `{c['column']}` that is not accepted",
    "in_range": lambda c: f"with a `{c['column']}` {_range(c)}",
    "matches": lambda c: f"with a `{c['column']}` that does not match",
    "expression": lambda c: f"where `{c['expression']}` is false",
    "unique": lambda c: f"with a ({', '.join(_judged(c))}) that another row has too",
    "relationship": lambda c: f"with a `{c['column']}` that is not in {c['to']}.{c['to_column']}",
}
