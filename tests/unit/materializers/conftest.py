"""What the tests here store values with."""

from __future__ import annotations

from tests.storing import store

__all__ = ["store"]
