"""Dynamic partitions that change under what was planned, recorded or explained."""

from __future__ import annotations

import pytest

from assets_core.cli.why_text import why_lines
from assets_core.errors import ConflictError, UsageError
from assets_core.model.events import Event, StepStarted
from assets_core.observe.details import NO_DETAILS
from assets_core.project.explaining import why
from assets_core.project.retrying import retry, run_to_retry
from assets_core.project.running import RunOptions
from assets_core.project.saved_plans import document_of, materialize_saved, read_plan, write_plan
from tests.scenarios.shops import Shop
from tests.scenarios.test_dynamic_partitions import add, customers, remove

__all__ = ["customers"]


def explained(shop: Shop, asset: str) -> list[str]:
    project = shop.project()
    found = why(project, project.graph.numbers[asset], None)  # type: ignore[index]
    lines = why_lines(found, found.planned.graph)
    return ["".join(p if isinstance(p, str) else p[0] for p in line).strip() for line in lines]


def test_why_names_the_keys_that_are_gone_and_those_that_are_back(customers: Shop) -> None:
    add(customers, "cy", "dan")
    customers.build()
    remove(customers, "ann", "cy")
    assert explained(customers, "total")[:2] == [
        "total is stale",
        "because bills changed (gone: ann, cy)",
    ]
    customers.build()
    assert explained(customers, "total")[0] == "total is current"
    project = customers.project()
    with pytest.raises(UsageError) as caught:
        why(project, project.graph.numbers["orders"], "cy")  # type: ignore[index]
    assert (caught.value.code, caught.value.message) == (
        "E203",
        "`cy` was removed from the dynamic partitions `customers`",
    )
    add(customers, "ann")
    assert explained(customers, "total")[1] == "because bills changed (1 of 3 partitions: ann)"


def test_a_saved_plan_names_the_keys_that_differ_by_now(customers: Shop) -> None:
    path = str(customers.root / "plan.json")
    project, planned = customers.project(), customers.plan("orders")
    write_plan(path, document_of(project, planned, NO_DETAILS))
    add(customers, "cy")
    with pytest.raises(ConflictError) as caught:
        materialize_saved(
            customers.project(), read_plan(path), RunOptions(), on_event=print, planned=print
        )
    assert caught.value.code == "E915"
    assert caught.value.message.splitlines()[1] == (
        "orders: run of other partitions (then ann..bob; now ann..cy)"
    )
    assert customers.calls() == []


def again(shop: Shop) -> list[str]:
    project = shop.project()
    with project.reading() as reader:
        record, _ = run_to_retry(reader, project.env, None)
    retry(project, record, RunOptions(), on_event=shop.events.append, planned=print)
    return shop.calls()


def test_a_retry_leaves_keys_that_were_added_since_to_the_next_plan(customers: Shop) -> None:
    customers.edit(
        "return [context.partition.key]", "return [context.partition.key][Path('no').stat() and 0]"
    )
    customers.attempt("orders", "bills")
    customers.edit("[context.partition.key][Path('no').stat() and 0]", "[context.partition.key]")
    add(customers, "cy")
    assert sorted(again(customers)) == ["bills@ann", "bills@bob", "orders@ann", "orders@bob"]
    assert customers.build("orders") == ["orders@cy"]


def test_a_retry_names_the_keys_that_were_removed_since(customers: Shop) -> None:
    customers.edit("return len(orders[0])", "raise ValueError")
    customers.attempt("orders", "bills")
    remove(customers, "ann")
    with pytest.raises(ConflictError) as caught:
        again(customers)
    assert (caught.value.code, caught.value.message) == (
        "E918",
        "run 1 was planned with partitions that were removed since from `customers`: `ann`",
    )


