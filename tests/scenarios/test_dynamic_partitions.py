"""Partitions whose keys are added and removed while the project lives: what runs, what waits, what is remembered."""

from __future__ import annotations

import pytest

from assets_core.errors import ConflictError, DefinitionError, NoMatchError, UsageError
from assets_core.model.events import PartitionsAdded
from assets_core.partitions import DailyPartitions, DynamicPartitions, MultiPartitions
from assets_core.testing import context
from tests.scenarios.shops import Shop

VISITS = MultiPartitions(
    {
        "day": DailyPartitions(start="2026-01-01", end="2026-01-03"),
        "who": DynamicPartitions("customers"),
    }
)
CUSTOMERS = """
customers = DynamicPartitions("customers")


@asset(partitions=customers)
def orders(context: AssetContext) -> list:
    ran("orders", context.partition.key)
    return [context.partition.key]


@asset(partitions=customers)
def bills(context: AssetContext, orders: list) -> int:
    ran("bills", context.partition.key)
    return len(orders[0])


@asset
def total(bills: dict[str, int]) -> int:
    ran("total")
    return sum(bills.values())
"""


@pytest.fixture
def customers(shop: Shop) -> Shop:
    shop.define(CUSTOMERS)
    shop.project().add_partitions("customers", ["ann", "bob"])
    return shop


def add(shop: Shop, *keys: str) -> tuple[str, ...]:
    return shop.project().add_partitions("customers", keys).added


def remove(shop: Shop, *keys: str, force: bool = True) -> tuple[str, ...]:
    return shop.project().remove_partitions("customers", keys, force=force).removed


def test_an_empty_set_is_legal(shop: Shop) -> None:
    shop.define(CUSTOMERS)
    assert shop.build("orders", "bills") == []
    assert shop.todo() == ["total blocked input_missing"]


def test_an_added_key_is_one_more_partition_and_makes_nothing_else_stale(customers: Shop) -> None:
    assert customers.build() == [
        "bills@ann", "bills@bob", "orders@ann", "orders@bob", "total",
    ]  # fmt: skip
    assert customers.value("total") == 6
    assert add(customers, "cy", "ann") == ("cy",)
    assert customers.todo("total") == []
    assert customers.todo() == [
        "orders@cy run never_materialized",
        "bills@cy run never_materialized",
        "total maybe upstream_pending",
    ]
    assert customers.build() == ["bills@cy", "orders@cy", "total"]
    assert customers.value("total") == 8


def test_a_removed_key_leaves_what_reads_everything_and_returns_without_being_computed(
    customers: Shop,
) -> None:
    customers.build()
    assert remove(customers, "ann", "ann", "never") == ("ann",)
    assert customers.todo() == ["total run input_changed"]
    assert customers.build() == ["total"]
    assert customers.value("total") == 3
    assert customers.value("orders", partition="bob") == ["bob"]
    assert add(customers, "ann") == ("ann",)
    assert customers.todo() == ["total run input_changed"]
    assert customers.build() == ["total"]
    assert customers.value("total") == 6


def test_removing_and_adding_before_anything_runs_changes_nothing(customers: Shop) -> None:
    customers.build()
    remove(customers, "ann")
    add(customers, "ann")
    assert customers.todo() == []


def test_a_key_in_use_is_not_removed_by_accident(customers: Shop) -> None:
    customers.build("orders", partitions=["ann"])
    with pytest.raises(ConflictError) as caught:
        remove(customers, "bob", "ann", force=False)
    assert (caught.value.code, caught.value.message) == (
        "E436",
        "`ann` cannot be removed from the dynamic partitions `customers`: `orders` is materialized for `ann`",
    )
    assert customers.project().add_partitions("customers", []).count == 2
    assert remove(customers, "bob", force=False) == ("bob",)
    assert remove(customers, "ann") == ("ann",)


def test_partitions_are_asked_for_as_any_others(customers: Shop) -> None:
    add(customers, "cy", "dan")
    assert customers.build("orders", partitions=["bob"]) == ["orders@bob"]
    assert customers.build("orders", partitions=["ann..cy"]) == ["orders@ann", "orders@cy"]
    assert customers.build("orders", partitions=["missing"]) == ["orders@dan"]
    assert customers.build("orders", partitions=["last:1"], force=True) == ["orders@dan"]
    customers.edit("return len(orders[0])", "return 2 * len(orders[0])")
    assert len(customers.build(partitions=["stale"])) == 5
    with pytest.raises(UsageError, match="no selected asset has the partition `zoe`"):
        customers.build("orders", partitions=["zoe"])
    remove(customers, "dan")
    with pytest.raises(UsageError, match="no selected asset has the partition `dan`"):
        customers.build("orders", partitions=["dan"])


