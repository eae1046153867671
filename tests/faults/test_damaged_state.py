"""Fault 14: a state store that is not what it was, or lies where it cannot be: a located error, and the data stays."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from assets_core.store import sqlite_files
from tests.faces.command import Command
from tests.faults.verbs import Verbs
from tests.scenarios.shops import Shop
from tests.small_disks import small_disk

PROJECT = """
@asset
def first() -> int:
    ran("first")
    return 1


@asset
def second(first: int) -> int:
    ran("second")
    return first + 1
"""
VERBS = (
    ("ls",),
    ("plan",),
    ("materialize",),
    ("why", "second"),
    ("runs", "ls"),
    ("verify",),
    ("gc", "-y"),
)


def zero_bytes(path: Path) -> None:
    path.write_bytes(b"")


def no_database(path: Path) -> None:
    path.write_text("a letter\n" * 1000)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped_header(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[40:60] = bytes(b ^ 0xFF for b in raw[40:60])
    path.write_bytes(raw)


def flipped_pages(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    for start in range(4096, len(raw), 4096):
        raw[start : start + 8] = b"\xff" * 8
    path.write_bytes(raw)


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "zero bytes": (zero_bytes, "E609"), "not a database": (no_database, "E603"), "cut": (cut, "E609"),
    "a flipped header": (flipped_header, "E6"), "flipped pages": (flipped_pages, "E609"),
}  # fmt: skip


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop.at(tmp_path / "project")
    shop.define(PROJECT)
    shop.build()
    return shop


@pytest.mark.parametrize("damage", DAMAGE)
def test_every_verb_says_where_it_is_and_what_to_do_and_touches_nothing(
    shop: Shop, tmp_path: Path, capfd: pytest.CaptureFixture[str], damage: str
) -> None:
    verbs = Verbs(shop.root, capfd)
    home = shop.root / ".assets"
    state, backup = home / "state.sqlite", tmp_path / "backup"
    assert verbs("db", "backup", str(backup)).code == 0
    data = files(home / "data")
    spoil, code = DAMAGE[damage]
    spoil(state)
    damaged = state.read_bytes()
    for verb in VERBS:
        done = verbs(*verb)
        assert done.code == 6, (verb, done.out, done.err)
        assert f"error[{code}" in done.err, verb
        assert "state.sqlite" in done.err, verb
        assert "help: " in done.err, verb
        assert "Traceback" not in done.err, verb
    assert state.read_bytes() == damaged
    assert files(home / "data") == data
    for suffix in ("-wal", "-shm"):
        state.with_name(state.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(backup, state)
    assert "Nothing to do" in verbs("materialize").out


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "fuse.sshfs"])
def test_a_state_directory_on_a_network_filesystem_is_refused_with_a_hint(
    shop: Shop,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(
        "22 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw\n"
        f"40 22 0:50 / {shop.root / '.assets'} rw - {kind} server:/export rw\n"
    )
    monkeypatch.setattr(sqlite_files, "MOUNTS", table)
    verbs = Verbs(shop.root, capfd)
    state = shop.root / ".assets" / "state.sqlite"
    before = state.read_bytes()
    for verb in ("ls", "materialize"):
        done = verbs(verb)
        assert done.code == 6
        assert f"error[E608]: the state store lies on a network filesystem ({kind})" in done.err
        assert "help: set ASSETS_HOME to a directory on a local disk, or keep the state" in done.err
    assert state.read_bytes() == before
    assert list(state.parent.glob("state.sqlite-*")) == []
    table.write_text("22 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw\n")
    assert verbs("ls").code == 0


@pytest.mark.tmpfs
def test_a_state_directory_on_a_read_only_disk_can_be_read_and_not_written(tmp_path: Path) -> None:
    shop = Shop.at(tmp_path / "project")
    shop.define(PROJECT)
    command = Command(shop.root)
    with small_disk(tmp_path / "disk", "8m") as spot:
        home = {"ASSETS_HOME": str(spot / "home")}
        assert command("materialize", **home).code == 0
        subprocess.run(["mount", "-o", "remount,ro", str(spot)], check=True)
        assert "second" in command("ls", **home).out
        assert command("materialize", "--force", **home).code == 6
        done = command("materialize", "--force", **home)
        assert "Read-only file system" in done.err
        assert "help: " in done.err
        assert "Traceback" not in done.err
        subprocess.run(["mount", "-o", "remount,rw", str(spot)], check=True)
        assert "Nothing to do" in command("materialize", **home).out
