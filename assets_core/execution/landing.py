"""What came back of a call, also where no outcome did: its worker died, was stopped, or never got it."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TypeAlias

from assets_core.errors import AssetsError, ConflictError
from assets_core.execution.calls import Call
from assets_core.execution.capture import last_lines
from assets_core.execution.checkup import Checkup
from assets_core.execution.failures import wants_retry
from assets_core.execution.state import RunState
from assets_core.execution.workers import DIED, STOPPED, TIMED_OUT, Unanswered
from assets_core.model.outcomes import NotProduced, StepOutcome
from assets_core.model.records import CANCELLED, DEAD, Failure
from assets_core.ports import Outcome

Flight: TypeAlias = "Call | Checkup"
_KINDS = {DIED: DEAD, TIMED_OUT: "timeout", STOPPED: CANCELLED}


def landed_of(state: RunState, flight: Flight, future: Future[Outcome]) -> Outcome | AssetsError:
    """What came back; without an outcome every target of the call failed, with the reason and what it printed."""
    try:
        return future.result()
    except AssetsError as error:
        if isinstance(flight, Checkup):
            return error
        failure = _failure(state, flight, error)
        request = flight.request
        outputs = tuple(
            NotProduced(o.asset, o.partition, o.attempt, failure) for o in request.outputs
        )
        tail = last_lines(request.log)
        seconds = error.seconds if isinstance(error, Unanswered) else 0.0
        log = str(request.log) if tail else None
        return StepOutcome(flight.id, outputs, duration_s=seconds, log=log, tail=tail)


def _failure(state: RunState, call: Call, error: AssetsError) -> Failure:
    """The retry predicate is asked about a timeout as about any exception; a worker that died raised none."""
    retryable = not isinstance(error, ConflictError) and error.code != STOPPED
    if error.code == TIMED_OUT:
        policy = state.graph.definitions[call.definition].retry
        retryable = wants_retry(TimeoutError(error.message), policy)
    kind = _KINDS.get(error.code, error.code)
    file, line = (error.place.file, error.place.line) if error.place else (None, 0)
    return Failure(kind, error.message, file=file, line=line, retryable=retryable)
