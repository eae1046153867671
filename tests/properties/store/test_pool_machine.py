"""Slots of the in-memory store against a model: never more than a pool has, and none that nobody holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from assets_core.model.keys import AssetKey, AssetPartition
from assets_core.model.pools import Needs, PoolNeed
from assets_core.model.records import AttemptRecord, AttemptStatus, RunEnd, RunRecord, RunStatus
from assets_core.ports import Completion, Lease, PoolFull
from assets_core.store import open_store

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ENV = "default"
SIZES = {"duckdb": 1, "warehouse": 3}
KEYS = [AssetPartition(AssetKey(name), "") for name in "abcdef"]


@dataclass
class Call:
    """A claim as the model knows it: its leases that are held, and whether it holds its slots."""

    run: str
    leases: dict[AssetPartition, Lease]
    needs: Needs
    running: bool = True


@st.composite
def needs(draw: st.DrawFn) -> Needs:
    names = draw(st.sets(st.sampled_from(sorted(SIZES))))
    return Needs(
        tuple(PoolNeed(n, draw(st.integers(1, SIZES[n])), SIZES[n]) for n in sorted(names))
    )


class Pools(RuleBasedStateMachine):
    """Runs that come, claim, fail, try again, finish and die over the same six assets."""

    @initialize()
    def begin(self) -> None:
        self.living: list[str] = []
        self.calls: list[Call] = []
        self.count = 0
        self.store: Any = open_store("memory://", alive=lambda run: run in self.living)
        for _ in range(2):
            self.start()

    @rule()
    def start(self) -> None:
        self.count += 1
        run = f"r{self.count}"
        with self.store.writing() as tx:
            tx.start_run(RunRecord(run, ENV, NOW, NOW, {}))
        self.living.append(run)

    def held(self, pool: str) -> int:
        return sum(
            need.slots
            for call in self.calls
            if call.running and call.leases and call.run in self.living
            for need in call.needs.pools
            if need.pool == pool
        )

    def fits(self, wanted: Needs) -> bool:
        return all(self.held(n.pool) + n.slots <= n.size for n in wanted.pools)

    @precondition(lambda self: self.living)
    @rule(
        data=st.data(),
        keys=st.lists(st.sampled_from(KEYS), min_size=1, unique=True),
        wanted=needs(),
    )
    def claim(self, data: Any, keys: list[AssetPartition], wanted: Needs) -> None:
        run = data.draw(st.sampled_from(self.living))
        asked = [(key, self._attempt()) for key in keys]
        with self.store.writing() as tx:
            got = tx.claim(ENV, run, asked, wanted)
        blocking = any(
            key in call.leases for key in keys for call in self.calls if call.run in self.living
        )
        if blocking:
            assert isinstance(got, Lease)
            return
        assert isinstance(got, PoolFull) != self.fits(wanted)
        if isinstance(got, PoolFull):
            return
        for key in keys:
            for call in self.calls:
                call.leases.pop(key, None)
        self.calls.append(Call(run, dict(zip(keys, got, strict=True)), wanted))

    def _attempt(self) -> str:
        self.count += 1
        return f"t{self.count}"

    def _some(self, data: Any, *, running: bool) -> Call | None:
        """A call of a living run that holds something."""
        found = [
            c for c in self.calls if c.leases and c.running is running and c.run in self.living
        ]
        return data.draw(st.sampled_from(found)) if found else None

    @rule(data=st.data(), again=st.booleans())
    def fail(self, data: Any, again: bool) -> None:
        """Everything that it still holds fails, to be tried again or not."""
        call = self._some(data, running=True)
        if call is None:
            return
        with self.store.writing() as tx:
            tx.record([Completion(_failed(le), release=not again) for le in call.leases.values()])
        call.running = False
        if not again:
            call.leases.clear()

    @rule(data=st.data())
    def finish_one(self, data: Any) -> None:
        """One output of a call ends for good; the call holds its slots until the last one does."""
        call = self._some(data, running=True)
        if call is None:
            return
        key = data.draw(st.sampled_from(sorted(call.leases)))
        with self.store.writing() as tx:
            tx.record([Completion(_failed(call.leases.pop(key)))])

    @rule(data=st.data())
    def try_again(self, data: Any) -> None:
        call = self._some(data, running=False)
        if call is None:
            return
        with self.store.writing() as tx:
            refused = tx.claim_again(list(call.leases.values()), call.needs)
            assert (refused is None) == self.fits(call.needs)
            if refused is None:
                call.running = True
                call.leases = {k: tx.renew(le, self._attempt()) for k, le in call.leases.items()}

    @rule(data=st.data(), running=st.booleans())
    def release(self, data: Any, running: bool) -> None:
        call = self._some(data, running=running)
        if call is not None:
            with self.store.writing() as tx:
                tx.release(list(call.leases.values()))
            call.leases.clear()

    @precondition(lambda self: self.living)
    @rule(data=st.data(), cleanly=st.booleans())
    def end(self, data: Any, cleanly: bool) -> None:
        """A run ends, or its process is killed."""
        run = data.draw(st.sampled_from(self.living))
        if cleanly:
            with self.store.writing() as tx:
                tx.end_run(RunEnd(run, RunStatus.CANCELLED, NOW, {}))
            for call in self.calls:
                if call.run == run:
                    call.leases.clear()
        self.living.remove(run)

    @rule(wanted=needs())
    def interrupt(self, wanted: Needs) -> None:
        """A transaction that is rolled back takes and frees nothing."""
        try:
            with self.store.writing() as tx:
                tx.release([le for call in self.calls for le in call.leases.values()])
                if self.living:
                    tx.claim(ENV, self.living[0], [(KEYS[0], "never")], wanted)
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass

    @invariant()
    def no_pool_is_overbooked_and_no_slot_is_lost(self) -> None:
        holders = [h for h in self.store.slot_holders() if h.run in self.living]
        for pool, size in SIZES.items():
            taken = sum(h.in_pool(pool) for h in holders)
            assert taken == self.held(pool)
            assert taken <= size

    def teardown(self) -> None:
        """Once every run has ended, all of every pool is free."""
        if not hasattr(self, "store"):
            return
        self.living.clear()
        self.start()
        everything = Needs(tuple(PoolNeed(n, size, size) for n, size in SIZES.items()))
        with self.store.writing() as tx:
            got = tx.claim(
                ENV, self.living[0], [(key, self._attempt()) for key in KEYS], everything
            )
        assert len(got) == len(KEYS)
        self.store.close()


def _failed(lease: Lease) -> AttemptRecord:
    return AttemptRecord(
        lease.attempt, lease.run, ENV, lease.asset, lease.partition, lease.fence,
        NOW, NOW, AttemptStatus.FAILED, 1.0,
    )  # fmt: skip


TestPools = Pools.TestCase
TestPools.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
