"""A runner's way to the real store: others go on before and after each transaction, and every write is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from assets_core.errors import ConflictError
from assets_core.model.keys import AssetPartition
from assets_core.model.pools import Needs
from assets_core.model.records import AttemptStatus, RunEnd
from assets_core.ports import Completion, Lease, LimitFull, PoolFull, Recorded, Refusal
from tests.faults.simulator import laws
from tests.faults.simulator.projects import At
from tests.faults.simulator.stage import Actor, Killed

if TYPE_CHECKING:
    from tests.faults.simulator.simulation import Simulation


class WatchedStore:
    """The store as one process sees it; ``forced`` are the asset-partitions that its run is to make in any case."""

    def __init__(self, store: Any, actor: Actor, world: Simulation, code: tuple[int, ...]) -> None:
        self._store = store
        self._actor = actor
        self._world = world
        self.code = code
        self.forced: frozenset[At] = frozenset()
        self.seen: dict[At, str] = {}
        """What was current when the lineage was read."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._store, name)

        def read(*arguments: Any) -> Any:
            self._actor.pause()
            return method(*arguments)

        return read

    def lineage(self, *arguments: Any) -> Any:
        self._actor.pause()
        self.seen = dict(self._world.facts.pointers)
        return self._store.lineage(*arguments)

    @contextmanager
    def writing(self) -> Iterator[WatchedTransaction]:
        self._actor.pause()
        with self._store.writing() as tx:
            watched = WatchedTransaction(tx, self._world, self)
            yield watched
            if self._world.dies_before_commit(self._actor):
                raise Killed
        self._world.committed(watched.facts, watched.claims)
        self._actor.pause()


class WatchedTransaction:
    """One transaction. What it does is judged by a copy of the facts, which count once it has committed."""

    def __init__(self, tx: Any, world: Simulation, store: WatchedStore) -> None:
        self._tx = tx
        self._world = world
        self._store = store
        self.facts = world.facts.copy()
        self.claims: dict[str, tuple[str, At]] = {}
        """Per attempt that was given a claim here: its run and what it claims."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def claim(
        self, env: str, run: str, wanted: Sequence[tuple[AssetPartition, str]], *needs: Needs
    ) -> Sequence[Lease] | Refusal:
        world, facts = self._world, self.facts
        answer: Sequence[Lease] | Refusal = self._tx.claim(env, run, wanted, *needs)
        if isinstance(answer, Lease):
            world.happened["claims refused"] += 1
            laws.demand(world.holds(answer.run), f"a claim is refused for the dead {answer.run}")
            return answer
        if isinstance(answer, PoolFull | LimitFull):
            world.happened["pool full"] += 1
            return answer
        laws.nothing_is_claimed_after_a_cancel(facts, run)
        for lease in answer:
            at = world.project.at(lease.asset, lease.partition)
            laws.a_claim_is_exclusive(facts, at, lease, list(filter(world.holds, world.runs)))
            if at in facts.holders:
                world.note("takeovers", f"{run} takes {at} over from {facts.holders[at].run}")
            self._give(run, at, lease)
        return answer

    def _give(self, run: str, at: At, lease: Lease) -> None:
        self.facts.holders[at] = lease
        self.facts.fence = lease.fence
        self.claims[lease.attempt] = (run, at)
        self._world.note("claims", f"{run} claims {at} with fence {lease.fence}")

    def renew(self, lease: Lease, attempt: str) -> Lease:
        at = self._world.project.at(lease.asset, lease.partition)
        laws.nothing_is_claimed_after_a_cancel(self.facts, lease.run)
        try:
            renewed: Lease = self._tx.renew(lease, attempt)
        except ConflictError:
            laws.a_lost_lease_is_not_renewed(self.facts, at, lease, renewed=False)
            self._world.note("retries refused", f"{lease.run} lost {at} before a retry")
            raise
        laws.a_lost_lease_is_not_renewed(self.facts, at, lease, renewed=True)
        self._world.note("retries", f"{lease.run} tries {at} again")
        self.facts.holders[at], self.facts.fence = renewed, renewed.fence
        self._world.claimed[attempt] = self._world.claimed[lease.attempt]
        return renewed

    def release(self, leases: Sequence[Lease]) -> None:
        self._tx.release(leases)
        for lease in leases:
            at = self._world.project.at(lease.asset, lease.partition)
            if self.facts.holds(at, lease.fence, lease.attempt):
                del self.facts.holders[at]

    def record(self, completions: Sequence[Completion]) -> Sequence[Recorded]:
        answers: Sequence[Recorded] = self._tx.record(completions)
        for one, answer in zip(completions, answers, strict=True):
            self._recorded(one, answer)
            self._world.delivered.append(one)
        for one in self._world.delivered_again():
            before = self._tx.sequence
            (again,) = self._tx.record([one])
            status = self.facts.statuses.get(one.attempt.attempt)
            if status is None:  # its transaction was never committed
                self._recorded(one, again)
            else:
                first = status is AttemptStatus.SUPERSEDED
                laws.recording_again_changes_nothing(before, self._tx.sequence, first, again)
        return answers

    def _recorded(self, one: Completion, answer: Recorded) -> None:
        facts, attempt = self.facts, one.attempt
        at = self._world.project.at(attempt.asset, attempt.partition)
        laws.only_the_last_fence_is_published(facts, at, one, answer)
        made = one.materialization
        if made is not None:
            read = self._world.contents.made[attempt.attempt].read
            laws.what_is_recorded_is_what_was_read(one, read)
        if answer.superseded:
            facts.statuses[attempt.attempt] = AttemptStatus.SUPERSEDED
            self._world.note("superseded", f"{attempt.run} was too late with {at}")
            return
        facts.statuses[attempt.attempt] = attempt.status
        self._world.note(attempt.status.value, f"{attempt.run} records {at}: {attempt.status}")
        if one.release:
            facts.holders.pop(at)
        if made is not None:
            facts.pointers[at] = attempt.attempt
            facts.versions.setdefault(at, []).append(attempt.attempt)

    def end_run(self, end: RunEnd) -> None:
        self._tx.end_run(end)
        if end.run in self.facts.ended:
            self._world.note("ended twice", f"{end.run} ends once more")
        self.facts.ended.setdefault(end.run, end.status)
        self._world.note("ends", f"{end.run} ends: {end.status}")
        for at in [at for at, lease in self.facts.holders.items() if lease.run == end.run]:
            del self.facts.holders[at]
