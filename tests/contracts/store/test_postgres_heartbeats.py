"""Who may take a run's claims over, where its lock file is on another host."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from assets_core.errors import StoreError
from assets_core.ports import Lease, LivenessProbe
from assets_core.store import open_store
from assets_core.store.heartbeat import Beat, Heartbeat, kept_alive
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.postgres


def elsewhere(run: str) -> None:
    """What is known here of a run of another host."""


@pytest.fixture
def worlds(postgres_url: str, kit: Any) -> Iterator[Any]:
    """A store as several hosts see it: each with its own lock files."""
    opened: list[Any] = []

    def world(probe: LivenessProbe) -> Any:
        store = open_store(postgres_url, alive=probe)
        opened.append(store)
        return kit.World(store, postgres_url, attempts=100 * len(opened))

    yield world
    for store in opened:
        store.close()


def test_a_claim_holds_for_other_hosts_as_long_as_the_heart_beats(
    worlds: Any, postgres_url: str
) -> None:
    here, there = worlds(bool), worlds(elsewhere)
    here.start()
    here.start("run-2")
    with kept_alive(postgres_url, "run-1"):
        held = here.take("a")
        assert there.store.is_alive("run-1")
        assert there.claim("a", run="run-2") == held
    assert not there.store.is_alive("run-1"), "its end is known at once"
    assert not isinstance(there.claim("a", run="run-2"), Lease)


def test_on_its_own_host_the_lock_decides_and_no_heartbeat_keeps_a_dead_run(
    worlds: Any, postgres_url: str
) -> None:
    here = worlds({"run-1": False}.get)
    here.start()
    here.start("run-2")
    with kept_alive(postgres_url, "run-1"):
        here.take("a")
        assert not isinstance(here.claim("a", run="run-2"), Lease)


STOPPED = """
import os, signal, sys
from assets_core.store.heartbeat import Beat, Heartbeat

with Heartbeat(Beat(sys.argv[1], "run-1", os.getpid(), 0.05, 0.5)):
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_a_run_that_is_stopped_loses_its_lease_and_one_that_is_killed_at_once(
    worlds: Any, postgres_url: str
) -> None:
    here, there = worlds(bool), worlds(elsewhere)
    here.start()
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPED, postgres_url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert there.store.is_alive("run-1")
    os.kill(process.pid, signal.SIGSTOP)
    while there.store.is_alive("run-1"):
        pass
    os.kill(process.pid, signal.SIGCONT)
    while not there.store.is_alive("run-1"):
        pass
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    while there.store.is_alive("run-1"):
        pass


def test_a_lease_ends_by_the_clock_of_the_server(worlds: Any) -> None:
    there = worlds(elsewhere)
    engine = there.store._engine
    engine.beat("run-1", 3600.0)
    assert there.store.is_alive("run-1")
    engine.beat("run-1", -0.001)
    assert not there.store.is_alive("run-1")


def test_a_heart_that_cannot_beat_is_an_error(postgres: PostgresServer) -> None:
    with pytest.raises(StoreError) as caught:
        Heartbeat(Beat(postgres.url("nowhere"), "run-1", os.getpid()))
    assert caught.value.code == "E635"
    assert "E633: the connection's search path names no schema that exists" in caught.value.message
