"""A fixture that stores values the way a step does: into a fresh, existing, empty directory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assets_core.model.values import StoredPart
from assets_core.ports import Materializer, WriteOptions


@pytest.fixture
def store(tmp_path: Path) -> Callable[..., StoredPart]:
    """Write a value and give the part that a later load is handed."""
    count = 0

    def write(materializer: Materializer, value: object, **options: object) -> StoredPart:
        nonlocal count
        count += 1
        location = tmp_path / f"attempt-{count}"
        location.mkdir()
        written = materializer.write(value, location, WriteOptions(**options))  # type: ignore[arg-type]
        return StoredPart(f"p{count}", location, written)

    return write
