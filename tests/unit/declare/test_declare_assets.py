"""What the decorators return: facts, definitions, and functions that are still called like functions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from assets_core import (
    CONSTANT,
    DailyPartitions,
    Input,
    Last,
    Out,
    Output,
    Retry,
    Severity,
    asset,
    check,
    multi_asset,
    not_null,
    source,
    unique,
)
from assets_core.declare.outputs import output_named
from assets_core.errors import DefinitionError
from assets_core.model.assets import AssetDefinition, SourceBody
from assets_core.partitions import Unpartitioned

DAYS = DailyPartitions(start="2024-01-01")


def test_a_bare_asset_takes_its_facts_from_the_function() -> None:
    @asset
    def orders() -> int:
        """One row per order.

        Cancelled ones included.
        """
        return 3

    spec = orders.outputs[0]
    assert (orders.key, spec.kind, spec.group) == ("orders", "python", "default")
    assert spec.description == "One row per order.\n\nCancelled ones included."
    assert spec.partitions == Unpartitioned()
    assert spec.place.file.endswith("test_declare_assets.py")


def test_an_asset_is_called_like_its_function() -> None:
    @asset
    def double(orders: int, *, times: int = 2) -> int:
        return orders * times

    @asset
    async def later(orders: int) -> int:
        return orders

    assert double(4) == 8
    assert double(orders=4, times=3) == 12
    assert asyncio.run(later(5)) == 5


def test_every_argument_reaches_the_definition() -> None:
    @asset(
        name="daily",
        prefix="mart/eu",
        partitions=DAYS,
        group="mart",
        tags={"domain": "ops"},
        owners=["team:data"],
        description="",
        metadata={"cost": 3},
        checks=[not_null("a", "b"), unique("a")],
        materializer="parquet",
        materializer_options={"compression": "zstd"},
        deterministic=False,
        key=["a"],
        row_order="canonical",
        code_version="7",
        batch="all",
        retry=Retry(max_retries=2),
    )
    def report() -> None:
        """Not shown."""

    spec = report.outputs[0]
    assert spec.key == "mart/eu/daily"
    assert (spec.partitions, spec.group, spec.tags) == (DAYS, "mart", {"domain": "ops"})
    assert (spec.owners, spec.description, spec.metadata) == (("team:data",), "", {"cost": 3})
    assert [c.name for c in spec.checks] == ["not_null(a)", "not_null(b)", "unique(a)"]
    assert (spec.materializer, spec.materializer_options) == ("parquet", {"compression": "zstd"})
    assert (spec.deterministic, spec.row_key, spec.row_order) == (False, ("a",), "canonical")
    assert (report.code_version, report.batch) == ("7", "all")
    assert report.retry == Retry(max_retries=2)


@pytest.mark.parametrize(
    ("given", "kept"),
    [(["a", "b=c"], {"a": "", "b": "c"}), ({"a": "b"}, {"a": "b"}), ([], {})],
)
def test_tags_are_a_mapping_or_a_list(given: object, kept: dict[str, str]) -> None:
    @asset(tags=given)  # type: ignore[call-overload]
    def report() -> None: ...

    assert report.outputs[0].tags == kept


def test_deps_are_definitions_keys_and_inputs_each_once() -> None:
    raw = source("ext/raw", observe=CONSTANT)

    @asset(deps=[raw, "orders", raw, Input("stock", mapping=Last())])
    def report(items: int) -> None: ...

    found = [(d.upstream, d.parameter, d.mapping) for d in report.dependencies]
    assert found == [
        ("items", "items", None),
        ("ext/raw", None, None),
        ("orders", None, None),
        ("stock", None, Last()),
    ]


def test_a_multi_asset_has_an_output_for_each_out() -> None:
    @multi_asset(
        outputs=[Out("train", checks=[not_null("a")], group="ml"), Out("test", optional=True), "x"],
        prefix="split",
        partitions=DAYS,
        group="shared",
        can_subset=True,
        publish="together",
    )
    def split(features: int) -> Iterator[Output[int]]:
        """Halves."""
        yield Output(features, "train")

    train, test, x = split.outputs
    assert [s.key for s in split.outputs] == ["split/train", "split/test", "split/x"]
    assert [s.output for s in split.outputs] == ["train", "test", "x"]
    assert (train.group, test.group, test.optional, x.optional) == ("ml", "shared", True, False)
    assert [c.name for c in train.checks] == ["not_null(a)"]
    assert x.partitions == DAYS
    assert x.description == "Halves."
    assert (split.can_subset, split.publish) == (True, "together")
    assert [o.value for o in split(3)] == [3]


def test_an_output_is_meant_by_its_name_or_its_key() -> None:
    @multi_asset(outputs=["a", "b"], prefix="p")
    def both() -> None: ...
    @asset
    def one() -> None: ...

    assert output_named(both, "b") is both.outputs[1]
    assert output_named(both, "p/a") is both.outputs[0]
    assert output_named(both, "c") is None
    assert output_named(both, None) is None
    assert output_named(one, None) is one.outputs[0]


def test_a_source_can_be_loaded_or_is_for_lineage_only() -> None:
    @source(observe=CONSTANT, prefix="raw")
    def planes() -> list[int]:
        return [1]

    only = source("raw/other", observe=CONSTANT, group="raw")
    assert isinstance(planes.body, SourceBody)
    assert planes.body.constant
    assert (planes.key, planes.outputs[0].kind, planes.is_source) == ("raw/planes", "source", True)
    assert planes() == [1]
    assert isinstance(only, AssetDefinition)
    assert only.outputs[0].group == "raw"
    with pytest.raises(TypeError, match="`raw/other` has no Python function"):
        only()


def test_a_check_is_called_like_its_function_and_blocks_when_it_is_an_error() -> None:
    @check(asset="orders")
    def some(orders: list[int]) -> bool:
        return len(orders) > 0

    @check(asset="orders", severity=Severity.WARN, name="any", scope="asset")
    def other(orders: list[int]) -> bool:
        return bool(orders)

    assert (some([1]), some([])) == (True, False)
    assert (some.spec.name, some.spec.kind, some.spec.blocking) == ("some", "python", True)
    assert (other.spec.name, other.spec.blocking, other.spec.scope) == ("any", False, "asset")


def test_an_unlocated_key_is_still_a_definition_error() -> None:
    text = "@asset(name='a b')\ndef f(): ...\n"
    with pytest.raises(DefinitionError, match="`a b` is not an asset key"):
        exec(compile(text, "<cell>", "exec"), {"asset": asset})
