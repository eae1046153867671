"""Fault 15 from the outside: the command on a PostgreSQL server that is killed and restarted under it."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faces.command import Command, environment
from tests.postgres_server import PostgresServer
from tests.warm_process import Warm

pytestmark = pytest.mark.postgres

PROJECT = """
from __future__ import annotations

from pathlib import Path

from assets_core import AssetContext, StaticPartitions, asset

parts = StaticPartitions([f"p{n:02}" for n in range(10)])


def ran(name: str) -> None:
    with Path("calls.log").open("a") as file:
        file.write(name + "\\n")


@asset(partitions=parts)
def part(context: AssetContext) -> int:
    ran(context.partition.key)
    return int(context.partition.key[1:])


@asset(partitions=parts)
def doubled(context: AssetContext, part: int) -> int:
    ran("doubled " + context.partition.key)
    return 2 * part


@asset
def total(doubled: dict[str, int]) -> int:
    ran("total")
    return sum(doubled.values())
"""


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """One that may be killed."""
    server = PostgresServer.made()
    server.start()
    yield server
    server.remove()


def project(folder: Path, url: str) -> Command:
    folder.mkdir()
    (folder / "assets.toml").write_text(f'module = "work"\nexecutor = "inline"\nstore = "{url}"\n')
    (folder / "work.py").write_text(PROJECT)
    return Command(folder)


def started(command: Command) -> Warm:
    """A run that goes on beside the test."""
    return Warm(["materialize"], command.folder, environment())


def calls(folder: Path) -> Counter[str]:
    return Counter((folder / "calls.log").read_text().splitlines())


def records(server: PostgresServer, url: str) -> Counter[tuple[str, str]]:
    """How often each asset-partition was materialized, by the facts themselves."""
    schema = url.partition("%3D")[2].partition("&")[0]
    with server.connect() as admin:
        found = admin.execute(
            f"SELECT asset, partition FROM {schema}.materializations "
            f"JOIN {schema}.attempts ON sequence = materializations.number"
        )
        return Counter(tuple(row) for row in found)


def crash(server: PostgresServer) -> None:
    server.stop("immediate")
    server.start()


def test_a_server_that_crashes_again_and_again_under_a_run_costs_nothing_but_time(
    tmp_path: Path, server: PostgresServer
) -> None:
    url = server.new_url()
    command = project(tmp_path / "project", url)
    run = started(command)
    log, crashes = command.folder / "calls.log", 0
    while run.poll(0.01) is None:
        if log.exists() and len(log.read_text().splitlines()) > 4 * crashes:
            crash(server)
            crashes += 1
    out = run.communicate()[0]
    assert run.returncode == 0, out
    assert crashes >= 3
    assert set(calls(command.folder).values()) == {1}, "no call was made twice"
    assert len(calls(command.folder)) == 21
    assert set(records(server, url).values()) == {1}
    assert len(records(server, url)) == 21
    assert "Nothing to do" in command("materialize").out


def test_a_server_that_stays_away_ends_the_run_and_the_next_one_goes_on(
    tmp_path: Path, server: PostgresServer
) -> None:
    url = server.new_url()
    command = project(tmp_path / "project", url + "&retry_s=0.5")
    (command.folder / "work.py").write_text(
        PROJECT.replace('    ran("doubled', '    wait_for_the_end(context)\n    ran("doubled')
        + STOPPING
    )
    for pipe in ("stop", "stopped"):
        os.mkfifo(command.folder / pipe)
    stopping = threading.Thread(target=_stop_when_asked, args=(server, command.folder))
    stopping.start()
    done = command("materialize")
    stopping.join()
    assert done.code == 6, done.out + done.err
    assert "E630" in done.err
    assert "run the command again; what was recorded is kept" in " ".join(done.err.split())
    assert command("plan").code == 6
    server.start()
    before = records(server, url)
    assert 10 <= len(before) < 21
    assert command("materialize").code == 0
    assert set(records(server, url).values()) == {1}, "what was recorded is never run again"
    assert len(records(server, url)) == 21
    again = {name for name, count in calls(command.folder).items() if count > 1}
    assert len(again) <= 1, "at most the step whose record was lost"


STOPPING = """

def wait_for_the_end(context: AssetContext) -> None:
    if context.partition.key == "p07" and Path("stop").exists():
        Path("stop").write_text("now")  # a pipe: until somebody reads
        Path("stopped").read_text()
"""


def _stop_when_asked(server: PostgresServer, folder: Path) -> None:
    (folder / "stop").read_text()
    (folder / "stop").unlink()
    server.stop("immediate")
    (folder / "stopped").write_text("done")


def test_two_runs_at_once_share_the_work(tmp_path: Path, server: PostgresServer) -> None:
    """Two processes of one project, which claim from one store; nothing is computed twice."""
    url = server.new_url()
    command = project(tmp_path / "project", url)
    runs = [started(command) for _ in range(2)]
    said = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert set(calls(command.folder).values()) == {1}
    assert set(records(server, url).values()) == {1}
    assert len(records(server, url)) == 21


SLOW = """
from __future__ import annotations

from pathlib import Path

from assets_core import asset

HERE = Path(r"SHARED")


@asset
def slow() -> int:
    with (HERE / "calls.log").open("a") as file:
        file.write("slow\\n")
    (HERE / "go").read_text()  # a pipe: until somebody writes
    return 1
"""


def test_what_a_run_of_another_host_holds_is_waited_for_and_adopted(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    """Two folders with lock files of their own are two hosts; they share the store and the values."""
    url = postgres.new_url()
    hosts = [project(tmp_path / name, url) for name in ("here", "there")]
    for host in hosts:
        config = host.folder / "assets.toml"
        config.write_text(config.read_text() + f'data = "{tmp_path}/data"\n')
        (host.folder / "work.py").write_text(SLOW.replace("SHARED", str(tmp_path)))
    os.mkfifo(tmp_path / "go")
    here, there = hosts
    runs = [started(here)]
    while not (tmp_path / "calls.log").exists():
        assert runs[0].poll(0.01) is None
    assert there.json("ls", "status:running")["assets"][0]["key"] == "slow"
    runs.append(started(there))
    while len(there.json("runs", "ls")["runs"]) < 2:
        assert runs[1].poll(0.01) is None
    (tmp_path / "go").write_text("on")
    said = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert calls(tmp_path) == Counter(["slow"])
    assert records(postgres, url) == Counter([("slow", "")])
