"""What a live run is making at this moment is neither wiped nor rolled back: the run would publish it again."""

from __future__ import annotations

from collections.abc import Collection

from assets_core.errors import ConflictError
from assets_core.model.keys import AssetPartition
from assets_core.ports import Transaction


def refuse_being_made(
    tx: Transaction, env: str, wanted: Collection[AssetPartition], verb: str
) -> None:
    """Raise ConflictError E624 where a live run holds a lease on one of these; ``verb`` is what is to be done then."""
    held = tx.taken(env, list(dict.fromkeys(one.asset for one in wanted)))
    for one in wanted:
        lease = held.get(one)
        if lease is not None:
            raise ConflictError(
                "E624",
                f"run {lease.run} is making `{one}` at this moment",
                help=f"nothing was changed; wait for the run or stop it, then {verb} again",
            )
