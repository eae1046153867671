"""What a terminal shows between the first signal and the end of a run."""

from __future__ import annotations

import signal
from pathlib import Path

import pexpect
import pytest

from assets_core.cli.stopping import STOPPING
from tests.faces.command import ASSETS, Command, environment

SLOW = """\
from __future__ import annotations

import time
from pathlib import Path

from assets_core import asset


@asset
def slow() -> int:
    Path("started").write_text("")
    while not Path("go").exists():
        time.sleep(0.02)
    return 1
"""


@pytest.fixture
def slow(tmp_path: Path) -> Command:
    (tmp_path / "shop").mkdir()
    (tmp_path / "assets.toml").write_text('module = "shop"\njobs = 1\n')
    (tmp_path / "shop" / "__init__.py").write_text(SLOW)
    return Command(tmp_path)


def test_the_moving_display_goes_on_saying_that_it_stops(slow: Command) -> None:
    variables = environment(TERM="xterm-256color", COLUMNS="120")
    child: pexpect.spawn[str] = pexpect.spawn(
        str(ASSETS), ["materialize"], cwd=str(slow.folder), env=variables,  # type: ignore[arg-type]
        encoding="utf-8", dimensions=(24, 120), timeout=60,
    )  # fmt: skip
    child.expect(r"0/1 .*slow")
    while not (slow.folder / "started").exists():
        child.expect("0/1")
    child.kill(signal.SIGINT)
    for _ in range(
        3
    ):  # text beside the display would be written once, and overdrawn by its next frame
        child.expect_exact(STOPPING)
    (slow.folder / "go").write_text("")
    child.expect("Stopped")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