@pytest.mark.parametrize("executor", ["inline", "processes"])
def test_a_dimension_may_be_dynamic(shop: Shop, executor: str) -> None:
    shop.define(
        CUSTOMERS
        + """
days = DailyPartitions(start="2026-01-01", end="2026-01-03")
both = MultiPartitions({"day": days, "who": customers})

@asset(partitions=both)
def visits(context: AssetContext, orders: list) -> dict:
    ran("visits", context.partition.key)
    return {**context.partition.dims, "start": str(context.partition.start.date()), "orders": orders}

@asset(partitions=days)
def daily(visits: dict[str, dict]) -> list:
    ran("daily")
    return sorted(visits)

two = sql_asset("two", "select $partition_key as k, $partition_start as s", partitions=both)
"""
    )
    assert shop.todo("daily") == ["daily@2026-01-01,2026-01-02 blocked input_missing"]
    add(shop, "a,b", "bob")
    assert len(shop.build(executor=executor)) == 2 + 2 + 1 + 4 + 2
    visit = shop.value("visits", partition="day=2026-01-02,who=a\\,b")
    assert visit == {"day": "2026-01-02", "who": "a,b", "start": "2026-01-02", "orders": ["a,b"]}
    add(shop, "cy")
    new = "visits@day=2026-01-01,who=cy,day=2026-01-02,who=cy"
    assert shop.todo("visits", "daily") == [f"{new} blocked input_missing"]
    assert shop.build("orders", "visits", partitions=["cy", "who=cy"]) == [
        "orders@cy", "visits@day=2026-01-01,who=cy", "visits@day=2026-01-02,who=cy",
    ]  # fmt: skip
    assert shop.build("daily") == ["daily", "daily"]
    assert len(shop.value("daily", partition="2026-01-01")) == 3
    remove(shop, "a,b")
    assert shop.todo("daily") == ["daily@2026-01-01,2026-01-02 run input_changed"]


def test_mappings_wait_for_keys_that_are_not_there_yet(shop: Shop) -> None:
    shop.define(
        CUSTOMERS
        + """
tiers = StaticPartitions(["gold", "bob"])

@asset
def vip(orders: Annotated[list, Input("orders", mapping=Specific(["vip"]))]) -> list:
    ran("vip")
    return orders

@asset(partitions=tiers)
def tier(
    context: AssetContext,
    orders: Annotated[list, Input("orders", mapping=Static({"ann": ["gold"], "bob": "bob"}))],
) -> list:
    ran("tier", context.partition.key)
    return orders

@asset(partitions=tiers)
def same(
    context: AssetContext,
    orders: Annotated[list, Input("orders", mapping=Identity())],
) -> list:
    ran("same", context.partition.key)
    return orders

@asset(partitions=customers)
def back(
    context: AssetContext,
    tier: Annotated[list, Input("tier", mapping=Static({"gold": ["ann", "zoe"]}))] ,
) -> list:
    ran("back", context.partition.key)
    return tier
"""
    )
    chosen = ("orders", "vip", "tier", "same", "back")
    add(shop, "ann", "dan")
    assert shop.todo(*chosen) == [
        "orders@ann,dan run never_materialized",
        "vip blocked input_missing",
        "tier@gold run never_materialized",
        "tier@bob blocked input_missing",
        "same@gold,bob blocked input_missing",
        "back@ann,dan run never_materialized",
    ]
    add(shop, "bob", "gold", "vip")
    shop.build("orders", "vip", "tier", "same")
    assert shop.value("vip") == ["vip"]
    assert shop.value("same", partition="gold") == ["gold"]
    remove(shop, "vip", "ann")
    assert shop.todo("vip", "tier", "same") == [
        "vip blocked input_missing",
        "tier@gold blocked input_missing",
    ]


SIGNUPS = """
@source(observe=file_digest("crm.txt"))
def crm() -> list:
    return Path("crm.txt").read_text().split()

@asset
def signups(context: AssetContext, crm: list) -> int:
    ran("signups")
    context.add_partitions({customers}, crm[:1])
    context.add_partitions("customers", crm)
    if "fail" in crm:
        raise ValueError("no")
    return len(crm)
"""


