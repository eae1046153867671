"""The runner drives a plan: it claims, submits, records and asks staleness again. Workers return; the runner records.

One loop. Each turn takes the outcomes that have arrived and opens one durable transaction in which it catches up with
other writers, records those outcomes, decides the *maybe* downstream of what settled, and claims what became ready;
then it submits what it claimed. No user code and no file I/O runs inside the transaction. Visibility is the pointer,
moved in the transaction that records (G1), and only if the fence is still ours (G6).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from assets_core.errors import AssetsError, StopNow
from assets_core.execution.arrivals import Arrival, Arrivals
from assets_core.execution.calls import Call
from assets_core.execution.catching_up import lay_over, note_damage
from assets_core.execution.check_results import results_of
from assets_core.execution.checkup import Checkup
from assets_core.execution.checkups import Checkups
from assets_core.execution.claims import Claimer
from assets_core.execution.conflicts import Conflicts
from assets_core.execution.halting import Halting
from assets_core.execution.landing import Flight, landed_of
from assets_core.execution.lost import lost_attempts, lost_completions
from assets_core.execution.next_tries import next_try
from assets_core.execution.own_inputs import Returned
from assets_core.execution.recording import Recorder
from assets_core.execution.retries import Retries
from assets_core.execution.settling import Settler
from assets_core.execution.state import RunState
from assets_core.execution.storing import make_folders
from assets_core.execution.tally import RunResult
from assets_core.execution.telling import Telling
from assets_core.model.conflicts import OnConflict
from assets_core.model.events import (
    Blocked,
    Event,
    RunExtended,
    RunFinished,
    RunStarted,
    StepStarted,
)
from assets_core.model.outcomes import CheckRunOutcome, StepOutcome
from assets_core.model.plans import Action, CheckFailing, Plan, Step
from assets_core.model.records import AttemptRecord, AttemptStatus, RunEnd, RunRecord, RunStatus
from assets_core.partitions import PartitionSet
from assets_core.planning.blocked_text import blocked_by
from assets_core.ports import (
    Executor,
    LimitFull,
    Outcome,
    PoolFull,
    StateStore,
    Transaction,
)

Replan: TypeAlias = Callable[[], Plan]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How a run behaves."""

    fail_fast: bool = False
    checks_only: bool = False
    """Evaluate checks and compute nothing, whatever they make due."""
    timeout_s: float | None = None
    """How long the run may take; what is running then is stopped."""
    on_conflict: OnConflict = OnConflict.WAIT
    random: Callable[[], float] = random.random


