"""Recording what came back: one row per attempt, the pointer moved in the same transaction if the fence still holds.

What follows from the facts for the rest of the run is ``settling``'s business.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np

from assets_core.execution.calls import Call, Target
from assets_core.execution.own_inputs import (
    Inputs,
    Returned,
    stopped_at_first_failure,
    with_own_outputs,
)
from assets_core.execution.retries import Retries
from assets_core.execution.state import RunState
from assets_core.execution.together import failed_together, held_together
from assets_core.model.events import PartitionsAdded
from assets_core.model.outcomes import (
    NotProduced,
    Omitted,
    OutputOutcome,
    Produced,
    SourceRead,
)
from assets_core.model.records import (
    AttemptRecord,
    AttemptStatus,
    MaterializationRecord,
    ObservationRecord,
)
from assets_core.model.values import OMITTED, Written
from assets_core.model.versions import DataVersion, digest, term
from assets_core.planning.shared_reads import call_sums, read_of
from assets_core.ports import Completion, Recorded, Transaction
from assets_core.versioning.current import source_version


class Recorder:
    """Turns outcomes into facts for one run."""

    def __init__(self, state: RunState, retries: Retries) -> None:
        self.state = state
        self.retries = retries

    def record(
        self, tx: Transaction, returned: list[Returned]
    ) -> list[tuple[Returned, list[Recorded]]]:
        """Write the facts of these calls in the open transaction."""
        returned = [
            stopped_at_first_failure(self.state, failed_together(self.state, r)) for r in returned
        ]
        completions = []
        for one in returned:  # each with the tokens that it saw itself
            self.observe(tx, one.outcome.sources)
            completions.append(self._completions(one))
        recorded = list(tx.record([c for group in completions for c in group]))
        grouped: list[tuple[Returned, list[Recorded]]] = []
        for one, group in zip(returned, completions, strict=True):
            grouped.append((one, recorded[: len(group)]))
            recorded = recorded[len(group) :]
            if _came_to_something(*grouped[-1]):
                self._add_partitions(tx, one)
        return grouped

    def _add_partitions(self, tx: Transaction, returned: Returned) -> None:
        """The keys that a call added."""
        state = self.state
        asset = state.graph.definitions[returned.call.definition].key
        for name, keys in returned.outcome.added_partitions:
            fresh = tuple(key.key for key in tx.set_dynamic(state.env, name, keys, ()))
            if fresh:
                state.emit(PartitionsAdded(asset, name, fresh))

    def observe(self, tx: Transaction, reads: Iterable[SourceRead]) -> bool:
        """A token that the worker saw is what was read, whatever was seen before; whether any of them is new."""
        observations, state = [], self.state
        for read in reads:
            asset = state.graph.numbers[read.asset]
            tokens = state.tokens.setdefault(asset, {})
            if tokens.get(read.partition) == read.token:
                continue
            tokens[read.partition] = read.token
            seen = self._observation(asset, read.partition, read.token)
            observations.append(seen)
            ordinals, known = state.graph.specs[asset].partitions.find([read.partition])
            if known[0]:  # an observer may know more partitions than the source declares
                version = term(read.partition, seen.version)
                state.lineage.put_observed(asset, int(ordinals[0]), version)
        if observations:
            tx.observe(observations)
        return bool(observations)

    def _observation(self, asset: int, partition: str, token: str) -> ObservationRecord:
        state = self.state
        version = source_version(token, state.versions.code[asset], state.versions.config[asset])
        return ObservationRecord(
            state.env, state.key(asset), partition, token, version, state.clock.now()
        )

    # --- facts --------------------------------------------------------------------------------------------------

    def _completions(self, returned: Returned) -> list[Completion]:
        call = returned.call
        targets = {t.attempt: t for t in call.targets}
        held = held_together(self.state, returned)
        inputs = with_own_outputs(self.state, returned, self._inputs(call))
        return [
            self._completion(returned, targets[o.attempt], o, inputs, held=o.partition in held)
            for o in returned.outcome.outputs
        ]

    def _inputs(self, call: Call) -> Inputs:
        """The call's input records; those of sources as the worker saw them, which may be newer than the pins."""
        state = self.state
        asset = call.targets[0].asset
        edges = state.graph.inputs(asset)
        moved = [
            n
            for n, e in enumerate(edges)
            if state.graph.definitions[state.graph.definition_of[e.upstream]].is_source
        ]
        if not moved:
            return call.inputs
        ordinals = sorted(call.inputs)
        if state.graph.shares_inputs(asset):
            read = read_of(call.inputs[ordinals[0]])
            sums = call_sums(state.lineage, asset, read, len(ordinals))
        else:
            sums = state.rebuilder.input_sums(asset, np.array(ordinals, np.int64))
        return {
            ordinal: tuple(
                replace(item, version=sums.version(row, n)) if n in moved else item
                for n, item in enumerate(call.inputs[ordinal])
            )
            for row, ordinal in enumerate(ordinals)
        }

    def _completion(
        self,
        returned: Returned,
        target: Target,
        outcome: OutputOutcome,
        inputs: Inputs,
        *,
        held: bool,
    ) -> Completion:
        match outcome:
            case Produced():
                publish = not held and not any(c.blocks for c in outcome.checks)
                return Completion(
                    self._attempt(returned, target, _status(publish=publish)),
                    self._materialization(outcome, target, inputs),
                    outcome.checks,
                    returned.call.related[target.asset],
                    publish=publish,
                )
            case Omitted():
                written = Written(OMITTED, DataVersion(digest(OMITTED)), (), OMITTED)
                empty = Produced(outcome.asset, outcome.partition, outcome.attempt, written, ())
                return Completion(
                    self._attempt(returned, target, _status(publish=not held)),
                    self._materialization(empty, target, inputs),
                    publish=not held,
                )
            case NotProduced(failure=failure):
                again = self.retries.allowed(returned.call, failure)
                attempt = self._attempt(returned, target, failure.status)
                return Completion(replace(attempt, failure=failure), release=not again)

    def _attempt(self, returned: Returned, target: Target, status: AttemptStatus) -> AttemptRecord:
        state, call, outcome = self.state, returned.call, returned.outcome
        lease = next(le for le in call.leases if le.attempt == target.attempt)
        ended = state.clock.now()
        share = outcome.duration_s / len(call.targets)
        return AttemptRecord(
            target.attempt,
            state.run,
            state.env,
            *state.address(target.asset, target.ordinal),
            lease.fence,
            ended - timedelta(seconds=outcome.duration_s),
            ended,
            status,
            share,
            log=state.home.relative(Path(outcome.log)) if outcome.log is not None else None,
        )

    def _materialization(
        self, outcome: Produced, target: Target, inputs: Inputs
    ) -> MaterializationRecord:
        state, asset = self.state, target.asset
        return MaterializationRecord(
            target.attempt,
            state.run,
            state.env,
            outcome.asset,
            outcome.partition,
            state.versions.code[asset],
            state.versions.config[asset],
            state.graph.shape(asset),
            inputs[target.ordinal],
            outcome.written,
            term(outcome.partition, outcome.written.data_version),
            state.clock.now(),
            outcome.metadata,
            state.graph.specs[asset].deterministic,
        )


def _came_to_something(returned: Returned, recorded: list[Recorded]) -> bool:
    """Whether some output counts. Of what failed or was replaced, the attempt that makes it will say the same again."""
    outcomes = zip(returned.outcome.outputs, recorded, strict=True)
    return any(not isinstance(o, NotProduced) and not r.superseded for o, r in outcomes)


def _status(*, publish: bool) -> AttemptStatus:
    return AttemptStatus.MATERIALIZED if publish else AttemptStatus.REJECTED
