"""Which config keys a changed config is said to be of."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assets_core.model.keys import AssetKey
from assets_core.model.plans import Action, ConfigChanged, Plan, Step
from assets_core.model.versions import ConfigVersion
from assets_core.observe.details import details
from assets_core.partitions import PartitionSet

ADDRESS = '{"n": 1, "store": {"url": "https://me:***@example.org"}, "tables": ["a"]}'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (ADDRESS, ADDRESS, ("store.url",)),
        (ADDRESS, ADDRESS.replace('"n": 1', '"n": 2'), ("n",)),
        ('{"n": 1}', '{"m": 1, "n": 1}', ("m",)),
    ],
    ids=["a password in an address", "another key", "an added key"],
)
def test_a_changed_config_names_its_keys(old: str, new: str, said: tuple[str, ...]) -> None:
    change = ConfigChanged(ConfigVersion("1"), ConfigVersion("2"))
    step = Step(AssetKey("a"), 0, Action.RUN, (change,), PartitionSet.of([0]), None)
    plan = Plan("default", datetime(2026, 1, 1, tzinfo=UTC), 0, (step,), (), 0)
    assert details(plan, {"1": old, "2": new}).config == {("1", "2"): said}
