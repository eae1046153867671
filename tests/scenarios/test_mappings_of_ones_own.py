"""A mapping class that a user wrote is code of what reads through it."""

from __future__ import annotations

import re

import pytest

from tests.scenarios.shops import Shop

OWN = """
from dataclasses import dataclass

from assets_core import PartitionMapping

letters = StaticPartitions(["a", "b", "c"])


def before(key):
    return [chr(ord(key) - 1)] if key > "a" else ["c"]


@dataclass(frozen=True)
class Previous(PartitionMapping):
    def upstream_keys(self, key):
        return before(key)

    def downstream_keys(self, key):
        return [chr(ord(key) + 1)] if key < "c" else ["a"]


@asset(partitions=letters)
def first(context: AssetContext) -> str:
    return context.partition.key


@asset(partitions=letters)
def second(first: Annotated[dict[str, str], Input(first, mapping=Previous())]) -> str:
    return "".join(first)


@asset
def third(first: dict[str, str]) -> str:
    return "".join(first)
"""

MORE = """
from assets_core import DimensionOf, MultiPartitions

both = MultiPartitions({"letter": letters, "number": StaticPartitions(["1"])})


@asset(partitions=both)
def grid(first: Annotated[dict[str, str], Input(first, mapping=DimensionOf("letter", Previous()))]) -> str:
    return "".join(first)


@asset(partitions=letters)
def listed(context: AssetContext) -> pa.Table:
    return pa.table({"letter": [context.partition.key]})


asked = sql_asset(
    "asked", "select letter from listed", partitions=letters, inputs=[Input("listed", mapping=Previous())]
)
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return before(key)", "return [key]"),
        ('if key > "a" else ["c"]', 'if key != "a" else ["c"]'),
        ('if key < "c" else ["a"]', 'if key != "c" else ["a"]'),
    ],
)
def test_an_edit_of_a_mapping_is_a_change_of_code(shop: Shop, old: str, new: str) -> None:
    shop.define(OWN)
    shop.build()
    assert shop.todo() == []
    shop.edit(old, new)
    stale = shop.todo()
    assert all(line.startswith("second@") and "run code_changed" in line for line in stale)
    assert sorted(re.findall(r"[@,](\w)", " ".join(stale))) == ["a", "b", "c"]


def test_a_comment_in_a_mapping_is_none(shop: Shop) -> None:
    shop.define(OWN)
    shop.build()
    shop.edit("        return before(key)", "        # the one before\n        return before(key)")
    assert shop.todo() == []


def test_a_mapping_within_another_and_one_of_a_query_count_too(shop: Shop) -> None:
    shop.define(OWN + MORE)
    shop.build()
    assert shop.todo() == []
    shop.edit("return before(key)", "return [key]")
    changed = {line.partition("@")[0] for line in shop.todo() if "run code_changed" in line}
    assert changed == {"second", "grid", "asked"}
