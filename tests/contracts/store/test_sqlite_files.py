"""The state file: where it may lie, who may read it, and what is said where it cannot be used (whole messages)."""

from __future__ import annotations

import fcntl
import itertools
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assets_core.errors import StoreError
from assets_core.partitions import Unpartitioned
from assets_core.store import open_store
from assets_core.store.sqlite_files import filesystem_kind, refuse_network
from tests.small_disks import small_disk


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


# --- permissions and places ---------------------------------------------------------------------------------------


def test_files_are_private_whatever_the_umask(tmp_path: Path, kit: Any) -> None:
    before = os.umask(0o022)
    try:
        store = opened(tmp_path / "new" / "home" / "state.db")
        with store.writing() as tx:
            tx.document({"d": "text"})
        home = tmp_path / "new" / "home"
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (home, *home.iterdir())}
        store.close()
    finally:
        os.umask(before)
    private = {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}
    private |= {"state.db.lock": 0o600, "state.db.next": 0o600}
    assert modes == private | {"home": 0o700}


def test_an_existing_directory_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    opened(tmp_path / "state.db").close()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_reading_where_there_is_no_store_finds_nothing_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "none" / "state.db"
    store = opened(path, read_only=True)
    assert store.sequence() == 0
    assert store.lineage("default", [("a", Unpartitioned())]).current == ()
    assert not store.runs("default", 5)
    assert list(tmp_path.iterdir()) == []
    store.close()


def test_a_reader_that_came_first_sees_the_store_once_it_is_there(tmp_path: Path, kit: Any) -> None:
    path = tmp_path / "state" / "state.db"
    reader = opened(path, read_only=True)
    assert reader.sequence() == 0
    world = kit.World(opened(path), f"sqlite:///{path}")
    world.store._alive = lambda run: True
    world.start()
    world.publish("a")
    assert reader.sequence() == world.store.sequence() > 0
    reader.close()
    world.store.close()


def test_a_read_only_store_refuses_to_write(tmp_path: Path) -> None:
    store = opened(tmp_path / "state.db", read_only=True)
    with pytest.raises(StoreError, match="opened for reading only"), store.writing():
        pass
    store.close()


def test_readers_see_committed_states_while_a_writer_is_busy(sqlite_world: Any, kit: Any) -> None:
    sqlite_world.publish("a")
    reader = opened(path_of(sqlite_world), read_only=True)
    before = reader.sequence()
    lease = sqlite_world.take("b")
    with sqlite_world.store.writing() as tx:
        tx.record([kit.completion(lease)])
        assert reader.sequence() == sqlite_world.store.sequence() == before
        assert not reader.current("default", [kit.key("b")])
    assert reader.sequence() == sqlite_world.store.sequence() > before
    reader.close()