@pytest.mark.parametrize("executor", ["inline", "processes"])
def test_an_asset_adds_partitions_to_the_next_plan(shop: Shop, executor: str) -> None:
    shop.define(CUSTOMERS + SIGNUPS.replace("{customers}", "customers"))
    shop.write("crm.txt", "ann bob")
    assert shop.build("signups", "orders", "bills", executor=executor) == ["signups"]
    assert shop.of(PartitionsAdded) == [PartitionsAdded("signups", "customers", ("ann", "bob"))]
    assert len(shop.build(executor=executor)) == 5
    shop.write("crm.txt", "bob cy")
    assert shop.build(executor=executor) == ["signups"]
    assert shop.of(PartitionsAdded)[0].keys == ("cy",)
    assert shop.build() == ["bills@cy", "orders@cy", "total"]
    assert shop.build() == []


def test_a_call_that_fails_adds_nothing(shop: Shop) -> None:
    shop.define(CUSTOMERS + SIGNUPS.replace("{customers}", "customers"))
    shop.write("crm.txt", "ann fail")
    assert shop.attempt("signups") == ["signups"]
    assert shop.of(PartitionsAdded) == []
    assert shop.project().add_partitions("customers", []).count == 0


@pytest.mark.parametrize(
    ("partitions", "crm", "code", "message"),
    [
        ("'customer'", "ann", "E433", "there are no dynamic partitions `customer`, and no asset of that name"),
        ("customers", "x\u202ey", "E201", "`x\\u202ey` is not a partition key: it holds the bidirectional"),
    ],
)  # fmt: skip
def test_a_call_is_told_at_its_line_what_cannot_be_added(
    shop: Shop, partitions: str, crm: str, code: str, message: str
) -> None:
    shop.define(CUSTOMERS + SIGNUPS.replace("{customers}", partitions))
    shop.write("crm.txt", crm)
    shop.attempt("signups")
    failure = shop.failure("signups")
    assert code in failure.kind + failure.message
    assert message in failure.message
    lines = (shop.root / "shop.py").read_text().splitlines()
    assert "context.add_partitions(" in lines[failure.line - 1]


def test_what_has_no_dynamic_partitions_is_told_so(shop: Shop) -> None:
    shop.define(
        CUSTOMERS
        + """
@asset(partitions=StaticPartitions(["a"]))
def fixed() -> int:
    return 1

@asset(partitions=MultiPartitions({"a": customers, "b": DynamicPartitions("bs")}))
def both() -> int:
    return 1
"""
    )
    project = shop.project()
    graph = project.graph
    by_key = {d.key: d for d in graph.definitions}
    assert project.add_partitions("orders", "ann").name == "customers"
    assert project.add_partitions(by_key["bills"], "ann").count == 1
    for of, kind, code in (
        ("fixed", UsageError, "E434"), ("total", UsageError, "E434"), ("both", UsageError, "E435"),
        ("custumers", NoMatchError, "E433"),
    ):  # fmt: skip
        with pytest.raises(kind) as caught:
            project.add_partitions(of, "x")
        assert caught.value.code == code
    with pytest.raises(DefinitionError) as refused:
        project.add_partitions("bs", ["ok", "y" * 300])
    assert (refused.value.code, refused.value.message) == (
        "E202",
        "`both` cannot have these partitions: the keys of these dimensions together exceed 512 bytes",
    )
    for bad in ("", "a\nb", "x" * 513, "e\u0301"):
        with pytest.raises(DefinitionError) as unusable:
            project.add_partitions("customers", ["fine", bad])
        assert unusable.value.code == "E201"
    assert project.add_partitions("customers", ["ANN", "ann"]).count == 2
    assert project.add_partitions("bs", []).count == 0


def test_a_test_of_an_asset_sees_what_it_adds() -> None:
    given = context(partition="day=2026-01-01,who=ann", partitions=VISITS)
    assert given.partition.dims == {"day": "2026-01-01", "who": "ann"}
    given.add_partitions("anything", iter(["x", "x", "y"]))
    given.add_partitions(DynamicPartitions("other"), "z")
    assert [(one.name, one.keys) for one in given.added_partitions] == [
        ("anything", ("x", "y")), ("other", ("z",)),
    ]  # fmt: skip
    with pytest.raises(DefinitionError, match="it is empty"):
        given.add_partitions("other", [""])
