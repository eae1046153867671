"""Dynamic partitions that change under what was planned, recorded or explained."""

from __future__ import annotations

import pytest

from assets_core.cli.why_text import why_lines
from assets_core.errors import ConflictError
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
