"""Fault 30: whatever the umask, everything below the state directory is its owner's alone (G14)."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assets_core.cli.name_index import write_index
from assets_core.execution.paths import Home
from assets_core.graph import build_graph
from assets_core.store.liveness import RunLock, lock_path
from assets_core.versioning.cache import FingerprintCache
from tests.faces.command import Command

SHOP = """\
from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from assets_core import StaticPartitions, asset, check


@asset(partitions=StaticPartitions(["a", "b/c"]))
def table(context) -> pa.Table:
    print("to the log")
    return pa.table({"n": [1, 2]})



@asset
def tree() -> Path:
    folder = Path("made") / "deep"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "program").write_text("x")
    (folder / "program").chmod(0o777)
    return Path("made")


@asset(materializer="pickle")
def model(tree: Path) -> object:
    return {1, 2}


@asset
def fails(tree: Path) -> str:
    raise ValueError("no")


@check(asset=tree)
def never(tree: Path) -> bool:
    return False
"""


@pytest.fixture(params=[0o022, 0o000], ids=["umask 022", "umask 000"])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """What the user's shell has set."""
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_everything_below_the_state_directory_is_private(tmp_path: Path) -> None:
    (tmp_path / "assets.toml").write_text('module = "shop"\njobs = 1\n')
    (tmp_path / "shop").mkdir()
    command = Command(tmp_path)
    command.write(__init__="", all=SHOP)
    assert command("ls").code == 0, "the index of names is made by any verb"
    assert command("materialize").code == 1
    home = tmp_path / ".assets"
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in (home, *home.rglob("*"))}
    names = {path.name for path in modes}
    assert {"state.sqlite", "names.json", "logs", "data", "program", "data.parquet"} <= names
    wanted = {path: 0o700 if path.is_dir() else 0o600 for path in modes}
    assert {str(p): oct(mode) for p, mode in modes.items() if mode != wanted[p]} == {}


def _cache(home: Path) -> None:
    cache = FingerprintCache(home / "cache")
    cache.put("key", 1)
    cache.save()


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize(
    "write",
    [
        _cache,
        lambda home: Home(home, home / "data").create(),
        lambda home: RunLock(lock_path(home, "0" * 26)).close(),
        lambda home: write_index(home, build_graph([])),
    ],
    ids=["fingerprints", "home", "lock", "names"],
)
def test_missing_folders_above_the_state_directory_are_private_whoever_makes_them(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    write(tmp_path / "above" / "state")
    made = [p for p in tmp_path.rglob("*") if p.is_dir()]
    assert {"above", "state"} <= {p.name for p in made}
    assert {stat.S_IMODE(p.lstat().st_mode) for p in made} == {0o700}
