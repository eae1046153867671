"""Processes that crowd one state file: ``python -m benchmarks.crowd write|watch URL NAME UNTIL``.

A writer commits back to back, as a run does whose work takes no time: each transaction records a version and claims the
next one. A watcher polls as a screen does. They begin when a line arrives on standard input and end at the event
``UNTIL``, so all of them are at it all the time; a writer prints the seconds of each commit, a watcher its rounds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from benchmarks.ledger import ENV, completion

HERE = Path(__file__).parents[1]
ASSET = "crowd/versions"
EVENTS = 2
"""Of one commit: the attempt, and the pointer that it moves."""
LOOK_S = 0.05


def write(url: str, name: str, until: int) -> list[float]:
    """Commit versions of one partition until event ``until``; the seconds of each commit, the wait for it included."""
    from assets_core.model.keys import AssetKey, AssetPartition
    from assets_core.model.records import RunRecord
    from assets_core.ports import Lease, LimitFull, PoolFull
    from assets_core.store import open_store

    now, store = datetime.now(UTC), open_store(url, alive=lambda run: True)
    with store.writing() as tx:
        tx.start_run(RunRecord(name, ENV, now, now, {}))
    _wait_for_the_others()
    held: Sequence[Lease] = ()
    took: list[float] = []
    reached = False
    while not reached:
        completions = [completion(lease, now) for lease in held]
        wanted = [(AssetPartition(AssetKey(ASSET), name), f"{name}-{len(took)}")]
        started = time.perf_counter()
        with store.writing() as tx:
            tx.record(completions)
            leases = tx.claim(ENV, name, wanted)
            reached = tx.sequence >= until
        took.append(time.perf_counter() - started)
        assert not isinstance(leases, Lease | PoolFull | LimitFull), "nobody else wants this one"
        held = leases
    store.close()
    return took


def watch(url: str, until: int) -> int:
    """Look until event ``until`` has been seen; how often. What is seen never goes back."""
    from assets_core.model.keys import AssetKey
    from assets_core.store import open_store

    store = open_store(url, alive=lambda run: True, read_only=True)
    _wait_for_the_others()
    seen = rounds = published = 0
    while seen < until:
        now = store.sequence()
        current = store.current_of(ENV, AssetKey(ASSET))
        store.runs(ENV, 50)
        store.leases(ENV)
        store.last_failures(ENV, [AssetKey(ASSET)])
        assert now >= seen, f"the events go from {seen} back to {now}"
        assert len(current) >= published, f"{published} were published, now {len(current)} are"
        seen, published, rounds = now, len(current), rounds + 1
        time.sleep(LOOK_S)
    store.close()
    return rounds


def _wait_for_the_others() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


@contextmanager
def crowd(
    url: str, writers: int, until: int, watchers: int = 0
) -> Iterator[list[subprocess.Popen[str]]]:
    """These processes, all at it at once; any that is still there in the end is killed."""
    names = [("write", f"writer-{n}") for n in range(writers)]
    names += [("watch", f"watcher-{n}") for n in range(watchers)]
    argv = [sys.executable, "-m", "benchmarks.crowd"]
    processes = [
        subprocess.Popen(
            [*argv, what, url, name, str(until)], cwd=HERE, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for what, name in names
    ]  # fmt: skip
    try:
        for process in processes:
            assert process.stdin is not None
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                raise RuntimeError(process.communicate()[1])
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def said(process: subprocess.Popen[str]) -> list[float] | int:
    """What a process of a crowd found, once it has ended; RuntimeError with what it complained of."""
    out, err = process.communicate()
    if process.returncode or err:
        raise RuntimeError(err)
    found: list[float] | int = json.loads(out)
    return found


def main(what: Literal["write", "watch"], url: str, name: str, until: int) -> None:
    """Print what was found as JSON, and nothing else but the word that says that it may begin."""
    print(json.dumps(write(url, name, until) if what == "write" else watch(url, until)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))  # type: ignore[arg-type]
