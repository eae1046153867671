"""A candidate that passes only because something else ran: what reads it is part of the same run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from assets_core import asset, relationship
from assets_core.testing import memory_project


def test_readers_of_a_candidate_published_late_run_in_the_same_run(tmp_path: Path) -> None:
    def project_of(accounts_known: list[int], amounts: list[int], state: object = None) -> object:
        @asset(code_version=str(accounts_known))
        def accounts() -> pd.DataFrame:
            return pd.DataFrame({"id": accounts_known})

        @asset(
            code_version=str(amounts),
            checks=[relationship("account", to="accounts", column="id")],
        )
        def payments() -> pd.DataFrame:
            return pd.DataFrame({"account": amounts})

        @asset(code_version="1")
        def balance(payments: pd.DataFrame) -> int:
            return int(payments.account.sum())

        return memory_project([accounts, payments, balance], root=tmp_path, state_of=state)  # type: ignore[arg-type]

    first = project_of([1, 2], [1, 2])
    assert first.materialize().ok  # type: ignore[attr-defined]
    rejected = project_of([1, 2], [1, 3], first)
    assert not rejected.materialize().ok  # type: ignore[attr-defined]
    known = project_of([1, 2, 3], [1, 3], rejected)
    result = known.materialize()  # type: ignore[attr-defined]
    assert result.ok
    assert known.plan().plan.is_empty  # type: ignore[attr-defined]
    outcomes = {str(step.asset): step.outcome for step in result.steps}
    assert outcomes == {
        "accounts": "materialized",
        "payments": "materialized",
        "balance": "materialized",
    }
