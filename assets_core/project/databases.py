"""The database behind a project's state. Only settings are read, so definitions that can't be loaded don't matter."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from assets_core.settings import Settings
from assets_core.store.databases import (
    Backup,
    DatabaseStatus,
    Upgrade,
    back_up_database,
    database_status,
    upgrade_database,
)

__all__ = ["Backup", "DatabaseStatus", "Upgrade", "back_up", "status", "upgrade"]


def status(settings: Settings) -> DatabaseStatus:
    """Look at the database, reading all of it; nothing is created or changed."""
    return database_status(settings.store)


def upgrade(settings: Settings) -> Upgrade:
    """Bring an older schema up to date; what does not exist is not created."""
    return upgrade_database(settings.store)


def back_up(settings: Settings, target: Path | None, now: datetime) -> Backup:
    """Copy the state file to ``target``, by default to one in the state directory whose name says the time."""
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    return back_up_database(settings.store, target or settings.home / f"state-{stamp}.sqlite")
