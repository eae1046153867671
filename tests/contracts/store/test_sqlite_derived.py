"""Everything derived in SQLite can be rebuilt, packed and laid over without a reader seeing a difference."""

from __future__ import annotations

import random
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from assets_core.model.checks import CheckStatus
from assets_core.model.keys import AssetKey
from assets_core.model.packed import HEAD_SIZE
from assets_core.model.records import AttemptStatus, FindingRecord, Soundness
from assets_core.model.versions import CodeVersion, digest
from assets_core.partitions import DailyPartitions, StaticPartitions
from assets_core.ports import Renaming
from assets_core.store.packing import project, replace_projection
from assets_core.store.sql_schema import DERIVED, counters

DAYS = DailyPartitions(start="2010-01-01", end="2014-01-01")
ALL = DAYS.keys(np.arange(DAYS.ordinal("2010-01-01"), DAYS.ordinal("2010-01-01") + 1400))


def derived(world: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Every derived table's rows, in order of their primary keys."""
    path = Path(world.url.removeprefix("sqlite:///"))
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return {
            table.name: sorted(connection.execute(f"SELECT * FROM {table.name}").fetchall())
            for table in (*DERIVED, counters)
        }
    finally:
        connection.close()


def publish_many(world: Any, kit: Any, asset: str, keys: list[str], **options: Any) -> None:
    leases = world.claim(*(f"{asset}@{key}" for key in keys))
    world.record(
        *(kit.completion(lease, key, **options) for lease, key in zip(leases, keys, strict=True))
    )


def busy(world: Any, kit: Any) -> None:
    """A store in which every kind of fact has happened."""
    publish_many(world, kit, "days", ALL)
    publish_many(world, kit, "days", ALL[3:50:7], inputs=3, checks=(kit.outcome(),))
    first = world.publish("a", checks=(kit.outcome("one"), kit.outcome("two")))
    world.check("a", first.number, kit.outcome("two", "2"), keep=["two"])
    rejected = world.reject("b")
    world.check("b", rejected.number, kit.outcome(version="2"), publish=True)
    world.fail("b")
    stopped = kit.failure(world.take("b"))
    attempt = replace(stopped.attempt, status=AttemptStatus.CANCELLED)
    world.record(replace(stopped, attempt=attempt))
    kept = world.reject("days@2010-01-02")
    world.check("days@2010-01-02", kept.number, kit.outcome("more", status=CheckStatus.ERRORED))
    found = [
        FindingRecord("default", *kit.key("b"), rejected.number, s, "", "run-1", kit.NOW)
        for s in (Soundness.MISSING, Soundness.DAMAGED)
    ]
    found.append(
        FindingRecord(
            "default",
            *kit.key("days@2010-01-02"),
            kept.number,
            Soundness.MISSING,
            "",
            None,
            kit.NOW,
        )
    )
    with world.store.writing() as tx:
        tx.find(found[:1])
        tx.find(found[1:])
    rejected = world.reject("f")
    world.check("f", rejected.number, kit.outcome(version="2"), publish=True)
    world.publish("c", "1")
    world.reject("c")
    world.publish("c", "2")
    world.fail("c")
    world.fail("d")
    world.publish("d")
    world.start("run-2")
    late = world.take("e")
    world.dead.add("run-1")
    world.publish("e", run="run-2")
    world.record(kit.completion(late))
    dropped = world.reject("g")
    with world.store.writing() as tx:
        tx.condemn([dropped.number], tx.sequence, kit.NOW)
    with world.store.writing() as tx:
        tx.set_dynamic("default", "n", ["x", "y"], [])


def test_rebuilding_gives_every_derived_byte_again(sqlite_world: Any, kit: Any) -> None:
    busy(sqlite_world, kit)
    assets = [("days", DAYS), ("a", StaticPartitions(["x"]))]
    sqlite_world.store.compact("default", assets)
    before = derived(sqlite_world)
    assert len(before["chunks"]) == 3
    assert all(before.values())
    sqlite_world.store.rebuild({"default": assets})
    assert derived(sqlite_world) == before


def test_what_is_derived_of_renamed_assets_is_what_the_facts_say(
    sqlite_world: Any, kit: Any
) -> None:
    busy(sqlite_world, kit)
    sqlite_world.store.compact("default", [("days", DAYS)])
    for run in ("run-1", "run-2"):
        sqlite_world.dead.add(run)
    names = {AssetKey(n): AssetKey(f"new_{n}") for n in ("days", "a", "b", "c", "up0")}
    today = CodeVersion(digest("today"))
    codes = {AssetKey("new_days"): (CodeVersion(digest("code")), today)}
    with sqlite_world.store.writing() as tx:
        tx.rename("default", Renaming(names, codes))
    before = derived(sqlite_world)
    assert before["chunks"] == []
    assert sqlite_world.store.examine() == []
    sqlite_world.store.rebuild()
    assert derived(sqlite_world) == {**before, "projections": []}


def test_what_is_packed_meanwhile_is_not_put_back(sqlite_world: Any, kit: Any) -> None:
    world = sqlite_world
    keys = [f"k{n}" for n in range(400)]
    many = StaticPartitions(keys)
    leases = world.claim(*(f"a@{k}" for k in keys), *(f"b@{k}" for k in keys))
    world.record(*(kit.completion(lease, lease.partition) for lease in leases))
    world.end()
    engine, queries = world.store._engine, world.store._queries
    with engine.reading() as session:  # as ``compact`` does after a run has ended
        packed = [project(session, queries, kit.ENV, AssetKey(n), many) for n in ("a", "b")]
    b = AssetKey("b")
    names = {AssetKey("a"): AssetKey("z"), AssetKey("up0"): AssetKey("up")}
    today = CodeVersion(digest("today"))
    with world.store.writing() as tx:
        tx.rename(kit.ENV, Renaming(names, {b: (CodeVersion(digest("code")), today)}))
    with engine.writing() as session:
        for one in packed:
            replace_projection(session, engine, queries, kit.ENV, one)
    assert world.rows(("a", many)) == {}, "nothing is recorded under the former name"
    codes = {r["code"].astype("<u8").tobytes().hex() for r in world.rows(("b", many)).values()}
    assert codes == {today}
    assert world.store.examine() == []


def test_rebuilding_what_was_deleted_brings_it_back(sqlite_world: Any, kit: Any) -> None:
    busy(sqlite_world, kit)
    before = derived(sqlite_world)
    path = sqlite_world.url.removeprefix("sqlite:///")
    connection = sqlite3.connect(path)
    for table in DERIVED:
        connection.execute(f"DELETE FROM {table.name}")
    connection.execute("UPDATE counters SET sequence = 1, run = 0")
    connection.commit()
    connection.close()
    assert sqlite_world.rows("a") == {}
    sqlite_world.store.rebuild()
    assert derived(sqlite_world) == before


def test_a_withdrawn_pointer_is_rebuilt_as_withdrawn(sqlite_world: Any) -> None:
    sqlite_world.publish("a")
    path = sqlite_world.url.removeprefix("sqlite:///")
    connection = sqlite3.connect(path)
    connection.execute(
        "INSERT INTO pointer_moves VALUES (99, 'default', 'a', '', NULL, 'wiped', NULL, ?)",
        ("2026-11-20T00:00:00+00:00",),
    )
    connection.commit()
    connection.close()
    sqlite_world.store.rebuild()
    assert sqlite_world.rows("a") == {}
    assert sqlite_world.store.sequence() == 99
    assert not sqlite_world.store.current_of("default", "a")
    assert sqlite_world.store.pointer_moves("default", "a", 1)[0].materialization is None


def same(rows: dict[Any, Any], others: dict[Any, Any]) -> bool:
    return {k: r.tobytes() for k, r in rows.items()} == {k: r.tobytes() for k, r in others.items()}


def test_packing_changes_nothing_that_a_reader_sees(sqlite_world: Any, kit: Any) -> None:
    busy(sqlite_world, kit)
    plain = sqlite_world.rows(("days", DAYS), "a")
    sqlite_world.store.compact("default", [("days", DAYS)])
    assert derived(sqlite_world)["projections"]
    assert same(sqlite_world.rows(("days", DAYS), "a"), plain)
    sqlite_world.publish("days@2010-02-01", "new", inputs=2)
    number = sqlite_world.store.current("default", [kit.key("days@2010-03-01")])
    version = next(iter(number.values()))
    row = sqlite_world.check("days@2010-03-01", version.number, kit.outcome("late"))
    after = sqlite_world.rows(("days", DAYS))
    assert after["days", DAYS.ordinal("2010-03-01")].tobytes() == row
    assert len(after["days", DAYS.ordinal("2010-02-01")].tobytes()) == HEAD_SIZE + 64
    assert len(after) == len(ALL)


def test_chunks_of_another_codec_are_not_read(sqlite_world: Any, kit: Any) -> None:
    names = [f"n{i:04d}" for i in range(400)]
    publish_many(sqlite_world, kit, "a", names)
    sqlite_world.store.compact("default", [("a", StaticPartitions(names))])
    reordered = StaticPartitions([*names[100:], *names[:50]])
    rows = sqlite_world.rows(("a", reordered))
    terms = {o: tuple(r["term"]) for (_, o), r in rows.items()}
    plain = sqlite_world.store.current_of("default", "a")
    assert terms == {reordered.ordinal(k): plain[k].term for k in reordered.names}
    assert sqlite_world.store.lineage("default", [("a", reordered)]).unknown == {0: 50}
    sqlite_world.store.compact("default", [("a", reordered)])
    assert same(sqlite_world.rows(("a", reordered)), rows)
    assert sqlite_world.store.lineage("default", [("a", reordered)]).unknown == {0: 50}


def test_few_new_rows_stay_plain_and_many_are_packed(sqlite_world: Any, kit: Any) -> None:
    publish_many(sqlite_world, kit, "days", ALL[:1000])
    sqlite_world.store.compact("default", [("days", DAYS)])
    packed = derived(sqlite_world)["projections"]
    publish_many(sqlite_world, kit, "days", ALL[1000:1250])
    sqlite_world.store.compact("default", [("days", DAYS)])
    assert derived(sqlite_world)["projections"] == packed
    publish_many(sqlite_world, kit, "days", ALL[1250:1300])
    sqlite_world.store.compact("default", [("days", DAYS)])
    assert derived(sqlite_world)["projections"][0][4] == 1300
    assert len(sqlite_world.rows(("days", DAYS))) == 1300


def test_packing_that_was_overtaken_puts_nothing_older_back(sqlite_world: Any, kit: Any) -> None:
    publish_many(sqlite_world, kit, "days", ALL[:400])
    store = sqlite_world.store
    with store._engine.reading() as connection:
        older = project(connection, store._queries, "default", "days", DAYS)
    publish_many(sqlite_world, kit, "days", ALL[400:900])
    store.compact("default", [("days", DAYS)])
    newer = derived(sqlite_world)
    with store._engine.writing() as connection:
        replace_projection(connection, store._engine, store._queries, "default", older)
    assert derived(sqlite_world) == newer
    assert len(sqlite_world.rows(("days", DAYS))) == 900


def test_rows_in_any_order_pack_to_the_same_bytes(sqlite_world: Any, kit: Any) -> None:
    shuffled = random.Random(3).sample(ALL[:300], 300)
    for name, keys in (("up", ALL[:300]), ("down", shuffled)):
        publish_many(sqlite_world, kit, name, list(keys))
    sqlite_world.store.compact("default", [("up", DAYS), ("down", DAYS)])
    chunks = derived(sqlite_world)["chunks"]
    assert [row[1] for row in chunks] == ["down", "up"]
    offsets = {row[1]: row[7] for row in chunks}
    assert offsets["up"] == offsets["down"]


def test_chunks_are_examined_against_the_pointers(sqlite_world: Any, kit: Any) -> None:
    busy(sqlite_world, kit)
    sqlite_world.store.compact("default", [("days", DAYS)])
    assert not sqlite_world.store.examine()
    publish_many(sqlite_world, kit, "days", ALL[5:9])
    assert not sqlite_world.store.examine()
    path = sqlite_world.url.removeprefix("sqlite:///")
    connection = sqlite3.connect(path)
    kept = connection.execute("SELECT packed FROM chunks LIMIT 1").fetchone()[0]
    for at in (8, 20, 70, 100, len(kept) - 3):
        flipped = bytearray(kept)
        flipped[at] ^= 1
        connection.execute("UPDATE chunks SET packed = ? WHERE packed = ?", (bytes(flipped), kept))
        connection.commit()
        said = "the packed rows of `days` are not those of its versions"
        assert list(sqlite_world.store.examine()) == [said], at
        connection.execute("UPDATE chunks SET packed = ? WHERE packed = ?", (kept, bytes(flipped)))
    connection.execute("DELETE FROM chunks WHERE packed = ?", (kept,))
    connection.commit()
    assert list(sqlite_world.store.examine()) == [said]
    connection.close()