def test_a_retry_says_so_where_the_partitions_have_another_name_by_now(customers: Shop) -> None:
    customers.edit("return len(orders[0])", "raise ValueError")
    customers.attempt("orders", "bills")
    customers.edit('DynamicPartitions("customers")', 'DynamicPartitions("clients")')
    customers.project().add_partitions("clients", ["ann"])
    with pytest.raises(ConflictError) as caught:
        again(customers)
    assert (caught.value.code, caught.value.message) == (
        "E919",
        (
            "run 1 was planned with the dynamic partitions `customers`, which nothing that it selects has any more; "
            "there is `clients` instead"
        ),
    )


@pytest.mark.parametrize("force", [False, True])
def test_a_key_that_a_run_computes_is_in_use(customers: Shop, force: bool) -> None:
    said: list[str] = []

    def interfere(event: Event) -> None:
        if isinstance(event, StepStarted) and event.partitions == ("ann",) and not said:
            try:
                said.extend(remove(customers, "ann", force=force))
            except ConflictError as error:
                said.append(error.message)

    calls = customers.attempt("orders", on_event=interfere)
    assert sorted(calls) == ["orders@ann", "orders@bob"]
    assert customers.outcomes() == {"orders@ann": "materialized", "orders@bob": "materialized"}
    if not force:
        use = "`orders` is being computed by a run for `ann`"
        assert said == [f"`ann` cannot be removed from the dynamic partitions `customers`: {use}"]
        return
    assert said == ["ann"]
    assert customers.build() == ["bills@bob", "total"]
    add(customers, "ann")
    assert customers.build() == ["bills@ann", "total"]


SOURCES = """
customers = DynamicPartitions("customers")


@source(observe=file_digest("one.txt"), partitions=customers)
def shared(context: AssetContext) -> list:
    return list(context.partition.keys)


@source(observe=lambda: dict(line.split() for line in Path("each.txt").read_text().splitlines()), partitions=customers)
def each(context: AssetContext) -> list:
    return list(context.partition.keys)


@asset(partitions=customers)
def orders(context: AssetContext, shared: list, each: list) -> list:
    ran("orders", context.partition.key)
    return shared + each
"""


@pytest.mark.parametrize("executor", ["inline", "processes"])
def test_sources_have_dynamic_partitions_too(shop: Shop, executor: str) -> None:
    shop.define(SOURCES)
    shop.write("one.txt", "1")
    shop.write("each.txt", "ann 1\nbob 1\n")
    add(shop, "ann", "bob", "cy")
    assert shop.todo() == [
        "orders@ann,bob run never_materialized",
        "orders@cy blocked input_missing",
    ]
    assert sorted(shop.attempt(executor=executor)) == ["orders@ann", "orders@bob"]
    assert shop.value("orders", partition="bob") == ["bob", "bob"]
    shop.write("each.txt", "ann 1\nbob 2\ncy 1\n")
    assert shop.build(executor=executor) == ["orders@bob", "orders@cy"]
    remove(shop, "bob")
    assert shop.value("shared") == ["ann", "cy"]
    assert shop.build() == []


def test_a_batch_goes_over_a_removed_key_as_if_it_had_never_been(shop: Shop) -> None:
    shop.define(
        """
customers = DynamicPartitions("customers")


@asset(partitions=customers, batch="all")
def orders(context: AssetContext) -> dict:
    ran("+".join(context.partition.keys))
    context.add_partitions(customers, [f"{key}-{key}" for key in context.partition.keys[:1]])
    return {key: key for key in context.partition.keys if key != "dan" or Path("ok").exists()}
"""
    )
    add(shop, "ann", "bob", "cy", "dan")
    remove(shop, "bob")
    assert shop.attempt() == ["ann+cy+dan"]
    assert shop.outcomes() == {
        "orders@ann": "materialized", "orders@cy": "materialized", "orders@dan": "failed",
    }  # fmt: skip
    shop.write("ok", "")
    assert shop.attempt() == ["dan+ann-ann"]
    add(shop, "bob")
    assert shop.attempt() == ["bob", "dan-dan"]
