"""The checks that no row can answer by itself: unique, relationship and the user's query.

Each gives its failing rows as a relation, which DuckDB runs when they are counted and, if there are any, sampled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from assets_core.errors import StepError
from assets_core.model.checks import CheckSpec
from checks.conditions import where
from checks.connection import related_table
from checks.sql_text import parse_query, table_key, tables
from checks.tables import NUMBERS, TIMESTAMPS, Column, Table, any_missing
from checks.verdicts import Finding

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation, Expression
    from sqlglot import exp

    from assets_core.ports import RelatedTable

SAMPLE_KEYS = 10


@dataclass(slots=True)
class Scene:
    """What the checks of one version share while they are judged."""

    connection: DuckDBPyConnection
    table: Table
    related: Mapping[str, RelatedTable]
    _opened: dict[tuple[str, str | None], Table] = field(default_factory=dict)

    def other(self, upstream: str, column: str | None) -> Table:
        """A related asset's table, opened once; ``column`` None means all of its columns."""
        known = self._opened.get((upstream, column))
        if known is None:
            given = self.related.get(upstream)
            if given is None:
                raise StepError("E342", f"`{upstream}` was not handed to the check that reads it")
            known = self._opened[upstream, column] = related_table(self.connection, given, column)
        return known


def unique(spec: CheckSpec, scene: Scene) -> Finding:
    """Rows whose key another row has too; a row with a NULL in its key has none."""
    from duckdb import ColumnExpression, ConstantExpression, FunctionExpression

    names = spec.config["columns"]
    assert isinstance(names, list | tuple)
    columns = [scene.table.column(str(name)) for name in names]
    judged = _judged(spec, scene.table)
    keyed = judged.filter(~any_missing(columns))
    keys = [column.value.alias(f"k{position}") for position, column in enumerate(columns)]
    groups = keyed.aggregate([*keys, FunctionExpression("count_star").alias("n")])
    shared = groups.filter(ColumnExpression("n") > ConstantExpression(1))
    twins = FunctionExpression("sum", ColumnExpression("n"))
    ((count,),) = shared.aggregate([twins]).fetchall()  # NULL where no key is shared
    return Finding(int(count or 0), size(judged), _twins(keyed, shared, columns))


def relationship(spec: CheckSpec, scene: Scene) -> Finding:
    """Rows whose value does not occur in the other asset's column."""
    from duckdb import ColumnExpression

    column = scene.table.column(str(spec.config["column"]))
    other_name = str(spec.config["to_column"])
    other = scene.other(spec.relations[0].upstream, other_name) if spec.relations else scene.table
    target = other.column(other_name)
    _comparable(column, target, other)
    judged = _judged(spec, scene.table)
    there = other.scan().select(target.value.alias("value")).set_alias("there")
    same = ColumnExpression("here", column.sql_name) == ColumnExpression("there", "value")
    failing = judged.filter(~column.missing).set_alias("here").join(there, same, "anti")
    return Finding(size(failing), size(judged), failing)


def query(spec: CheckSpec, scene: Scene) -> Finding:
    """The rows that the user's query returns."""
    text = str(spec.config["sql"])
    _one_select(text, scene.connection)
    scene.table.scan()
    upstreams = iter(spec.relations)
    if spec.relations:
        tree = parse_query(text)
        for key in dict.fromkeys(table_key(node) for node in tables(tree)):
            if key.casefold() != "this":
                scene.other(next(upstreams).upstream, None).scan().create_view(key)
        text = _by_view(tree, text)
    failing = scene.connection.sql(text)
    return Finding(size(failing), None, failing)


SET_CHECKS: Mapping[str, Callable[[CheckSpec, Scene], Finding]] = {
    "unique": unique,
    "relationship": relationship,
    "sql": query,
}


def size(relation: DuckDBPyRelation) -> int:
    """How many rows it has."""
    from duckdb import FunctionExpression

    ((count,),) = relation.aggregate([FunctionExpression("count_star")]).fetchall()
    return int(count)


def _judged(spec: CheckSpec, table: Table) -> DuckDBPyRelation:
    condition = where(spec.config)
    return table.scan() if condition is None else table.scan().filter(condition)


def _twins(
    keyed: DuckDBPyRelation, shared: DuckDBPyRelation, columns: list[Column]
) -> DuckDBPyRelation:
    """Rows of the first shared keys in order, so that twins stand side by side."""
    from duckdb import ColumnExpression

    order = [ColumnExpression(f"k{position}") for position in range(len(columns))]
    few = shared.sort(*order).limit(SAMPLE_KEYS).set_alias("shared")
    same: list[Expression] = [
        ColumnExpression("keyed", column.sql_name) == ColumnExpression("shared", f"k{position}")
        for position, column in enumerate(columns)
    ]
    rows = keyed.set_alias("keyed").join(few, reduce(and_, same), "semi")
    return rows.sort(*(column.value for column in columns))


def _comparable(column: Column, target: Column, other: Table) -> None:
    """Refuse what DuckDB would compare by casting text row by row, failing on the first that doesn't fit."""
    families = [NUMBERS, TIMESTAMPS, frozenset({"varchar", "enum"})]
    kinds = {column.type_id, target.type_id}
    if len(kinds) == 1 or "null" in kinds or any(kinds <= family for family in families):
        return
    raise StepError(
        "E344",
        f"column `{column.name}` of type {column.type} does not compare with"
        f" column `{target.name}` of {other.label}, of type {target.type}",
    )


def _one_select(text: str, connection: DuckDBPyConnection) -> None:
    """What DuckDB's own parser takes for one SELECT; raises its parser error."""
    import duckdb

    statements = connection.extract_statements(text)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise StepError("E345", "the SQL of a check must be one SELECT")


def _by_view(tree: exp.Query, text: str) -> str:
    """The query with ``a.b`` as the view ``"a/b"``; text without such names runs exactly as written."""
    from sqlglot.expressions import Column as ColumnNode
    from sqlglot.expressions import TableAlias, to_identifier

    dotted = [node for node in tables(tree) if len(node.parts) > 1]
    if not dotted:
        return text
    for node in dotted:
        if not node.alias:
            node.set("alias", TableAlias(this=to_identifier(node.name, quoted=True)))
        node.set("this", to_identifier(table_key(node), quoted=True))
        node.set("db", None)
        node.set("catalog", None)
    for column in tree.find_all(ColumnNode):
        column.set("db", None)
        column.set("catalog", None)
    return tree.sql(dialect="duckdb")
