"""``assets partitions --add`` and ``--remove``: what is printed, refused, and done by two processes at once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faces.command import Command, environment

SHOP = """\
from assets_core import AssetContext, DynamicPartitions, StaticPartitions, asset

customers = DynamicPartitions("customers")


@asset(partitions=customers)
def orders(context: AssetContext) -> str:
    return context.partition.key


@asset(partitions=StaticPartitions(["a"]))
def fixed() -> int:
    return 1
"""


@pytest.fixture
def assets(tmp_path: Path) -> Command:
    (tmp_path / "assets.toml").write_text('module = "shop"\nexecutor = "inline"\n')
    (tmp_path / "shop.py").write_text(SHOP)
    return Command(tmp_path)


def test_keys_are_added_shown_materialized_and_removed(assets: Command) -> None:
    added = assets("partitions", "orders", "--add", "ann", "--add", "[/x]", "--remove", "never")
    assert added.out.splitlines() == ["  + ann", "  + [/x]", "customers  dynamic, 2 partitions"]
    assert assets.json("partitions", "customers", "--add", "ann", "--add", "-rf") == {
        "schema": "assets.partitions_changed/1",
        "name": "customers",
        "added": ["-rf"],
        "removed": [],
        "count": 3,
    }
    assert "run 1" in assets("materialize", "orders", "-p", "ann", "-p", "[/x]").err
    listed = assets("partitions", "orders", "--status", "missing")
    assert listed.out.splitlines() == ["-rf"]
    assert "3" in assets("ls").out
    assert "dynamic, 3: ann .. -rf" in assets("show", "orders").out
    assert assets.json("verify", "orders", "-p", "ann")["versions"] == 1
    refused = assets("partitions", "orders", "--remove", "ann", "--json")
    assert refused.code == 5
    assert json.loads(refused.out)["code"] == "E436"
    assert assets("partitions", "orders", "--remove", "ann", "--force").out.splitlines() == [
        "  - ann",
        "customers  dynamic, 2 partitions",
    ]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "error"),
    [
        (("custumers", "--add", "x"), 4, "E433"),
        (("fixed", "--add", "x"), 2, "E434"),
        (("orders", "--add", "x", "--remove", "x"), 2, "E437"),
        (("orders", "--add", "a\nb"), 2, "E201"),
        (("orders", "--force"), 2, "E907"),
        (("orders", "--add", "x", "--status", "stale"), 2, "E907"),
    ],
)
def test_what_cannot_be_is_refused_with_a_code(
    assets: Command, arguments: tuple[str, ...], exit_code: int, error: str
) -> None:
    done = assets("partitions", *arguments)
    assert (done.code, f"error[{error}]" in done.err) == (exit_code, True), done.err
    assert assets("partitions", "orders").out.splitlines()[0] == "orders  dynamic, 0 partitions"


ADD = """
import sys
from assets_core.project import Project

project = Project.load(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for n in range(10):
    project.add_partitions("customers", [f"{sys.argv[2]}-{n}", f"both-{n}"])
"""


def test_two_processes_that_add_at_once_lose_and_repeat_nothing(assets: Command) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", ADD, str(assets.folder), name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(),
        )
        for name in ("one", "two")
    ]  # fmt: skip
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    assert [worker.communicate(timeout=60)[1] for worker in workers] == [None, None]
    assert [worker.returncode for worker in workers] == [0, 0]
    keys = assets("partitions", "orders", "--status", "missing").out.splitlines()
    assert sorted(keys) == sorted(
        [f"{name}-{n}" for name in ("one", "two", "both") for n in range(10)]
    )
