"""Running something and showing it: what ``materialize``, ``retry`` and ``check`` have in common."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from assets_core.cli.event_lines import event_document
from assets_core.cli.failures_text import Failures
from assets_core.cli.progress import Progress, progress_for
from assets_core.cli.session import Session
from assets_core.cli.stopping import Stopper, stoppable
from assets_core.cli.summary_text import nothing_to_do, summary
from assets_core.cli.wording import counted

if TYPE_CHECKING:
    from assets_core.execution.runner import Runner
    from assets_core.execution.tally import RunResult
    from assets_core.model.events import Event
    from assets_core.project import Planned
    from assets_core.project.run_retries import RunRetry

FAILED = 1
CONFLICT = 5

OnPlan: TypeAlias = "Callable[[Planned], None]"
OnEvent: TypeAlias = "Callable[[Event], None]"
OnRunner: TypeAlias = "Callable[[Runner], None]"
T = TypeVar("T")
Start: TypeAlias = "Callable[[OnPlan, OnEvent, OnRunner], T]"
"""Starts the run with who is told of the plan, the events and the runner."""


class Execution:
    """One run as it is shown: the display is chosen when the plan is known."""

    def __init__(self, session: Session, *, inline: bool, jsonl: bool) -> None:
        self.session = session
        self.inline = inline
        self.jsonl = jsonl
        self.failures = Failures()
        self.made: Planned | None = None
        self.exit_code: int | None = None
        self._progress: Progress | None = None
        self._stack = ExitStack()
        self._stopper: Stopper | None = None

    def planned(self, planned: Planned) -> None:
        """The plan is made and about to be run; what is told of failures in the end is of the last run."""
        self.made = planned
        self.failures = Failures()
        if not self.session.options.quiet:
            self._say_notes(planned)
        if not planned.plan.is_empty:
            assert self._stopper is not None
            progress = progress_for(self.session, planned.plan, self._stopper, inline=self.inline)
            self._progress = self._stack.enter_context(progress)

    def say_again(self, again: RunRetry) -> None:
        """Another run is about to follow."""
        from assets_core.cli.wording import duration

        self._stack.close()  # a moving display would overdraw what is said now
        self._progress = None
        failed = counted(again.after.counts["failed"], "asset-partition")
        when = f"in {duration(again.delay_s)}" if again.delay_s else "now"
        text = f"run {again.after.number} left {failed} failed; again {when} ({again.number} of {again.most})"
        self.session.say(("note: ", "note"), text)

    def see(self, event: Event) -> None:
        """Something happened."""
        self.failures.see(event)
        if self._progress is not None:
            self._progress.see(event)
        if self.jsonl:
            import json

            document = event_document(event)
            self.session.out.write(json.dumps(self.session.redacted(document)) + "\n")

    def carry_out(self, start: Start[T]) -> T:
        """Run it with the display on and signals handled; afterwards ``exit_code`` is that of a signal, if one came."""
        with stoppable(quiet=bool(self.session.options.quiet)) as stopper, self._stack:
            self._stopper = stopper
            result = start(self.planned, self.see, stopper.attach)
        self.exit_code = stopper.exit_code
        if not self.session.options.quiet:
            for line in self.failures.lines():
                self.session.err.line(*line)
        return result

    def run(self, start: Start[RunResult | None]) -> int:
        """Carry out a run and tell what it came to; the exit code. None is a run that had nothing to do."""
        result = self.carry_out(start)
        if result is None:
            return self._nothing()
        self._tell(result)
        if result.drifted or result.conflicted:
            return self.exit_code or CONFLICT
        return self.exit_code or (0 if result.ok else FAILED)

    def _nothing(self) -> int:
        assert self.made is not None
        if self.session.as_json:
            from assets_core.observe.documents import nothing_document

            self.session.document(nothing_document(self.made.plan))
        elif not self.jsonl:
            self.session.out.line(nothing_to_do(self.made.plan.current))
        return 0

    def _say_notes(self, planned: Planned) -> None:
        """What the plan says beside its steps, before anything runs."""
        from assets_core.cli.plan_text import note_lines
        from assets_core.cli.selection_notes import selection_notes, unobserved_lines
        from assets_core.project.unenforced import unenforced_timeouts

        for line in (
            *selection_notes(planned),
            *unobserved_lines(planned),
            *note_lines(planned.plan),
        ):
            self.session.say(*line)
        executor = "inline" if self.inline else ""
        if (unenforced := unenforced_timeouts(planned, executor)) is not None:
            self.session.say(("note: ", "note"), unenforced)

    def _say_what_follows(self) -> None:
        """What the next plan will find although this run did everything it was to do."""
        from assets_core.project.carrying_out import appeared_since

        project, planned = self.session.loaded, self.made
        assert project is not None
        assert planned is not None
        for key, number in appeared_since(project, planned).items():
            text = f"{counted(number, 'partition')} of {key} appeared meanwhile"
            self.session.say(("note: ", "note"), f"{text}; the next plan has them")
        if project.definitions.overrides:
            text = "runs without these --config overrides will find this out of date"
            self.session.say(("note: ", "note"), text)

    def _tell(self, result: RunResult) -> None:
        if self.session.as_json:
            from assets_core.observe.documents import run_document

            self.session.document(run_document(result))
        elif self.jsonl:
            self.session.say(*summary(result))
        else:
            self.session.out.line(*summary(result))
        self._say_what_follows()
