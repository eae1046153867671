"""Attempts of which nobody came back to tell: their run died, or was cut short, while it held them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from assets_core.execution.attempt_folders import made_at
from assets_core.model.records import AttemptRecord, AttemptStatus, Failure
from assets_core.ports import Completion, Lease


def lost_attempts(
    leases: Iterable[Lease], status: AttemptStatus, message: str, at: datetime
) -> list[AttemptRecord]:
    """What is to be told of them at ``at``; they began when their ids were made, and nobody knows how long they ran."""
    failure = Failure(status.value, message, retryable=False)
    return [
        AttemptRecord(
            lease.attempt,
            lease.run,
            lease.env,
            lease.asset,
            lease.partition,
            lease.fence,
            made_at(lease.attempt) or at,
            at,
            status,
            0.0,
            failure,
        )
        for lease in leases
    ]


def lost_completions(attempts: Iterable[AttemptRecord]) -> list[Completion]:
    """The same as facts to be recorded, which gives up what was held; one that was recorded already stays as it is."""
    return [Completion(attempt) for attempt in attempts]
