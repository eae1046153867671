"""``publish="together"``: of one partition, readers see all outputs of a call or none of them.

Where one output fails, the others fail with it and are tried again with it. Where a check keeps one back, the others
are kept back as candidates beside it, and are published in the transaction that finds the last of them good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assets_core.execution.own_inputs import Returned
from assets_core.execution.state import RunState
from assets_core.graph import AssetGraph
from assets_core.model.outcomes import NotProduced, Produced
from assets_core.model.records import Failure


def siblings(graph: AssetGraph, asset: int) -> Sequence[int]:
    """The outputs that are published together with this one, itself included; only itself for most assets."""
    definition = graph.definition_of[asset]
    if graph.definitions[definition].publish != "together":
        return (asset,)
    return graph.outputs_of[definition]


def failed_together(state: RunState, returned: Returned) -> Returned:
    """The outcome with every output failed of a partition of which one failed."""
    call, outcome = returned.call, returned.outcome
    if state.graph.definitions[call.definition].publish != "together":
        return returned
    failed = {o.partition: o for o in outcome.outputs if isinstance(o, NotProduced)}
    if not failed:
        return returned
    outputs = []
    for output in outcome.outputs:
        cause = failed.get(output.partition)
        if cause is None or isinstance(output, NotProduced):
            outputs.append(output)
            continue
        message = f"`{cause.asset}` failed, and is published together with it"
        failure = Failure("together", message, retryable=cause.failure.retryable)
        outputs.append(NotProduced(output.asset, output.partition, output.attempt, failure))
    return replace(returned, outcome=replace(outcome, outputs=tuple(outputs)))


def held_together(state: RunState, returned: Returned) -> frozenset[str]:
    """The partitions of which nothing is published, because a check keeps one output back."""
    if state.graph.definitions[returned.call.definition].publish != "together":
        return frozenset()
    return frozenset(
        o.partition
        for o in returned.outcome.outputs
        if isinstance(o, Produced) and any(c.blocks for c in o.checks)
    )
