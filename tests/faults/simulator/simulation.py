"""One story: a random project, runs over it, and whatever the seed lets go wrong meanwhile.

Everything random comes from the seed's one generator, and only one actor goes on at a time, so a seed tells the same
story every time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from assets_core.errors import AssetsError, StepError
from assets_core.execution.paths import Home
from assets_core.execution.workers import DIED
from assets_core.model.outcomes import NotProduced, OutputOutcome, Produced, StepOutcome
from assets_core.model.pools import NO_NEEDS, Needs, PoolNeed
from assets_core.model.records import CancelRequest, Failure, RunEnd, RunStatus
from assets_core.model.values import Written
from assets_core.model.versions import DataVersion, digest
from assets_core.ports import Completion, OutputTask, Retention, StepRequest
from assets_core.store import open_store
from tests.faults.simulator import laws
from tests.faults.simulator.projects import At, Contents, Made, project
from tests.faults.simulator.run import ENV, Run, Wish
from tests.faults.simulator.stage import EPOCH, Actor, Stage, Violation

LEASE_S = 1.0
"""How long a run may be stopped before others take what it holds, and other hosts take it for dead."""
PROJECTS = 80
POOL = "pool"
DISTURBING = ("crash", "stop", "cancel", "signal", "bury", "collect", "edit")
FAULTS = (*DISTURBING, "deliver", "fail", "die")


class Simulation:
    """The store, the runs and what is known of both."""

    def __init__(self, seed: int, home: Path, url: str) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.project = project(seed % PROJECTS)
        self.home = Home(home, home / "data")
        self.facts = laws.Facts()
        self.contents = Contents(self.project)
        self.claimed: dict[str, laws.Claim] = {}
        self.delivered: list[Completion] = []
        self.disk: set[str] = set()
        self.runs: dict[str, Run] = {}
        self.happened: Counter[str] = Counter()
        self.story: list[tuple[float, str]] = []
        self.code = (0,) * len(self.project.nodes)
        self.faults = {f for f in FAULTS if self.random.random() < 0.6}
        self.disturbing = [f for f in DISTURBING if f in self.faults]
        self.slots = self.random.choice((0, 0, 1, 2))
        """The slots of the pool that some calls need; none needs it where there are none."""
        pooled = Needs((PoolNeed(POOL, 1, self.slots),))
        in_pool = [self.slots and self.random.random() < 0.7 for _ in self.project.nodes]
        self.needs = tuple(pooled if needed else NO_NEEDS for needed in in_pool)
        self.same_host = self.random.random() < 0.2
        self.calm = False
        self.stage = Stage(self.random, self._disturb)
        self.store: Any = open_store(
            url, alive=self.is_alive, holds=self.holds, now=lambda: self.stage.now
        )

    # --- who is alive -----------------------------------------------------------------------------------------------

    def is_alive(self, name: str) -> bool:
        """What others can know of a run: its lock, or on another host how long it was silent."""
        run = self.runs.get(name)
        if run is None or run.over or run.actor.killed:
            return False
        given_up = not self.same_host and not self.holds(name)
        run.was_given_up |= given_up
        return not given_up

    def holds(self, name: str) -> bool:
        """Whether the leases of a run hold: it is not dead, and was not stopped for too long."""
        run = self.runs.get(name)
        if run is None or run.over or run.actor.killed:
            return False
        return run.silent_since is None or self.stage.now - run.silent_since <= LEASE_S

    # --- what is told and judged ------------------------------------------------------------------------------------

    def note(self, kind: str, text: str) -> None:
        self.happened[kind] += 1
        self.story.append((self.stage.now, text))

    def committed(self, facts: laws.Facts, claims: dict[str, tuple[str, At]]) -> None:
        """A transaction has committed: its facts count from now on."""
        for at in facts.pointers.keys() & self.facts.pointers.keys():
            if facts.pointers[at] != self.facts.pointers[at] and self._is_read(at):
                self.note("moved under a reader", f"{at} moves while it is read")
                if "collect" in self.faults:
                    self.stage.at(0.0, self._look_for_garbage)
        self.facts = facts
        for attempt, (run, at) in claims.items():
            code, forced = self.runs[run].code, self.runs[run].wish.forced
            claim = laws.Claim(run, at, facts.pointers, code, forced)
            self.claimed[attempt] = claim
            laws.recorded_work_is_not_done_again(self.contents, claim)
        addresses = [self.project.address(at) for at in self.project.every]
        current = self.store.current(ENV, addresses)
        shown = {self.project.at(*address): made.attempt for address, made in current.items()}
        laws.pointers_are_those_that_live_fences_moved(facts, shown)
        laws.leases_are_those_that_were_given(facts, self.store.leases(ENV))
        laws.what_is_current_is_there(facts, self.disk)
        if self.slots:
            going = {n for n, run in self.runs.items() if self.is_alive(n) and not run.was_given_up}
            laws.no_pool_is_overfull(self.store.slot_holders(), going, self.slots)

    def _is_read(self, at: At) -> bool:
        upstreams = [n for n, node in enumerate(self.project.nodes) if at[0] in dict(node.inputs)]
        return any(n in upstreams for n, _ in self.facts.holders)

    def dies_before_commit(self, actor: Actor) -> bool:
        if self.calm or "crash" not in self.faults or self.random.random() >= 0.004:
            return False
        actor.killed = True
        self.note("crashes", f"{actor.name} is killed in a transaction, which is undone")
        return True

    def delivered_again(self) -> Iterator[Completion]:
        """Now and then something that is recorded already, as if its answer had been lost."""
        if self.delivered and "deliver" in self.faults and self.random.random() < 0.2:
            one = self.random.choice(self.delivered)
            if one.attempt.attempt in self.facts.statuses:
                self.note("delivered again", f"{one.attempt.run} records {one.attempt.asset} again")
                yield one

    # --- what calls come to -----------------------------------------------------------------------------------------

    def outcome(self, run: Run, request: StepRequest) -> StepOutcome | AssetsError:
        claim = self.claimed[request.outputs[0].attempt]
        laws.inputs_are_what_was_current_at_the_claim(self.contents, claim, request)
        read = {part.location.name.lstrip("~") for i in request.inputs for part in i.parts}
        if not run.was_given_up:
            laws.what_a_live_run_reads_is_there(read, self.disk)
        if not self.calm and "die" in self.faults and self.random.random() < 0.1:
            self.note("workers died", f"the worker of {run.name} dies of {request.key}")
            return StepError(DIED, "the worker died")
        gone = not read <= self.disk
        outputs = tuple(self._output(claim, output, gone=gone) for output in request.outputs)
        return StepOutcome(request.call, outputs, duration_s=1.0)

    def _output(self, claim: laws.Claim, task: OutputTask, *, gone: bool) -> OutputOutcome:
        if gone or (not self.calm and "fail" in self.faults and self.random.random() < 0.25):
            self.happened["calls failed"] += 1
            failure = Failure("ValueError", "no luck", retryable=not gone)
            return NotProduced(task.asset, task.partition, task.attempt, failure)
        at, code = (claim.at[0], task.partition), claim.code[claim.at[0]]
        read = self.contents.inputs(claim.pointers, at)
        facts = repr((at, code, sorted((n, sorted(c)) for n, c in read.items())))
        odd = self.random.random() < 0.1  # not every asset is deterministic
        content = self.random.randrange(3) if odd else int(digest(facts), 16) % 3
        version = DataVersion(digest(repr((at, content))))
        before = self.facts.pointers.get(at)
        if before is not None:
            same = self.contents.made[before].version == version
            self.happened["equal content" if same else "new content"] += 1
        self.contents.made[task.attempt] = Made(code, read, version)
        self.disk.add(task.attempt)
        written = Written("json", version, (), "json")
        return Produced(task.asset, task.partition, task.attempt, written, ())

    # --- what goes wrong --------------------------------------------------------------------------------------------

    def _disturb(self) -> None:
        if self.calm or not self.disturbing or self.random.random() >= 0.04:
            return
        fault = self.random.choice(self.disturbing)
        going = [run for run in self.runs.values() if not run.over and not run.actor.killed]
        match fault:
            case "crash" if going:
                run = self.random.choice(going)
                run.actor.killed = True
                self.note("crashes", f"{run.name} is killed")
            case "stop" if going:
                self._stop(self.random.choice(going), (0.5 + 3 * self.random.random()) * LEASE_S)
            case "cancel" if self.runs:
                self._cancel(self.random.choice(list(self.runs.values())))
            case "signal" if going:
                run = self.random.choice(going)
                if run.runner is not None:
                    run.runner.request_stop()
                    self.note("signals", f"{run.name} is asked to finish")
            case "bury":
                self._bury()
            case "collect":
                self._look_for_garbage()
            case "edit":
                asset = self.random.randrange(len(self.code))
                self.code = tuple(c + (n == asset) for n, c in enumerate(self.code))
                self.note("edits", f"a{asset} is edited")

    def _stop(self, run: Run, seconds: float) -> None:
        if run.silent_since is not None:
            return
        run.silent_since = self.stage.now
        run.actor.stopped_until = self.stage.now + seconds
        self.note("stops", f"{run.name} is stopped for {seconds:.1f} s")

        def go_on() -> None:
            self.is_alive(run.name)
            run.silent_since = None

        self.stage.at(seconds, go_on)
        if "bury" in self.faults:
            self.stage.at(LEASE_S + self.stage.slowness(), self._bury)

    def _cancel(self, run: Run) -> None:
        if self.store.run(run.name) is None or run.name in self.facts.ended:
            return
        with self._own_transaction() as (tx, facts):
            tx.request_cancel(CancelRequest(run.name, self.random.random() * 2, EPOCH))
            facts.cancelled.add(run.name)
        self.note("cancels", f"{run.name} is cancelled")

    def _bury(self) -> None:
        """Somebody records the end of a run that is dead, as far as they know."""
        for name in self.runs:
            if self.store.run(name) and not self.is_alive(name) and name not in self.facts.ended:
                with self._own_transaction() as (tx, facts):
                    tx.end_run(RunEnd(name, RunStatus.DIED, EPOCH, {}))
                    facts.ended[name] = RunStatus.DIED
                    for at in [at for at, le in facts.holders.items() if le.run == name]:
                        del facts.holders[at]
                self.note("buried", f"{name} is recorded as dead")

    @contextmanager
    def _own_transaction(self) -> Iterator[tuple[Any, laws.Facts]]:
        facts = self.facts.copy()
        with self.store.writing() as tx:
            yield tx, facts
        self.committed(facts, {})

    # --- gc, without grace: only the rules of the store stand between a reader and nothing --------------------------

    def _look_for_garbage(self) -> None:
        retention = Retention(self.random.choice((1, 1, 2)), EPOCH)
        found = self.store.unreferenced(retention, 0, 99)
        self.stage.at(self.stage.slowness(), lambda: self._condemn(found))

    def _condemn(self, found: Any) -> None:
        with self._own_transaction() as (tx, _):
            chosen = tx.condemn([r.number for r in found.records], found.as_of, EPOCH)
        if found.records:
            self.note("condemned" if chosen else "not condemned", f"{len(chosen)} are condemned")
        self.stage.at(self.stage.slowness(), self._delete)

    def _delete(self) -> None:
        listed = sorted(self.disk, key=lambda attempt: (self.claimed[attempt].at, attempt))
        records = self.store.condemned(EPOCH, 0, 99)
        self.disk -= {record.attempt for record in records}
        with self._own_transaction() as (tx, facts):
            tx.collect([record.number for record in records], EPOCH)
            free = tx.abandon([attempt for attempt in listed if attempt in self.disk])
            for at in [at for at, lease in facts.holders.items() if lease.attempt in free]:
                laws.demand(not self.is_alive(facts.holders[at].run), f"{at} is abandoned")
                del facts.holders[at]
        self.disk -= set(free)
        if records or free:
            self.note("collected", f"{len(records)} versions and {len(free)} leavings are deleted")

    # --- from the beginning to the end ------------------------------------------------------------------------------

    def play(self) -> None:
        """The whole story; raises Violation where a law is broken."""
        for _ in range(self.random.choice((2, 2, 3))):
            self.stage.at(self.random.random() * 2, self._begin)
        for _ in range(2 * ("collect" in self.faults)):
            self.stage.at(self.random.random() * 6, self._look_for_garbage)
        self.stage.play()
        self.calm = True
        self.note("calm", "nothing goes wrong any more")
        if "collect" in self.faults:
            self.stage.at(self.random.random(), self._look_for_garbage)
        last = self._run(Wish(tuple(range(len(self.code)))))
        self.stage.play()
        self._judge_the_end(last)

    def _begin(self) -> None:
        everything = range(len(self.code))
        some = self.random.sample(everything, self.random.randint(1, len(self.code)))
        whole = self.random.random() < 0.7
        self._run(
            Wish(
                tuple(everything) if whole else tuple(sorted(some)),
                forced=self.random.random() < 0.25,
                fail_fast=self.random.random() < 0.1,
                timeout_s=1.5 if self.random.random() < 0.1 else None,
                jobs=self.random.randint(1, 3),
            )
        )

    def _run(self, wish: Wish) -> Run:
        name = f"run-{len(self.runs) + 1}"
        run = self.runs[name] = Run(self, name, wish)
        self.happened["forced"] += wish.forced
        return run

    def _judge_the_end(self, last: Run) -> None:
        """Everything has ended, and the next plain run has left nothing to do."""
        facts, store = self.facts, self.store
        result = last.result
        laws.demand(result is None or result.ok, f"the last run: {result}")
        again = self._run(Wish(last.wish.assets))
        self.stage.play()
        laws.demand(again.result is None, "the plan is not empty after a plain run")
        for at in self.project.every:
            laws.demand(self.contents.is_fresh(facts.pointers, self.code, at), f"{at} is not fresh")
        attempts = [a for name in self.runs for a in store.attempts(name)]
        ends = {n: found[1].status for n in self.runs if (found := store.run(n)) and found[1]}
        laws.terminal_states_never_change(
            facts, {**ends, **{a.attempt: a.status for a in attempts}}
        )
        made = [r for key in self.project.graph.keys for r in store.history(ENV, key, None, 10_000)]
        laws.each_attempt_has_one_row(
            facts, [a.attempt for a in attempts], [r.attempt for r in made]
        )

    def told(self) -> str:
        """The whole story, line by line."""
        nodes = "\n".join(f"  a{n}: {node}" for n, node in enumerate(self.project.nodes))
        lines = "\n".join(f"{at:8.2f}  {text}" for at, text in self.story)
        return f"seed {self.seed}, faults {sorted(self.faults)}\n{nodes}\n{lines}"


def simulate(
    seed: int, home: Path, url: str = "memory://", tell: Callable[[str], None] = lambda story: None
) -> Counter[str]:
    """Play the story of a seed; what happened in it. A broken law is told with the whole story."""
    world = Simulation(seed, home, url)
    try:
        world.play()
    except Exception as error:
        raise Violation(f"{error!r}\n{world.told()}") from error
    finally:
        world.store.close()
    tell(world.told())
    world.happened["switches"] += world.stage.switches
    return world.happened
