"""An executor whose calls take virtual time and come to whatever the seed says."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from assets_core.errors import AssetsError, StepError
from assets_core.execution.workers import STOPPED
from assets_core.ports import Outcome, StepRequest
from tests.faults.simulator.stage import Actor

Perform = Callable[[StepRequest], "Outcome | AssetsError"]


class SimulatedExecutor:
    """``perform`` says what a call comes to at the moment at which it ends."""

    name = "simulated"
    survivors = ()

    def __init__(self, actor: Actor, capacity: int, perform: Perform) -> None:
        self.capacity = capacity
        self._actor, self._stage, self._perform = actor, actor.stage, perform
        self._futures: dict[str, Future[Outcome]] = {}

    def submit(self, request: StepRequest) -> Future[Outcome]:
        future = self._futures[request.call] = Future()
        takes = self._stage.random.random()
        self._stage.at(takes, lambda: self._end(future, lambda: self._perform(request)))
        return future

    def cancel(self, call: str, grace_s: float) -> None:
        stopped, future = StepError(STOPPED, "the call was stopped"), self._futures[call]
        takes = grace_s * self._stage.random.random()
        self._stage.at(takes, lambda: self._end(future, lambda: stopped))

    def _end(self, future: Future[Outcome], what: Callable[[], Outcome | AssetsError]) -> None:
        if future.done() or self._actor.killed:
            return
        match what():
            case AssetsError() as error:
                future.set_exception(error)
            case outcome:
                future.set_result(outcome)

    def close(self) -> None:
        """Nothing to stop."""
