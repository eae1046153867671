"""Several processes on one state file: no write is lost and no lock error reaches anyone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

ADD = """
import sys
from assets_core.store import open_store

url, worker, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
store = open_store(url, alive=bool)
print("ready", flush=True)
sys.stdin.readline()
for n in range(rounds):
    with store.writing() as tx:
        keys = [f"{worker}-{n}"]
        tx.set_dynamic("default", "n", keys, [])
store.close()
"""

READ = """
import sys
from assets_core.store import open_store

store = open_store(sys.argv[1], alive=bool, read_only=True)
print("ready", flush=True)
sys.stdin.readline()
last = rounds = 0
while last < int(sys.argv[2]):
    now = store.sequence()
    keys = store.dynamic_partitions("default").get("n", [])
    assert now >= last and len(keys) >= now - 1, (now, last, len(keys))
    last, rounds = now, rounds + 1
store.close()
print(rounds)
"""


def started(code: str, *argv: object) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, argv)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process


def released(processes: list[subprocess.Popen[str]]) -> list[str]:
    """Let all of them go at once; what each said, failing on any error."""
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = []
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (0, "")
        said.append(out)
    return said


def test_160_concurrent_read_modify_writes_lose_nothing(sqlite_world: Any) -> None:
    writers = [started(ADD, sqlite_world.url, worker, 20) for worker in range(8)]
    reader = started(READ, sqlite_world.url, 161)
    rounds = released([*writers, reader])[-1]
    keys = sqlite_world.store.dynamic_partitions("default")["n"]
    assert [one.ordinal for one in keys] == list(range(160))
    assert len({one.key for one in keys}) == 160
    assert sqlite_world.store.sequence() == 161
    assert int(rounds) >= 1


def test_a_fresh_store_may_be_created_by_several_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/state.db"
    released([started(ADD, url, worker, 3) for worker in range(6)])
    names = {p.name for p in (tmp_path / "new").iterdir()}
    assert names == {"state.db", "state.db.lock", "state.db.next"}


HOLD = """
import sys
from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.store import open_store

store = open_store(sys.argv[1], alive=bool)
with store.writing() as tx:
    tx.claim("default", "run-1", [(AssetPartition(AssetKey("a"), ""), "theirs")])
    print("ready", flush=True)
    sys.stdin.readline()
"""


def test_a_writer_killed_in_its_transaction_leaves_nothing_and_blocks_no_one(
    sqlite_world: Any,
) -> None:
    process = started(HOLD, sqlite_world.url)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert sqlite_world.take("a").attempt == "attempt-1"


CREATE = """
import os, sys
from pathlib import Path
from assets_core.store import open_store

rename, stop = Path.rename, sys.argv[2]

def killed(self, target):
    if stop == "after":
        rename(self, target)
    os._exit(9)

Path.rename = killed
open_store(sys.argv[1], alive=bool)
"""


def test_a_creation_that_was_killed_is_done_again(tmp_path: Path) -> None:
    for stop in ("before", "after"):
        home = tmp_path / stop
        url = f"sqlite:///{home}/state.db"
        code = subprocess.run([sys.executable, "-c", CREATE, url, stop], check=False).returncode
        assert code == 9
        assert (home / "state.db").exists() == (stop == "after")
        released([started(ADD, url, 1, 2)])
        assert {p.name for p in home.iterdir()} == {"state.db", "state.db.lock", "state.db.next"}


FENCE = """
import json, sys
from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.ports import Lease
from assets_core.store import open_store

store = open_store(sys.argv[1], alive=bool)
print("ready", flush=True)
sys.stdin.readline()
wanted = [(AssetPartition(AssetKey(a), ""), f"{sys.argv[2]}-{a}") for a in sys.argv[3].split(",")]
with store.writing() as tx:
    got = tx.claim("default", "run-1", wanted)
print(json.dumps(not isinstance(got, Lease)))
"""


def test_of_overlapping_claims_exactly_one_wins_whole(sqlite_world: Any, kit: Any) -> None:
    wanted = ["a,b,c", "c,b,a", "c,d,e", "e,f,a", "b,e,d", "f,c,b"]
    said = released([started(FENCE, sqlite_world.url, n, w) for n, w in enumerate(wanted)])
    winners = [w.split(",") for w, won in zip(wanted, map(json.loads, said), strict=True) if won]
    held = [name for names in winners for name in names]
    assert winners
    assert len(held) == len(set(held))
    free = [name for name in "abcdef" if name not in held]
    assert all(sqlite_world.take(name) for name in free)
    assert all(sqlite_world.claim(name).attempt.endswith(f"-{name}") for name in held)
