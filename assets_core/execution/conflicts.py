"""Asset-partitions that another live run holds: waited for, taken as that run leaves them, or the end of this run.

A claim is refused by the lease in its way. What that lease is on is put aside, and everything else goes on. Whether it
is free is asked by claiming again, which also sees runs that died and runs that were stopped for longer than a lease.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from assets_core.execution.claims import Refused
from assets_core.execution.paths import new_id
from assets_core.execution.state import RunState
from assets_core.model.conflicts import OnConflict
from assets_core.model.events import ClaimRefused, Joined
from assets_core.model.keys import AssetPartition
from assets_core.model.records import AttemptRecord, AttemptStatus, RunStatus
from assets_core.partitions import PartitionSet
from assets_core.ports import Lease, LimitFull, PoolFull, StateReader, Transaction

POLL_S = 0.25
_NO_OUTCOME = frozenset({AttemptStatus.SUPERSEDED, AttemptStatus.CANCELLED})
"""Of such an attempt nobody knows what would have come."""


@dataclass(frozen=True, slots=True)
class _Aside:
    refused: Refused
    since: int
    """The store's sequence when it was refused."""
    at: float
    """When to ask again."""


class Conflicts:
    """Those of one run. What is put aside counts as flying."""

    def __init__(self, state: RunState, store: StateReader, policy: OnConflict) -> None:
        self.joined: set[AssetPartition] = set()
        """What was taken as other runs left it; this run never computes it."""
        self._state = state
        self._store = store
        self._policy = policy
        self._aside: list[_Aside] = []
        self._given_up: list[_Aside] = []
        """No longer held by whom it was, whose outcome is to be taken."""
        self._told: set[tuple[AssetPartition, str]] = set()
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._aside) + len(self._given_up)

    @property
    def next_at(self) -> float | None:
        """When there is something to do, in monotonic seconds."""
        if self._given_up:
            return self._state.clock.monotonic()
        return min((aside.at for aside in self._aside), default=None)

    def put_aside(self, tx: Transaction, refused: list[Refused]) -> bool:
        """Remember claims that were refused; whether the run goes on after that."""
        at = self._state.clock.monotonic() + POLL_S
        self._aside += [_Aside(one, tx.sequence, at) for one in refused]
        return not refused or self._policy is not OnConflict.FAIL

    def tell(self) -> None:
        """Say which runs are in the way, once for each asset-partition; after the commit, as their numbers are read."""
        for aside in self._aside:
            lease = aside.refused.lease
            held = AssetPartition(lease.asset, lease.partition)
            if (held, lease.run) not in self._told:
                self._told.add((held, lease.run))
                number = self._number(lease.run)
                self._state.emit(ClaimRefused(*held, lease.run, number, self._policy))

    def resume(self, tx: Transaction) -> None:
        """Ask again for what is due: to wait is to decide it again, to join is to see whether it was given up."""
        now = self._state.clock.monotonic()
        due = [aside for aside in self._aside if aside.at <= now]
        self._aside = [aside for aside in self._aside if aside.at > now]
        for aside in due:
            if self._policy is OnConflict.JOIN:
                self._look(tx, aside)
            else:
                self._put_back(aside)

    def _look(self, tx: Transaction, aside: _Aside) -> None:
        """A claim that is granted is given back at once: the outcome of who held it is wanted, not its place."""
        lease, state = aside.refused.lease, self._state
        wanted = [(AssetPartition(lease.asset, lease.partition), new_id())]
        answer = tx.claim(state.env, state.run, wanted)
        if isinstance(answer, Lease) and answer.run == lease.run:
            self._aside.append(replace(aside, at=state.clock.monotonic() + POLL_S))
            return
        if not isinstance(answer, Lease | PoolFull | LimitFull):
            tx.release(answer)
        self._given_up.append(aside)

    def take(self) -> None:
        """Settle what others gave up as they left it; what nothing came of is decided again. Outside a transaction."""
        given_up, self._given_up = self._given_up, []
        for aside in given_up:
            for asset, partitions in aside.refused.wanted.items():
                for ordinal in partitions:
                    self._take(aside, asset, ordinal)

    def _take(self, aside: _Aside, asset: int, ordinal: int) -> None:
        state, single = self._state, PartitionSet.range(ordinal, ordinal + 1)
        joined = self._outcome(aside, state.address(asset, ordinal))
        if joined is None:
            state.frontier.put_back(asset, single)
            return
        self.joined.add(AssetPartition(joined.asset, joined.partition))
        state.emit(joined)
        state.frontier.settle(asset, single)
        if joined.outcome is not AttemptStatus.MATERIALIZED:
            kept_back = joined.outcome is AttemptStatus.REJECTED
            came = "was kept back by a check" if kept_back else "failed"
            reason = f"`{joined.asset}` {came} in run {joined.number}"
            state.block_downstream(asset, single, reason)

    def _outcome(self, aside: _Aside, of: AssetPartition) -> Joined | None:
        lease = aside.refused.lease
        if self._died(lease.run):
            return None
        number = self._number(lease.run)
        failed = self._failed(lease.run, of)
        if failed is not None:
            kept_back = failed.status is AttemptStatus.REJECTED
            outcome = AttemptStatus.REJECTED if kept_back else AttemptStatus.FAILED
            return Joined(*of, lease.run, number, outcome, failed.failure)
        made = self._store.current(self._state.env, [of]).get(of)
        if made is not None and made.run == lease.run and made.number > aside.since:
            return Joined(*of, lease.run, number, AttemptStatus.MATERIALIZED, None)
        return None

    def _died(self, run: str) -> bool:
        """Whether it owes an outcome that nobody will ever see, such as that of the next try."""
        known = self._store.run(run)
        if known is None or known[1] is None:
            return not self._store.is_alive(run)
        return known[1].status is RunStatus.DIED

    def _failed(self, run: str, of: AssetPartition) -> AttemptRecord | None:
        for attempt in self._store.last_failures(self._state.env, [of.asset]):
            its = (attempt.partition, attempt.run) == (of.partition, run)
            if its and attempt.status not in _NO_OUTCOME:
                return attempt
        return None

    def _number(self, run: str) -> int:
        if run not in self._numbers:
            found = self._store.run(run)
            self._numbers[run] = found[0].number if found is not None else 0
        return self._numbers[run]

    def _put_back(self, aside: _Aside) -> None:
        for asset, partitions in aside.refused.wanted.items():
            self._state.frontier.put_back(asset, partitions)
