"""Packed rows hide nothing, whoever packed them and whatever that one knew."""

from __future__ import annotations

from typing import Any

import pytest

from assets_core.partitions import DailyPartitions, DynamicPartitions, MultiPartitions

WHO = DynamicPartitions("customers")
DAYS = DailyPartitions(start="2013-01-01", end="2013-03-01")


@pytest.mark.parametrize("several", [False, True], ids=["alone", "as a dimension"])
def test_who_packs_without_knowing_a_key_does_not_hide_what_is_recorded_of_it(
    world: Any, kit: Any, several: bool
) -> None:
    declared = MultiPartitions({"day": DAYS, "who": WHO}) if several else WHO
    form = "a@day=2013-01-01,who={}" if several else "a@{}"

    def added(*keys: str) -> tuple[str, Any]:
        with world.store.writing() as tx:
            tx.set_dynamic("default", "customers", keys, [])
        return "a", declared.resolve_with(world.store.dynamic_partitions("default").__getitem__)

    names = [f"c{n:03}" for n in range(300)]
    early = added(*names)
    world.record(*map(kit.completion, world.claim(*map(form.format, names))))
    later = added("new")
    world.publish(form.format("new"))
    world.store.compact("default", [early])
    assert len(world.rows(later)) == 301, "another run added it and made it meanwhile"
    world.publish(form.format("not yet"))
    world.store.compact("default", [later])
    assert len(world.rows(added("not yet"))) == 302, "from when the asset had other partitions"
