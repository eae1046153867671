"""What a plan must say, asset-partition by asset-partition, straight from the semantics: dictionaries and loops.

Nothing of the planner, of its arrays or of the partitions library is used here. Asset-partitions are decided one after
another: upstreams first, and an asset that reads itself in the order of its keys.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from assets_core.model.versions import digest
from tests.properties.partitioned_runs.calendars_in_python import needed
from tests.properties.planning.recorded_states import At, Reading, State, Version

Reason: TypeAlias = tuple[str, ...]
"""A reason's code and what it carries."""
NOT_READABLE = {"missing", "damaged", "omitted"}


@dataclass
class Oracle:
    """Decides every asset-partition of a state that was asked for."""

    state: State
    run: dict[At, tuple[Reason, ...]] = field(default_factory=dict)
    maybe: dict[At, set[int]] = field(default_factory=dict)
    """With the upstreams that are waited for; the asset's own number where it waits for itself."""
    blocked: dict[At, Reason] = field(default_factory=dict)
    recheck: set[At] = field(default_factory=set)
    current: set[At] = field(default_factory=set)

    def decide(self) -> Oracle:
        for number in sorted(self.state.wanted):
            if not self.state.nodes[number].is_source:
                for key in self.state.keys(number):
                    if key in self.state.wanted[number]:
                        self._decide((number, key))
        return self

    def _decide(self, at: At) -> None:
        reasons = self.reasons(at)
        forced = at[0] in self.state.forced
        pending = {
            u.upstream
            for u in self._inputs(at)
            if self._read_of(at, u) & self._changing(u.upstream)
        }
        unseen = [u.upstream for u in self._inputs(at) if u.upstream in self.state.unobserved]
        if not forced and self._is_held(at):
            lost = [r for r in reasons if r[0] in {"output_missing", "output_damaged"}]
            if lost:
                self.blocked[at] = lost[0]
            else:
                self.current.add(at)
        elif unseen:
            self.blocked[at] = ("observation_failed", f"a{unseen[0]}")
        elif reasons and not forced and self._kept_back(at) and not pending:
            if self._still_fails(self.state.candidates[at]):
                self.blocked[at] = ("check_blocked", *sorted(self.state.candidates[at].blocked_by))
            else:
                self.recheck.add(at)
        elif (reasons and not self._kept_back(at)) or forced:
            self._unless_blocked(
                at, lambda: self.run.update({at: (("forced",),) * forced + reasons})
            )
        elif pending:
            self._unless_blocked(at, lambda: self.maybe.update({at: pending}))
        else:
            self.current.add(at)

    def _unless_blocked(self, at: At, otherwise) -> None:  # type: ignore[no-untyped-def]
        lacking = [(why, f"a{u.upstream}") for u in self._inputs(at) if (why := self._lacks(at, u))]
        if lacking:
            self.blocked[at] = lacking[0]
        else:
            otherwise()

    def _is_held(self, at: At) -> bool:
        """Whether what is current is so by a rollback."""
        version = self.state.recorded.get(at)
        return version is not None and "held" in version.flags

    # --- is it stale by itself? ---------------------------------------------------------------------------------

    def reasons(self, at: At) -> tuple[Reason, ...]:
        state, number = self.state, at[0]
        version = state.recorded.get(at)
        if version is None:
            return (("never_materialized",),)
        found: list[Reason] = []
        if version.code != state.code[number]:
            found.append(("code_changed", digest(version.code), digest(state.code[number])))
        if version.config != state.config[number]:
            found.append(("config_changed", digest(version.config), digest(state.config[number])))
        if version.shape != state.shape(number):
            found += self._shape_reasons(version, number)
        else:
            today = state.input_versions(number, at[1])
            for one, then, now in zip(self._inputs(at), version.read, today, strict=True):
                if then != now and ("input_changed", f"a{one.upstream}") not in found:
                    found.append(("input_changed", f"a{one.upstream}"))
        found += [(f"output_{flag}",) for flag in ("missing", "damaged") if flag in version.flags]
        return tuple(found)

    def _shape_reasons(self, version: Version, number: int) -> list[Reason]:
        old, new = version.shape, self.state.shape(number)
        found: list[Reason] = []
        for upstream in dict.fromkeys(entry[0] for entry in new):
            before = [e for e in old if e[0] == upstream]
            after = [e for e in new if e[0] == upstream]
            if [e[1] for e in before] != [e[1] for e in after]:
                found.append(("input_added", upstream))
            elif before != after:
                found.append(("input_changed", upstream))
        gone = dict.fromkeys(e[0] for e in old if all(e[0] != n[0] for n in new))
        return found + [("input_removed", upstream) for upstream in gone]

    # --- what its upstreams are about to become -----------------------------------------------------------------

    def _inputs(self, at: At) -> tuple[Reading, ...]:
        return self.state.nodes[at[0]].inputs

    def _changing(self, number: int) -> set[str]:
        """The partitions of an asset that may have another version after this plan."""
        return {k for n, k in (*self.run, *self.maybe, *self.recheck) if n == number}

    def _needed(self, at: At, one: Reading) -> set[str]:
        """What an input reads once the plan is done: of mappings that take what is there, also what will be."""
        there = set(self.state.there(one.upstream)) | self._changing(one.upstream)
        up, down = self.state.nodes[one.upstream].kind, self.state.nodes[at[0]].kind
        return set(needed(one.link, up, down, at[1], there))

    def _read_of(self, at: At, one: Reading) -> set[str]:
        return self._needed(at, one)

    def _lacks(self, at: At, one: Reading) -> str | None:
        """Why this input cannot be read, where something that it requires is not there or fails a blocking check."""
        changing = self._changing(one.upstream)
        readable = {k for k in self.state.there(one.upstream) if self._readable((one.upstream, k))}
        wanted = self._needed(at, one)
        if wanted & set(self.state.there(one.upstream)) - readable - changing:
            return (
                "input_missing"  # what is there and cannot be read is not left out, optional or not
            )
        if one.link.optional:
            return None
        if any(self._fails((one.upstream, k)) for k in wanted - changing):
            return "upstream_blocked"
        blocked = {k for n, k in self.blocked if n == one.upstream}
        if one.link.takes_what_is_there:
            nothing = "upstream_blocked" if blocked else "input_missing"
            return None if readable | changing else nothing
        absent = wanted - readable - changing
        if absent - blocked:
            return "input_missing"
        return "upstream_blocked" if absent else None

    def _readable(self, at: At) -> bool:
        version = self.state.recorded.get(at)
        return version is not None and not version.flags & NOT_READABLE

    # --- checks -------------------------------------------------------------------------------------------------

    def _todays_results(self, at: At, version: Version) -> bool:
        """Whether exactly the checks of today were evaluated on a version."""
        today = {c.name: c.version for c in self.state.nodes[at[0]].checks}
        return {name: v for name, (v, _) in version.results.items()} == today

    def _fails(self, at: At) -> bool:
        """Whether a published version fails a blocking check of today."""
        version = self.state.recorded.get(at)
        return (
            version is not None and bool(version.blocked_by) and self._todays_results(at, version)
        )

    def _kept_back(self, at: At) -> bool:
        """Whether a candidate of exactly today's code, config and inputs was kept back."""
        kept, number = self.state.candidates.get(at), at[0]
        return (
            kept is not None
            and not kept.flags & {"missing", "damaged"}
            and bool(self.reasons(at))
            and kept.code == self.state.code[number]
            and kept.config == self.state.config[number]
            and kept.shape == self.state.shape(number)
            and kept.read == self.state.input_versions(*at)
        )

    def _still_fails(self, kept: Version) -> bool:
        at = next(a for a, v in self.state.candidates.items() if v is kept)
        return bool(kept.blocked_by) and self._todays_results(at, kept)

    def missing_checks(self, at: At, version: Version) -> tuple[str, ...]:
        return tuple(
            c.name
            for c in self.state.nodes[at[0]].checks
            if version.results.get(c.name, ("",))[0] != c.version
        )

    @cached_property
    def checks(self) -> dict[tuple[At, bool], tuple[str, ...]]:
        """By asset-partition and whether it is a candidate: what is to be evaluated on a version that exists."""
        found = {}
        for at in (*self.current, *self.blocked):
            version = self.state.recorded.get(at)
            if version and "omitted" not in version.flags and not self._todays_results(at, version):
                names = self.missing_checks(at, version)
                if names or version.blocked_by:
                    found[at, False] = names
        for at in self.recheck:
            found[at, True] = self.missing_checks(at, self.state.candidates[at])
        return found

    # --- beside the steps ---------------------------------------------------------------------------------------

    def roots(self, number: int) -> set[str]:
        """The assets with something that runs by itself, from which an asset's uncertainty comes."""
        if any(n == number for n, _ in (*self.run, *self.recheck)):
            return {f"a{number}"}
        waits = {u for (n, _), by in self.maybe.items() if n == number for u in by} - {number}
        return set().union(*(self.roots(u) for u in waits))

    @cached_property
    def unselected_stale(self) -> set[str]:
        """What the selection reads, directly or not, that is stale by itself and was not selected."""
        above: set[int] = set()
        queue = [n for n in self.state.wanted if not self.state.nodes[n].is_source]
        while queue:
            for one in self.state.nodes[queue.pop()].inputs:
                if one.upstream not in above:
                    above.add(one.upstream)
                    queue.append(one.upstream)
        return {
            f"a{n}"
            for n in above - set(self.state.wanted)
            if not self.state.nodes[n].is_source
            and any(self.reasons((n, k)) for k in self.state.keys(n) if not self._is_held((n, k)))
        }

    @cached_property
    def annotations(self) -> set[tuple[str, At]]:
        """What is worth knowing and makes nothing stale."""
        steps = {n for n, _ in (*self.run, *self.maybe, *self.blocked)}
        wanted = [(n, k) for n, some in self.state.wanted.items() for k in some]
        wanted = [at for at in wanted if not self.state.nodes[at[0]].is_source]
        return (
            {
                ("last_attempt_failed", at)
                for at in wanted
                if at in self.state.failed and at[0] in steps
            }
            | {
                ("check_failing", at)
                for at in wanted
                if self._fails(at) and self.state.nodes[at[0]].checks
            }
            | {("held", at) for at in wanted if self._is_held(at) and at not in self.run}
        )
