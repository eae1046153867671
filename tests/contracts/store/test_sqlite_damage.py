"""Damaged state files: located errors with a remedy (whole messages), and never a traceback."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets_core.errors import CorruptionError, StoreError
from assets_core.partitions import DailyPartitions, Unpartitioned
from assets_core.store import open_store

DAYS = DailyPartitions(start="2010-01-01", end="2014-01-01")
KEEP = "the data of your assets is not in this file and stays where it is"
BACKUP = f"put a backup in its place, or move the file away to start with an empty state; {KEEP}"


def opened(path: Path, *, read_only: bool = False) -> Any:
    return open_store(f"sqlite:///{path}", alive=bool, read_only=read_only)


def read_all(path: Path) -> Any:
    store = opened(path, read_only=True)
    try:
        return store.lineage("default", [("a", Unpartitioned())])
    finally:
        store.close()


def path_of(world: Any) -> Path:
    return Path(world.url.removeprefix("sqlite:///"))


def filled(world: Any, kit: Any) -> Path:
    """A closed state file of some 60 pages."""
    leases = world.claim(*(f"asset_{n}" for n in range(150)))
    world.record(*(kit.completion(lease) for lease in leases))
    world.store.close()
    path = path_of(world)
    assert not path.with_name(path.name + "-wal").exists()
    return path


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("this is no database\n" * 50)


def foreign(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE their (own INTEGER)")
    connection.close()


def newer(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def no_version(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 0")
    connection.close()


def short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:50])


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: 4096 * 10])


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "empty": (
        empty,
        f"E609: the state store is damaged: the file is empty (0 bytes) (PATH); {BACKUP}",
    ),
    "text": (
        text,
        (
            "E603: the state store is not a SQLite database (PATH); "
            "move the file away, or name another one in the store's URL"
        ),
    ),
    "foreign": (
        foreign,
        (
            "E604: the state store is a SQLite database of another application (PATH); "
            "name another file in the store's URL; nothing was changed"
        ),
    ),
    "newer": (
        newer,
        (
            "E605: the state store has schema 99, this version of assets knows up to 5 (PATH); "
            "upgrade assets-core; nothing was changed"
        ),
    ),
    "no version": (
        no_version,
        f"E609: the state store is damaged: it has no schema version (PATH); {BACKUP}",
    ),
    "short": (
        short,
        f"E609: the state store is damaged: the file is cut short after 50 bytes (PATH); {BACKUP}",
    ),
    "truncated": (
        truncated,
        f"E609: the state store is damaged: the file is cut short: 40960 of SIZE bytes (PATH); {BACKUP}",
    ),
    "directory": (
        directory,
        (
            "E607: the state store is not a regular file (PATH); "
            "name a file in the store's URL: sqlite:///path/to/state.db"
        ),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_a_located_error_and_stays_as_it_is(
    name: str, sqlite_world: Any, kit: Any
) -> None:
    path = filled(sqlite_world, kit)
    breaking, message = BROKEN[name]
    message = message.replace("PATH", str(path)).replace("SIZE", str(path.stat().st_size))
    breaking(path)
    before = path.read_bytes() if path.is_file() else None
    for attempt in (read_all, opened):
        with pytest.raises(StoreError) as caught:
            attempt(path)
        assert str(caught.value) == message
        assert caught.value.exit_code == 6
    if before is not None:
        assert path.read_bytes() == before


def test_a_page_of_garbage_is_found_when_it_is_read(sqlite_world: Any, kit: Any) -> None:
    path = filled(sqlite_world, kit)
    raw = bytearray(path.read_bytes())
    for page in range(1, len(raw) // 4096):
        raw[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    path.write_bytes(raw)
    with pytest.raises(CorruptionError) as caught:
        read_all(path)
    error = caught.value
    assert error.code == "E609"
    assert error.message.startswith("the state store is damaged: ")
    assert error.place is not None
    assert error.place.file == str(path)
    assert error.help == BACKUP


def test_damage_found_while_writing_rolls_back_and_says_so(sqlite_world: Any, kit: Any) -> None:
    path = filled(sqlite_world, kit)
    connection = sqlite3.connect(path)
    query = "SELECT rootpage FROM sqlite_master WHERE name = 'pointers'"
    (page,) = connection.execute(query).fetchone()
    connection.close()
    raw = bytearray(path.read_bytes())
    raw[(page - 1) * 4096 : page * 4096 - 4000] = b"\xff" * 96
    path.write_bytes(raw)
    store = opened(path)

    def write() -> None:
        with store.writing() as tx:
            tx.document({"d": "text"})
            tx.pins("default", [kit.key("asset_1")])

    with pytest.raises(CorruptionError) as caught:
        write()
    assert caught.value.message.startswith(f"the state store is damaged: Page {page}: ")
    assert not store.documents(["d"])
    store.close()


READS: list[Callable[[Any], object]] = [
    lambda s: s.lineage("default", [("a", Unpartitioned()), ("days", DAYS)]),
    lambda s: list(s.columns("default", ["a", "days"])),
    lambda s: s.current_of("default", "days"),
    lambda s: s.history("default", "days", None, 500),
    lambda s: s.checks("default", "a", 9),
    lambda s: s.pointer_moves("default", "days", 500),
    lambda s: s.last_failures("default", ["a", "days"]),
    lambda s: s.attempts("run-1"),
    lambda s: s.runs("default", 9),
    lambda s: s.dynamic_partitions("default"),
    lambda s: s.documents(["d"]),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A state file with every kind of row in it."""
    kit = request.getfixturevalue("kit")
    path = tmp_path_factory.mktemp("whole") / "state.db"
    world = kit.World(opened(path), "")
    world.store._alive = lambda run: True
    world.start()
    keys = DAYS.keys(np.arange(DAYS.ordinal("2010-01-01"), DAYS.ordinal("2010-01-01") + 300))
    leases = world.claim(*(f"days@{key}" for key in keys))
    world.record(*(kit.completion(lease) for lease in leases))
    world.store.compact("default", [("days", DAYS)])
    world.publish("a", checks=(kit.outcome(),))
    world.fail("a")
    with world.store.writing() as tx:
        tx.set_dynamic("default", "n", ["x"], [])
        tx.document({"d": "text"})
    world.store.close()
    return path


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_flipped_bytes_are_never_a_traceback(whole: Path, data: st.DataObject) -> None:
    raw = bytearray(whole.read_bytes())
    size = data.draw(st.sampled_from([1, 4, 64]))
    for _ in range(data.draw(st.integers(1, 40))):
        place = data.draw(st.integers(100, len(raw) - size))
        raw[place : place + size] = data.draw(st.binary(min_size=size, max_size=size))
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "state.db"
        path.write_bytes(raw)
        store: Any = None
        try:
            store = opened(path, read_only=True)
            for read in READS:
                with contextlib.suppress(StoreError):
                    read(store)
        except StoreError as error:
            assert error.place is not None  # noqa: PT017
            assert error.place.file == str(path)  # noqa: PT017
        finally:
            if store is not None:
                store.close()


def test_a_row_whose_text_was_changed_is_an_error_that_says_which_kind(
    sqlite_world: Any, kit: Any
) -> None:
    path = filled(sqlite_world, kit)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE materializations SET details = '{'")
    connection.commit()
    connection.close()
    store = opened(path, read_only=True)
    with pytest.raises(CorruptionError) as caught:
        store.current_of("default", "asset_1")
    assert caught.value.message.startswith(
        "the state store is damaged: a row cannot be read (materialization: "
    )
    store.close()


def test_a_missing_table_is_damage_and_no_traceback(sqlite_world: Any, kit: Any) -> None:
    path = filled(sqlite_world, kit)
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE candidates")
    connection.close()
    with pytest.raises(StoreError) as caught:
        read_all(path)
    assert str(caught.value) == (
        f"E609: the state store is damaged: no such table: candidates ({path}); {BACKUP}"
    )


def test_a_write_ahead_log_that_was_deleted_costs_only_what_it_held(
    sqlite_world: Any, kit: Any
) -> None:
    path = path_of(sqlite_world)
    sqlite_world.publish("a")
    copy = path.with_name("copy.db")
    copy.write_bytes(path.read_bytes())
    read = read_all(copy)
    assert read.current == ()
    assert read.sequence == 0
