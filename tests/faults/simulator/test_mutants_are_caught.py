"""The simulator would notice: with any one protection removed, some seed's story breaks a law."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.simulator.simulation import simulate
from tests.faults.simulator.stage import Violation
from tests.properties.planning.mutants import Mutant, applied

LEDGER = "assets_core.store.ledger"
STATES = "assets_core.store.states"
TRANSACTION = "assets_core.store.memory_transaction"
COLLECTING = "assets_core.store.memory_collecting"
RUNNER = "assets_core.execution.runner"
MOST_SEEDS = 250
"""Within a quarter of what `make test` tries."""

MUTANTS = {
    Mutant("no fence is checked", "simulated", (
        (LEDGER, "held = holds(state, attempt.fence, attempt.attempt)", "held = True"),
    )): "was published",
    Mutant("a claim is not exclusive", "simulated", (
        (LEDGER, "        if probed[held.run]:\n            return held", "        if False:\n            return held"),
    )): " while ",
    Mutant("a dead run holds its claims for ever", "simulated", (
        (LEDGER, "probed[held.run] = bool(holds(held.run))", "probed[held.run] = True"),
    )): "is refused for the dead",
    Mutant("claims do not see that their run was cancelled", "simulated", (
        (RUNNER, "self._halting.see(tx.cancel_request(self.state.run))", "pass"),
        (TRANSACTION, "if run in self._tables.cancels:", "if False:"),
    )): "although it was cancelled",
    Mutant("nothing is decided again inside the claim", "simulated", (
        (RUNNER, "if lay_over(self.state, tx, self.state.lineage.sequence):", "if False:"),
    )): "",
    Mutant("what waited for room is not decided again", "simulated", (
        (RUNNER, "self._claimer.reconsider()\n\n    # --- outcomes", "pass\n\n    # --- outcomes"),
    )): "which is up to date",
    Mutant("recording is not idempotent", "simulated", (
        (LEDGER, "if before is not None:", "if False:"),
    )): "recorded twice",
    Mutant("a lost lease is renewed", "simulated", (
        (LEDGER, "if not holds(state, lease.fence, lease.attempt):", "if False:"),
    )): "",
    Mutant("fences start anew", "simulated", (
        (STATES, "self.fence += 1", "self.fence = 1"),
    )): "which is old",
    Mutant("a run that ends keeps what it holds", "simulated", (
        (TRANSACTION, "if lease.run == end.run]", "if False]"),
    )): "given and not ended",
    Mutant("a run ends more than once", "simulated", (
        (TRANSACTION, "if end.run not in self._tables.ends:", "if True:"),
    )): "ended otherwise before",
    Mutant("a retry of part of a batch reads what all of it read", "simulated", (
        ("assets_core.execution.own_inputs", "if part.partition in keys)", ")"),
    )): "is given",
    Mutant("a pool has room for everybody", "simulated", (
        ("assets_core.store.admission", "if total + need.slots > need.size:", "if False:"),
    )): "are taken",
    Mutant("gc takes what live runs may have pinned", "simulated", (
        (COLLECTING, "<= horizon:", "<= 10**9:"),
    )): "while it was read",
    Mutant("gc takes what is current", "simulated", (
        (COLLECTING, "or number in pointed:", "or False:"),
        (COLLECTING, "if places.get(number, retention.keep + 1) <= retention.keep:", "if False:"),
    )): "while it was current",
}  # fmt: skip
"""Each with words of the law that it breaks; none where it may break several."""


def caught(mutant: Mutant, home: Path) -> str | None:
    """What the first story that breaks a law says of it."""
    with applied(mutant):
        for seed in range(MOST_SEEDS):
            try:
                simulate(seed, home)
            except Violation as violation:
                return str(violation).partition("\n")[0]
    return None


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_a_mutant_breaks_the_law(mutant: Mutant, tmp_path: Path) -> None:
    said = caught(mutant, tmp_path)
    assert said is not None, f"{MOST_SEEDS} stories hold"
    assert MUTANTS[mutant] in said
