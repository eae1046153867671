"""The next try of a call that failed: the same claim, the same pins, and its slots again."""

from __future__ import annotations

from dataclasses import replace

from assets_core.errors import ConflictError
from assets_core.execution.calls import Call, Target, make_request
from assets_core.execution.own_inputs import pinned_again
from assets_core.execution.paths import new_id
from assets_core.execution.state import RunState
from assets_core.partitions import PartitionSet
from assets_core.ports import Lease, LimitFull, PoolFull, Transaction


def next_try(
    state: RunState, tx: Transaction, call: Call, failed: tuple[Target, ...]
) -> Call | PoolFull | LimitFull | None:
    """A fresh attempt for each target that failed, or what has no room for it yet.

    None where another run took the claim meanwhile: then it is decided again, like any claim that is refused.
    """
    held = {lease.attempt: lease for lease in call.leases}
    full = tx.claim_again([held[t.attempt] for t in failed], state.needs[call.definition])
    if full is not None:
        return full
    targets = tuple(replace(t, attempt=new_id()) for t in failed)
    leases: list[Lease] = []
    try:
        for old, new in zip(failed, targets, strict=True):
            leases.append(tx.renew(held[old.attempt], new.attempt))
    except ConflictError:
        tx.release([*leases, *(held[t.attempt] for t in failed)])
        for target in failed:
            single = PartitionSet.range(target.ordinal, target.ordinal + 1)
            state.frontier.put_back(target.asset, single)
        return None
    return _with(state, tx, call, targets, tuple(leases))


def _with(
    state: RunState,
    tx: Transaction,
    call: Call,
    targets: tuple[Target, ...],
    leases: tuple[Lease, ...],
) -> Call:
    request = make_request(
        state, call.definition, new_id(), targets, lambda wanted: tx.pins(state.env, wanted)
    )
    inputs = pinned_again(state, call, targets, request.inputs)
    pinned = replace(request, inputs=inputs, related=call.request.related)
    return replace(
        call,
        id=pinned.call,
        targets=targets,
        leases=leases,
        inputs={t.ordinal: call.inputs[t.ordinal] for t in targets},
        request=pinned,
        tries=call.tries + 1,
    )
