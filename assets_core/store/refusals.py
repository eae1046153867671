"""The errors that a store raises for what it was asked to do, said alike by every engine."""

from __future__ import annotations

from assets_core.errors import ConflictError, InternalError, Place, StoreError
from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.ports import Lease


def lease_lost(lease: Lease) -> ConflictError:
    """Another run took the asset-partition over."""
    key = AssetPartition(lease.asset, lease.partition)
    return ConflictError(
        "E621",
        f"run {lease.run} no longer holds `{key}`: another run took it over",
        help="nothing was changed; plan again",
    )


def run_cancelled(run: str) -> ConflictError:
    """A run that somebody cancelled is leased nothing more."""
    return ConflictError(
        "E622", f"run {run} was cancelled", help="`assets retry` goes on where it ended"
    )


def is_running(run: str) -> ConflictError:
    """While a run goes on, nothing is renamed: it would record what it makes under the former name."""
    return ConflictError(
        "E627",
        f"run {run} is going on",
        help="nothing was changed; wait for it, or end it with `assets cancel`, then rename again",
    )


def has_versions(key: AssetKey) -> ConflictError:
    """Two histories are never joined into one."""
    return ConflictError(
        "E936",
        f"`{key}` was materialized under this name already",
        help="nothing was changed; what the former asset was stays recorded under its own name",
    )


def unknown_run(run: str) -> InternalError:
    """A write that names a run which was never started."""
    return InternalError("E691", f"run {run!r} was never started in this state store")


def unknown_materialization(number: int) -> InternalError:
    """Check results for a version that was never recorded."""
    return InternalError("E692", f"no materialization has the number {number}")


def schema_too_old(where: str, version: int) -> StoreError:
    """A schema from which no migration leads to today's."""
    return StoreError(
        "E615",
        f"the state store has schema {version}, which is too old to be migrated",
        place=Place(where),
        help="install an earlier version of assets-core and run any command with it first",
    )
