"""100,000 assets: each walk asks for each asset's neighbours at most once, and depth costs no recursion."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pytest

from assets_core.errors import NoMatchError
from assets_core.model.keys import AssetKey
from assets_core.selection import AssetFacts, select

SIZE = 100_000


class Chain:
    """Asset i is made from asset i - 1; counts how often a neighbour is asked for."""

    def __init__(self) -> None:
        self.keys = [AssetKey(f"chain/step_{i:06}") for i in range(SIZE)]
        self.asked = 0

    def upstream(self, index: int) -> Sequence[int]:
        self.asked += 1
        return [index - 1] if index else []

    def downstream(self, index: int) -> Sequence[int]:
        self.asked += 1
        return [index + 1] if index + 1 < SIZE else []

    def facts_of(self, index: int) -> AssetFacts:
        raise AssertionError("a selection by key asks for no other fact")

    def with_status(self, status: str) -> Collection[int]:
        raise AssertionError("a selection by key asks for no status")


MIDDLE = "chain/step_050000"


@pytest.mark.parametrize(
    ("text", "count", "asked_at_most"),
    [
        (f"+{MIDDLE}", 50_001, 50_001),
        (f"{MIDDLE}+", 50_000, 50_000),
        (f"3+{MIDDLE}+3", 7, 6),
        (f"@{MIDDLE}", SIZE, SIZE + 50_000),
        ("roots(*)", 1, 2 * SIZE),
        ("sinks(*)", 1, 2 * SIZE),
    ],
)
def test_a_walk_is_linear_in_what_it_reaches(text: str, count: int, asked_at_most: int) -> None:
    chain = Chain()
    assert len(select([text], [], chain, chain)) == count
    assert chain.asked <= asked_at_most


def test_a_list_as_long_as_the_project_is_read_at_once() -> None:
    chain = Chain()
    assert select(chain.keys, [], chain, chain) == tuple(range(SIZE))


def test_the_nearest_of_very_many_names_is_found() -> None:
    chain = Chain()
    with pytest.raises(NoMatchError) as caught:
        select(["chain/stepp_050000"], [], chain, chain)
    assert caught.value.help is not None
    assert f"`{MIDDLE}`" in caught.value.help
