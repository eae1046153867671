"""P6: durable records per second through the store, one by one and 1,000 at a time, and recovery of a killed run.

The limit writes the same rows through the driver alone (``benchmarks.ledger``), on SQLite and on a PostgreSQL server
that is started here with ``fsync=on``. Recovery is a whole ``assets materialize`` after a run of 10,000 partitions was
killed at its last one, which it computes; its limit is the same command where that run ended by itself.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.limits import fresh
from benchmarks.measuring import RUNS, CommandFailed, Figure, measure
from benchmarks.partitioned import Case, write_case
from tests.postgres_server import PostgresServer

HERE = Path(__file__).parents[1]
BATCHES = (
    (1_000, 1, "1,000 records, one by one"),
    (20_000, 1_000, "20,000 records, 1,000 at a time"),
)
"""How many records, how many in a transaction, what that is called."""
KILLED = Case(
    "killed", "10,000 partitions", 'StaticPartitions([f"{n:05}" for n in range(10_000)])', assets=1
)


def figures(work: Path, command: str) -> Iterator[Figure]:
    """On each engine the limit and ours, at both sizes; then recovery."""
    yield from _records("SQLite", partial(_sqlite_urls, work))
    with _server() as server:
        yield from _records("PostgreSQL", lambda: (server.new_url(), server.new_url()))
    yield from _recovery(work, command)


def _records(engine: str, urls: Callable[[], tuple[str, str]]) -> Iterator[Figure]:
    for count, at_once, title in BATCHES:
        for who, name in (("raw", "driver alone"), ("ours", "assets")):
            runs = []
            for _ in range(RUNS):
                argv = ["benchmarks.ledger", who, *urls(), str(count), str(at_once)]
                printed = subprocess.run(
                    [sys.executable, "-m", *argv], cwd=HERE, stdout=subprocess.PIPE, check=True
                )
                runs.append(float(printed.stdout))
            yield Figure("P6", f"{title}, {engine}", name, tuple(runs))


def _sqlite_urls(work: Path) -> tuple[str, str]:
    """Two new state files."""
    folder = work / "ledger"
    fresh(folder)
    return f"sqlite:///{folder / 'a.sqlite'}", f"sqlite:///{folder / 'b.sqlite'}"


@contextmanager
def _server() -> Iterator[PostgresServer]:
    server = PostgresServer.made()
    try:
        server.start("-c fsync=on -c synchronous_commit=on")
        yield server
    finally:
        server.remove()


def _recovery(work: Path, command: str) -> Iterator[Figure]:
    """The run that was killed is another one each time; its end, or its death, is not timed."""
    project = work / KILLED.name
    argv = [command, "materialize", "--executor", "inline"]
    for what, name in (("ended", "after an end"), ("killed", "assets")):
        reset = partial(_left, project, what)
        title = f"{KILLED.title}, one left by a killed run"
        yield measure("P6", title, name, argv, project, before_each=reset)


def _left(project: Path, what: str) -> None:
    write_case(project, KILLED)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.partitioned", str(project), what], cwd=HERE, check=False
    )
    if done.returncode != (-signal.SIGKILL if what == "killed" else 0):
        raise CommandFailed(f"the state of {project} could not be made: {done.returncode}")
