"""No query per asset: the number of statements of a bulk operation does not depend on how many assets there are."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.records import ObservationRecord
from assets_core.model.versions import SourceVersion
from assets_core.partitions import StaticPartitions, Unpartitioned

PARTS = StaticPartitions(["x", "y"])


@contextmanager
def counting() -> Iterator[list[str]]:
    """Statements executed by any engine meanwhile."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, _p: Any, _x: Any, _many: bool) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def fill(world: Any, kit: Any, size: int) -> list[str]:
    names = [f"asset_{n}" for n in range(size)]
    keys = [f"{name}@x" if n % 2 else name for n, name in enumerate(names)]
    leases = world.claim(*keys)
    world.record(*(kit.completion(lease, checks=(kit.outcome(),)) for lease in leases))
    failed = world.claim(*keys[: size // 2])
    world.record(*(kit.failure(lease) for lease in failed))
    return names


READS: dict[str, Callable[[Any, list[str]], object]] = {
    "lineage": lambda s, names: s.lineage(
        "default", [(n, PARTS if i % 2 else Unpartitioned()) for i, n in enumerate(names)]
    ),
    "columns": lambda s, names: list(s.columns("default", names)),
    "current": lambda s, names: s.current("default", [AssetPartition(n, "") for n in names]),
    "candidates": lambda s, names: s.candidates("default", [AssetPartition(n, "") for n in names]),
    "check_results": lambda s, names: s.check_results(range(len(names) * 10)),
    "last_failures": lambda s, names: s.last_failures("default", names),
    "observations": lambda s, names: s.observations("default", names),
    "durations": lambda s, names: s.durations("default", names),
    "documents": lambda s, names: s.documents(names),
    "dynamic_partitions": lambda s, names: s.dynamic_partitions("default"),
}


@pytest.mark.parametrize("name", READS)
def test_a_bulk_read_has_a_constant_number_of_queries(
    name: str, sqlite_world: Any, kit: Any
) -> None:
    few = fill(sqlite_world, kit, 4)
    with counting() as small:
        READS[name](sqlite_world.store, few)
    many = fill(sqlite_world, kit, 200)
    with counting() as large:
        READS[name](sqlite_world.store, many)
    assert 1 < len(small) == len(large) <= 6


def write_all(world: Any, kit: Any, size: int) -> int:
    """Every bulk write on ``size`` fresh assets; how many statements that took."""
    base = f"g{size}"
    keys = [(AssetPartition(AssetKey(f"{base}/a{n}"), ""), f"{base}-{n}") for n in range(size)]
    seen = [
        ObservationRecord("default", k.asset, "", "token", SourceVersion("0" * 32), kit.NOW)
        for k, _ in keys
    ]
    with counting() as statements, world.store.writing() as tx:
        leases = tx.claim("default", "run-1", keys)
        tx.record([kit.completion(lease, checks=(kit.outcome(),)) for lease in leases])
        tx.observe(seen)
        tx.document({attempt: "text" for _, attempt in keys})
        tx.pins("default", [k for k, _ in keys])
        tx.taken("default", [k.asset for k, _ in keys])
        tx.set_dynamic("default", base, [attempt for _, attempt in keys], [])
        tx.release(tx.claim("default", "run-1", [(k, f"{a}-2") for k, a in keys]))
    return len(statements)


def test_bulk_writes_have_a_constant_number_of_statements(sqlite_world: Any, kit: Any) -> None:
    write_all(sqlite_world, kit, 1)
    assert write_all(sqlite_world, kit, 3) == write_all(sqlite_world, kit, 300)


def test_looking_up_many_keys_never_scans_a_table(sqlite_world: Any, kit: Any) -> None:
    names = fill(sqlite_world, kit, 50)
    plans: list[str] = []

    def explain(conn: Any, _cursor: Any, statement: str, values: Any, _x: Any, _m: bool) -> None:
        if "wanted_" in statement and not statement.startswith("EXPLAIN"):
            raw = conn.connection.driver_connection
            found = raw.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
            plans.extend(row[3] for row in found if row[3].startswith(("SCAN", "SEARCH")))

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        for read in READS.values():
            read(sqlite_world.store, names)
        write_all(sqlite_world, kit, 3)
    finally:
        event.remove(Engine, "before_cursor_execute", explain)
    scanned = {plan for plan in plans if plan.startswith("SCAN")}
    assert scanned
    assert all(plan.startswith("SCAN wanted_") for plan in scanned), scanned


OPEN = """
import sys
from assets_core.store import open_store
assert "sqlalchemy" not in sys.modules and "numpy" not in sys.modules
store = open_store(sys.argv[1], alive=lambda run: True)
with store.writing() as tx:
    tx.document({"d": "text"})
store.sequence()
loaded = {"sqlalchemy.orm", "alembic", "numpy", "pandas", "pydantic"} & set(sys.modules)
assert not loaded, loaded
assert "sqlalchemy" in sys.modules
"""


def test_creating_and_opening_a_store_loads_no_orm_and_no_alembic(tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path}/state/state.db"
    subprocess.run([sys.executable, "-c", OPEN, url], check=True)


def test_the_memory_store_loads_no_sqlalchemy() -> None:
    code = (
        "import sys; from assets_core.store import open_store;"
        "open_store('memory://', alive=bool); assert 'sqlalchemy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