class Runner:
    """Executes one plan against one store with one executor."""

    def __init__(
        self,
        state: RunState,
        store: StateStore,
        executor: Executor,
        settings: RunSettings,
        replan: Replan,
        arrivals: Arrivals | None = None,
    ) -> None:
        self.state = state
        self.store = store
        self.executor = executor
        self.settings = settings
        self.is_asked_to_stop = False
        self._replan = replan
        """Plans again against the advanced snapshot: what a run still has to check once everything is built."""
        self._started = state.clock.monotonic()
        self._retries = Retries(state.graph, settings.random)
        self._recorder = Recorder(state, self._retries)
        self._settler = Settler(state, self._retries, self._started)
        self._checkups = Checkups(state, lambda numbers: results_of(store, numbers))
        self._claimer = Claimer(state, self._checkups.judge_candidates)
        self._arrivals = arrivals or Arrivals()
        self._flights: dict[str, Flight] = {}
        self._conflicts = Conflicts(state, store, settings.on_conflict)
        self._extended: dict[int, PartitionSet] = {}
        self._halting = Halting(state.clock, executor, settings.timeout_s, state.grace_s)
        self._telling = Telling(state.emit, self._stop_as_failed)

        def emit(event: Event) -> None:
            state.tally.see(event)
            self._telling.emit(event)

        state.emit = emit

    def request_stop(self) -> None:
        """Start nothing more, wait for what is running, record it and end the run as cancelled."""
        self.is_asked_to_stop = True
        self._halting.finish(RunStatus.CANCELLED)

    def _stop_as_failed(self) -> None:
        """Who listens cannot go on: what is running is finished and recorded before that is raised."""
        self._halting.finish(RunStatus.FAILED)

    def run(self, plan: Plan, record: RunRecord) -> RunResult:
        """Execute ``plan``; what cannot be done is an outcome; only the store's errors and bugs raise."""
        with self.store.writing() as tx:
            record = tx.start_run(record)
        total = plan.count(Action.RUN) + plan.count(Action.MAYBE)
        self.state.emit(RunStarted(record.run, record.number, total))
        self._block_planned(plan)
        self._checkups.expect(plan.steps)
        self._checkups.add(plan.checks)
        try:
            first = self.store.run("1")
            owner = first[0].run if first is not None else record.run
            make_folders(self.state.home, owner, dict.fromkeys(s.asset for s in plan.steps))
            status = self._drive()
            if self._telling.error is not None:
                raise self._telling.error
        except BaseException as error:
            self._end_after(error, record.run, plan)
            raise
        counts = self._end(record.run, status, plan)
        seconds = self.state.clock.monotonic() - self._started
        self.state.emit(RunFinished(record.run, status, seconds))
        tally = self.state.tally
        return RunResult(
            record.run, record.number, status, seconds, counts,
            tuple(tally.steps.values()), tuple(tally.failed_checks),
        )  # fmt: skip

    def _end(self, run: str, status: RunStatus, plan: Plan) -> dict[str, int]:
        counts = self.state.tally.counts(plan.current)
        with self.store.writing() as tx:
            tx.end_run(RunEnd(run, status, self.state.clock.now(), counts))
        return counts

    def _end_after(self, error: BaseException, run: str, plan: Plan) -> None:
        """Record the end of a run that was cut short; what ended it is not hidden by a store that fails as well."""
        stopped = isinstance(error, KeyboardInterrupt | StopNow)
        try:
            with self.store.writing() as tx:
                tx.record(lost_completions(self._lost(stopped=stopped)))
            self._end(run, RunStatus.CANCELLED if stopped else RunStatus.FAILED, plan)
        except Exception as second:
            error.add_note(f"the end of the run could not be recorded either: {second}")

    def _lost(self, *, stopped: bool) -> list[AttemptRecord]:
        """The attempts of calls that nobody waits for any more."""
        leases = [
            lease
            for flight in self._flights.values()
            if not isinstance(flight, Checkup)
            for lease in flight.leases
        ]
        status = AttemptStatus.CANCELLED if stopped else AttemptStatus.DIED
        text = "its run was stopped at once" if stopped else "its run was cut short by an error"
        return lost_attempts(leases, status, text, self.state.clock.now())

    def _block_planned(self, plan: Plan) -> None:
        for step in plan.steps:
            if step.action is Action.BLOCKED:
                reason = blocked_by(step.reasons)
                for ordinal in step.partitions:
                    address = self.state.address(step.index, ordinal)
                    self.state.emit(Blocked(*address, None, reason))

    def _drive(self) -> RunStatus:
        """Turn until nothing is left, then once more for checks that only the finished data makes due."""
        self._turn([])
        while True:
            while self._flights or self._waiting:
                self._turn(self._await())
            if self._halting.end is not None:
                return self._halting.end
            left = self._replan()
            if not self._checkups.add(left.checks) and not self._extend(left):
                failing = any(isinstance(a, CheckFailing) for a in left.annotations)
                bad = failing or self.state.tally.failed
                return RunStatus.FAILED if bad else RunStatus.SUCCEEDED
            self._turn([])

    def _extend(self, left: Plan) -> bool:
        """Take up what only the run made due, such as readers of a candidate that passed: each once, and after success.

        After a failure what is left is what was blocked by it, and stays so.
        """
        if self.settings.checks_only or self.state.tally.failed:
            return False
        fresh: list[Step] = []
        for step in left.steps:
            taken = self._extended.get(step.index, PartitionSet.EMPTY)
            partitions = step.partitions - taken - self._attempted(step)
            if step.action is not Action.BLOCKED and partitions:
                self._extended[step.index] = taken | partitions
                fresh.append(replace(step, partitions=partitions))
                self.state.emit(RunExtended(step.asset, len(partitions)))
        self._checkups.expect(fresh)
        self.state.frontier.extend(fresh)
        return bool(fresh)

    def _attempted(self, step: Step) -> PartitionSet:
        """The partitions of a step that this run computed already, or took as another run left them."""
        steps, joined = self.state.tally.steps, self._conflicts.joined
        addresses = {o: self.state.address(step.index, o) for o in step.partitions}
        return PartitionSet.of(
            [
                ordinal
                for ordinal, address in addresses.items()
                if address in joined
                or (
                    (known := steps.get(address)) is not None
                    and known.outcome == "materialized"
                    and known.duration_s is not None
                )
            ]
        )

    @property
    def _waiting(self) -> bool:
        """Whether there will be something to do though nothing is running."""
        due = len(self._retries) or len(self._conflicts) or self._claimer.holding_up.needs
        due = due or not self._checkups.idle
        return self._halting.status is None and bool(due)

    def _await(self) -> list[Arrival]:
        """Everything that has arrived; blocks until something has, a timer is due, or the run is to end."""
        going = self._halting.status is None
        while not (self._halting.apply(self._flights) and going):
            timer = self._until_timer()
            wait = self._halting.wait_s if timer is None else min(timer, self._halting.wait_s)
            arrived = self._wait(wait)
            if arrived or timer == 0.0:
                return arrived
            self._halting.see(self.store.cancel_request(self.state.run))
        return []

    def _wait(self, seconds: float) -> list[Arrival]:
        if not self._flights:
            self.state.clock.sleep(seconds)
            return []
        arrived = self._arrivals.wait(seconds)
        for flight, _ in arrived:
            del self._flights[flight.id]
        return arrived

    def _until_timer(self) -> float | None:
        holding_up = self._claimer.holding_up
        later = (self._conflicts.next_at, self._retries.next_at, holding_up.next_at)
        times = [at for at in later if at is not None]
        if not times or self._halting.status is not None:
            return None
        return max(0.0, min(times) - self.state.clock.monotonic())

    def _turn(self, arrived: list[Arrival]) -> None:
        """One transaction: catch up, record, decide, claim. Then submit."""
        calls: list[Call] = []
        checkups: list[Checkup] = []
        landed = [(flight, landed_of(self.state, flight, future)) for flight, future in arrived]
        self._conflicts.take()
        with self._telling.after_commit(), self.store.writing() as tx:
            self._catch_up(tx)
            self._record(tx, landed)
            self._halting.see(tx.cancel_request(self.state.run))
            if self._halting.status is None:
                room = self.executor.capacity - len(self._flights)
                calls = self._retry(tx)
                checkups = self._checkups.start(tx, room - len(calls))
                self._conflicts.resume(tx)
                claimed, refused = self._claimer.claim(tx, room - len(calls) - len(checkups))
                if self._conflicts.put_aside(tx, refused):
                    calls += claimed
                else:
                    tx.release([lease for call in claimed for lease in call.leases])
                    self._halting.finish(RunStatus.FAILED)
            else:
                tx.release([lease for c in self._retries.clear() for lease in c.leases])
            self.state.lineage.sequence = tx.sequence
        self._conflicts.tell()
        flights: list[Flight] = [*calls, *checkups]
        for flight in flights:
            self._submit(flight)

    def _catch_up(self, tx: Transaction) -> None:
        """Take note of what other writers committed since our last turn."""
        if lay_over(self.state, tx, self.state.lineage.sequence):
            self._claimer.reconsider()

    # --- outcomes -----------------------------------------------------------------------------------------------

    def _record(self, tx: Transaction, landed: list[tuple[Flight, Outcome | AssetsError]]) -> None:
        returned: list[Returned] = []
        if note_damage(self.state, tx, [o for _, o in landed if not isinstance(o, AssetsError)]):
            self._claimer.reconsider()
        for flight, outcome in landed:
            if isinstance(outcome, StepOutcome):
                assert isinstance(flight, Call)
                returned.append(Returned(flight, outcome))
            elif isinstance(outcome, CheckRunOutcome):
                assert isinstance(flight, Checkup)
                if outcome.unsound:
                    self._checkups.unjudged(tx, flight, outcome)
                elif self._recorder.observe(tx, outcome.sources):
                    self._checkups.again(flight)
                else:
                    self._checkups.record(tx, flight, outcome)
            else:
                assert isinstance(flight, Checkup)
                self._checkups.lost(tx, flight, outcome)
        for one, recorded in self._recorder.record(tx, returned):
            self._settler.settle(one, recorded)
        if self.settings.fail_fast and self.state.tally.failed:
            self._halting.finish(RunStatus.FAILED)

    def _retry(self, tx: Transaction) -> list[Call]:
        calls = []
        for call, failed in self._retries.due(self.state.clock.monotonic()):
            again = next_try(self.state, tx, call, failed)
            match again:
                case Call():
                    calls.append(again)
                case PoolFull() | LimitFull():
                    at = self._claimer.holding_up.again_at(call.definition, again)
                    self._retries.postpone(call, failed, at)
                case None:
                    pass
        return calls

    def _submit(self, flight: Flight) -> None:
        self._flights[flight.id] = flight
        if not isinstance(flight, Checkup):
            outputs = flight.request.outputs
            self.state.emit(
                StepStarted(
                    flight.id,
                    tuple(dict.fromkeys(o.asset for o in outputs)),
                    tuple(dict.fromkeys(o.partition for o in outputs)),
                    self.state.clock.monotonic() - self._started,
                )
            )
        future = self.executor.submit(flight.request)
        future.add_done_callback(lambda done: self._arrivals.put(flight, done))
