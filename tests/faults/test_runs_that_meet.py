"""Fault row 9: real ``assets materialize`` processes that want one asset-partition at the same moment."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from assets_core.schemas import schema
from tests.faces.command import Command, environment
from tests.faults.processes_seen import eventually
from tests.postgres_server import PostgresServer
from tests.warm_process import Warm

MODULE = """
from __future__ import annotations

import os
import time
from pathlib import Path

from assets_core import asset

if Path("barrier").exists():
    Path(f"here-{os.getpid()}").touch()
    while not Path("start").exists():
        time.sleep(0.005)


def ran(name: str) -> None:
    with Path("calls.log").open("a") as file:
        file.write(name + "\\n")


@asset
def value() -> int:
    ran("value")
    while not Path("go").exists():
        time.sleep(0.005)
    if Path("fails").exists():
        raise ValueError("no luck")
    return 1


@asset
def reader(value: int) -> int:
    ran("reader")
    return value + 1
"""


@dataclass
class Crowd:
    """Runs of one project that begin at the same moment; each writes its events to a file."""

    folder: Path
    runs: list[Warm] = field(default_factory=list)

    def start(self, number: int, on_conflict: str) -> None:
        (self.folder / "barrier").touch()
        for n in range(number):
            arguments = ["materialize", "--jsonl", "--on-conflict", on_conflict]
            out = (self.folder / f"{n}.jsonl").open("w+b")
            self.runs.append(Warm(arguments, self.folder, environment(), out=out))
        assert eventually(lambda: len(list(self.folder.glob("here-*"))) == number)
        (self.folder / "start").touch()

    def go(self) -> list[str]:
        """Let the computing end; what each run said to people."""
        (self.folder / "go").touch()
        return [run.communicate()[1] for run in self.runs]

    @property
    def codes(self) -> list[int]:
        return sorted(run.wait() for run in self.runs)

    @property
    def calls(self) -> Counter[str]:
        return Counter((self.folder / "calls.log").read_text().splitlines())

    def events(self, name: str) -> list[dict[str, Any]]:
        """The whole lines written so far that tell of such an event, all valid."""
        files = [(self.folder / f"{n}.jsonl").read_text() for n in range(len(self.runs))]
        lines = [line for text in files for line in text.splitlines(keepends=True)]
        whole = [line for line in lines if line.endswith("\n") and f'"{name}"' in line]
        found: list[dict[str, Any]] = [json.loads(line) for line in whole]
        for event in found:
            Draft202012Validator(schema("assets.event/1")).validate(event)
        return found


@contextmanager
def crowd(folder: Path, store: str = "") -> Iterator[Crowd]:
    """A project, and runs of it that are ended in any case."""
    folder.mkdir()
    config = f'module = "work"\nexecutor = "inline"\n{store}'
    (folder / "assets.toml").write_text(config)
    (folder / "work.py").write_text(MODULE)
    crowd = Crowd(folder)
    try:
        yield crowd
    finally:
        for run in crowd.runs:
            run.kill()
            run.wait()


@pytest.mark.parametrize("on_conflict", ["wait", "join"])
def test_of_eight_runs_one_computes_and_the_others_take_it(
    tmp_path: Path, on_conflict: str
) -> None:
    with crowd(tmp_path / "project") as runs:
        runs.start(8, on_conflict)
        assert eventually(lambda: len(runs.events("claim_refused")) == 7)
        assert runs.calls == {"value": 1}
        said = runs.go()
        assert runs.codes == [0] * 8, said
        assert runs.calls == {"value": 1, "reader": 1}
        holder = {
            event["number"] for event in runs.events("claim_refused") if event["asset"] == "value"
        }
        assert len(holder) == 1
        waiting = f"waiting for run {holder.pop()}, which holds value"
        assert sum(waiting in text for text in said) == 7, said
        took = runs.events("adopted" if on_conflict == "wait" else "joined")
        assert sum(event["asset"] == "value" for event in took) == 7
        assert "Nothing to do" in Command(runs.folder)("materialize").out


def test_of_eight_runs_that_do_not_wait_one_computes_and_the_others_exit_5(tmp_path: Path) -> None:
    with crowd(tmp_path / "project") as runs:
        runs.start(8, "fail")
        assert eventually(lambda: sum(run.poll() == 5 for run in runs.runs) == 7)
        assert runs.calls == {"value": 1}
        said = runs.go()
        assert runs.codes == [0] + [5] * 7, said
        assert runs.calls == {"value": 1, "reader": 1}
        refused = [text for text in said if "not started: run " in text]
        assert len(refused) == 7, said
        assert all("failed: value: E626: run " in text for text in refused)
        assert all("wait for it with `--on-conflict wait`" in text for text in refused)
        assert "Nothing to do" in Command(runs.folder)("materialize").out


@pytest.mark.parametrize(("on_conflict", "computed"), [("wait", 3), ("join", 1)])
def test_a_failure_is_tried_by_whoever_waits_and_taken_by_whoever_joins(
    tmp_path: Path, on_conflict: str, computed: int
) -> None:
    with crowd(tmp_path / "project") as runs:
        (runs.folder / "fails").touch()
        runs.start(3, on_conflict)
        assert eventually(lambda: len(runs.events("claim_refused")) == 2)
        said = runs.go()
        assert runs.codes == [1, 1, 1], said
        assert runs.calls == {"value": computed}
        assert sum("failed in run " in text for text in said) == 3 - computed, said


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("on_conflict", "codes"), [("wait", [0, 0, 0]), ("join", [0, 0, 0]), ("fail", [0, 5, 5])]
)
def test_runs_that_meet_on_postgresql(
    tmp_path: Path, postgres: PostgresServer, on_conflict: str, codes: list[int]
) -> None:
    with crowd(tmp_path / "project", f'store = "{postgres.new_url()}"\n') as runs:
        runs.start(3, on_conflict)
        assert eventually(lambda: len(runs.events("claim_refused")) == 2)
        said = runs.go()
        assert runs.codes == codes, said
        assert runs.calls == {"value": 1, "reader": 1}


def test_the_document_of_a_run_names_the_runs_in_its_way(tmp_path: Path) -> None:
    with crowd(tmp_path / "project") as runs:
        runs.start(1, "wait")
        assert eventually((runs.folder / "calls.log").exists)
        command = Command(runs.folder)
        done = command("materialize", "--json", "--on-conflict", "fail")
        assert done.code == 5
        (step,) = done.document["steps"]
        assert (step["asset"], step["outcome"]) == ("value", "failed")
        assert step["error"] == {
            "kind": "E626",
            "message": "run 1 holds it",
            "file": None,
            "line": None,
        }
        third = Warm(["materialize", "--json", "-q"], runs.folder, environment())
        runs.runs.append(third)
        assert eventually(lambda: len(command.json("runs", "ls")["runs"]) == 3)
        (runs.folder / "go").touch()
        out, _ = third.communicate()
        assert third.returncode == 0
        steps = {step["asset"]: step for step in json.loads(out)["steps"]}
        assert steps["value"]["outcome"] == "current"
        assert steps["value"]["detail"] == "waited for run 1"


def test_what_to_do_about_conflicts_is_one_of_three(tmp_path: Path) -> None:
    with crowd(tmp_path / "project") as runs:
        done = Command(runs.folder)("materialize", "--on-conflict", "hope")
        assert done.code == 2
        assert "`wait`, `join` or `fail`" in done.err
