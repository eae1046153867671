"""The same work with nothing of ours in it: ``python -m benchmarks.limits chain|layered|packed FOLDER [COUNT]``.

The bare loop keeps every promise that costs something: each upstream file is read with its page checksums verified,
each output is written with page checksums, the file and its directory are fsynced, and only then one IMMEDIATE
transaction (WAL, ``synchronous=FULL``) commits an attempt, a materialization with its inputs, and the moved pointer.
All files lie in one folder, because a loop that keeps no versions needs no folder per attempt. What it leaves out is
everything that decides: no graph, no versions, no digests, no plan, no claim.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.projects import Node, chain, layered

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = """
create table attempt (id integer primary key, asset text, run text, started text, ended text);
create table materialization (id integer primary key, asset text, code text, config text, data text,
                              location text, rows integer, bytes integer);
create table input (materialization integer, upstream text, low integer, high integer, n integer);
create table pointer (asset text primary key, materialization integer);
"""


class Ledger:
    """The rows that a run leaves behind, one durable commit per asset."""

    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(file, isolation_level=None)
        for pragma in ("journal_mode=wal", "synchronous=full", "foreign_keys=on"):
            self._db.execute(f"pragma {pragma}")
        self._db.executescript(SCHEMA)

    def record(self, node: Node, location: Path, rows: int) -> None:
        """Commit one materialization and move its pointer."""
        version = "0" * 32
        run = self._db.execute
        run("begin immediate")
        run("insert into attempt values (null, ?, 'r', '2026-01-01', '2026-01-01')", (node.name,))
        done = run(
            "insert into materialization values (null, ?, ?, ?, ?, ?, ?, ?)",
            (node.name, version, version, version, str(location), rows, location.stat().st_size),
        ).lastrowid
        for upstream in node.upstream:
            run("insert into input values (?, ?, 1, 1, 1)", (done, upstream))
        run("insert or replace into pointer values (?, ?)", (node.name, done))
        run("commit")


def sync(path: Path) -> None:
    """Make a file or a directory durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def location(folder: Path, name: str) -> Path:
    """Where an asset's only version lies."""
    return folder / "data" / f"{name}.parquet"


def store(folder: Path, name: str, frame: pd.DataFrame) -> Path:
    """Write one frame durably: the file, then its directory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = location(folder, name)
    file.parent.mkdir(exist_ok=True)
    pq.write_table(pa.Table.from_pandas(frame), file, write_page_checksum=True)
    sync(file)
    sync(file.parent)
    return file


def load(folder: Path, name: str) -> pd.DataFrame:
    """Read one frame back, its page checksums verified."""
    import pyarrow.parquet as pq

    return pq.read_table(location(folder, name), page_checksum_verification=True).to_pandas()


def fibo(n: int) -> int:
    """The work of one asset of the chain."""
    return n if n < 2 else fibo(n - 1) + fibo(n - 2)


def run_chain(folder: Path) -> None:
    """40 calls, each with a durable Parquet file and its rows."""
    import pandas as pd

    ledger = Ledger(folder / "state.sqlite")
    for node in chain():
        ledger.record(node, store(folder, node.name, pd.DataFrame({"value": [fibo(10)]})), 1)


def run_layered(folder: Path, count: int) -> None:
    """The layered graph in order, every upstream read back from its file."""
    import pandas as pd

    ledger = Ledger(folder / "state.sqlite")
    for node in (node for layer in layered(count) for node in layer):
        read = [load(folder, name) for name in node.upstream]
        total = 1 + sum(int(frame["value"].sum()) for frame in read)
        file = store(folder, node.name, pd.DataFrame({"value": [total % 1_000_003]}))
        ledger.record(node, file, 1)


def read_packed(folder: Path) -> None:
    """All packed rows of a project's state: what a plan of it has to read at least."""
    state = sqlite3.connect(folder / ".assets" / "state.sqlite")
    total = 0
    for offsets, rows in state.execute("select offsets, packed from chunks"):
        total += len(offsets) + len(rows)
    print(total)


def fresh(folder: Path) -> None:
    """An empty folder for the next run, with what was there really gone."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.sync()


if __name__ == "__main__":
    where = Path(sys.argv[2])
    if sys.argv[1] == "chain":
        run_chain(where)
    elif sys.argv[1] == "packed":
        read_packed(where)
    else:
        run_layered(where, int(sys.argv[3]))