def test_threads_of_one_process_take_turns(sqlite_world: Any) -> None:
    store, size = sqlite_world.store, 12

    def add(worker: int) -> None:
        for n in range(size):
            with store.writing() as tx:
                tx.set_dynamic("default", "n", [f"{worker}-{n}"], [])
            store.sequence()

    threads = [threading.Thread(target=add, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    keys = store.dynamic_partitions("default")["n"]
    assert [one.ordinal for one in keys] == list(range(4 * size))


def test_a_transaction_holds_the_file_before_its_first_write(sqlite_world: Any) -> None:
    other = sqlite3.connect(path_of(sqlite_world), timeout=0, isolation_level=None)
    with (
        sqlite_world.store.writing(),
        pytest.raises(sqlite3.OperationalError, match="database is locked"),
    ):
        other.execute("BEGIN IMMEDIATE")
    other.close()


@pytest.mark.parametrize("name", ["state.db.lock", "state.db.next"])
def test_a_writer_waits_in_the_queue_before_it_asks_for_the_file(
    name: str, sqlite_world: Any
) -> None:
    path = path_of(sqlite_world)
    fd = os.open(path.with_name(name), os.O_RDWR)
    fcntl.flock(fd, fcntl.LOCK_EX)
    writer = threading.Thread(target=sqlite_world.start, args=("run-2",))
    writer.start()
    writer.join(timeout=0.2)
    assert writer.is_alive()
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("ROLLBACK")
    other.close()
    os.close(fd)
    writer.join()
    assert sqlite_world.store.run("run-2") is not None


def test_a_store_whose_file_was_replaced_is_not_written_to(sqlite_world: Any, kit: Any) -> None:
    path = path_of(sqlite_world)
    sqlite_world.publish("a")
    path.rename(path.with_name("moved.db"))
    with pytest.raises(StoreError) as caught:
        sqlite_world.publish("b")
    assert str(caught.value) == (
        f"E613: the state store was removed or replaced while it was in use ({path}); "
        "put it back and run the command again; nothing was recorded since"
    )


@pytest.mark.parametrize("url", ["mysql://db/state", "sqlite:///", "sqlite:///:memory:", "x"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(url, alive=bool)
    assert str(caught.value) == (
        f"E601: no state store can be opened with a URL that starts with `{url.partition(':')[0]}:`; "
        "write sqlite:///path/to/state.db, or postgresql+psycopg://user@host/database"
    )


# --- what may not be touched --------------------------------------------------------------------------------------


def test_an_unwritable_directory_is_a_located_error(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("not a directory")
    path = blocker / "home" / "state.db"
    with pytest.raises(StoreError) as caught:
        opened(path)
    assert str(caught.value) == (
        f"E607: the state store cannot be opened: Not a directory ({path}); "
        "check the path and its permissions"
    )


@pytest.fixture
def everyones() -> Iterator[Path]:
    """A directory that any user can reach; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o755)
        yield Path(home)
        Path(home).chmod(0o755)


UNPRIVILEGED = """
import os, sys, tempfile
from assets_core.store import open_store
with tempfile.TemporaryDirectory() as warm:
    store = open_store(f"sqlite:///{warm}/state.db", alive=bool)
    store.sequence()
    store.close()
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
from assets_core.errors import StoreError
try:
    store = open_store(sys.argv[1], alive=bool, read_only=len(sys.argv) > 2)
    print(store.sequence())
except StoreError as error:
    print(error)
"""


def test_files_that_may_not_be_touched_are_a_located_error(everyones: Path) -> None:
    path = everyones / "state.db"
    opened(path).close()
    path.chmod(0)
    everyones.chmod(0o555)

    def run(*options: str) -> str:
        argv = [sys.executable, "-c", UNPRIVILEGED, f"sqlite:///{path}", *options]
        found = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert "Traceback" not in found.stderr, found.stderr
        return found.stdout.strip()

    assert run("read only") == (
        f"E607: the state store cannot be read: Permission denied ({path}); check the file's permissions"
    )
    assert run() == run("read only")
    everyones.chmod(0o755)
    for file in everyones.iterdir():
        file.unlink()
    everyones.chmod(0o555)
    assert run("read only") == "0"
    assert run() == (
        f"E607: the state directory cannot be written to: Permission denied ({path}.lock); "
        "check its permissions and the free space, or set ASSETS_HOME to another directory"
    )


@pytest.mark.tmpfs
def test_a_full_disk_is_a_located_error_and_loses_nothing_recorded(
    tmp_path: Path, kit: Any
) -> None:
    with small_disk(tmp_path / "small", "1m") as spot:
        world = kit.World(open_store(f"sqlite:///{spot}/state.db", alive=bool), "")
        world.start()
        names = itertools.count()

        def fill_up() -> None:
            for name in names:
                world.publish(f"a{name}")

        with pytest.raises(StoreError) as caught:
            fill_up()
        assert caught.value.code == "E610"
        assert "of 1,048,576 bytes are free on" in caught.value.message
        recorded = next(names) - 1
        assert recorded > 0
        assert len(world.store.history("default", "a0", None, 5)) == 1
        assert world.store.current_of("default", f"a{recorded - 1}")
        assert not world.store.current_of("default", f"a{recorded}")
        world.store.close()


@pytest.mark.tmpfs
def test_a_store_on_a_read_only_disk_can_be_read_and_not_written(tmp_path: Path, kit: Any) -> None:
    with small_disk(tmp_path / "disk", "4m") as spot:
        path = spot / "state.db"
        world = kit.World(opened(path), "")
        world.start()
        world.publish("a")
        world.store.close()
        subprocess.run(["mount", "-o", "remount,ro", str(spot)], check=True)
        assert len(read_all(path).current) == 1
        with pytest.raises(StoreError) as caught:
            opened(path)
        assert str(caught.value) == (
            f"E607: the state directory cannot be written to: Read-only file system ({path}.lock); "
            "check its permissions and the free space, or set ASSETS_HOME to another directory"
        )


KILLED = """
import os, sys
from assets_core.store import open_store
store = open_store(sys.argv[1], alive=bool)
with store.writing() as tx:
    tx.set_dynamic("default", "n", ["x"], [])
os._exit(9)
"""


def test_what_a_killed_process_committed_is_read_from_its_log(tmp_path: Path) -> None:
    path = tmp_path / "state" / "state.db"
    argv = [sys.executable, "-c", KILLED, f"sqlite:///{path}"]
    assert subprocess.run(argv, check=False).returncode == 9
    assert path.with_name("state.db-wal").stat().st_size > 0
    store = opened(path, read_only=True)
    assert store.dynamic_partitions("default") == {"n": ((0, "x", True),)}
    store.close()


# --- network filesystems --------------------------------------------------------------------------------------------


def mounts(tmp_path: Path, kind: str, point: Path) -> Path:
    table = tmp_path / "mountinfo"
    escaped = str(point).replace(" ", "\\040")
    table.write_text(
        "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
        f"40 22 0:50 / {escaped} rw shared:9 master:2 - {kind} server:/export rw\n"
        f"41 22 0:51 / {escaped}more rw - tmpfs tmpfs rw\n"
    )
    return table


def test_the_log_of_a_removed_store_is_not_replayed_into_a_new_one(
    sqlite_world: Any, kit: Any
) -> None:
    sqlite_world.publish("a")
    path = Path(sqlite_world.url.removeprefix("sqlite:///"))
    log = path.with_name(path.name + "-wal")
    before = log.read_bytes()
    assert before
    path.unlink()
    new = open_store(sqlite_world.url, alive=bool)
    assert new.sequence() == 0
    assert not new.examine()
    new.close()
    assert log.with_name(log.name + ".orphan").read_bytes() == before


def test_a_network_filesystem_is_refused_with_a_hint(tmp_path: Path) -> None:
    point = tmp_path / "share of all"
    table = mounts(tmp_path, "nfs4", point)
    path = point / "project" / "state.db"
    with pytest.raises(StoreError) as caught:
        refuse_network(path, table)
    assert str(caught.value) == (
        "E608: the state store lies on a network filesystem (nfs4), where SQLite cannot lock it "
        f"({path}); set ASSETS_HOME to a directory on a local disk, or keep the state in PostgreSQL"
    )


def test_a_local_filesystem_is_accepted(tmp_path: Path) -> None:
    table = mounts(tmp_path, "xfs", tmp_path / "disk")
    refuse_network(tmp_path / "disk" / "state.db", table)
    assert filesystem_kind(tmp_path / "disk" / "state.db", table) == "xfs"
    assert filesystem_kind(tmp_path / "diskmore" / "x", table) == "tmpfs"
    assert filesystem_kind(tmp_path / "diskless" / "x", table) == "ext4"


def test_a_system_without_a_mount_table_is_asked_otherwise(tmp_path: Path) -> None:
    known = filesystem_kind(tmp_path)
    assert filesystem_kind(tmp_path, tmp_path / "absent") == known
