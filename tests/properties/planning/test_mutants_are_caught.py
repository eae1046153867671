"""The properties would notice: each named mutant breaks its law within the examples that are usually tried."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase

from tests.properties.partitioned_runs.test_partitioned_runs import EXACTLY_WHAT_CHANGED
from tests.properties.partitioned_runs.test_partitioned_runs import EXAMPLES as PARTITIONED
from tests.properties.planning.mutants import MUTANTS, Law, Mutant, applied
from tests.properties.planning.test_incremental import EXAMPLES as INCREMENTAL
from tests.properties.planning.test_incremental import INCREMENTAL_EQUALS_FROM_SCRATCH
from tests.properties.planning.test_plans_against_an_oracle import EXAMPLES as PLANS
from tests.properties.planning.test_plans_against_an_oracle import PLANS_AS_THE_ORACLE
from tests.properties.sizes import Property

LAWS: dict[Law, tuple[Property[Any], int]] = {
    "plan": (PLANS_AS_THE_ORACLE, PLANS),
    "incremental": (INCREMENTAL_EQUALS_FROM_SCRATCH, INCREMENTAL),
    "partitioned": (EXACTLY_WHAT_CHANGED, PARTITIONED),
}


def survives(mutant: Mutant, **how: Any) -> bool:
    """Whether no example contradicts a mutant; the first that does ends the search."""
    law, examples = LAWS[mutant.breaks]
    once = {"phases": [Phase.generate], "database": None, "report_multiple_bugs": False, **how}
    with applied(mutant):
        try:
            law.check(examples, **once)
        except AssertionError:
            return False
    return True


def test_at_least_ten_mutants_have_names_of_their_own() -> None:
    assert len({m.name for m in MUTANTS}) == len(MUTANTS) >= 10
    assert {m.breaks for m in MUTANTS} == set(LAWS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_a_mutant_is_caught(mutant: Mutant) -> None:
    assert not survives(mutant, derandomize=True)


@pytest.mark.parametrize("law", LAWS)
def test_a_mutant_that_changes_nothing_survives(law: Law) -> None:
    unchanged = Mutant(
        "ours", law, (("assets_core.planning.staleness", "if flat is None:", "if flat is None: "),)
    )
    with applied(unchanged):
        LAWS[law][0].check(4, derandomize=True, database=None)


def test_a_mutant_whose_text_is_gone_is_refused() -> None:
    gone = Mutant("gone", "plan", (("assets_core.planning.planner", "no such text", ""),))
    with pytest.raises(AssertionError, match="0 times: no such text"), applied(gone):
        pass


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_a_mutant_is_caught_from_any_start(mutant: Mutant) -> None:
    assert [survives(mutant) for _ in range(10)] == [False] * 10
