"""The example, materialized once for all tests: workers that run in parallel wait for the first and share its copy."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.example.copies import Copy


@dataclass(frozen=True)
class Materialized:
    """The project after its first run, which nothing may change, and the events of that run."""

    copy: Copy
    events: list[dict[str, Any]]


@pytest.fixture(scope="session")
def year(tmp_path_factory: pytest.TempPathFactory) -> Materialized:
    """All 365 days, from nothing."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    copy, events = Copy(shared / "example"), shared / "example.events.json"
    with _only_one(shared / "example.lock"):
        if not events.exists():
            events.write_text(json.dumps(Copy.at(copy.root).materialize("-j", "2")))
    return Materialized(copy, json.loads(events.read_text()))


@pytest.fixture
def project(year: Materialized, tmp_path: Path) -> Copy:
    """A copy of the materialized project that may be changed."""
    return year.copy.clone(tmp_path / "example")


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
