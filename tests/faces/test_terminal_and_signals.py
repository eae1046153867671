"""A real terminal, and real signals. Nothing waits for a time: a step waits for a file, the test for what is shown."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pexpect
import pytest

from tests.faces.command import ASSETS, Command, environment

SLOW = """\
from __future__ import annotations

import time
from pathlib import Path

from assets_core import StaticPartitions, asset


@asset(partitions=StaticPartitions(["a", "b", "c"]))
def slow(context) -> str:
    Path(f"started-{context.partition.key}").write_text("")
    while not Path("go").exists():
        time.sleep(0.02)
    return context.partition.key


@asset
def after(slow: dict[str, str]) -> int:
    return len(slow)
"""


@pytest.fixture
def slow(tmp_path: Path) -> Command:
    (tmp_path / "shop").mkdir()
    (tmp_path / "assets.toml").write_text('module = "shop"\njobs = 1\n')
    (tmp_path / "shop" / "__init__.py").write_text(SLOW)
    return Command(tmp_path)


def spawn(
    command: Command, *arguments: str, size: tuple[int, int] = (24, 80), **env: str
) -> pexpect.spawn[str]:
    variables = environment(TERM="xterm-256color", **env)
    variables.pop("COLUMNS")
    return pexpect.spawn(
        str(ASSETS), list(arguments), cwd=str(command.folder), env=variables,  # type: ignore[arg-type]
        encoding="utf-8", dimensions=size, timeout=60,
    )  # fmt: skip


def finish(child: pexpect.spawn[str]) -> tuple[str, int | None]:
    child.expect(pexpect.EOF)
    text = child.before or ""
    child.close()
    return text, child.exitstatus


@pytest.mark.parametrize("size", [(24, 80), (5, 20)])
def test_a_terminal_shows_rows_that_move_and_keeps_the_summary(
    slow: Command, size: tuple[int, int]
) -> None:
    child = spawn(slow, "materialize", size=size)
    child.expect("slow")
    child.expect("0/4")
    (slow.folder / "go").write_text("")
    text, code = finish(child)
    assert code == 0
    assert "Done" in text
    assert "\x1b[?25h" in text, "the cursor has to come back"


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_terminals_that_want_less_get_less(built: Command, env: dict[str, str]) -> None:
    variables = environment() | {"TERM": "xterm"} | env
    child = pexpect.spawn(
        str(ASSETS),
        ["ls"],
        cwd=str(built.folder),
        env=variables,
        encoding="utf-8",
        timeout=60,  # type: ignore[arg-type]
    )
    text, code = finish(child)
    assert code == 0
    assert "\x1b[" not in text


def test_a_terminal_is_coloured(built: Command) -> None:
    text, _ = finish(spawn(built, "ls"))
    assert "\x1b[32m*\x1b[0m" in text


def test_keys_with_markup_are_shown_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "assets.toml").write_text('module = "shop"\n')
    (tmp_path / "shop" / "__init__.py").write_text(
        "from assets_core import StaticPartitions, asset\n\n\n"
        '@asset(partitions=StaticPartitions(["[/x]", "[red]", "<b>", "=cmd()"]))\n'
        "def odd(context) -> str:\n"
        '    if context.partition.key == "[/x]":\n'
        '        raise ValueError("\\x1b[31m[/bold] \\u202e")\n'
        "    return context.partition.key\n"
    )
    text, code = finish(spawn(Command(tmp_path), "materialize"))
    assert code == 1
    assert "odd[[/x]]" in text
    assert "\\x1b[31m[/bold] \\u202e" in text
    assert "\x1b[31m[/bold]" not in text
    assert "\u202e" not in text


def start(command: Command) -> subprocess.Popen[str]:
    """A run whose first step has started, without a terminal."""
    run = subprocess.Popen(
        [str(ASSETS), "materialize"], cwd=command.folder, env=environment(), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    wait_for(command.folder / "started-a", run)
    return run


def wait_for(path: Path, run: subprocess.Popen[str]) -> None:
    while not path.exists():
        assert run.poll() is None, run.communicate()
        os.sched_yield()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_one_signal_finishes_what_runs_and_says_how_to_go_on(
    slow: Command, number: signal.Signals, code: int
) -> None:
    run = start(slow)
    assert run.stderr is not None
    run.send_signal(number)
    for line in run.stderr:
        if line.startswith("stopping:"):
            break
    (slow.folder / "go").write_text("")
    out, _ = run.communicate(timeout=60)
    assert run.returncode == code
    assert re.match(r"Stopped in .*: 1 materialized, .*   Next: assets retry 1\n", out)
    resumed = slow.json("retry")
    assert resumed["counts"]["materialized"] == 3
    assert slow("plan", "--exit-code").code == 0


def test_a_second_signal_ends_it_at_once(slow: Command) -> None:
    run = start(slow)
    assert run.stderr is not None
    run.send_signal(signal.SIGTERM)
    for line in run.stderr:
        if line.startswith("stopping:"):
            break
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=60)
    assert run.returncode == 143
    (slow.folder / "go").write_text("")
    assert slow("materialize").code == 0


def test_logs_are_followed_while_a_run_goes_on(slow: Command) -> None:
    slow.edit(
        "shop/__init__.py",
        "    while not",
        '    print("hello", context.partition.key, flush=True)\n    while not',
    )
    run = start(slow)
    follow = subprocess.Popen(
        [str(ASSETS), "runs", "logs", "-f"], cwd=slow.folder, env=environment(), text=True,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert follow.stdout is not None
    for line in follow.stdout:
        if line == "hello a\n":
            break
    (slow.folder / "go").write_text("")
    run.communicate(timeout=60)
    rest = follow.communicate(timeout=60)[0]
    assert run.returncode == follow.returncode == 0
    assert "hello c\n" in rest
