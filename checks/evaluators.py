"""One evaluator per kind of check, as the ``assets_core.checks`` entry points name them.

All of them share ``evaluate_many``, the same function object: whoever has several specs of one version may group them
by it and get every answer from one connection and one scan. An evaluator without it is asked spec by spec.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from assets_core.model.checks import CheckResult, CheckSpec
from checks.batch import evaluate_many, evaluate_one

if TYPE_CHECKING:
    from assets_core.ports import RelatedTable, Staged


class PushedDown:
    """A check that DuckDB answers over the stored Parquet files, without loading them."""

    kind: str
    evaluate_many = staticmethod(evaluate_many)

    def evaluate(
        self, spec: CheckSpec, staged: Staged, related: Mapping[str, RelatedTable]
    ) -> CheckResult:
        """Judge ``staged``; raises StepError E340-E347 where it can't be judged."""
        return evaluate_one(spec, staged, related)


class NotNull(PushedDown):
    kind = "not_null"


class Unique(PushedDown):
    kind = "unique"


class AcceptedValues(PushedDown):
    kind = "accepted_values"


class InRange(PushedDown):
    kind = "in_range"


class Matches(PushedDown):
    kind = "matches"


class Expression(PushedDown):
    kind = "expression"


class RowCount(PushedDown):
    kind = "row_count"


class Relationship(PushedDown):
    kind = "relationship"


class HasColumns(PushedDown):
    kind = "has_columns"


class Sql(PushedDown):
    kind = "sql"
