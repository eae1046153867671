"""Rows 3, 20 and 33, G2, G3, G5, G6 and G8: runs side by side in virtual time, with everything that seeds let go wrong.

A failing seed tells its whole story. To see that of any other: ``SIMULATOR_SEED=123 pytest tests/faults/simulator -k
story``, with the laws that are judged in ``laws.py``.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.simulator.simulation import simulate

SEEDS, BLOCKS = 1_000, 10
LONG_SEEDS, LONG_BLOCKS = 100_000, 100
SQLITE_SEEDS = 12
KINDS = (
    "runs", "claims", "claims refused", "takeovers", "superseded", "moved under a reader",
    "cancels", "signals", "crashes", "stops", "buried", "edits", "forced", "calls failed",
    "workers died", "retries", "equal content", "new content", "delivered again", "condemned",
    "collected", "nothing to do", "switches", "pool full",
)  # fmt: skip
"""What each block of seeds must have met, so that none sweeps over nothing."""
TOLD_ONCE = (20,)
"""Seeds that found something, kept: 20, a retry of part of a batch read what the whole batch reads."""
ASKED_FOR = tuple(int(seed) for seed in os.environ.get("SIMULATOR_SEED", "").split(",") if seed)


def sweep(seeds: range, home: Path) -> Counter[str]:
    """What happened in these stories, in each of which every law held."""
    happened: Counter[str] = Counter(seeds=len(seeds))
    for seed in seeds:
        happened += simulate(seed, home)
    return happened


def judge_sweep(seeds: range, home: Path, record_property: Callable[[str, object], None]) -> None:
    happened = sweep(seeds, home)
    record_property("sizes", ", ".join(f"{n} {kind}" for kind, n in sorted(happened.items())))
    assert set(KINDS) <= happened.keys(), set(KINDS) - happened.keys()


@pytest.mark.parametrize("block", range(BLOCKS))
def test_every_law_holds_whatever_goes_wrong(
    block: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    size = SEEDS // BLOCKS
    judge_sweep(range(block * size, (block + 1) * size), tmp_path, record_property)


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("block", range(LONG_BLOCKS))
def test_every_law_holds_in_many_more_stories(
    block: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    size = LONG_SEEDS // LONG_BLOCKS
    judge_sweep(range(SEEDS + block * size, SEEDS + (block + 1) * size), tmp_path, record_property)


def test_every_law_holds_on_sqlite(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    happened: Counter[str] = Counter(seeds=SQLITE_SEEDS)
    for seed in range(SQLITE_SEEDS):
        happened += simulate(seed, tmp_path, f"sqlite:///{tmp_path}/{seed}.sqlite")
    record_property("sizes", ", ".join(f"{n} {kind}" for kind, n in sorted(happened.items())))
    assert happened["takeovers"]
    assert happened["cancels"]


@pytest.mark.parametrize("seed", [*TOLD_ONCE, *ASKED_FOR])
def test_the_story_of_a_seed(seed: int, tmp_path: Path) -> None:
    told: list[str] = []
    simulate(seed, tmp_path, tell=told.append)
    print(*told)
    again: list[str] = []
    simulate(seed, tmp_path, tell=again.append)
    assert told == again, "a seed tells the same story every time"
