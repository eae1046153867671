"""What must hold, each law a function that raises Violation; ``Facts`` is a ledger in plain dictionaries.

The facts follow what was committed, not what the store says, so the store is judged by them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from assets_core.model.plans import Action, Plan
from assets_core.model.records import AttemptStatus, RunStatus
from assets_core.model.versions import InputVersion, sum_terms, term
from assets_core.ports import Completion, Lease, Recorded, SlotHolder, StepRequest
from tests.faults.simulator.projects import At, Content, Contents
from tests.faults.simulator.stage import Violation


@dataclass
class Facts:
    """Who holds what, what is current, how attempts and runs ended."""

    holders: dict[At, Lease] = field(default_factory=dict)
    pointers: dict[At, str] = field(default_factory=dict)
    statuses: dict[str, AttemptStatus] = field(default_factory=dict)
    versions: dict[At, list[str]] = field(default_factory=dict)
    """Every attempt that recorded a version, in order."""
    cancelled: set[str] = field(default_factory=set)
    ended: dict[str, RunStatus] = field(default_factory=dict)
    fence: int = 0

    def copy(self) -> Facts:
        """For a transaction, which may not come to its end."""
        return replace(
            self, holders=dict(self.holders), pointers=dict(self.pointers),
            statuses=dict(self.statuses), cancelled=set(self.cancelled), ended=dict(self.ended),
            versions={at: list(some) for at, some in self.versions.items()},
        )  # fmt: skip

    def holds(self, at: At, fence: int, attempt: str) -> bool:
        held = self.holders.get(at)
        return held is not None and (held.fence, held.attempt) == (fence, attempt)


@dataclass(frozen=True)
class Claim:
    """What was current, and which code was meant, when an attempt was given its claim."""

    run: str
    at: At
    pointers: Mapping[At, str]
    code: tuple[int, ...]
    forced: bool


def demand(holds: bool, what: str) -> None:
    if not holds:
        raise Violation(what)


# --- of a transaction -----------------------------------------------------------------------------------------------


def a_claim_is_exclusive(facts: Facts, at: At, lease: Lease, others: Collection[str]) -> None:
    """G6: a lease is given only where none holds, and under a fence greater than any before."""
    held = facts.holders.get(at)
    demand(
        held is None or held.run not in others,
        f"{at} is claimed by {lease.run} while {held and held.run} holds it",
    )
    demand(lease.fence > facts.fence, f"{at} is claimed with fence {lease.fence}, which is old")


def nothing_is_claimed_after_a_cancel(facts: Facts, run: str) -> None:
    """Row 20: once a request to cancel has committed, its run starts nothing more."""
    demand(run not in facts.cancelled, f"{run} claims although it was cancelled")


def a_lost_lease_is_not_renewed(facts: Facts, at: At, lease: Lease, *, renewed: bool) -> None:
    """G6: only who still holds the claim may hand it to another attempt."""
    held = facts.holds(at, lease.fence, lease.attempt)
    demand(held == renewed, f"the lease on {at} is {'lost' if renewed else 'held'}, not so renewed")


def only_the_last_fence_is_published(facts: Facts, at: At, one: Completion, to: Recorded) -> None:
    """G2, G6: of several attempts the one whose fence is live wins, and the others are superseded."""
    attempt = one.attempt
    live = facts.holds(at, attempt.fence, attempt.attempt)
    demand(
        to.superseded == (not live),
        f"{at} by {attempt.run}: fence {attempt.fence} is {'live' if live else 'lost'}, "
        f"and it was {'superseded' if to.superseded else 'published'}",
    )


def recording_again_changes_nothing(before: int, after: int, first: bool, again: Recorded) -> None:
    """G2: an attempt that is recorded is answered again, and is no event."""
    demand(before == after, "an attempt that was recorded twice has two rows")
    demand(first == again.superseded, "an attempt that was recorded twice has two answers")


def what_is_recorded_is_what_was_read(one: Completion, read: Mapping[int, Content]) -> None:
    """G3: the input versions of a record are those of the contents that the call was given."""
    assert one.materialization is not None
    for record in one.materialization.inputs:
        given = read[int(record.upstream[1:])]
        version: InputVersion = sum_terms([term(key, content) for key, content in sorted(given)])
        demand(
            record.version == version,
            f"the record of {one.attempt.asset} says that it read another {record.upstream}",
        )


def recorded_work_is_not_done_again(contents: Contents, claim: Claim) -> None:
    """G5: nothing is claimed that is recorded and was made of what is current, unless it is forced."""
    fresh = contents.is_fresh(claim.pointers, claim.code, claim.at)
    demand(claim.forced or not fresh, f"{claim.run} claims {claim.at}, which is up to date")


# --- after a commit -------------------------------------------------------------------------------------------------


def pointers_are_those_that_live_fences_moved(facts: Facts, shown: Mapping[At, str]) -> None:
    """G1, G6: what readers see is what was published last, and nothing else."""
    demand(dict(shown) == facts.pointers, f"shown is {shown}, published was {facts.pointers}")


def leases_are_those_that_were_given(facts: Facts, shown: Collection[Lease]) -> None:
    """G6: what ends a claim takes its lease away, and nothing else does."""
    held = {(lease.fence, lease.attempt, lease.run) for lease in facts.holders.values()}
    found = {(lease.fence, lease.attempt, lease.run) for lease in shown}
    demand(found == held, f"held are {found}, given and not ended are {held}")


def no_pool_is_overfull(holders: Collection[SlotHolder], going: Collection[str], size: int) -> None:
    """Row 20: the calls of live runs never hold more slots than there are."""
    taken = sum(slots for h in holders if h.run in going for _, slots in h.slots)
    demand(taken <= size, f"{taken} slots of {size} are taken")


def terminal_states_never_change(facts: Facts, shown: Mapping[str, Any]) -> None:
    """G8: how a run or an attempt ended stays so."""
    known = {**facts.ended, **facts.statuses}
    changed = {n: (known[n], status) for n, status in shown.items() if known.get(n) != status}
    demand(not changed and len(shown) == len(known), f"ended otherwise before: {changed}")


def each_attempt_has_one_row(facts: Facts, attempts: list[str], versions: list[str]) -> None:
    """G2: one row of every attempt that ended, and one version at most."""
    demand(sorted(attempts) == sorted(facts.statuses), "an attempt is not recorded once")
    made = [attempt for some in facts.versions.values() for attempt in some]
    demand(sorted(versions) == sorted(made), "a version is not recorded once")


# --- of calls and plans -----------------------------------------------------------------------------------------------


def inputs_are_what_was_current_at_the_claim(
    contents: Contents, claim: Claim, request: StepRequest
) -> None:
    """G3: a call is given exactly what its claim pinned, whatever moves meanwhile."""
    union: dict[int, set[tuple[str, str]]] = {int(i.upstream[1:]): set() for i in request.inputs}
    for output in request.outputs:
        at = (claim.at[0], output.partition)
        for upstream, content in contents.inputs(claim.pointers, at).items():
            union[upstream] |= content
    for pinned in request.inputs:
        given = {(part.partition, part.written.data_version) for part in pinned.parts}
        wanted = union[int(pinned.upstream[1:])]
        demand(given == wanted, f"{claim.at} is given {given} of {pinned.upstream}, not {wanted}")


def nothing_stale_is_shown_as_current(
    contents: Contents,
    pointers: Mapping[At, str],
    code: tuple[int, ...],
    wanted: Collection[int],
    plan: Plan,
) -> None:
    """G3, and G5 the other way round: what no step is planned for is fresh; what is to run by itself is not."""
    project = contents.project
    listed: dict[At, Action] = {}
    for step in plan.steps:
        for key in project.graph.specs[step.index].partitions.keys(step.partitions):
            listed[step.index, key] = step.action
    for at in (at for at in project.every if at[0] in wanted):
        fresh = contents.is_fresh(pointers, code, at)
        demand(fresh or at in listed, f"{at} is shown as current and is not")
        demand(
            not fresh or listed.get(at) is not Action.RUN, f"{at} is current and is planned to run"
        )


def what_a_live_run_reads_is_there(read: Collection[str], disk: Collection[str]) -> None:
    """Row 33: what a run that is alive has pinned is not collected."""
    gone = set(read) - set(disk)
    demand(not gone, f"collected while it was read: {sorted(gone)}")


def what_is_current_is_there(facts: Facts, disk: Collection[str]) -> None:
    """Row 33: what a pointer refers to is not collected."""
    gone = {at for at, attempt in facts.pointers.items() if attempt not in disk}
    demand(not gone, f"collected while it was current: {sorted(gone)}")
